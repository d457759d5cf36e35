//! One running operation and its place on (volatile) disk, so that it outlives the executor.
//!
//! Each operation gets a small process of its own, forked from the executor without exec, which
//! runs the agent by [`exec::run_announced`] and writes the result down. If the executor dies, the
//! attendants go on: time limits hold, output is read, results are kept; the next executor finds
//!
//! | file in /run/rhapsody/executor | written by | what |
//! |---|---|---|
//! | `ID.run` | executor, before the fork | id, tag, label; locked (flock) by the attendant as long as it lives |
//! | `ID.pid` | attendant | itself, then the agent: pid and start time |
//! | `ID.done` | attendant, at the end | the result |
//!
//! A `run` without lock and without `done` is an attendant that was killed: the agent's group is
//! killed too, and the result says so. No secret is in these files (the command is not written).

use super::protocol::{OperationResult, Run};
use crate::files::{self, Durable};
use crate::process::Process;
use crate::{clock, log, sys};
use anyhow::Context;
use rhapsody_agents_run::exec;
use rustix::fs::FlockOperation;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long an attendant may take from the fork until it has written who it is.
const FIRST_WORD: Duration = Duration::from_secs(2);

#[derive(Serialize, Deserialize)]
struct Written {
    id: u64,
    tag: String,
    label: String,
}

/// An operation, running or finished and not yet acknowledged.
pub struct Operation {
    pub id: u64,
    pub tag: String,
    pub label: String,
    /// Readable at the end of the attendant; `None` once the result is known.
    pub watch: Option<OwnedFd>,
    pub result: Option<OperationResult>,
    /// When its group, asked to end, will be killed.
    pub kill_at: Option<Instant>,
    folder: PathBuf,
}

fn file(folder: &Path, id: u64, suffix: &str) -> PathBuf {
    folder.join(format!("{id}.{suffix}"))
}

impl Operation {
    /// Starts it. An operation that cannot be started has its result at once.
    pub fn start(folder: &Path, run: Run) -> Operation {
        let Run { id, tag, label, command, start_before_mono_ms } = run;
        let mut operation =
            Operation { id, tag, label, watch: None, result: None, kill_at: None, folder: folder.to_owned() };
        if start_before_mono_ms.is_some_and(|limit| clock::mono_ms() > limit) {
            operation.result = Some(OperationResult::never("came too late: this node had been asleep"));
            return operation;
        }
        match operation.fork(&command) {
            Ok(watch) => operation.watch = Some(watch),
            Err(error) => operation.result = Some(OperationResult::never(&format!("{error:#}"))),
        }
        operation
    }

    fn fork(&self, command: &exec::Command) -> anyhow::Result<OwnedFd> {
        let path = file(&self.folder, self.id, "run");
        let written = Written { id: self.id, tag: self.tag.clone(), label: self.label.clone() };
        files::write_whole(&path, &serde_json::to_vec(&written)?, Durable::No)
            .with_context(|| format!("cannot write {}", path.display()))?;
        let lock = File::open(&path)?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        let child = match sys::fork_single_threaded(lock.as_raw_fd()).context("cannot fork")? {
            sys::Forked::Child => {
                attend(&self.folder, self.id, command);
                sys::exit_now(0)
            }
            sys::Forked::Parent { child } => child,
        };
        let pid = rustix::process::Pid::from_raw(child as i32).context("no pid")?;
        // Our own child, not reaped: the pid is its own whatever has become of it.
        Ok(rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty())?)
    }

    /// Finds what an earlier executor left behind.
    pub fn adopt_all(folder: &Path) -> Vec<Operation> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|suffix| suffix != "run") {
                continue;
            }
            match fs::read(&path).map(|bytes| serde_json::from_slice::<Written>(&bytes)) {
                Ok(Ok(written)) => found.push(Operation::adopt(folder, written)),
                _ => log::error(format!("{}: not readable, ignored", path.display())),
            }
        }
        found.sort_by_key(|operation| operation.id);
        found
    }

    fn adopt(folder: &Path, written: Written) -> Operation {
        let Written { id, tag, label } = written;
        let mut operation =
            Operation { id, tag, label, watch: None, result: None, kill_at: None, folder: folder.to_owned() };
        let give_up = Instant::now() + FIRST_WORD;
        while operation.is_attended() {
            operation.watch = operation.attendant().and_then(Process::watch);
            if operation.watch.is_some() {
                return operation;
            }
            if Instant::now() > give_up {
                break;
            }
            // Forked a moment ago, about to say who it is.
            std::thread::sleep(Duration::from_millis(1));
        }
        operation.collect();
        operation
    }

    /// Whether an attendant holds the lock.
    fn is_attended(&self) -> bool {
        let Ok(file) = File::open(file(&self.folder, self.id, "run")) else { return false };
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err()
    }

    fn processes(&self) -> (Option<Process>, Option<Process>) {
        let text = fs::read_to_string(file(&self.folder, self.id, "pid")).unwrap_or_default();
        let mut lines = text.lines().map(|line| line.parse().ok());
        (lines.next().flatten(), lines.next().flatten())
    }

    fn attendant(&self) -> Option<Process> {
        self.processes().0
    }

    /// Asks the agent to end, and kills it when called again.
    pub fn cancel(&mut self, grace: Duration) {
        let Some(agent) = self.processes().1.filter(|agent| agent.is_alive()) else { return };
        if self.kill_at.is_none() {
            agent.signal_group(Signal::TERM);
            self.kill_at = Some(Instant::now() + grace);
        } else {
            agent.signal_group(Signal::KILL);
            self.kill_at = None;
        }
    }

    /// After the end of the attendant: its result, or what can be said without one.
    pub fn collect(&mut self) {
        self.watch = None;
        self.kill_at = None;
        let done = fs::read(file(&self.folder, self.id, "done"));
        let result = done.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        self.result = Some(result.unwrap_or_else(|| {
            if let Some(agent) = self.processes().1 {
                // Its leader may be gone while the rest of the group is not; the leader's pid is
                // not given to another process as long as the group exists.
                if agent.is_alive() || Process::of(agent.pid).is_none() {
                    agent.signal_group(Signal::KILL);
                }
            }
            let why = "its attendant was killed, so it was killed as well";
            OperationResult { lost: true, ..OperationResult::never(why) }
        }));
    }

    /// Removes what it left; the result has arrived.
    pub fn forget(&self) {
        for suffix in ["done", "pid", "run"] {
            let _ = fs::remove_file(file(&self.folder, self.id, suffix));
        }
    }
}

/// The whole life of an attendant.
fn attend(folder: &Path, id: u64, command: &exec::Command) {
    let me = Process::current();
    let pid_file = file(folder, id, "pid");
    let _ = files::write_whole(&pid_file, format!("{me}\n").as_bytes(), Durable::No);
    let started_mono_ms = clock::mono_ms();
    let started_wall_ms = clock::wall_ms();
    let finished = exec::run_announced(command, |pid| {
        if let Some(agent) = Process::of(pid) {
            let _ = files::write_whole(&pid_file, format!("{me}\n{agent}\n").as_bytes(), Durable::No);
        }
    });
    let result = OperationResult { finished, started_mono_ms, started_wall_ms, lost: false };
    if let Ok(bytes) = serde_json::to_vec(&result) {
        let _ = files::write_whole(&file(folder, id, "done"), &bytes, Durable::No);
    }
}
