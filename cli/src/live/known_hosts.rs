//! `known-hosts`: names, addresses, tokens and certificate pins of the hosts a user has
//! authenticated to. Root's file belongs to pcsd and is only read here; the file of another user
//! (`~/.rhapsody/known-hosts`) is ours.

use super::{LiveError, is_root};
use rhapsody_client::Paths;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    pub addr: String,
    pub port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    #[serde(default)]
    pub dest_list: Vec<Destination>,
    pub token: String,
    /// SHA-256 of the certificate (DER), hex; learned at `host auth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_sha256: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownHosts {
    #[serde(default = "one")]
    format_version: u32,
    #[serde(default)]
    data_version: u64,
    #[serde(default)]
    known_hosts: BTreeMap<String, Host>,
}

fn one() -> u32 {
    1
}

/// Root reads what pcsd learned; others have their own file.
fn own_path() -> Result<PathBuf, LiveError> {
    if is_root() {
        return Ok(Paths::from_env().at("/var/lib/rhapsody/pcsd/known-hosts"));
    }
    match std::env::var_os("HOME") {
        Some(home) if !home.is_empty() => Ok(PathBuf::from(home).join(".rhapsody/known-hosts")),
        _ => Err(LiveError::KnownHosts {
            text: "HOME is not set, so ~/.rhapsody/known-hosts is nowhere".into(),
        }),
    }
}

impl KnownHosts {
    pub fn load_own() -> Result<Self, LiveError> {
        Self::load(&own_path()?)
    }

    fn load(path: &Path) -> Result<Self, LiveError> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => {
                return Err(LiveError::KnownHosts { text: format!("cannot read {}: {e}", path.display()) });
            }
        };
        serde_json::from_str(&text).map_err(|e| LiveError::KnownHosts {
            text: format!(
                "{} is not a known-hosts file: {e}; move it away and authenticate again",
                path.display()
            ),
        })
    }

    pub fn get(&self, name: &str) -> Option<&Host> {
        self.known_hosts.get(name)
    }

    /// By name, else by address (`--host 192.0.2.1`, `--host 192.0.2.1:2224`).
    pub fn find(&self, name: &str) -> Option<&Host> {
        self.get(name).or_else(|| {
            self.known_hosts.values().find(|h| {
                h.dest_list.iter().any(|d| d.addr == name || format!("{}:{}", d.addr, d.port) == name)
            })
        })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.known_hosts.keys().map(String::as_str)
    }

    pub fn insert(&mut self, name: &str, host: Host) {
        self.known_hosts.insert(name.to_owned(), host);
        self.data_version += 1;
    }

    pub fn remove(&mut self, name: &str) -> bool {
        let there = self.known_hosts.remove(name).is_some();
        self.data_version += u64::from(there);
        there
    }

    /// Written whole, readable by its owner only.
    pub fn save_own(&mut self) -> Result<(), LiveError> {
        self.save(&own_path()?)
    }

    fn save(&mut self, path: &Path) -> Result<(), LiveError> {
        self.format_version = 1;
        let failed = |e: std::io::Error| LiveError::KnownHosts {
            text: format!("cannot write {}: {e}", path.display()),
        };
        if let Some(folder) = path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        }
        let text = serde_json::to_string_pretty(self)
            .map_err(|e| LiveError::KnownHosts { text: format!("known-hosts: {e}") })?;
        let fresh = path.with_extension(format!("new.{}", std::process::id()));
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&fresh)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&fresh, path).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_host_is_found_by_name_and_by_address_and_survives_a_round_trip() {
        let folder = std::env::temp_dir().join(format!("rhapsody-known-hosts-{}", std::process::id()));
        let path = folder.join("known-hosts");
        let mut hosts = KnownHosts::load(&path).unwrap();
        let n1 = Host {
            dest_list: vec![Destination { addr: "10.0.0.1".into(), port: 2224 }],
            token: "t".into(),
            cert_sha256: Some("ab".into()),
        };
        hosts.insert("n1", n1.clone());
        hosts.save(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = KnownHosts::load(&path).unwrap();
        assert_eq!(again.find("10.0.0.1:2224"), Some(&n1));
        assert_eq!(again.find("10.0.0.1"), Some(&n1));
        assert_eq!(again.find("n2"), None);
        fs::write(&path, "garbage").unwrap();
        assert!(KnownHosts::load(&path).unwrap_err().to_string().contains("authenticate again"));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_file_of_pcs_without_our_pin_is_read() {
        let text = r#"{"format_version":1,"data_version":3,"known_hosts":{"n1":{"dest_list":[{"addr":"a","port":2224}],"token":"x"}}}"#;
        let hosts: KnownHosts = serde_json::from_str(text).unwrap();
        assert_eq!(hosts.get("n1").unwrap().cert_sha256, None);
    }
}
