//! Hosts this one can talk to: addresses, token and certificate pin, in pcs's file format.
//!
//! `cert_sha256` is ours; pcs ignores it, and an entry that pcs sent has none until the first
//! connection shows the certificate.

use crate::files;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

pub const DEFAULT_PORT: u16 = 2224;
/// No cluster is near this size; a file from the network is not trusted to be.
const HOSTS_MAX: usize = 1024;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    #[serde(default)]
    pub addr: String,
    #[serde(default = "default_port")]
    pub port: u16,
}

fn default_port() -> u16 {
    DEFAULT_PORT
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    #[serde(default)]
    pub dest_list: Vec<Destination>,
    #[serde(default)]
    pub token: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_sha256: Option<String>,
}

/// No token ever reaches a log this way.
impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host")
            .field("dest_list", &self.dest_list)
            .field("cert_sha256", &self.cert_sha256)
            .finish_non_exhaustive()
    }
}

impl Host {
    /// Where to connect, in order; the host's own name where nothing was given.
    pub fn destinations(&self, name: &str) -> Vec<Destination> {
        if self.dest_list.is_empty() {
            return vec![Destination { addr: name.to_owned(), port: DEFAULT_PORT }];
        }
        let or_name = |destination: &Destination| {
            let mut destination = destination.clone();
            if destination.addr.is_empty() {
                destination.addr = name.to_owned();
            }
            destination
        };
        self.dest_list.iter().map(or_name).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostsFile {
    pub format_version: u32,
    pub data_version: u64,
    pub known_hosts: BTreeMap<String, Host>,
    /// What later versions may add.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Default for HostsFile {
    fn default() -> Self {
        HostsFile { format_version: 1, data_version: 0, known_hosts: BTreeMap::new(), rest: Map::new() }
    }
}

impl HostsFile {
    pub fn parse(text: &str) -> anyhow::Result<HostsFile> {
        let file: HostsFile = serde_json::from_str(text)?;
        if file.format_version != 1 {
            bail!("format_version {} is not known", file.format_version);
        }
        if file.known_hosts.len() > HOSTS_MAX {
            bail!("more than {HOSTS_MAX} hosts");
        }
        Ok(file)
    }

    pub fn text(&self) -> String {
        // Strings, numbers and maps with string keys always encode.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// pcs's order of two files: the version, then the text.
    pub fn is_newer_than(&self, other: &HostsFile) -> bool {
        let rank = |file: &HostsFile| (file.data_version, rhapsody_pin::fingerprint(file.text().as_bytes()));
        rank(self) > rank(other)
    }
}

pub struct KnownHosts {
    path: PathBuf,
    changing: Mutex<()>,
}

impl KnownHosts {
    pub fn new(path: PathBuf) -> Self {
        KnownHosts { path, changing: Mutex::new(()) }
    }

    /// A damaged file is set aside, named in the log, and counts as empty.
    pub fn load(&self) -> anyhow::Result<HostsFile> {
        let bytes = files::read_optional(&self.path)
            .with_context(|| format!("cannot read {}", self.path.display()))?;
        let Some(bytes) = bytes else { return Ok(HostsFile::default()) };
        match HostsFile::parse(&String::from_utf8_lossy(&bytes)) {
            Ok(file) => Ok(file),
            Err(error) => {
                let aside = files::set_aside(&self.path);
                tracing::error!(
                    "{} is damaged ({error:#}) and was moved to {}; authenticate the hosts again with 'rhapsody host auth'",
                    self.path.display(),
                    aside.display()
                );
                Ok(HostsFile::default())
            }
        }
    }

    #[cfg(test)]
    pub fn get(&self, name: &str) -> Option<Host> {
        self.load().ok()?.known_hosts.remove(name)
    }

    /// Edits the hosts and raises the version when something changed.
    pub fn change(&self, edit: impl FnOnce(&mut BTreeMap<String, Host>)) -> anyhow::Result<HostsFile> {
        let _changing = self.changing.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut file = self.load()?;
        let before = file.known_hosts.clone();
        edit(&mut file.known_hosts);
        if file.known_hosts.len() > HOSTS_MAX {
            bail!("more than {HOSTS_MAX} hosts cannot be known");
        }
        if file.known_hosts != before {
            file.data_version += 1;
            self.write(&file)?;
        }
        Ok(file)
    }

    /// Takes a file from another node when it is newer; true when it is the one in use now.
    ///
    /// Pins learned here are kept for hosts that the sender knows with the same token.
    pub fn accept(&self, mut file: HostsFile, force: bool) -> anyhow::Result<bool> {
        let _changing = self.changing.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let current = self.load()?;
        if file == current {
            return Ok(true);
        }
        if !force && !file.is_newer_than(&current) {
            return Ok(false);
        }
        for (name, host) in &mut file.known_hosts {
            if host.cert_sha256.is_none()
                && let Some(known) = current.known_hosts.get(name)
                && known.token == host.token
            {
                host.cert_sha256.clone_from(&known.cert_sha256);
            }
        }
        self.write(&file)?;
        Ok(true)
    }

    /// Remembers the certificate that a host showed at the first connection.
    pub fn pin(&self, name: &str, token: &str, fingerprint: &str) {
        let _changing = self.changing.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Ok(mut file) = self.load() else { return };
        if let Some(host) = file.known_hosts.get_mut(name)
            && host.token == token
            && host.cert_sha256.is_none()
        {
            host.cert_sha256 = Some(fingerprint.to_owned());
            if let Err(error) = self.write(&file) {
                tracing::warn!("cannot remember the certificate of {name}: {error:#}");
            }
        }
    }

    fn write(&self, file: &HostsFile) -> anyhow::Result<()> {
        files::write_whole(&self.path, file.text().as_bytes(), 0o600)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(token: &str, pin: Option<&str>) -> Host {
        Host { dest_list: vec![], token: token.into(), cert_sha256: pin.map(str::to_owned) }
    }

    #[test]
    fn changes_raise_the_version_and_newer_files_win() {
        let hosts = KnownHosts::new(crate::testing::folder("hosts").join("known-hosts"));
        let one = hosts.change(|all| drop(all.insert("n1".into(), host("a", Some("p"))))).unwrap();
        assert_eq!(one.data_version, 1);
        assert_eq!(hosts.change(|_| ()).unwrap().data_version, 1);
        assert!(hosts.accept(one.clone(), false).unwrap(), "the same file is fine");

        let mut older = one.clone();
        older.data_version = 0;
        assert!(!hosts.accept(older.clone(), false).unwrap());
        assert!(hosts.accept(older, true).unwrap());

        let mut newer = one;
        newer.data_version = 7;
        newer.known_hosts = BTreeMap::from([("n1".into(), host("a", None)), ("n2".into(), host("b", None))]);
        assert!(hosts.accept(newer, false).unwrap());
        assert_eq!(hosts.get("n1").unwrap().cert_sha256.as_deref(), Some("p"), "the pin is kept");
        hosts.pin("n2", "other token", "q");
        assert_eq!(hosts.get("n2").unwrap().cert_sha256, None);
        hosts.pin("n2", "b", "q");
        assert_eq!(hosts.get("n2").unwrap().cert_sha256.as_deref(), Some("q"));
    }

    #[test]
    fn files_of_pcs_are_read() {
        let text = r#"{"format_version":1,"data_version":3,"known_hosts":{
            "n1":{"dest_list":[{"addr":"10.0.0.1","port":2224}],"token":"t"},
            "n2":{"dest_list":[{"addr":""}],"token":"t"},"n3":{"token":"t"}}}"#;
        let file = HostsFile::parse(text).unwrap();
        assert_eq!(file.known_hosts["n1"].destinations("n1")[0].addr, "10.0.0.1");
        assert_eq!(file.known_hosts["n2"].destinations("n2")[0].addr, "n2");
        assert_eq!(file.known_hosts["n3"].destinations("n3")[0].port, 2224);
        assert!(HostsFile::parse(r#"{"format_version":2,"data_version":3,"known_hosts":{}}"#).is_err());
        assert!(!format!("{:?}", host("secret-token", None)).contains("secret-token"));
    }
}
