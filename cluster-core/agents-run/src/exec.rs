//! One program run to its end: bounded in time, in output, and in what it inherits.
//!
//! The program gets exactly the environment it is given, its own process group and an ordinary
//! state (see `child`). Its output is read as it comes, so that it never blocks on a full pipe, and
//! kept up to a bound: the beginning of stdout, the end of stderr (where the reason of a failure
//! stands). On a timeout the whole process group is asked to end (SIGTERM) and, when that has not
//! helped within a grace time, killed; what a program leaves running after its own end (a daemon
//! it has started) is left alone and not waited for.
//!
//! It knows nothing of agents but one thing: the line `ocf-exit-reason:...` on stderr.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{self, Stdio};
use std::time::{Duration, Instant};

/// What to run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    pub program: PathBuf,
    pub args: Vec<String>,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// Written to stdin, which is empty otherwise.
    pub stdin: Option<String>,
    pub timeout_ms: u64,
    /// How long after SIGTERM the group is killed.
    pub grace_ms: u64,
    /// So much of stdout is kept, from its beginning.
    pub stdout_bytes_max: usize,
    /// So much of stderr is kept, from its end.
    pub stderr_bytes_max: usize,
}

impl Command {
    /// With an ordinary environment and ordinary bounds (20 s, 5 s grace, 64 KiB).
    pub fn new(program: impl Into<PathBuf>) -> Command {
        let env = [("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), ("LANG", "C")];
        Command {
            program: program.into(),
            args: Vec::new(),
            env: env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            stdin: None,
            timeout_ms: 20_000,
            grace_ms: 5_000,
            stdout_bytes_max: 64 << 10,
            stderr_bytes_max: 64 << 10,
        }
    }

    pub fn arg(mut self, arg: impl Into<String>) -> Command {
        self.args.push(arg.into());
        self
    }

    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Command {
        self.env.insert(name.into(), value.into());
        self
    }

    pub fn timeout_ms(mut self, timeout_ms: u64) -> Command {
        self.timeout_ms = timeout_ms;
        self
    }
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    Exited(i32),
    /// By a signal that was not ours.
    Signaled(i32),
    /// Our signals ended it.
    TimedOut,
    /// There is no such program.
    Missing(String),
    /// It is there but cannot be executed by us.
    Denied(String),
    /// The system could not start it now.
    NotStarted(String),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    pub end: End,
    /// The beginning of stdout; bytes that are no text are replaced.
    pub stdout: String,
    /// The end of stderr.
    pub stderr: String,
    /// Some output was not kept.
    pub cut: bool,
    pub elapsed_ms: u64,
}

impl Finished {
    /// What the agent said last about why it failed (`ocf-exit-reason:` on stderr).
    pub fn exit_reason(&self) -> Option<&str> {
        let reason = self.stderr.lines().rev().find_map(|line| line.strip_prefix("ocf-exit-reason:"))?;
        Some(reason.trim()).filter(|reason| !reason.is_empty())
    }
}

/// Runs it and waits for its end.
pub fn run(command: &Command) -> Finished {
    run_announced(command, |_| ())
}

/// Runs it; `started` is told the process id (also the id of its process group) once it runs.
pub fn run_announced(command: &Command, started: impl FnOnce(u32)) -> Finished {
    let begin = Instant::now();
    let mut stdout = Kept::beginning(command.stdout_bytes_max);
    let mut stderr = Kept::end(command.stderr_bytes_max);
    let end = match spawn(command) {
        Ok(child) => {
            started(child.id());
            attend(child, command, begin, &mut stdout, &mut stderr)
                .unwrap_or_else(|error| End::NotStarted(format!("lost sight of it: {error}")))
        }
        Err(error) => not_started(command, &error),
    };
    Finished {
        end,
        cut: stdout.cut || stderr.cut,
        stdout: stdout.text(),
        stderr: stderr.text(),
        elapsed_ms: begin.elapsed().as_millis() as u64,
    }
}

fn spawn(command: &Command) -> io::Result<process::Child> {
    let mut prepared = process::Command::new(&command.program);
    prepared.args(&command.args).env_clear().envs(&command.env).current_dir("/");
    prepared.stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    prepared.stdout(Stdio::piped()).stderr(Stdio::piped());
    crate::child::ordinary(&mut prepared);
    prepared.spawn()
}

fn not_started(command: &Command, error: &io::Error) -> End {
    let text = format!("{}: {error}", command.program.display());
    match error.kind() {
        // An interpreter that is not there is the same error as a program that is not there.
        io::ErrorKind::NotFound if command.program.exists() => {
            End::Missing(format!("{}: its interpreter is not installed", command.program.display()))
        }
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            End::Missing(format!("{} is not installed", command.program.display()))
        }
        io::ErrorKind::PermissionDenied => End::Denied(text),
        _ if error.raw_os_error() == Some(libc::ENOEXEC) => {
            End::Denied(format!("{}: not a program", command.program.display()))
        }
        _ => End::NotStarted(text),
    }
}

/// Which of our signals it has been sent.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    Nothing,
    Terminate,
    Kill,
}

fn attend(
    mut child: process::Child,
    command: &Command,
    begin: Instant,
    stdout: &mut Kept,
    stderr: &mut Kept,
) -> io::Result<End> {
    let group = Pid::from_child(&child);
    let ended = pidfd_open(group, PidfdFlags::empty())?;
    let mut input = child.stdin.take();
    let mut unwritten = command.stdin.as_deref().unwrap_or("").as_bytes();
    let mut out = child.stdout.take();
    let mut err = child.stderr.take();
    if let Some(pipe) = &input {
        rustix::io::ioctl_fionbio(pipe, true)?;
    }
    for pipe in [out.as_ref().map(|p| p.as_fd()), err.as_ref().map(|p| p.as_fd())].into_iter().flatten() {
        rustix::io::ioctl_fionbio(pipe, true)?;
    }
    let mut asked = Asked::Nothing;
    let mut deadline = begin.checked_add(Duration::from_millis(command.timeout_ms));
    loop {
        let mut waits = vec![PollFd::new(&ended, PollFlags::IN)];
        let mut of = [usize::MAX; 3];
        let streams: [(Option<rustix::fd::BorrowedFd<'_>>, PollFlags); 3] = [
            (input.as_ref().map(|p| p.as_fd()), PollFlags::OUT),
            (out.as_ref().map(|p| p.as_fd()), PollFlags::IN),
            (err.as_ref().map(|p| p.as_fd()), PollFlags::IN),
        ];
        for (slot, (stream, flags)) in streams.into_iter().enumerate() {
            if let Some(fd) = stream {
                of[slot] = waits.len();
                waits.push(PollFd::from_borrowed_fd(fd, flags));
            }
        }
        let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let timespec = left
            .map(|left| Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) });
        match poll(&mut waits, timespec.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<bool> = waits.iter().map(|wait| !wait.revents().is_empty()).collect();
        let hit = |slot: usize| ready.get(of[slot]).copied().unwrap_or(false);
        let (write, read_out, read_err) = (hit(0), hit(1), hit(2));
        if write && !feed(&mut input, &mut unwritten) {
            input = None;
        }
        if read_out && !stdout.fill(&mut out, READ_ROUND) {
            out = None;
        }
        if read_err && !stderr.fill(&mut err, READ_ROUND) {
            err = None;
        }
        if ready[0] {
            // What it had written before its end; not what its daemons may go on writing.
            stdout.fill(&mut out, READ_LAST);
            stderr.fill(&mut err, READ_LAST);
            if asked != Asked::Nothing {
                // Not reaped yet, so the id of the group is still its own.
                let _ = kill_process_group(group, Signal::KILL);
            }
            let status = child.wait()?;
            return Ok(match (asked, status.code()) {
                (Asked::Nothing, Some(code)) => End::Exited(code),
                (Asked::Nothing, None) => {
                    End::Signaled(std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0))
                }
                _ => End::TimedOut,
            });
        }
        if deadline.is_some_and(|at| Instant::now() >= at) {
            let (signal, next) = match asked {
                Asked::Nothing => (Signal::TERM, Asked::Terminate),
                Asked::Terminate => (Signal::KILL, Asked::Kill),
                // In the kernel (a hung mount): it will go when the kernel lets it. Nobody waits.
                Asked::Kill => {
                    return Ok(End::TimedOut);
                }
            };
            let _ = kill_process_group(group, signal);
            // A stopped process would not take the request to end.
            let _ = kill_process_group(group, Signal::CONT);
            asked = next;
            deadline = Some(Instant::now() + Duration::from_millis(command.grace_ms));
        }
    }
}

/// So much is read from one stream before the others and the clock get their turn.
const READ_ROUND: usize = 256 << 10;
/// So much at most is taken after the end (a pipe holds 64 KiB, by an administrator's will 1 MiB).
const READ_LAST: usize = 1 << 20;

/// Writes what the pipe takes; false when there is nothing more to write or nobody to read it.
fn feed(input: &mut Option<process::ChildStdin>, unwritten: &mut &[u8]) -> bool {
    let Some(pipe) = input else { return false };
    while !unwritten.is_empty() {
        match pipe.write(unwritten) {
            Ok(0) => return false,
            Ok(n) => *unwritten = &unwritten[n..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
    false
}

/// The kept part of one stream.
struct Kept {
    bytes: Vec<u8>,
    bytes_max: usize,
    from_end: bool,
    cut: bool,
}

impl Kept {
    fn beginning(bytes_max: usize) -> Kept {
        Kept { bytes: Vec::new(), bytes_max, from_end: false, cut: false }
    }

    fn end(bytes_max: usize) -> Kept {
        Kept { bytes: Vec::new(), bytes_max, from_end: true, cut: false }
    }

    fn take(&mut self, chunk: &[u8]) {
        if self.from_end {
            self.bytes.extend_from_slice(chunk);
            // Dropped in larger pieces, so that a flood is not moved byte by byte.
            if self.bytes.len() > self.bytes_max.saturating_mul(2).max(8192) {
                self.drop_excess();
            }
        } else {
            let room = self.bytes_max - self.bytes.len().min(self.bytes_max);
            self.cut |= room < chunk.len();
            self.bytes.extend_from_slice(&chunk[..room.min(chunk.len())]);
        }
    }

    fn drop_excess(&mut self) {
        let excess = self.bytes.len().saturating_sub(self.bytes_max);
        self.cut |= excess > 0;
        self.bytes.drain(..excess);
    }

    /// Reads what is there, at most `bytes_max`; false at the end of the stream.
    fn fill(&mut self, pipe: &mut Option<impl Read>, bytes_max: usize) -> bool {
        let Some(pipe) = pipe else { return false };
        let mut chunk = [0; 16 << 10];
        let mut seen = 0;
        while seen < bytes_max {
            match pipe.read(&mut chunk) {
                Ok(0) => return false,
                Ok(n) => {
                    seen += n;
                    self.take(&chunk[..n]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
        true
    }

    fn text(mut self) -> String {
        if self.from_end {
            self.drop_excess();
        }
        String::from_utf8(self.bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }
}

#[cfg(test)]
#[path = "exec_tests.rs"]
mod tests;
