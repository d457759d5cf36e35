//! `pcsd deauth` and `pcsd accept_token`: tokens that open this host.

use super::{Ctx, Done};
use rhapsody_api::Report;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deauth {
    /// None of them: all.
    #[serde(default)]
    tokens: Vec<String>,
}

/// The tokens stop working: who has them has to authenticate to this host again.
pub async fn deauth(ctx: &Ctx, params: Deauth) -> Done {
    let done = match params.tokens.as_slice() {
        [] => ctx.app.tokens.clear().map(|()| Vec::new()),
        tokens => ctx.app.tokens.remove(tokens),
    };
    match done {
        Ok(unknown) if unknown.is_empty() => Ok(Value::Null),
        Ok(unknown) => {
            let text = format!("Following tokens were not found: '{}'", unknown.join("', '"));
            Err(ctx.fail(Report::error("TOKEN_NOT_FOUND", text)))
        }
        Err(error) => Err(ctx.fail(Report::error("UNABLE_TO_SAVE_TOKENS", format!("{error:#}")))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptToken {
    token: String,
}

/// A token made elsewhere works here from now on, for hacluster.
pub async fn accept_token(ctx: &Ctx, params: AcceptToken) -> Done {
    const BYTES: std::ops::RangeInclusive<usize> = 16..=256;
    let token = params.token.trim();
    if !BYTES.contains(&token.len()) || !token.chars().all(|c| c.is_ascii_graphic() && c != ';') {
        let text = format!(
            "a token has {} to {} printable characters, no spaces and no ';'",
            BYTES.start(),
            BYTES.end()
        );
        return Err(ctx.fail(Report::error("INVALID_TOKEN", text)));
    }
    match ctx.app.tokens.accept(token, crate::auth::SUPERUSER) {
        Ok(()) => Ok(Value::Null),
        Err(error) => Err(ctx.fail(Report::error("UNABLE_TO_SAVE_TOKENS", format!("{error:#}")))),
    }
}
