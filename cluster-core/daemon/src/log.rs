//! The daemon's own log: one line an event, in /var/log/rhapsody/core.log and on stderr.
//!
//! For people who look for trouble of the daemon itself; what the cluster does is in the journal.
//! Never fails and never blocks for long: a full disk costs log lines, nothing else.

use crate::clock;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

/// At this size the file is moved aside (one older file is kept).
const BYTES_MAX: u64 = 8 << 20;

struct Log {
    who: String,
    path: PathBuf,
    /// Whoever started us has sent stderr into the same file: one line is enough.
    same: bool,
    file: Mutex<Option<(File, u64)>>,
}

static LOG: OnceLock<Log> = OnceLock::new();

/// Opens the log; `who` stands in each line.
pub fn open(folder: &Path, who: &str) {
    let path = folder.join("core.log");
    let file = open_file(&path);
    let identity = |stat: rustix::fs::Stat| (stat.st_dev, stat.st_ino);
    let there = file.as_ref().and_then(|(file, _)| rustix::fs::fstat(file).ok()).map(identity);
    let same = there.is_some() && there == rustix::fs::fstat(std::io::stderr()).ok().map(identity);
    let _ = LOG.set(Log { who: who.to_owned(), path, same, file: Mutex::new(file) });
}

fn open_file(path: &Path) -> Option<(File, u64)> {
    let file = OpenOptions::new().append(true).create(true).mode(0o640).open(path).ok()?;
    let bytes = file.metadata().map_or(0, |m| m.len());
    Some((file, bytes))
}

pub fn info(text: impl AsRef<str>) {
    write("info", text.as_ref());
}

pub fn warning(text: impl AsRef<str>) {
    write("warning", text.as_ref());
}

pub fn error(text: impl AsRef<str>) {
    write("error", text.as_ref());
}

fn write(level: &str, text: &str) {
    let who = LOG.get().map_or("core", |log| log.who.as_str());
    let line = format!(
        "{} {who}[{}] {level}: {}\n",
        clock::utc(clock::wall_ms()),
        std::process::id(),
        text.replace('\n', " | ")
    );
    if LOG.get().is_none_or(|log| !log.same) {
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
    let Some(log) = LOG.get() else { return };
    let Ok(mut slot) = log.file.lock() else { return };
    if slot.as_ref().is_some_and(|(_, bytes)| *bytes > BYTES_MAX) {
        // Two processes write here; who comes second finds a small file and moves nothing.
        if fs::metadata(&log.path).is_ok_and(|m| m.len() > BYTES_MAX) {
            let _ = fs::rename(&log.path, log.path.with_extension("log.1"));
        }
        *slot = open_file(&log.path);
    }
    if let Some((file, bytes)) = slot.as_mut() {
        *bytes += line.len() as u64;
        let _ = file.write_all(line.as_bytes());
    }
}
