//! Where things are at run time. `RHAPSODY_ROOT=DIR` moves all of them below DIR.

use std::path::{Path, PathBuf};

/// The table of paths.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths {
    root: Option<PathBuf>,
}

impl Paths {
    /// From `RHAPSODY_ROOT`.
    pub fn from_env() -> Paths {
        match std::env::var_os("RHAPSODY_ROOT") {
            Some(root) if !root.is_empty() => Paths::below(root),
            _ => Paths::default(),
        }
    }

    pub fn below(root: impl Into<PathBuf>) -> Paths {
        Paths { root: Some(root.into()) }
    }

    /// The folder everything is moved below, if it is.
    pub fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// An absolute path, moved below the root.
    pub fn at(&self, absolute: &str) -> PathBuf {
        match &self.root {
            Some(root) => root.join(absolute.trim_start_matches('/')),
            None => PathBuf::from(absolute),
        }
    }

    pub fn corosync_conf(&self) -> PathBuf {
        self.at("/etc/corosync/corosync.conf")
    }
    pub fn corosync_authkey(&self) -> PathBuf {
        self.at("/etc/corosync/authkey")
    }
    pub fn pacemaker_authkey(&self) -> PathBuf {
        self.at("/etc/pacemaker/authkey")
    }
    pub fn pcsd_toml(&self) -> PathBuf {
        self.at("/etc/rhapsody/pcsd.toml")
    }
    /// What survives a power cut.
    pub fn state(&self) -> PathBuf {
        self.at("/var/lib/rhapsody")
    }
    pub fn cib(&self) -> PathBuf {
        self.at("/var/lib/rhapsody/cib")
    }
    pub fn transitions(&self) -> PathBuf {
        self.at("/var/lib/rhapsody/transitions")
    }
    pub fn log(&self) -> PathBuf {
        self.at("/var/log/rhapsody")
    }
    pub fn journal(&self) -> PathBuf {
        self.at("/var/log/rhapsody/journal.jsonl")
    }
    /// What must not survive a power-off.
    pub fn run(&self) -> PathBuf {
        self.at("/run/rhapsody")
    }
    pub fn core_socket(&self) -> PathBuf {
        self.at("/run/rhapsody/core.sock")
    }
    pub fn executor_socket(&self) -> PathBuf {
        self.at("/run/rhapsody/executor.sock")
    }
    pub fn pcsd_socket(&self) -> PathBuf {
        self.at("/run/rhapsody/pcsd.sock")
    }
    /// Locked while an executor runs; its text is `PID START_TIME`.
    pub fn core_lock(&self) -> PathBuf {
        self.at("/run/rhapsody/core.pid")
    }
}
