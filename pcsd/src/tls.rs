//! The server's key and certificate: made at the first start, self-signed; peers pin the certificate.

use crate::{files, paths::Paths};
use anyhow::{Context, anyhow, bail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

/// The pair that this host shows; it may be replaced while we serve.
pub struct Tls {
    paths: Paths,
    config: RwLock<Arc<rustls::ServerConfig>>,
}

impl Tls {
    /// Key and certificate of this host, made when neither is there.
    pub fn load(paths: &Paths, host: &str) -> anyhow::Result<Tls> {
        let (key_path, certificate_path) = places(paths);
        let read = |path: &std::path::Path| {
            files::read_optional(path).with_context(|| format!("cannot read {}", path.display()))
        };
        let (key, certificate) = match (read(&key_path)?, read(&certificate_path)?) {
            (Some(key), Some(certificate)) => (key, certificate),
            (None, None) => {
                let (key, certificate) = generate(host)?;
                write(paths, &certificate, &key)?;
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
        let config = config_of(&certificate, &key).with_context(|| {
            format!("cannot use {} with {}", key_path.display(), certificate_path.display())
        })?;
        Ok(Tls { paths: paths.clone(), config: RwLock::new(Arc::new(config)) })
    }

    /// For the next connection.
    pub fn config(&self) -> Arc<rustls::ServerConfig> {
        self.config.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// From now on, and after a restart; connections that are open go on.
    pub fn replace(&self, certificate: &[u8], key: &[u8]) -> anyhow::Result<()> {
        let config = config_of(certificate, key)?;
        write(&self.paths, certificate, key)?;
        *self.config.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Arc::new(config);
        Ok(())
    }

    /// Certificate and key as they are on disk.
    pub fn pair(&self) -> anyhow::Result<(String, String)> {
        let (key, certificate) = places(&self.paths);
        let read = |path: &std::path::Path| {
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
        };
        Ok((read(&certificate)?, read(&key)?))
    }
}

fn places(paths: &Paths) -> (PathBuf, PathBuf) {
    (paths.own("pcsd.key"), paths.own("pcsd.crt"))
}

/// The certificate is the commit point: a key alone is made again.
fn write(paths: &Paths, certificate: &[u8], key: &[u8]) -> anyhow::Result<()> {
    let (key_path, certificate_path) = places(paths);
    for (path, bytes) in [(&key_path, key), (&certificate_path, certificate)] {
        files::write_whole(path, bytes, 0o600).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// What other hosts pin: the first certificate of a PEM file.
pub fn fingerprint(certificate: &[u8]) -> Option<String> {
    let first = CertificateDer::pem_slice_iter(certificate).next()?.ok()?;
    Some(rhapsody_pin::fingerprint(&first))
}

/// Refuses what is no pair.
fn config_of(certificate: &[u8], key: &[u8]) -> anyhow::Result<rustls::ServerConfig> {
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

    fn refused(paths: &Paths) -> String {
        Tls::load(paths, "n1").err().map(|error| format!("{error:#}")).unwrap()
    }

    #[test]
    fn only_a_pair_replaces_a_pair() {
        let paths = Paths::below(&crate::testing::folder("tls-replace"));
        let tls = Tls::load(&paths, "n1").unwrap();
        let (key, certificate) = generate("n1").unwrap();
        let (other, _) = generate("n1").unwrap();
        let before = tls.pair().unwrap();
        for (certificate, key) in [(&certificate, &other), (&key, &certificate), (&Vec::new(), &key)] {
            assert!(tls.replace(certificate, key).is_err());
        }
        assert_eq!(tls.pair().unwrap(), before);
        tls.replace(&certificate, &key).unwrap();
        assert_eq!(tls.pair().unwrap().0.as_bytes(), certificate);
        assert_ne!(fingerprint(before.0.as_bytes()), fingerprint(&certificate));
        Tls::load(&paths, "n1").unwrap();
    }

    #[test]
    fn a_pair_is_made_once_and_kept() {
        let paths = Paths::below(&crate::testing::folder("tls"));
        Tls::load(&paths, "n1").unwrap();
        let first = std::fs::read(paths.own("pcsd.crt")).unwrap();
        Tls::load(&paths, "n1").unwrap();
        assert_eq!(std::fs::read(paths.own("pcsd.crt")).unwrap(), first);
        std::fs::write(paths.own("pcsd.key"), "rubbish").unwrap();
        let error = refused(&paths);
        assert!(error.contains("pcsd.key") && error.contains("PEM private key"), "{error}");
        std::fs::remove_file(paths.own("pcsd.key")).unwrap();
        assert!(refused(&paths).contains("is not;"));
    }
}
