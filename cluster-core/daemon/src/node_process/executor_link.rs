//! The node process's side of its connection to the executor, and the care for the executor's life:
//! if it dies, a successor is started, which adopts us and everything that runs.

use super::Happened;
use crate::executor::protocol::{FRAME_BYTES_MAX, Known, Run, ToExecutor, ToNode};
use crate::log;
use anyhow::{Context, bail};
use rhapsody_client::frame;
use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Sender, SyncSender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// So long is tried to reach an executor before another one is started.
const REACH: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(2);
const STACK_BYTES: usize = 256 << 10;

pub struct ExecutorLink {
    socket: PathBuf,
    program: PathBuf,
    args: Vec<String>,
    to_loop: SyncSender<Happened>,
    /// To the thread that writes; `None` while there is no executor.
    writer: Option<Sender<ToExecutor>>,
    /// Which connection is meant, so that the end of an old one is not taken for that of a new one.
    connection: u64,
    /// Runs that the executor has not answered; repeated to a successor that does not know them.
    unanswered: BTreeMap<u64, Run>,
    /// Blobs to be remembered; repeated likewise.
    blobs: BTreeMap<String, String>,
}

/// What an executor says first.
pub struct Greeting {
    pub remembered: BTreeMap<String, String>,
    pub operations: Vec<Known>,
}

impl ExecutorLink {
    pub fn connect(
        socket: &Path,
        args: &[String],
        to_loop: SyncSender<Happened>,
    ) -> anyhow::Result<(ExecutorLink, Greeting)> {
        let program = std::env::current_exe().context("cannot find my own program")?;
        let mut link = ExecutorLink {
            socket: socket.to_owned(),
            program,
            args: args.to_vec(),
            to_loop,
            writer: None,
            connection: 0,
            unanswered: BTreeMap::new(),
            blobs: BTreeMap::new(),
        };
        let (stream, greeting) = reach(socket, REACH).context("cannot reach the executor")?;
        link.blobs.clone_from(&greeting.remembered);
        link.attach(stream)?;
        Ok((link, greeting))
    }

    pub fn run(&mut self, run: Run) {
        self.unanswered.insert(run.id, run.clone());
        self.tell(ToExecutor::Run(Box::new(run)));
    }

    /// The result of a run has arrived and was used.
    pub fn acknowledge(&mut self, id: u64) {
        self.unanswered.remove(&id);
        self.tell(ToExecutor::Acknowledge { id });
    }

    pub fn cancel(&mut self, id: u64) {
        self.tell(ToExecutor::Cancel { id });
    }

    pub fn remember(&mut self, key: String, value: Option<String>) {
        match &value {
            Some(value) => self.blobs.insert(key.clone(), value.clone()),
            None => self.blobs.remove(&key),
        };
        self.tell(ToExecutor::Remember { key, value });
    }

    /// Says good-bye and waits until that is written.
    pub fn leave(&mut self, detach: bool) {
        self.tell(ToExecutor::Leave { detach });
        self.writer = None;
        thread::sleep(Duration::from_millis(20));
    }

    fn tell(&self, message: ToExecutor) {
        if let Some(writer) = &self.writer {
            let _ = writer.send(message);
        }
    }

    fn attach(&mut self, stream: UnixStream) -> anyhow::Result<()> {
        self.connection += 1;
        let connection = self.connection;
        let (writer, waiting) = channel::<ToExecutor>();
        let out = stream.try_clone()?;
        thread::Builder::new().name("executor-out".to_owned()).stack_size(STACK_BYTES).spawn(move || {
            for message in waiting {
                if frame::write(&mut &out, &message).is_err() {
                    break;
                }
            }
        })?;
        let to_loop = self.to_loop.clone();
        thread::Builder::new().name("executor".to_owned()).stack_size(STACK_BYTES).spawn(move || {
            while let Ok(message) = frame::read_bounded::<ToNode>(&mut &stream, FRAME_BYTES_MAX) {
                if to_loop.send(Happened::Executor(message)).is_err() {
                    return;
                }
            }
            let _ = to_loop.send(Happened::ExecutorGone { connection });
        })?;
        self.writer = Some(writer);
        Ok(())
    }

    /// The connection ended: another executor is needed. Returns at once.
    pub fn gone(&mut self, connection: u64) {
        if connection != self.connection {
            return;
        }
        self.writer = None;
        log::error("the executor is gone; starting its successor");
        let (program, args, socket) = (self.program.clone(), self.args.clone(), self.socket.clone());
        let to_loop = self.to_loop.clone();
        let searching = thread::Builder::new().name("successor".to_owned()).stack_size(STACK_BYTES);
        let started = searching.spawn(move || {
            loop {
                let successor = Command::new(&program)
                    .arg("--successor")
                    .args(&args)
                    .process_group(0)
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .spawn();
                if let Err(error) = &successor {
                    log::error(format!("cannot start {}: {error}", program.display()));
                }
                match reach(&socket, REACH) {
                    Ok((stream, greeting)) => {
                        let _ = to_loop.send(Happened::ExecutorBack { stream, greeting });
                        // Ours to reap, should it end.
                        if let Ok(mut child) = successor {
                            let _ = child.wait();
                        }
                        return;
                    }
                    Err(error) => log::error(format!("no executor: {error:#}")),
                }
                thread::sleep(Duration::from_millis(100));
            }
        });
        if let Err(error) = started {
            // Without a thread there is no way back but a new life, which the executor's lock or
            // pcsd brings about.
            log::error(format!("cannot start a thread: {error}"));
            crate::sys::exit_now(1);
        }
    }

    /// There is a successor: it is told what may have been lost on the way. The results it knows
    /// already are returned.
    pub fn back(&mut self, stream: UnixStream, greeting: Greeting) -> Vec<Known> {
        if let Err(error) = self.attach(stream) {
            log::error(format!("cannot talk to the executor: {error:#}"));
            crate::sys::exit_now(1);
        }
        for (key, value) in &self.blobs {
            self.tell(ToExecutor::Remember { key: key.clone(), value: Some(value.clone()) });
        }
        for key in greeting.remembered.keys().filter(|key| !self.blobs.contains_key(*key)) {
            self.tell(ToExecutor::Remember { key: key.clone(), value: None });
        }
        let known: Vec<u64> = greeting.operations.iter().map(|known| known.id).collect();
        for run in self.unanswered.values().filter(|run| !known.contains(&run.id)) {
            self.tell(ToExecutor::Run(Box::new(run.clone())));
        }
        greeting.operations
    }
}

fn reach(socket: &Path, patience: Duration) -> anyhow::Result<(UnixStream, Greeting)> {
    let give_up = Instant::now() + patience;
    loop {
        match greet(socket) {
            Ok(found) => return Ok(found),
            Err(error) if Instant::now() >= give_up => return Err(error),
            Err(_) => thread::sleep(RETRY),
        }
    }
}

fn greet(socket: &Path) -> anyhow::Result<(UnixStream, Greeting)> {
    let stream = UnixStream::connect(socket).with_context(|| format!("{}", socket.display()))?;
    stream.set_read_timeout(Some(REACH))?;
    frame::write(&mut &stream, &ToExecutor::Hello { pid: std::process::id() })?;
    let ToNode::Hello { remembered, operations } = frame::read_bounded(&mut &stream, FRAME_BYTES_MAX)? else {
        bail!("the executor did not greet");
    };
    stream.set_read_timeout(None)?;
    Ok((stream, Greeting { remembered, operations }))
}
