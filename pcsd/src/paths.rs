//! Where everything is. `RHAPSODY_ROOT=DIR` moves all of it below DIR (tests, labs without root).

use std::path::{Path, PathBuf};

#[derive(Debug, Clone)]
pub struct Paths {
    root: PathBuf,
}

impl Paths {
    pub fn from_environment() -> Self {
        let root = std::env::var_os("RHAPSODY_ROOT").filter(|root| !root.is_empty());
        Paths { root: root.map_or_else(|| PathBuf::from("/"), PathBuf::from) }
    }

    #[cfg(test)]
    pub fn below(root: &Path) -> Self {
        Paths { root: root.to_owned() }
    }

    /// Not moved: the files of this machine are the ones that count.
    pub fn is_system(&self) -> bool {
        self.root == Path::new("/")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub fn settings(&self) -> PathBuf {
        self.at("etc/rhapsody/pcsd.toml")
    }
    pub fn pam_service(&self) -> PathBuf {
        self.at("etc/pam.d/rhapsody")
    }
    pub fn corosync_conf(&self) -> PathBuf {
        self.at("etc/corosync/corosync.conf")
    }
    pub fn corosync_authkey(&self) -> PathBuf {
        self.at("etc/corosync/authkey")
    }
    /// Who else may speak to Corosync.
    pub fn corosync_uidgid(&self) -> PathBuf {
        self.at("etc/corosync/uidgid.d")
    }
    /// Where sbd is configured: Red Hat's file, and Debian's.
    pub fn sbd(&self) -> [PathBuf; 2] {
        ["etc/sysconfig/sbd", "etc/default/sbd"].map(|path| self.at(path))
    }
    pub fn booth(&self) -> PathBuf {
        self.at("etc/booth")
    }
    pub fn pacemaker_authkey(&self) -> PathBuf {
        self.at("etc/pacemaker/authkey")
    }
    /// All of our own durable state.
    pub fn state(&self) -> PathBuf {
        self.at("var/lib/rhapsody")
    }
    pub fn cib_folder(&self) -> PathBuf {
        self.at("var/lib/rhapsody/cib")
    }
    /// Present: the core is to be started at boot.
    pub fn enabled_flag(&self) -> PathBuf {
        self.at("var/lib/rhapsody/enabled")
    }
    /// pcsd's own state: key, certificate, tokens, known-hosts, permissions, users.
    pub fn own(&self, name: &str) -> PathBuf {
        self.at("var/lib/rhapsody/pcsd").join(name)
    }
    pub fn logs(&self) -> PathBuf {
        self.at("var/log/rhapsody")
    }
    pub fn run(&self, name: &str) -> PathBuf {
        self.at("run/rhapsody").join(name)
    }
    pub fn socket(&self) -> PathBuf {
        self.run("pcsd.sock")
    }
    pub fn core_socket(&self) -> PathBuf {
        self.run("core.sock")
    }
}
