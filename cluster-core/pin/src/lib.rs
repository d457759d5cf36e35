//! HTTPS between hosts that know each other by certificate alone. A host's certificate is self-signed;
//! the one seen at `host auth` is pinned by its SHA-256 and nothing else counts: no name, no date, no
//! authority. The command line and pcsd both connect this way.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256};
use std::sync::{Arc, LazyLock, Mutex};

const WRONG_PIN: &str = "certificate is not the pinned one";

/// The crypto library is named here and nowhere else.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    PROVIDER.clone()
}

/// SHA-256 of a certificate (DER), in lower-case hexadecimal.
pub fn fingerprint(certificate: &[u8]) -> String {
    hex(&Sha256::digest(certificate))
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Fingerprint of the certificate that the last connection showed.
#[derive(Debug, Clone, Default)]
pub struct Seen(Arc<Mutex<Option<String>>>);

impl Seen {
    pub fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }

    fn set(&self, shown: String) {
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(shown);
    }
}

/// TLS that accepts exactly the pinned certificate, or any one where none is pinned yet, and tells
/// which it saw.
pub fn tls_config(pin: Option<&str>) -> Result<(rustls::ClientConfig, Seen), rustls::Error> {
    let seen = Seen::default();
    let verifier = Pinned { provider: provider(), pin: pin.map(str::to_owned), seen: seen.clone() };
    let mut config = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((config, seen))
}

/// The start of an HTTP client on such a connection: no proxy and no redirect, since the token that
/// it carries is for the pinned host only.
pub fn http_client(config: rustls::ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
}

/// The cause of a failed request that helps: the innermost (the outer ones repeat the address).
pub fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// Did the request fail because another certificate was shown than the pinned one?
pub fn is_wrong_pin(error: &dyn std::error::Error) -> bool {
    cause(error).contains(WRONG_PIN)
}

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
        let shown = fingerprint(end_entity);
        if self.pin.as_ref().is_some_and(|pin| !pin.eq_ignore_ascii_case(&shown)) {
            return Err(rustls::Error::General(WRONG_PIN.to_owned()));
        }
        self.seen.set(shown);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pin: Option<&str>, certificate: &[u8]) -> Result<Option<String>, rustls::Error> {
        let seen = Seen::default();
        let verifier = Pinned { provider: provider(), pin: pin.map(str::to_owned), seen: seen.clone() };
        let name = ServerName::try_from("n1").unwrap();
        verifier.verify_server_cert(&certificate.into(), &[], &name, &[], UnixTime::now())?;
        Ok(seen.take())
    }

    #[test]
    fn only_the_pinned_certificate_is_accepted() {
        let pin = fingerprint(b"certificate of n1");
        assert_eq!(shown(Some(&pin.to_uppercase()), b"certificate of n1").unwrap(), Some(pin.clone()));
        let error = shown(Some(&pin), b"certificate of another").unwrap_err();
        assert!(is_wrong_pin(&error), "{error}");
    }

    #[test]
    fn what_was_seen_without_a_pin_can_be_pinned() {
        let seen = shown(None, b"certificate of n1").unwrap();
        assert_eq!(seen.as_deref(), Some(fingerprint(b"certificate of n1").as_str()));
    }
}
