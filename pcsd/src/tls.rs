//! The server's key and certificate: made at the first start, self-signed; peers pin the certificate.

use crate::{files, paths::Paths};
use anyhow::{Context, anyhow, bail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Key and certificate of this host, made when neither is there.
pub fn server_config(paths: &Paths, host: &str) -> anyhow::Result<rustls::ServerConfig> {
    let (key_path, certificate_path) = (paths.own("pcsd.key"), paths.own("pcsd.crt"));
    let read = |path: &std::path::Path| {
        files::read_optional(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let (key, certificate) = match (read(&key_path)?, read(&certificate_path)?) {
        (Some(key), Some(certificate)) => (key, certificate),
        (None, None) => {
            let (key, certificate) = generate(host)?;
            // The certificate is the commit point: a key alone is made again.
            for (path, bytes) in [(&key_path, &key), (&certificate_path, &certificate)] {
                files::write_whole(path, bytes, 0o600)
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
            tracing::info!("made a new key and certificate for {host}");
            (key, certificate)
        }
        (Some(_), None) => bail!(
            "{} is there, but {} is not; restore it, or remove the key to get a new pair (other hosts must then authenticate to this one again)",
            key_path.display(),
            certificate_path.display()
        ),
        (None, Some(_)) => bail!(
            "{} is there, but {} is not; restore it, or remove the certificate to get a new pair (other hosts must then authenticate to this one again)",
            certificate_path.display(),
            key_path.display()
        ),
    };
    config_of(&certificate, &key)
        .with_context(|| format!("cannot use {} with {}", key_path.display(), certificate_path.display()))
}

/// Also the check of what `set_certs` brings.
pub fn config_of(certificate: &[u8], key: &[u8]) -> anyhow::Result<rustls::ServerConfig> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(certificate)
        .collect::<Result<_, _>>()
        .map_err(|error| anyhow!("the certificate is not PEM: {error}"))?;
    if chain.is_empty() {
        bail!("the certificate file holds no certificate");
    }
    let key = PrivateKeyDer::from_pem_slice(key)
        .map_err(|error| anyhow!("the key is not a PEM private key: {error}"))?;
    let mut config = rustls::ServerConfig::builder_with_provider(rhapsody_pin::provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn generate(host: &str) -> anyhow::Result<(Vec<u8>, Vec<u8>)> {
    let key = rcgen::KeyPair::generate()?;
    let mut params = rcgen::CertificateParams::new(vec![host.to_owned()])?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(rcgen::DnType::OrganizationName, "rhapsody");
    params.distinguished_name.push(rcgen::DnType::OrganizationalUnitName, "pcsd");
    params.distinguished_name.push(rcgen::DnType::CommonName, host);
    let certificate = params.self_signed(&key)?;
    Ok((key.serialize_pem().into_bytes(), certificate.pem().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_made_once_and_kept() {
        let paths = Paths::below(&crate::testing::folder("tls"));
        server_config(&paths, "n1").unwrap();
        let first = std::fs::read(paths.own("pcsd.crt")).unwrap();
        server_config(&paths, "n1").unwrap();
        assert_eq!(std::fs::read(paths.own("pcsd.crt")).unwrap(), first);
        std::fs::write(paths.own("pcsd.key"), "rubbish").unwrap();
        let error = format!("{:#}", server_config(&paths, "n1").unwrap_err());
        assert!(error.contains("pcsd.key") && error.contains("PEM private key"), "{error}");
        std::fs::remove_file(paths.own("pcsd.key")).unwrap();
        assert!(format!("{:#}", server_config(&paths, "n1").unwrap_err()).contains("is not;"));
    }
}
