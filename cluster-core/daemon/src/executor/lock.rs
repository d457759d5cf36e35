//! One core on a machine: the lock file, its owner's pid and start time for those who look for it.

use crate::process::Process;
use anyhow::{Context, bail};
use rustix::fs::FlockOperation;
use std::fs::{self, File, OpenOptions};
use std::io::{Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock, waiting at most `patience` for an owner that is just dying.
    pub fn take(path: &Path, patience: Duration) -> anyhow::Result<Lock> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o644)
            .open(path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        let give_up = Instant::now() + patience;
        while rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            if Instant::now() >= give_up {
                let owner =
                    owner(path).map_or("another process".to_owned(), |p| format!("process {}", p.pid));
                bail!(
                    "the cluster core is already running on this node ({owner} holds {}); \
                     to end it: rhapsody-core stop",
                    path.display()
                );
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(format!("{}\n", Process::current()).as_bytes())
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Lock { path: path.to_owned(), _file: file })
    }

    /// Empties the file: nobody runs any more.
    pub fn release(self) {
        let _ = fs::write(&self.path, "");
    }
}

/// Who wrote the lock last, if it lives.
pub fn owner(path: &Path) -> Option<Process> {
    fs::read_to_string(path).ok()?.parse().ok().filter(|process: &Process| process.is_alive())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_told_who_is_first() {
        let path = std::env::temp_dir().join(format!("rhapsody-lock-{}", std::process::id()));
        let lock = Lock::take(&path, Duration::ZERO).unwrap();
        assert_eq!(owner(&path), Some(Process::current()));
        let refused = Lock::take(&path, Duration::from_millis(5)).err().unwrap().to_string();
        assert!(refused.contains(&std::process::id().to_string()), "{refused}");
        lock.release();
        assert!(Lock::take(&path, Duration::ZERO).is_ok());
        fs::remove_file(path).unwrap();
    }
}
