//! How an operation on a resource becomes a program to run, and an exit what it means.
//!
//! - [`places`]: where programs and folders are; [`ocf`]: the environment of OCF agents;
//!   [`init`]: lsb, systemd and service; [`fence`]: fence agents
//!
//! Nothing is run here: the executor does that.

pub mod fence;
mod init;
mod ocf;
mod places;

pub use places::Places;

use rhapsody_agents_run::exec::{Command, End, Finished};
use rhapsody_node::{Executed, OpStatus, Operation};
use serde::{Deserialize, Serialize};

/// Exit codes of OCF that this crate gives itself.
pub mod rc {
    pub const OK: i32 = 0;
    pub const GENERIC: i32 = 1;
    pub const UNIMPLEMENTED: i32 = 3;
    pub const PERM: i32 = 4;
    pub const INSTALLED: i32 = 5;
    pub const NOT_RUNNING: i32 = 7;
}

/// What to do for an operation.
#[derive(Debug, PartialEq)]
pub enum Plan {
    Run(Box<Command>),
    /// Nothing to run; this is what comes of it.
    Answer {
        status: OpStatus,
        rc: i32,
        reason: String,
    },
}

impl Plan {
    fn missing(reason: String) -> Plan {
        Plan::Answer { status: OpStatus::NotInstalled, rc: rc::INSTALLED, reason }
    }

    fn unimplemented(reason: String) -> Plan {
        Plan::Answer { status: OpStatus::Done, rc: rc::UNIMPLEMENTED, reason }
    }
}

/// How an exit is to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reading {
    Ocf,
    /// An init script's `status`.
    LsbStatus,
    /// Another action of an init script.
    Lsb,
    /// `systemctl is-active`.
    SystemdState,
    /// Another call of `systemctl`.
    Systemctl,
    /// The `monitor` of a fence agent, for a stonith resource.
    FenceMonitor,
}

/// The program for an operation and how to read its exit.
pub fn plan(places: &Places, operation: &Operation) -> (Plan, Reading) {
    match operation.resource.class.as_str() {
        "ocf" => (ocf::plan(places, operation), Reading::Ocf),
        "lsb" => init::lsb(places, operation),
        "systemd" => init::systemd(places, operation),
        "service" => init::service(places, operation),
        "stonith" => (fence::resource(places, operation), Reading::FenceMonitor),
        class => {
            let reason = format!("resource agents of class '{class}' are not supported");
            (Plan::missing(reason), Reading::Ocf)
        }
    }
}

/// What an exit says about the resource.
pub fn read(id: u64, reading: Reading, finished: &Finished, queue_ms: u64) -> Executed {
    let said = finished.exit_reason().map(str::to_owned);
    let (status, rc, reason) = match &finished.end {
        End::Exited(code) => {
            let rc = translate(reading, *code, finished.stdout.trim());
            let reason = match (said, reading) {
                (Some(said), _) => said,
                (None, Reading::Ocf) => String::new(),
                (None, _) if rc != rc::OK && rc != rc::NOT_RUNNING => last_line(finished),
                (None, _) => String::new(),
            };
            (OpStatus::Done, rc, reason)
        }
        End::Signaled(signal) => (OpStatus::Done, rc::GENERIC, format!("agent was ended by signal {signal}")),
        End::TimedOut => (
            OpStatus::Timeout,
            rc::GENERIC,
            said.unwrap_or_else(|| "agent did not finish in time".to_owned()),
        ),
        End::Missing(text) => (OpStatus::NotInstalled, rc::INSTALLED, text.clone()),
        End::Denied(text) => (OpStatus::Done, rc::PERM, text.clone()),
        End::NotStarted(text) => (OpStatus::NotExecuted, rc::GENERIC, text.clone()),
    };
    let exit_reason = one_line(&reason);
    Executed { id, status, rc, exit_reason, exec_ms: finished.elapsed_ms, queue_ms }
}

fn translate(reading: Reading, code: i32, stdout: &str) -> i32 {
    match reading {
        Reading::Ocf => code,
        Reading::LsbStatus => match code {
            0 => rc::OK,
            // Dead with a pid file, dead with a lock file, not running.
            1..=3 => rc::NOT_RUNNING,
            150 => rc::INSTALLED,
            151 => rc::PERM,
            _ => rc::GENERIC,
        },
        // The first seven codes of init scripts and of OCF agree.
        Reading::Lsb => match code {
            0..=7 => code,
            150 => rc::INSTALLED,
            151 => rc::PERM,
            _ => rc::GENERIC,
        },
        Reading::SystemdState => match stdout {
            "active" | "reloading" | "activating" | "refreshing" => rc::OK,
            _ => rc::NOT_RUNNING,
        },
        Reading::Systemctl => match code {
            0 => rc::OK,
            5 => rc::INSTALLED,
            _ => rc::GENERIC,
        },
        Reading::FenceMonitor => match code {
            0 => rc::OK,
            _ => rc::GENERIC,
        },
    }
}

/// What a program that knows no exit reasons has said last.
pub fn last_line(finished: &Finished) -> String {
    let last =
        |text: &str| text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned);
    last(&finished.stderr).or_else(|| last(&finished.stdout)).unwrap_or_default()
}

/// One line of bounded length without control characters.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(1000)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn finished(end: End, stdout: &str, stderr: &str) -> Finished {
        Finished { end, stdout: stdout.into(), stderr: stderr.into(), cut: false, elapsed_ms: 3 }
    }

    fn check(reading: Reading, end: End, stdout: &str, stderr: &str) -> (OpStatus, i32, String) {
        let executed = read(1, reading, &finished(end, stdout, stderr), 0);
        (executed.status, executed.rc, executed.exit_reason)
    }

    #[test]
    fn exits() {
        use OpStatus::{Done, NotExecuted, NotInstalled, Timeout};
        let table = [
            (Reading::Ocf, End::Exited(8), "", "", (Done, 8, "")),
            (Reading::Ocf, End::Exited(190), "", "ocf-exit-reason:a\u{7}b", (Done, 190, "a b")),
            (Reading::Ocf, End::Exited(1), "", "noise", (Done, 1, "")),
            (Reading::Ocf, End::TimedOut, "", "", (Timeout, 1, "agent did not finish in time")),
            (Reading::Ocf, End::Missing("x".into()), "", "", (NotInstalled, 5, "x")),
            (Reading::Ocf, End::NotStarted("y".into()), "", "", (NotExecuted, 1, "y")),
            (Reading::LsbStatus, End::Exited(3), "", "", (Done, 7, "")),
            (Reading::LsbStatus, End::Exited(4), "what\n", "", (Done, 1, "what")),
            (Reading::Lsb, End::Exited(6), "", "no\nconfig\n", (Done, 6, "config")),
            (Reading::Lsb, End::Exited(99), "", "", (Done, 1, "")),
            (Reading::SystemdState, End::Exited(3), "inactive\n", "", (Done, 7, "")),
            (Reading::SystemdState, End::Exited(0), "active\n", "", (Done, 0, "")),
            (Reading::Systemctl, End::Exited(5), "", "Unit x not found.", (Done, 5, "Unit x not found.")),
        ];
        for (reading, end, stdout, stderr, (status, rc, reason)) in table {
            let name = format!("{reading:?} {end:?}");
            assert_eq!(check(reading, end, stdout, stderr), (status, rc, reason.to_owned()), "{name}");
        }
    }
}
