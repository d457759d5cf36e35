//! A process that is still the same one: pid and start time together.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    pub pid: i32,
    /// Field 22 of /proc/PID/stat, in clock ticks since boot.
    pub started: u64,
}

impl Process {
    /// The process that has this pid now.
    pub fn now(pid: i32) -> Option<Self> {
        let (_, started) = stat(pid)?;
        Some(Process { pid, started })
    }

    /// Running or stopped; a zombie is dead (and so, for an init, is everything below it).
    pub fn alive(self) -> bool {
        stat(self.pid).is_some_and(|(state, started)| started == self.started && state != 'Z')
    }

    /// Sends a signal to this process and to no successor of its pid.
    pub fn signal(self, signal: Signal) {
        let Some(pid) = Pid::from_raw(self.pid) else {
            return;
        };
        // Compared after the descriptor is held: from here the pid cannot change hands.
        if let Ok(fd) = pidfd_open(pid, PidfdFlags::empty())
            && self.alive()
        {
            let _ = pidfd_send_signal(&fd, signal);
        }
    }

    /// Waits until it is dead; false when it was not within the time.
    pub fn wait_dead(self, timeout: Duration) -> bool {
        let end = Instant::now() + timeout;
        while self.alive() {
            if Instant::now() >= end {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }

    /// Its namespace of a kind, as the kernel names it (`net:[4026532]`).
    pub fn namespace(self, kind: &str) -> Option<String> {
        namespace(self.pid, kind)
    }
}

fn stat(pid: i32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    let mut words = rest.split_ascii_whitespace();
    let state = words.next()?.chars().next()?;
    Some((state, words.nth(18)?.parse().ok()?))
}

fn namespace(pid: i32, kind: &str) -> Option<String> {
    let link = fs::read_link(format!("/proc/{pid}/ns/{kind}")).ok()?;
    Some(link.to_string_lossy().into_owned())
}

/// All pids of the machine.
fn pids() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries.filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// Every process in the namespace of this kind and name.
pub fn in_namespace(kind: &str, name: &str) -> Vec<Process> {
    pids()
        .into_iter()
        .filter(|pid| namespace(*pid, kind).as_deref() == Some(name))
        .filter_map(Process::now)
        .collect()
}

/// The lab's own processes that were started for this folder: one of `words` and the folder are
/// consecutive arguments. Finds also those that a killed supervisor had no time to write down.
pub fn working_for(dir: &Path, words: &[&str]) -> Vec<Process> {
    let dir = dir.to_string_lossy();
    pids()
        .into_iter()
        .filter(|pid| {
            let Ok(line) = fs::read(format!("/proc/{pid}/cmdline")) else {
                return false;
            };
            let line = String::from_utf8_lossy(&line).into_owned();
            let args: Vec<&str> = line.split('\0').collect();
            args.windows(2).any(|w| words.contains(&w[0]) && w[1] == dir)
        })
        .filter_map(Process::now)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_reused_pid_is_another_process() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::now(child.id() as i32).unwrap();
        let other = Process { started: process.started + 1, ..process };
        assert!(process.alive() && !other.alive());
        other.signal(Signal::KILL);
        assert!(process.alive(), "a stranger was killed");
        process.signal(Signal::KILL);
        assert!(process.wait_dead(Duration::from_secs(5)));
        child.wait().unwrap();
    }
}
