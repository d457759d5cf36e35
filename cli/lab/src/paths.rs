//! Where a lab keeps its things on the host.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// Also a limit for the socket's path, which the kernel takes up to 107 bytes only.
const NAME_CHARS_MAX: usize = 32;

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// State of running labs: one folder each, gone after `down` (and after a reboot).
pub fn base() -> PathBuf {
    if is_root() {
        return PathBuf::from("/run/rhapsody-lab");
    }
    match std::env::var_os("XDG_RUNTIME_DIR").filter(|d| !d.is_empty()) {
        Some(dir) => PathBuf::from(dir).join("rhapsody-lab"),
        None => std::env::temp_dir().join(format!("rhapsody-lab-run-{}", uid())),
    }
}

/// The nodes' disks: not on a tmpfs, so that a sync costs what it costs.
pub fn disks(name: &str) -> PathBuf {
    PathBuf::from(format!("/var/tmp/rhapsody-lab-{}", uid())).join(name)
}

fn uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

pub fn check_name(name: &str) -> Result<()> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || name.len() > NAME_CHARS_MAX || !name.chars().all(good) {
        bail!(
            "{name:?} is no name for a lab; use up to {NAME_CHARS_MAX} of a-z, 0-9, - and _, for example demo"
        );
    }
    Ok(())
}

/// The files of one running lab.
#[derive(Debug, Clone)]
pub struct Dir(PathBuf);

impl Dir {
    pub fn of(name: &str) -> Self {
        Dir(base().join(name))
    }

    /// As a sub-process was told it.
    pub fn at(path: PathBuf) -> Result<Self> {
        if !path.is_absolute() || !path.is_dir() {
            bail!("{} is no folder of a lab", path.display());
        }
        Ok(Dir(path))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub fn state(&self) -> PathBuf {
        self.0.join("state.json")
    }

    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    pub fn log(&self, of: &str) -> PathBuf {
        self.0.join(format!("{of}.log"))
    }

    /// Bound into every node as /run/rhapsody-lab.
    pub fn shared(&self) -> PathBuf {
        self.0.join("shared")
    }

    pub fn socket(&self) -> PathBuf {
        self.shared().join("supervisor.sock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names() {
        for good in ["demo", "a", "test-1_x"] {
            assert!(check_name(good).is_ok());
        }
        for bad in ["", "..", "a/b", "A", "é", &"x".repeat(33)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
