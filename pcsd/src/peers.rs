//! Requests to other hosts' pcsd: the certificate pinned, every wait bounded, all hosts in parallel.

use crate::app::App;
use crate::auth::User;
use crate::http;
use crate::known_hosts::{Destination, Host};
use base64::Engine as _;
use rhapsody_api::task::{TaskFinish, TaskResult};
use rhapsody_pin::Seen;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// As pcs's `--request-timeout`.
pub const REQUEST_TIME: Duration = Duration::from_secs(60);
/// For what only shows how things are: a hung host must not hold up a status.
pub const STATUS_TIME: Duration = Duration::from_secs(2);
const FORM: &str = "application/x-www-form-urlencoded";
const CONNECT_TIME: Duration = Duration::from_secs(10);
/// An answer is no longer than this.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Clients kept, one a certificate.
const CLIENTS_MAX: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    #[error("this host is not authenticated to it; run 'rhapsody host auth {0}'")]
    Unknown(String),
    #[error("cannot connect: {0}")]
    Unreachable(String),
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    #[error(
        "its certificate is not the one seen at 'host auth'; if the host was installed anew, run 'rhapsody host auth' for it again, otherwise somebody else answers at its address"
    )]
    WrongCertificate,
    #[error("it does not accept our token; run 'rhapsody host auth' for it again")]
    NotAuthenticated,
    #[error("permission denied")]
    Denied,
    #[error("{0}")]
    Refused(String),
    #[error("unexpected answer (HTTP {0})")]
    Odd(u16),
}

/// A request to a host; without a form it is a GET, as pcs's client does it.
#[derive(Clone)]
pub struct Ask {
    /// `remote/check_host`
    pub path: String,
    pub form: Option<String>,
    /// What the form is, where it is none.
    pub content_type: &'static str,
    pub time: Duration,
    /// Whom we act for.
    pub user: User,
}

impl Ask {
    pub fn get(path: &str, user: &User) -> Self {
        Ask { path: path.to_owned(), form: None, content_type: FORM, time: REQUEST_TIME, user: user.clone() }
    }

    pub fn post(path: &str, user: &User, pairs: &[(&str, &str)]) -> Self {
        Ask { form: Some(http::encode(pairs)), ..Self::get(path, user) }
    }

    /// A command of our own, to be run there; its result comes out of [`result_of`].
    pub fn command(name: &str, user: &User, params: &Value) -> Self {
        let body = json!({"command_name": name, "params": params, "options": {}}).to_string();
        Ask { form: Some(body), content_type: http::JSON, ..Self::get("api/v2/task/run", user) }
    }

    pub fn within(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }
}

/// The result of [`Ask::command`]; its first error otherwise.
pub fn result_of(answer: &str) -> Result<Value, PeerError> {
    let odd = |_| PeerError::Refused("an answer that is not understood".to_owned());
    let task: TaskResult = serde_json::from_str(answer).map_err(odd)?;
    if task.task_finish_type == TaskFinish::Success {
        return Ok(task.result);
    }
    let error = task.reports.iter().find(|report| report.is_error());
    Err(PeerError::Refused(
        error.map_or_else(|| "it failed".to_owned(), |error| error.message.message.clone()),
    ))
}

#[derive(Default)]
pub struct Peers {
    clients: Mutex<HashMap<Option<String>, reqwest::Client>>,
}

impl Peers {
    fn client(&self, pin: Option<&str>) -> Result<reqwest::Client, PeerError> {
        let mut clients = self.clients.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(client) = clients.get(&pin.map(str::to_owned)) {
            return Ok(client.clone());
        }
        let (client, _) = new_client(pin)?;
        if clients.len() >= CLIENTS_MAX {
            clients.clear();
        }
        clients.insert(pin.map(str::to_owned), client.clone());
        Ok(client)
    }
}

/// A client that accepts exactly the pinned certificate, or any one, and shows which it saw.
fn new_client(pin: Option<&str>) -> Result<(reqwest::Client, Seen), PeerError> {
    let failed = |error: String| PeerError::Refused(format!("cannot set up TLS: {error}"));
    let (config, seen) = rhapsody_pin::tls_config(pin).map_err(|error| failed(error.to_string()))?;
    let client = rhapsody_pin::http_client(config)
        .connect_timeout(CONNECT_TIME)
        .pool_idle_timeout(Duration::from_secs(10))
        .pool_max_idle_per_host(2)
        .build()
        .map_err(|error| failed(error.to_string()))?;
    Ok((client, seen))
}

fn url(destination: &Destination, path: &str) -> String {
    let Destination { addr, port } = destination;
    if addr.contains(':') && !addr.starts_with('[') {
        format!("https://[{addr}]:{port}/{path}")
    } else {
        format!("https://{addr}:{port}/{path}")
    }
}

fn error_of(error: &reqwest::Error, time: Duration) -> PeerError {
    if rhapsody_pin::is_wrong_pin(error) {
        PeerError::WrongCertificate
    } else if error.is_timeout() {
        PeerError::TimedOut(time)
    } else {
        PeerError::Unreachable(rhapsody_pin::cause(error))
    }
}

async fn read(mut response: reqwest::Response, time: Duration) -> Result<String, PeerError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| error_of(&error, time))? {
        if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Err(PeerError::Refused("the answer is too long".to_owned()));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Log in at a host: its token for us, and the fingerprint of its certificate. An empty token means
/// wrong credentials.
pub async fn log_in(
    destination: &Destination,
    user: &str,
    password: &str,
    time: Duration,
) -> Result<(String, String), PeerError> {
    // A connection of its own, so that the certificate seen is the one that got the password.
    let (client, seen) = new_client(None)?;
    let body = http::encode(&[("username", user), ("password", password)]);
    let response = client
        .post(url(destination, "remote/auth"))
        .header("content-type", FORM)
        .timeout(time)
        .body(body)
        .send()
        .await
        .map_err(|error| error_of(&error, time))?;
    let status = response.status().as_u16();
    let text = read(response, time).await?;
    let seen = seen.take();
    match (status, seen) {
        (200, Some(seen)) => Ok((text.trim().to_owned(), seen)),
        (400 | 429, _) => Err(PeerError::Refused(text)),
        (status, _) => Err(PeerError::Odd(status)),
    }
}

/// One request to one host; its addresses are tried in order. A 400 is [`PeerError::Refused`].
pub async fn ask(app: &App, name: &str, host: &Host, ask: &Ask) -> Result<String, PeerError> {
    let deadline = tokio::time::Instant::now() + ask.time;
    let mut last = PeerError::TimedOut(ask.time);
    for destination in host.destinations(name) {
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        if left.is_zero() {
            break;
        }
        match ask_at(app, name, host, &destination, ask, left).await {
            // Only what never reached a pcsd is tried elsewhere: requests change things.
            Err(error @ PeerError::Unreachable(_)) => last = error,
            other => return other,
        }
    }
    Err(last)
}

async fn ask_at(
    app: &App,
    name: &str,
    host: &Host,
    destination: &Destination,
    ask: &Ask,
    time: Duration,
) -> Result<String, PeerError> {
    let mut learned = None;
    let client = match &host.cert_sha256 {
        Some(pin) => app.peers.client(Some(pin))?,
        None => {
            let (client, seen) = new_client(None)?;
            learned = Some(seen);
            client
        }
    };
    let url = url(destination, &ask.path);
    let mut cookie = format!("token={}", host.token);
    if !ask.user.is_superuser() {
        let groups = ask.user.groups(&app.paths).join(" ");
        let groups = base64::engine::general_purpose::STANDARD.encode(groups);
        cookie.push_str(&format!("; CIB_user={}; CIB_user_groups={groups}", ask.user.name));
    }
    let request = match &ask.form {
        None => client.get(url),
        Some(form) => client.post(url).header("content-type", ask.content_type).body(form.clone()),
    };
    let response = request
        .header("cookie", cookie)
        .timeout(time)
        .send()
        .await
        .map_err(|error| error_of(&error, ask.time))?;
    let status = response.status().as_u16();
    let text = read(response, ask.time).await?;
    if let Some(seen) = learned
        && let Some(seen) = seen.take()
        && status == 200
    {
        app.known_hosts.pin(name, &host.token, &seen);
    }
    match status {
        200 => Ok(text),
        400 => Err(PeerError::Refused(text)),
        401 => Err(PeerError::NotAuthenticated),
        403 => Err(PeerError::Denied),
        status => Err(PeerError::Odd(status)),
    }
}

/// The same request to many hosts at once; answers in the order of `names`.
pub async fn ask_all(
    app: &Arc<App>,
    names: &[String],
    what: &Ask,
) -> Vec<(String, Result<String, PeerError>)> {
    each(app, names, |_| what.clone()).await
}

/// A request of its own to each of many hosts, all at once; answers in the order of `names`.
pub async fn each(
    app: &Arc<App>,
    names: &[String],
    what: impl Fn(&str) -> Ask,
) -> Vec<(String, Result<String, PeerError>)> {
    let known = app.known_hosts.load().map(|file| file.known_hosts).unwrap_or_default();
    let running: Vec<_> = names
        .iter()
        .map(|name| {
            let (app, name, host) = (app.clone(), name.clone(), known.get(name).cloned());
            let what = what(&name);
            tokio::spawn(async move {
                match host {
                    Some(host) => ask(&app, &name, &host, &what).await,
                    None => Err(PeerError::Unknown(name)),
                }
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(running.len());
    for (name, task) in names.iter().zip(running) {
        let answer = task.await.unwrap_or_else(|_| Err(PeerError::Refused("internal error".into())));
        answers.push((name.clone(), answer));
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_make_urls() {
        let at = |addr: &str| url(&Destination { addr: addr.into(), port: 7 }, "remote/auth");
        assert_eq!(at("n1"), "https://n1:7/remote/auth");
        assert_eq!(at("fe80::1"), "https://[fe80::1]:7/remote/auth");
    }
}
