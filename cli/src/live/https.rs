//! pcsd over HTTPS. Certificates are self-signed: the one seen at `host auth` is pinned by its
//! SHA-256 and nothing else counts (no names, no dates, no authority). The runtime lives for one
//! request; commands on the local socket never come here.

use super::http::Answer;
use super::known_hosts::{Destination, Host};
use super::{LiveError, PORT};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const WRONG_PIN: &str = "certificate is not the pinned one";

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
            let (client, _) = client(Some(self.pin.clone()), timeout)?;
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
                let pin = seen.lock().ok().and_then(|s| s.clone());
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

type Seen = Arc<Mutex<Option<String>>>;

fn client(pin: Option<String>, timeout: Duration) -> Result<(reqwest::Client, Seen), LiveError> {
    let bad = |e: &dyn std::fmt::Display| LiveError::BadAnswer { text: format!("TLS cannot be set up: {e}") };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let seen: Seen = Arc::default();
    let verifier = Pinned { provider: Arc::clone(&provider), pin, seen: Arc::clone(&seen) };
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| bad(&e))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .no_proxy()
        .http1_only()
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
        let text = causes(&e);
        if text.contains(WRONG_PIN) {
            LiveError::WrongCertificate { host: name.to_owned() }
        } else if e.is_timeout() && !e.is_connect() {
            LiveError::TimedOut { host: name.to_owned(), seconds: timeout.as_secs() }
        } else {
            LiveError::Unreachable {
                host: name.to_owned(),
                address: format!("{}:{}", destination.addr, destination.port),
                port: destination.port,
                text,
            }
        }
    })
}

/// The innermost cause is the one that helps; the outer ones repeat the address.
fn causes(e: &dyn std::error::Error) -> String {
    let mut last: &dyn std::error::Error = e;
    let mut all = e.to_string();
    while let Some(next) = last.source() {
        last = next;
        all = next.to_string();
    }
    all
}

/// Accepts the pinned certificate, or notes which one was shown where none is pinned yet.
#[derive(Debug)]
struct Pinned {
    provider: Arc<CryptoProvider>,
    pin: Option<String>,
    seen: Seen,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let shown = sha256_hex(end_entity.as_ref());
        if let Some(pin) = &self.pin
            && !pin.eq_ignore_ascii_case(&shown)
        {
            return Err(rustls::Error::General(WRONG_PIN.to_owned()));
        }
        if let Ok(mut seen) = self.seen.lock() {
            *seen = Some(shown);
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
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
