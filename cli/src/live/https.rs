//! pcsd over HTTPS, its certificate pinned ([`rhapsody_pin`]). The runtime lives for one request;
//! commands on the local socket never come here.

use super::http::Answer;
use super::known_hosts::{Destination, Host};
use super::{LiveError, PORT};
use rhapsody_pin::Seen;
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A host we hold a token for.
pub struct Peer {
    pub name: String,
    destinations: Vec<Destination>,
    token: String,
    pin: String,
}

impl Peer {
    pub fn new(name: &str, host: &Host) -> Result<Peer, LiveError> {
        let mut destinations = host.dest_list.clone();
        if destinations.is_empty() {
            destinations.push(Destination { addr: name.to_owned(), port: PORT });
        }
        // A token is never sent to a certificate nobody has vouched for.
        let Some(pin) = host.cert_sha256.clone() else {
            return Err(LiveError::NotAuthenticated { host: name.to_owned() });
        };
        Ok(Peer { name: name.to_owned(), destinations, token: host.token.clone(), pin })
    }

    /// The addresses of the host are tried in order; a refusal of one is the answer.
    pub fn post(&self, path: &str, body: Vec<u8>, timeout: Duration) -> Result<Answer, LiveError> {
        let mut last = None;
        for destination in &self.destinations {
            let (client, _) = client(Some(&self.pin), timeout)?;
            let request = client
                .post(url(destination, path))
                .header("Content-Type", "application/json")
                .header("Cookie", format!("token={}", self.token))
                .body(body.clone());
            match send(request, &self.name, destination, timeout) {
                Err(e @ LiveError::Unreachable { .. }) => last = Some(e),
                other => return other,
            }
        }
        Err(last.unwrap_or_else(|| LiveError::NotAuthenticated { host: self.name.clone() }))
    }
}

/// Logs in with a password: the token, and the SHA-256 of the certificate that was shown.
pub fn login(
    name: &str,
    destinations: &[Destination],
    user: &str,
    password: &str,
) -> Result<(String, Option<String>), LiveError> {
    let timeout = Duration::from_secs(60);
    let mut last = None;
    for destination in destinations {
        let (client, seen) = client(None, timeout)?;
        let request =
            client.post(url(destination, "/remote/auth")).form(&[("username", user), ("password", password)]);
        match send(request, name, destination, timeout) {
            Ok(answer) if answer.status == 200 => {
                let token = String::from_utf8_lossy(&answer.body).trim().to_owned();
                if token.is_empty() {
                    return Err(LiveError::WrongPassword { host: name.to_owned() });
                }
                let pin = seen.take();
                return Ok((token, pin));
            }
            Ok(answer) => {
                let text = answer.message();
                return Err(LiveError::Refused { host: name.to_owned(), status: answer.status, text });
            }
            Err(e @ LiveError::Unreachable { .. }) => last = Some(e),
            Err(e) => return Err(e),
        }
    }
    Err(last.unwrap_or_else(|| LiveError::NotAuthenticated { host: name.to_owned() }))
}

fn url(destination: &Destination, path: &str) -> String {
    let Destination { addr, port } = destination;
    if addr.contains(':') {
        format!("https://[{addr}]:{port}{path}")
    } else {
        format!("https://{addr}:{port}{path}")
    }
}

fn client(pin: Option<&str>, timeout: Duration) -> Result<(reqwest::Client, Seen), LiveError> {
    let bad = |e: &dyn std::fmt::Display| LiveError::BadAnswer { text: format!("TLS cannot be set up: {e}") };
    let (config, seen) = rhapsody_pin::tls_config(pin).map_err(|e| bad(&e))?;
    let client = rhapsody_pin::http_client(config)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .build()
        .map_err(|e| bad(&e))?;
    Ok((client, seen))
}

fn send(
    request: reqwest::RequestBuilder,
    name: &str,
    destination: &Destination,
    timeout: Duration,
) -> Result<Answer, LiveError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| LiveError::BadAnswer { text: e.to_string() })?;
    let outcome = runtime.block_on(async {
        let response = request.send().await?;
        let status = response.status().as_u16();
        Ok::<_, reqwest::Error>(Answer { status, body: response.bytes().await?.to_vec() })
    });
    outcome.map_err(|e| {
        if rhapsody_pin::is_wrong_pin(&e) {
            LiveError::WrongCertificate { host: name.to_owned() }
        } else if e.is_timeout() && !e.is_connect() {
            LiveError::TimedOut { host: name.to_owned(), seconds: timeout.as_secs() }
        } else {
            LiveError::Unreachable {
                host: name.to_owned(),
                address: format!("{}:{}", destination.addr, destination.port),
                port: destination.port,
                text: rhapsody_pin::cause(&e),
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_is_bracketed() {
        let d = Destination { addr: "fe80::1".into(), port: 2224 };
        assert_eq!(url(&d, "/x"), "https://[fe80::1]:2224/x");
    }

    #[test]
    fn a_closed_port_is_unreachable_and_says_what_to_check() {
        // Bound and dropped: nobody listens there.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let there = [Destination { addr: "127.0.0.1".into(), port }];
        let e = login("n1", &there, "u", "p").unwrap_err();
        assert!(matches!(e, LiveError::Unreachable { .. }), "{e}");
        assert!(e.to_string().contains("rhapsody-pcsd runs there"), "{e}");
    }
}
