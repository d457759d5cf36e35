//! v0: log in, and what a host tells about itself.

use crate::auth::Login;
use crate::host_info;
use crate::http::{Call, Reply};
use serde_json::json;

/// 200 with the token; wrong credentials are 200 and empty, whatever was wrong.
pub async fn auth(call: Call) -> Reply {
    let form = call.form();
    let (Some(user), Some(password)) = (form.get("username"), form.get("password")) else {
        return Reply::refused("Missing mandatory parameters 'username' and 'password'");
    };
    match call.app.logins.login(&call.peer, user, password).await {
        Login::Accepted => match call.app.tokens.create(user) {
            Ok(token) => {
                tracing::info!("{user:?} logged in from {}", call.peer);
                Reply::text(token)
            }
            Err(error) => {
                tracing::error!("cannot store a token: {error:#}");
                Reply::refused("Cannot store the token; see the log of rhapsody-pcsd")
            }
        },
        Login::Refused => {
            tracing::warn!("login of {user:?} from {} refused", call.peer);
            Reply::text("")
        }
        Login::TooMany => Reply::new(
            429,
            crate::http::HTML,
            "Too many login attempts are waiting for this user; try again later",
        ),
    }
}

pub async fn check_auth(_call: Call) -> Reply {
    Reply::text(r#"{"success":true}"#)
}

pub async fn capabilities(_call: Call) -> Reply {
    Reply::v0(&json!({"pcsd_capabilities": host_info::CAPABILITIES}))
}

pub async fn versions(_call: Call) -> Reply {
    Reply::v0(&host_info::versions())
}

pub async fn check_host(call: Call) -> Reply {
    Reply::v0(&host_info::check_host(&call.app).await)
}

pub async fn not_yet(call: Call) -> Reply {
    Reply::refused(format!("'{}' is not there yet in rhapsody-pcsd", call.path))
}
