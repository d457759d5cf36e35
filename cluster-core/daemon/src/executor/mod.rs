//! The executor: a small and steady process that supervises agents and the node process.
//!
//! One thread, one poll loop, because every operation is forked from here (see [`operation`]). It
//! decides nothing about resources. It remembers, for the next node process: blobs it does not
//! understand, and results nobody has acknowledged. If it dies itself, the node process starts its
//! successor, which adopts the node process and all operations.

mod follow;
mod link;
pub mod lock;
mod operation;
pub mod protocol;

use crate::files::{self, Durable};
use crate::node_process::EXIT_CANNOT_START;
use crate::process::Process;
use crate::{log, sys};
use anyhow::Context;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use link::Link;
use lock::Lock;
use operation::Operation;
use protocol::{Known, OperationResult, Run, ToExecutor, ToNode};
use rhapsody_client::Paths;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, WaitOptions, WaitStatus};
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// More operations than this at once are refused.
const OPERATIONS_MAX: usize = 1024;
/// A node process that is there but does not connect for so long is replaced.
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// Between SIGTERM and SIGKILL for operations that are cancelled.
const GRACE: Duration = Duration::from_secs(5);
/// A node process that crashes again at once is started again after so long, at most.
const RESTART_DELAY_MAX: Duration = Duration::from_secs(2);

/// How the executor is started.
pub struct Options {
    pub paths: Paths,
    /// Arguments for the node process.
    pub node_args: Vec<String>,
    /// Started by a node process whose executor died: its lock may take a moment to go.
    pub successor: bool,
    /// Started by a service manager: stand by a core that runs already.
    pub follow: bool,
}

struct NodeProcess {
    process: Process,
    watch: OwnedFd,
    since: Instant,
}

struct Executor {
    options: Options,
    program: PathBuf,
    folder: PathBuf,
    listener: UnixListener,
    signals: OwnedFd,
    node: Option<NodeProcess>,
    link: Option<Link>,
    /// When a node process without a connection is replaced.
    connect_by: Option<Instant>,
    restart_at: Option<Instant>,
    restart_delay: Duration,
    greeted_once: bool,
    operations: BTreeMap<u64, Operation>,
    remembered: BTreeMap<String, String>,
    terminate: bool,
    leaving: Option<Leaving>,
    reaped: HashMap<u32, WaitStatus>,
}

struct Leaving {
    detach: bool,
    give_up: Instant,
}

/// Runs until the node process leaves; the exit code of the program.
pub fn run(options: Options) -> anyhow::Result<i32> {
    let run = options.paths.run();
    let folder = run.join("executor");
    files::private_folder(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let _ = files::private_folder(&options.paths.log());
    if options.follow && follow::until_over(&options.paths)? {
        return Ok(0);
    }
    let patience = if options.successor { Duration::from_millis(500) } else { Duration::ZERO };
    let lock = Lock::take(&options.paths.core_lock(), patience)?;
    log::open(&options.paths.log(), "executor");
    let signals = sys::signals(&[libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGCHLD, libc::SIGPIPE])?;
    // The last to go when memory is short; children put it back.
    let _ = fs::write("/proc/self/oom_score_adj", "-900");
    let path = options.paths.executor_socket();
    let _ = fs::remove_file(&path);
    let listener =
        UnixListener::bind(&path).with_context(|| format!("cannot listen at {}", path.display()))?;
    listener.set_nonblocking(true)?;
    let mut executor = Executor {
        program: std::env::current_exe().context("cannot find my own program")?,
        folder,
        listener,
        signals,
        node: None,
        link: None,
        connect_by: None,
        restart_at: Some(Instant::now()),
        restart_delay: Duration::ZERO,
        greeted_once: false,
        operations: BTreeMap::new(),
        remembered: BTreeMap::new(),
        terminate: false,
        leaving: None,
        reaped: HashMap::new(),
        options,
    };
    executor.adopt();
    let code = executor.serve()?;
    let _ = fs::remove_file(executor.options.paths.executor_socket());
    lock.release();
    Ok(code)
}

impl Executor {
    /// Takes over what an earlier executor of this boot left.
    fn adopt(&mut self) {
        for entry in fs::read_dir(self.folder.join("remember")).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let key = BASE64_URL_SAFE_NO_PAD.decode(name.as_encoded_bytes()).ok();
            let key = key.and_then(|key| String::from_utf8(key).ok());
            if let (Some(key), Ok(value)) = (key, fs::read_to_string(entry.path())) {
                self.remembered.insert(key, value);
            }
        }
        for operation in Operation::adopt_all(&self.folder) {
            log::info(format!(
                "adopted {}{}",
                operation.label,
                if operation.result.is_some() { " (finished)" } else { "" }
            ));
            self.operations.insert(operation.id, operation);
        }
        let node = fs::read_to_string(self.options.paths.run().join("node.pid"))
            .ok()
            .and_then(|text| text.parse::<Process>().ok());
        if let Some((process, watch)) = node.and_then(|p| Some((p, p.watch()?))) {
            log::info(format!("adopted the node process {}", process.pid));
            self.node = Some(NodeProcess { process, watch, since: Instant::now() });
            self.connect_by = Some(Instant::now() + CONNECT_PATIENCE);
            self.restart_at = None;
            self.greeted_once = true;
        }
    }

    fn serve(&mut self) -> anyhow::Result<i32> {
        loop {
            self.reap();
            if let Some(code) = self.turn()? {
                return Ok(code);
            }
            self.wait()?;
        }
    }

    /// Everything that is due; the exit code when all is over.
    fn turn(&mut self) -> anyhow::Result<Option<i32>> {
        let now = Instant::now();
        while let Some(signal) = sys::next_signal(&self.signals) {
            if signal == libc::SIGHUP {
                // The configuration is the node process's affair.
                if let Some(node) = &self.node {
                    node.process.signal_group(Signal::HUP);
                }
            }
            if matches!(signal, libc::SIGTERM | libc::SIGINT) && !self.terminate {
                log::info("asked to end: leaving in order");
                self.terminate = true;
                self.tell(&ToNode::Terminate);
            }
        }
        while let Ok((stream, _)) = self.listener.accept() {
            self.accept(stream);
        }
        self.hear();
        for id in self.ended_operations() {
            self.finish(id);
        }
        for operation in self.operations.values_mut() {
            if operation.kill_at.is_some_and(|at| now >= at) {
                operation.cancel(GRACE);
            }
        }
        if let Some(code) = self.watch_node(now) {
            return Ok(Some(code));
        }
        if self.leaving.is_none() && self.restart_at.is_some_and(|at| now >= at) {
            if self.terminate {
                log::warning("there is no node process to leave with; what runs is left running");
                return Ok(Some(1));
            }
            self.start_node()?;
        }
        Ok(None)
    }

    fn start_node(&mut self) -> anyhow::Result<()> {
        self.restart_at = None;
        let child = Command::new(&self.program)
            .arg("node")
            .args(&self.options.node_args)
            .process_group(0)
            .stdin(std::process::Stdio::null())
            .spawn();
        let process = child.map_err(anyhow::Error::from).and_then(|child| {
            let process = Process::of(child.id()).context("it ended at once")?;
            Ok((process, process.watch().context("it ended at once")?))
        });
        match process {
            Ok((process, watch)) => {
                self.node = Some(NodeProcess { process, watch, since: Instant::now() });
                self.connect_by = Some(Instant::now() + CONNECT_PATIENCE);
            }
            Err(error) if !self.greeted_once => {
                return Err(error.context(format!("cannot start {} node", self.program.display())));
            }
            Err(error) => {
                log::error(format!("cannot start the node process: {error:#}"));
                self.restart_later();
            }
        }
        Ok(())
    }

    fn restart_later(&mut self) {
        self.restart_at = Some(Instant::now() + self.restart_delay);
        self.restart_delay = (self.restart_delay * 2).clamp(Duration::from_millis(50), RESTART_DELAY_MAX);
    }

    /// The end of the node process: wanted, refused, or a crash to be repaired.
    fn watch_node(&mut self, now: Instant) -> Option<i32> {
        let node = self.node.as_ref()?;
        if !readable(node.watch.as_fd()) {
            let late = self.connect_by.is_some_and(|at| now >= at)
                || self.leaving.as_ref().is_some_and(|leaving| now >= leaving.give_up);
            if late {
                log::error(format!("the node process {} does not answer; it is killed", node.process.pid));
                node.process.signal_group(Signal::KILL);
                self.connect_by = None;
                if let Some(leaving) = &mut self.leaving {
                    leaving.give_up = now + GRACE;
                }
            }
            return None;
        }
        self.reap();
        // What it said last may still be in the socket.
        self.hear();
        let node = self.node.take()?;
        self.link = None;
        self.connect_by = None;
        let status = self.reaped.remove(&node.process.pid);
        if let Some(leaving) = &self.leaving {
            let detach = leaving.detach;
            self.clean(detach);
            log::info(if detach { "detached: resources go on" } else { "left the cluster" });
            return Some(0);
        }
        let code = status.and_then(WaitStatus::exit_status);
        if code == Some(EXIT_CANNOT_START) && !self.greeted_once {
            return Some(1);
        }
        if node.since.elapsed() > Duration::from_secs(1) {
            self.restart_delay = Duration::ZERO;
        }
        log::error(format!(
            "the node process {} ended ({}); starting another",
            node.process.pid,
            how(status)
        ));
        self.restart_later();
        None
    }

    fn accept(&mut self, stream: UnixStream) {
        let peer = rustix::net::sockopt::socket_peercred(&stream);
        let own = rustix::process::geteuid();
        if !peer.is_ok_and(|peer| peer.uid == own) {
            return;
        }
        // What the last one said before it went away still counts.
        self.hear();
        match Link::new(stream) {
            Ok(link) => self.link = Some(link),
            Err(error) => log::error(format!("cannot talk to the node process: {error}")),
        }
    }

    fn tell(&mut self, message: &ToNode) {
        let Some(link) = &mut self.link else { return };
        if let Err(error) = link.send(message) {
            log::warning(format!("connection to the node process: {error:#}"));
            self.unlink();
        }
    }

    fn unlink(&mut self) {
        self.link = None;
        if self.node.is_some() {
            self.connect_by = Some(Instant::now() + CONNECT_PATIENCE);
        }
    }

    fn hear(&mut self) {
        let Some(link) = &mut self.link else { return };
        let flushed = link.flush();
        let (messages, end) = link.receive();
        for message in messages {
            self.obey(message);
        }
        if flushed.and(end).is_err() && self.link.is_some() {
            self.unlink();
        }
    }

    fn obey(&mut self, message: ToExecutor) {
        match message {
            ToExecutor::Hello { pid } => {
                self.connect_by = None;
                self.greeted_once = true;
                if self.node.as_ref().is_none_or(|node| node.process.pid != pid) {
                    log::warning(format!("process {pid} speaks as node process"));
                }
                let operations = self.operations.values().map(known).collect();
                let remembered = self.remembered.clone();
                self.tell(&ToNode::Hello { remembered, operations });
                if self.terminate {
                    self.tell(&ToNode::Terminate);
                }
            }
            ToExecutor::Run(run) => self.start(*run),
            ToExecutor::Acknowledge { id } => {
                // Acknowledged while it runs makes no sense and would lose it: ignored.
                if self.operations.get(&id).is_some_and(|operation| operation.result.is_some())
                    && let Some(operation) = self.operations.remove(&id)
                {
                    operation.forget();
                }
            }
            ToExecutor::Cancel { id } => {
                if let Some(operation) = self.operations.get_mut(&id) {
                    operation.cancel(GRACE);
                }
            }
            ToExecutor::Remember { key, value } => self.remember(key, value),
            ToExecutor::Leave { detach } => {
                self.leaving = Some(Leaving { detach, give_up: Instant::now() + GRACE });
            }
        }
    }

    fn start(&mut self, run: Run) {
        let id = run.id;
        if self.operations.contains_key(&id) {
            // Said twice by a node process that was not sure: it runs, or has run.
            if self.operations[&id].result.is_some() {
                self.finish(id);
            }
            return;
        }
        let operation = if self.operations.len() >= OPERATIONS_MAX {
            let mut refused = Operation::start(&self.folder, Run { start_before_mono_ms: Some(0), ..run });
            refused.result = Some(OperationResult::never("too many operations at once"));
            refused
        } else {
            Operation::start(&self.folder, run)
        };
        let over = operation.result.is_some();
        self.operations.insert(id, operation);
        if over {
            self.finish(id);
        }
    }

    fn ended_operations(&self) -> Vec<u64> {
        let ended = |operation: &&Operation| operation.watch.as_ref().is_some_and(|fd| readable(fd.as_fd()));
        self.operations.values().filter(ended).map(|operation| operation.id).collect()
    }

    fn finish(&mut self, id: u64) {
        let Some(operation) = self.operations.get_mut(&id) else { return };
        if operation.result.is_none() {
            operation.collect();
        }
        if let Some(result) = operation.result.clone() {
            self.tell(&ToNode::Finished { id, result: Box::new(result) });
        }
    }

    /// In memory, and in /run for a successor; a full /run costs the second only.
    fn remember(&mut self, key: String, value: Option<String>) {
        let folder = self.folder.join("remember");
        // Any key is a file name in this alphabet.
        let path = folder.join(BASE64_URL_SAFE_NO_PAD.encode(&key));
        let kept = match &value {
            Some(value) => files::private_folder(&folder)
                .and_then(|()| files::write_whole(&path, value.as_bytes(), Durable::No)),
            None => fs::remove_file(&path),
        };
        if let (Err(error), true) = (kept, value.is_some()) {
            log::warning(format!("cannot write {}: {error}", path.display()));
        }
        match value {
            Some(value) => self.remembered.insert(key, value),
            None => self.remembered.remove(&key),
        };
    }

    /// After an orderly leave nothing is left for a next life; after `detach` everything is.
    fn clean(&mut self, detach: bool) {
        if detach {
            return;
        }
        for operation in self.operations.values_mut() {
            operation.cancel(Duration::ZERO);
            operation.cancel(Duration::ZERO);
            operation.forget();
        }
        let _ = fs::remove_dir_all(self.folder.join("remember"));
    }

    fn reap(&mut self) {
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            let pid = pid.as_raw_nonzero().get() as u32;
            if self.node.as_ref().is_some_and(|node| node.process.pid == pid) {
                self.reaped.insert(pid, status);
            }
        }
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let mut waits =
            vec![PollFd::new(&self.signals, PollFlags::IN), PollFd::new(&self.listener, PollFlags::IN)];
        if let Some(link) = &self.link {
            let out = if link.wants_to_write() { PollFlags::OUT } else { PollFlags::empty() };
            waits.push(PollFd::new(&link.stream, PollFlags::IN | out));
        }
        waits.extend(self.node.iter().map(|node| PollFd::new(&node.watch, PollFlags::IN)));
        waits.extend(
            self.operations.values().filter_map(|o| Some(PollFd::new(o.watch.as_ref()?, PollFlags::IN))),
        );
        let deadline = [self.connect_by, self.restart_at, self.leaving.as_ref().map(|l| l.give_up)]
            .into_iter()
            .chain(self.operations.values().map(|operation| operation.kill_at))
            .flatten()
            .min();
        let timeout = deadline.map(|at| timespec(at.saturating_duration_since(Instant::now())));
        match poll(&mut waits, timeout.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error).context("poll"),
        }
    }
}

fn known(operation: &Operation) -> Known {
    Known { id: operation.id, tag: operation.tag.clone(), result: operation.result.clone() }
}

fn how(status: Option<WaitStatus>) -> String {
    match status {
        Some(status) if status.signaled() => format!("signal {}", status.terminating_signal().unwrap_or(0)),
        Some(status) => format!("exit code {}", status.exit_status().unwrap_or(-1)),
        None => "not my child".to_owned(),
    }
}

fn readable(fd: BorrowedFd<'_>) -> bool {
    let mut wait = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    let now = timespec(Duration::ZERO);
    poll(&mut wait, Some(&now)).is_ok_and(|n| n > 0)
}

pub fn timespec(duration: Duration) -> Timespec {
    Timespec { tv_sec: duration.as_secs() as i64, tv_nsec: i64::from(duration.subsec_nanos()) }
}
