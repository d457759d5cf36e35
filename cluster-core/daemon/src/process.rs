//! Which process is meant: a pid alone may have been given to another process meanwhile, a pid with
//! its start time (in clock ticks since boot) may not.

use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::fmt;
use std::os::fd::OwnedFd;
use std::str::FromStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    pub started: u64,
}

impl Process {
    pub fn current() -> Process {
        Process::of(std::process::id()).unwrap_or(Process { pid: std::process::id(), started: 0 })
    }

    /// The process that has this pid now, unless it is a zombie.
    pub fn of(pid: u32) -> Option<Process> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may contain anything, also parentheses.
        let rest = stat.rsplit_once(')')?.1;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?;
        // Field 22 of the line; the state is field 3.
        let started = fields.nth(18)?.parse().ok()?;
        (!matches!(state, "Z" | "X")).then_some(Process { pid, started })
    }

    pub fn is_alive(self) -> bool {
        Process::of(self.pid) == Some(self)
    }

    /// A descriptor that becomes readable at its end; `None` if it is over.
    pub fn watch(self) -> Option<OwnedFd> {
        let fd = pidfd_open(Pid::from_raw(self.pid as i32)?, PidfdFlags::empty()).ok()?;
        // Only now, with the descriptor at hand, is the comparison worth something.
        self.is_alive().then_some(fd)
    }

    /// Signals the process group it leads.
    pub fn signal_group(self, signal: Signal) {
        if let Some(group) = Pid::from_raw(self.pid as i32) {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.started)
    }
}

impl FromStr for Process {
    type Err = ();

    fn from_str(text: &str) -> Result<Process, ()> {
        let (pid, started) = text.trim().split_once(' ').ok_or(())?;
        Ok(Process { pid: pid.parse().map_err(|_| ())?, started: started.parse().map_err(|_| ())? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_without_its_start_time_is_nobody() {
        let me = Process::current();
        assert!(me.is_alive() && me.watch().is_some());
        assert_eq!(me.to_string().parse(), Ok(me));
        let other = Process { started: me.started + 1, ..me };
        assert!(!other.is_alive() && other.watch().is_none());
        assert!("12".parse::<Process>().is_err());
    }
}
