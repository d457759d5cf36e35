//! Requests a second that a pcsd answers over kept connections.
//!
//! `load ADDRESS:PORT TOKEN PATH [BODY]`: GET, or POST of JSON, for five seconds over eight
//! connections. For a figure "on one core", pin the daemon (`taskset -c 0`) and this (`taskset -c 1`).

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const CONNECTIONS: usize = 8;
const TIME: Duration = Duration::from_secs(5);

/// It measures; it trusts nobody with anything.
#[derive(Debug)]
struct Anybody(Arc<rustls::crypto::CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (address, token, path, body) = match words.as_slice() {
        [address, token, path] => (address, token, path, None),
        [address, token, path, body] => (address, token, path, Some(body)),
        _ => anyhow::bail!("usage: load ADDRESS:PORT TOKEN PATH [BODY]"),
    };
    let request = match body {
        None => format!("GET {path} HTTP/1.1\r\nhost: {address}\r\ncookie: token={token}\r\n\r\n"),
        Some(body) => format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncookie: token={token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        ),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let started = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (address, request, connector) = (address.clone(), request.clone(), connector.clone());
        running.spawn(async move {
            let stream = tokio::net::TcpStream::connect(&address).await?;
            stream.set_nodelay(true)?;
            let mut stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
            let mut count = 0_u64;
            let mut buffer = Vec::with_capacity(1 << 20);
            while started.elapsed() < TIME {
                stream.write_all(request.as_bytes()).await?;
                buffer.clear();
                // One whole answer: head, then as much as it says.
                loop {
                    anyhow::ensure!(stream.read_buf(&mut buffer).await? > 0, "closed");
                    let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                    let text = std::str::from_utf8(&buffer[..head])?;
                    anyhow::ensure!(text.starts_with("HTTP/1.1 200"), "{text}");
                    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
                    if buffer.len() >= head + 4 + length.unwrap_or("0").parse::<usize>()? {
                        break;
                    }
                }
                count += 1;
            }
            Ok(count)
        });
    }
    let mut total = 0;
    while let Some(count) = running.join_next().await {
        total += count??;
    }
    println!("{:.0} requests/s", total as f64 / started.elapsed().as_secs_f64());
    Ok(())
}
