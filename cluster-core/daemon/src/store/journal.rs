//! The journal, /var/log/rhapsody/journal.jsonl: one event a line, numbered without a gap.
//!
//! Numbers go on over restarts as long as the file is there. It is moved aside by size; the last
//! files are kept. A disk that takes nothing costs lines, not events: those who listen get them.

use rhapsody_api::core::Event;
use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

const BYTES_MAX: u64 = 16 << 20;
/// `journal.jsonl.1` to `.3`.
const OLDER: u32 = 3;
/// Events kept in memory for listeners that resume.
const RECENT: usize = 1024;
/// Read from the end of the file to find the last number.
const TAIL_BYTES: u64 = 256 << 10;

/// Numbers events and remembers the last of them; belongs to the node's loop.
pub struct Recent {
    path: PathBuf,
    next: u64,
    events: VecDeque<Event>,
}

impl Recent {
    pub fn open(path: &Path) -> Recent {
        let last = last_number(path).or_else(|| last_number(&older(path, 1))).unwrap_or(0);
        Recent { path: path.to_owned(), next: last + 1, events: VecDeque::new() }
    }

    pub fn number(&mut self, mut event: Event) -> Event {
        event.number = self.next;
        self.next += 1;
        if self.events.len() == RECENT {
            self.events.pop_front();
        }
        self.events.push_back(event.clone());
        event
    }

    pub fn last(&self) -> u64 {
        self.next - 1
    }

    /// The events after number `since`, as far as they are still known; from the file where memory
    /// does not reach back.
    pub fn after(&self, since: u64) -> Vec<Event> {
        let first = self.events.front().map_or(self.next, |event| event.number);
        let mut events = Vec::new();
        if since + 1 < first {
            for path in (1..=OLDER).rev().map(|n| older(&self.path, n)).chain([self.path.clone()]) {
                let Ok(file) = File::open(path) else { continue };
                let lines = BufReader::new(file).lines().map_while(Result::ok);
                let old = lines.filter_map(|line| serde_json::from_str::<Event>(&line).ok());
                events.extend(old.filter(|event| event.number > since && event.number < first));
            }
        }
        events.extend(self.events.iter().filter(|event| event.number > since).cloned());
        events
    }
}

fn older(path: &Path, n: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{n}"));
    PathBuf::from(name)
}

fn last_number(path: &Path) -> Option<u64> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes).ok()?;
    // The last line may be half written, the first of the tail half read.
    let lines = bytes.rsplit(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice::<Event>(line).ok()).map(|event| event.number).next()
}

/// Writes lines; belongs to a thread of its own.
pub struct Writer {
    path: PathBuf,
    file: Option<File>,
    bytes: u64,
}

impl Writer {
    pub fn open(path: &Path) -> Writer {
        let mut writer = Writer { path: path.to_owned(), file: None, bytes: 0 };
        let _ = writer.reopen();
        writer
    }

    fn reopen(&mut self) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).mode(0o640).open(&self.path)?;
        self.bytes = file.metadata()?.len();
        // A line that a crash or a full disk has cut must not swallow the next one.
        let ends_well = self.bytes == 0 || {
            let mut last = [0];
            let mut reader = File::open(&self.path)?;
            reader.seek(SeekFrom::End(-1))?;
            reader.read_exact(&mut last).is_ok() && last == *b"\n"
        };
        if !ends_well {
            file.write_all(b"\n")?;
        }
        self.file = Some(file);
        Ok(())
    }

    pub fn write(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        if self.bytes + line.len() as u64 > BYTES_MAX {
            self.file = None;
            for n in (1..OLDER).rev() {
                let _ = fs::rename(older(&self.path, n), older(&self.path, n + 1));
            }
            let _ = fs::rename(&self.path, older(&self.path, 1));
        }
        if self.file.is_none() {
            self.reopen()?;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = file.write_all(&line);
        if written.is_err() {
            // Looked at anew next time: part of the line may be there.
            self.file = None;
        }
        self.bytes += line.len() as u64;
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(code: &str) -> Event {
        let (code, text) = (code.to_owned(), "t".repeat(1000));
        Event { number: 0, wall_ms: 1, mono_ms: 2, code, text, fields: serde_json::json!({"view": 1}) }
    }

    #[test]
    fn numbers_go_on_and_streams_resume() {
        let folder = std::env::temp_dir().join(format!("rhapsody-journal-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("journal.jsonl");
        let (mut recent, mut writer) = (Recent::open(&path), Writer::open(&path));
        for _ in 0..1500 {
            writer.write(&recent.number(event("dc"))).unwrap();
        }
        let numbers =
            |since, recent: &Recent| -> Vec<u64> { recent.after(since).iter().map(|e| e.number).collect() };
        assert_eq!(numbers(1498, &recent), [1499, 1500]);
        assert_eq!(numbers(0, &recent), (1..=1500).collect::<Vec<_>>());
        // A crash in the middle of a line.
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"number\":15").unwrap();
        let (mut recent, mut writer) = (Recent::open(&path), Writer::open(&path));
        assert_eq!(recent.last(), 1500);
        writer.write(&recent.number(event("dc"))).unwrap();
        let recent = Recent::open(&path);
        assert_eq!(numbers(1499, &recent), [1500, 1501]);
        fs::remove_dir_all(folder).unwrap();
    }
}
