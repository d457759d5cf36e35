//! The node process: the loop around the state machine of `rhapsody-node`.
//!
//! One thread runs the loop and owns the machine; everything else (links, clients, executor, disk,
//! scheduler) is a thread that sends what happened to the loop and takes what the loop wants. The
//! loop itself never waits for any of them.

mod agents;
mod executor_link;
mod layout;
mod requests;
mod setup;
mod socket;
mod workers;

use crate::agent::Places;
use crate::executor::protocol::{Known, ToNode};
use crate::files::{self, Durable};
use crate::links::{Addresses, Heard, Links, Secret, Sessions};
use crate::process::Process;
use crate::store::cib::Store;
use crate::store::incarnation;
use crate::store::journal::Recent;
use crate::{clock, links, log, sys};
use agents::Agents;
use anyhow::Context;
use base64::prelude::{BASE64_STANDARD, Engine};
use executor_link::{ExecutorLink, Greeting};
use layout::Names;
use requests::Requests;
use rhapsody_api::core::{Event, Hello, PROTOCOL, Request, Response};
use rhapsody_client::Paths;
use rhapsody_node::{Config, Exit, Heartbeat, Input, Node, Now, Output, Start};
use rhapsody_transition::Transition;
use setup::Setup;
use socket::{ClientId, Clients};
use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;
use workers::Workers;

/// The node process cannot start with this configuration; starting it again would not help.
pub const EXIT_CANNOT_START: i32 = 78;
/// What may wait for the loop.
const HAPPENED_MAX: usize = 16 << 10;
/// Handled before the clock is looked at again.
const ROUND_MAX: usize = 256;
/// Blobs of the shell itself begin with this; the machine's own never do.
const OWN: &str = "shell.";
/// Numbers of operations are set aside in steps, so that not each one is remembered.
const OPERATION_STEP: u64 = 1000;
/// Host names in corosync.conf are looked up again this often.
const RESOLVE_INTERVAL: Duration = Duration::from_secs(30);

/// What the loop is told.
pub enum Happened {
    Heard(Heard),
    Executor(ToNode),
    ExecutorGone { connection: u64 },
    ExecutorBack { stream: UnixStream, greeting: Greeting },
    Asked { client: ClientId, id: u64, request: Request },
    ClientGone { client: ClientId },
    Persisted { seq: u64, result: Result<(), String> },
    Scheduled { request: u64, transition: Result<Box<Transition>, String> },
    Addresses { generation: u64, addresses: Addresses },
    Signal(i32),
}

pub struct Options {
    pub paths: Paths,
    pub node_name: Option<String>,
    /// Handed on to a successor of the executor.
    pub args: Vec<String>,
}

struct Shell {
    paths: Paths,
    setup: Setup,
    /// As far as names are looked up.
    addresses: Addresses,
    names: Names,
    machine: Node,
    links: Links,
    executor: ExecutorLink,
    agents: Agents,
    workers: Workers,
    clients: Clients,
    requests: Requests,
    recent: Recent,
    /// Results that are there before anything was run.
    at_once: VecDeque<Input>,
    operations_reserved: u64,
    happened: Receiver<Happened>,
}

/// Runs until the node leaves or detaches; the exit code.
pub fn run(options: Options) -> anyhow::Result<i32> {
    sys::lean_malloc();
    log::open(&options.paths.log(), "node");
    let signals = sys::signals(&[libc::SIGTERM, libc::SIGINT, libc::SIGHUP, libc::SIGPIPE])?;
    std::panic::set_hook(Box::new(|info| {
        log::error(format!("broken invariant: {info}"));
        // The scheduler's thread catches its own: a configuration must not be able to end the core.
        if std::thread::current().name() != Some("scheduler") {
            sys::exit_now(101);
        }
    }));
    let mut shell = Shell::start(options, signals)?;
    shell.serve()
}

impl Shell {
    fn start(options: Options, signals: std::os::fd::OwnedFd) -> anyhow::Result<Shell> {
        let paths = &options.paths;
        for folder in [paths.run(), paths.state(), paths.log()] {
            files::private_folder(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let setup = Setup::read(paths, options.node_name.as_deref())?;
        let pid_file = paths.run().join("node.pid");
        files::write_whole(&pid_file, format!("{}\n", Process::current()).as_bytes(), Durable::No)
            .with_context(|| format!("cannot write {}", pid_file.display()))?;
        let (to_loop, happened) = sync_channel(HAPPENED_MAX);
        let (mut executor, greeting) =
            ExecutorLink::connect(&paths.executor_socket(), &options.args, to_loop.clone())?;
        let (store, found) = Store::open(&paths.cib())?;
        let own = |key: &str| greeting.remembered.get(&format!("{OWN}{key}")).map(String::as_str);
        let remembered_incarnation = own("incarnation").and_then(|text| text.parse().ok());
        let incarnation = incarnation::next(&paths.state(), clock::wall_ms(), remembered_incarnation);
        let next_operation = own("next_operation").and_then(|text| text.parse().ok()).unwrap_or(1_u64);
        let started_devices = own("stonith").unwrap_or_default().to_owned();
        executor.remember(format!("{OWN}incarnation"), Some(incarnation.to_string()));
        executor
            .remember(format!("{OWN}next_operation"), Some((next_operation + OPERATION_STEP).to_string()));
        let config = Config {
            id: setup.id,
            cluster_name: setup.cluster_name.clone(),
            incarnation,
            layout: setup.layout(),
            version: format!("{}-rhapsody", env!("CARGO_PKG_VERSION")),
            have_watchdog: false,
            bugs: Default::default(),
        };
        let hello = Hello {
            protocol: PROTOCOL,
            build: format!("rhapsody-core {}", env!("CARGO_PKG_VERSION")),
            name: setup.name.clone(),
        };
        let agents = Agents::new(Places::find(paths), incarnation, &started_devices);
        let links = start_links(&setup, &config, &to_loop)?;
        let recent = Recent::open(&paths.journal());
        let clients = socket::listen(&paths.core_socket(), hello, to_loop.clone())?;
        let workers = Workers::start(paths, store, &to_loop)?;
        watch_signals(signals, to_loop.clone())?;
        let names = Names::new(to_loop);
        names.watch(&setup);
        lock_memory();
        let mut shell = Shell {
            paths: options.paths,
            addresses: setup.addresses(false),
            names,
            machine: Node::new(config),
            links,
            executor,
            agents,
            workers,
            clients,
            requests: Requests::default(),
            recent,
            at_once: VecDeque::new(),
            operations_reserved: next_operation + OPERATION_STEP,
            happened,
            setup,
        };
        log::info(format!(
            "node {} of cluster '{}', incarnation {incarnation}",
            shell.setup.name, shell.setup.cluster_name
        ));
        for bad in found.set_aside {
            shell
                .own_event("config_damaged", format!("stored configuration was damaged: set aside as {bad}"));
        }
        shell.begin(found.document, greeting, next_operation);
        Ok(shell)
    }

    /// The first input, then the results that waited for us.
    fn begin(&mut self, document: Option<rhapsody_node::Document>, greeting: Greeting, next_operation: u64) {
        let mut remembered = greeting.remembered;
        remembered.retain(|key, _| !key.starts_with(OWN));
        let remembered = remembered
            .into_iter()
            .filter_map(|(key, value)| Some((key, BASE64_STANDARD.decode(value).ok()?)))
            .collect();
        let running = self.agents.adopt(&greeting.operations);
        let start = Start { document, remembered, running, next_operation };
        self.handle(Input::Start(Box::new(start)));
        for known in greeting.operations {
            self.finished_already(known);
        }
    }

    fn serve(&mut self) -> anyhow::Result<i32> {
        loop {
            let now = now();
            let wait = self.machine.deadline().map(|at| at.saturating_sub(now.mono_ms));
            let first = match wait {
                Some(0) => Err(RecvTimeoutError::Timeout),
                Some(ms) => self.happened.recv_timeout(Duration::from_millis(ms)),
                None => self.happened.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match first {
                Ok(happened) => {
                    if let Some(code) = self.take(happened) {
                        return Ok(code);
                    }
                    for _ in 0..ROUND_MAX {
                        let Ok(happened) = self.happened.try_recv() else { break };
                        if let Some(code) = self.take(happened) {
                            return Ok(code);
                        }
                    }
                    if self.machine.deadline().is_some_and(|at| crate::clock::mono_ms() >= at)
                        && let Some(code) = self.handle(Input::Timer)
                    {
                        return Ok(code);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(code) = self.handle(Input::Timer) {
                        return Ok(code);
                    }
                    // Never busy, should a deadline not move; but take what has come meanwhile.
                    while let Ok(happened) = self.happened.try_recv() {
                        if let Some(code) = self.take(happened) {
                            return Ok(code);
                        }
                    }
                }
                Err(RecvTimeoutError::Disconnected) => anyhow::bail!("all threads have ended"),
            }
        }
    }

    fn take(&mut self, happened: Happened) -> Option<i32> {
        match happened {
            Happened::Heard(Heard::Connectivity(found)) => self.handle(Input::Connectivity(found)),
            Happened::Heard(Heard::Datagram { from, bytes }) => self.handle(Input::Datagram { from, bytes }),
            Happened::Executor(ToNode::Finished { id, result }) => self.finished(id, &result),
            Happened::Executor(ToNode::Terminate) | Happened::Signal(libc::SIGTERM | libc::SIGINT) => {
                self.leave_in_order()
            }
            Happened::Signal(libc::SIGHUP) => {
                self.exit(Exit::Restart { reason: "asked by SIGHUP".to_owned() })
            }
            Happened::Executor(ToNode::Hello { .. }) | Happened::Signal(_) => None,
            Happened::ExecutorGone { connection } => {
                self.executor.gone(connection);
                None
            }
            Happened::ExecutorBack { stream, greeting } => {
                log::info("a new executor has adopted this node process");
                let known = self.executor.back(stream, greeting);
                known.into_iter().find_map(|known| self.finished_already(known))
            }
            Happened::Asked { client, id, request } => self.asked(client, id, request),
            Happened::ClientGone { client } => {
                self.requests.client_gone(client);
                None
            }
            Happened::Persisted { seq, result } => self.handle(Input::Persisted { seq, result }),
            Happened::Scheduled { request, transition } => {
                self.handle(Input::Scheduled { request, transition })
            }
            Happened::Addresses { generation, addresses } => {
                if self.names.is_current(generation) {
                    self.addresses.clone_from(&addresses);
                    self.links.set_addresses(addresses);
                }
                None
            }
        }
    }

    fn finished_already(&mut self, known: Known) -> Option<i32> {
        let result = known.result?;
        self.finished(known.id, &result)
    }

    fn finished(&mut self, id: u64, result: &crate::executor::protocol::OperationResult) -> Option<i32> {
        let (input, next) = self.agents.finished(id, result);
        self.executor.acknowledge(id);
        if let Some(run) = next {
            self.executor.run(run);
        }
        if let Some(devices) = self.agents.devices_to_remember() {
            self.executor.remember(format!("{OWN}stonith"), Some(devices));
        }
        input.and_then(|input| self.handle(input))
    }

    /// One input, then everything that comes of it.
    fn handle(&mut self, input: Input) -> Option<i32> {
        self.at_once.push_back(input);
        while let Some(input) = self.at_once.pop_front() {
            self.machine.handle(now(), input);
            while let Some(output) = self.machine.next_output() {
                if let Some(code) = self.carry_out(output) {
                    return Some(code);
                }
            }
        }
        None
    }

    fn carry_out(&mut self, output: Output) -> Option<i32> {
        match output {
            Output::Datagram { to, bytes } => self.links.send(to, bytes),
            Output::Advertise(beacon) => self.links.advertise(beacon),
            Output::Schedule { request, cib, now } => self.workers.schedule(request, cib, now),
            Output::Persist { seq, document } => self.workers.persist(seq, document),
            Output::KeepLoser { origin, document } => self.workers.keep_loser(origin, document),
            Output::Execute(operation) => {
                if operation.id >= self.operations_reserved {
                    self.operations_reserved = operation.id + OPERATION_STEP;
                    let reserved = Some(self.operations_reserved.to_string());
                    self.executor.remember(format!("{OWN}next_operation"), reserved);
                }
                self.begin_run(|agents| agents.execute(&operation));
                if let Some(run) = self.agents.ask_beforehand(&operation) {
                    self.executor.run(run);
                }
            }
            Output::Cancel(id) => {
                self.agents.cancelled(id);
                self.executor.cancel(id);
            }
            Output::Fence(request) => self.begin_run(|agents| agents.fence(*request)),
            Output::Remember { key, value } => {
                self.executor.remember(key, value.map(|bytes| BASE64_STANDARD.encode(bytes)));
            }
            Output::Reply { id, response } => self.reply(id, response),
            Output::Event(event) => self.publish(event),
            Output::Layout(layout) => self.take_layout(&layout),
            Output::Exit(exit) => return self.exit(exit),
        }
        None
    }

    fn begin_run(&mut self, plan: impl FnOnce(&mut Agents) -> agents::Begun) {
        match plan(&mut self.agents) {
            agents::Begun::Run(run) => self.executor.run(*run),
            agents::Begun::Answered(input) => self.at_once.push_back(*input),
        }
        if let Some(devices) = self.agents.devices_to_remember() {
            self.executor.remember(format!("{OWN}stonith"), Some(devices));
        }
    }

    fn exit(&mut self, exit: Exit) -> Option<i32> {
        match exit {
            Exit::Left => {
                self.end(Some(false));
                Some(0)
            }
            Exit::Restart { reason } => {
                log::warning(format!("the node process starts again: {reason}"));
                self.end(None);
                Some(1)
            }
        }
    }

    /// Tells everybody and waits until they have heard it. `leave`: the executor ends too, and
    /// whether it keeps what it knows.
    fn end(&mut self, leave: Option<bool>) {
        self.links.stop();
        if let Some(detach) = leave {
            self.executor.leave(detach);
        }
        self.clients.flush();
    }

    fn publish(&mut self, event: Event) {
        let event = self.recent.number(event);
        self.workers.write_line(event.clone());
        for (client, id) in self.requests.listeners() {
            let response = Response::Event(event.clone());
            self.clients.send(client, rhapsody_api::core::ResponseFrame { id, response });
        }
    }

    /// An event of the shell itself.
    fn own_event(&mut self, code: &str, text: String) {
        log::warning(&text);
        let now = now();
        self.publish(Event {
            number: 0,
            wall_ms: now.wall_ms,
            mono_ms: now.mono_ms,
            code: code.to_owned(),
            text,
            fields: serde_json::Value::Null,
        });
    }
}

fn now() -> Now {
    Now { mono_ms: clock::mono_ms(), wall_ms: clock::wall_ms() }
}

fn start_links(setup: &Setup, config: &Config, to_loop: &SyncSender<Happened>) -> anyhow::Result<Links> {
    let random = Box::new(|| {
        let mut bytes = [0; 16];
        // The kernel's generator does not fail once the machine is up.
        getrandom::fill(&mut bytes).expect("the kernel gives random bytes");
        bytes
    });
    let sessions = Sessions::new(
        setup.id,
        config.incarnation,
        &setup.cluster_name,
        setup.nodes.iter().map(|node| node.id),
        Secret::new(&setup.authkey, setup.encrypted),
        random,
    );
    let to_loop = to_loop.clone();
    let hear = move |heard| match to_loop.try_send(Happened::Heard(heard)) {
        Err(TrySendError::Full(Happened::Heard(heard))) => Err(heard),
        _ => Ok(()),
    };
    let wanted = links::Setup {
        id: setup.id,
        addresses: setup.addresses(false),
        sessions,
        heartbeat: Heartbeat::new(config),
        token_ms: setup.token_ms,
    };
    Links::start(wanted, hear).context("cannot start the links")
}

fn watch_signals(signals: std::os::fd::OwnedFd, to_loop: SyncSender<Happened>) -> anyhow::Result<()> {
    let work = move || {
        loop {
            let mut wait = [rustix::event::PollFd::new(&signals, rustix::event::PollFlags::IN)];
            let _ = rustix::event::poll(&mut wait, None);
            while let Some(signal) = sys::next_signal(&signals) {
                if to_loop.send(Happened::Signal(signal)).is_err() {
                    return;
                }
            }
        }
    };
    std::thread::Builder::new().name("signals".to_owned()).stack_size(128 << 10).spawn(work)?;
    Ok(())
}

/// The heartbeat must not wait for the disk because a page was put there. Only where memory may be
/// locked without limit: with one, later allocations would fail instead.
fn lock_memory() {
    use rustix::mm::{MlockAllFlags, mlockall};
    use rustix::process::{Resource, Rlimit, setrlimit};
    let unlimited = Rlimit { current: None, maximum: None };
    if setrlimit(Resource::Memlock, unlimited).is_ok() {
        let _ = mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT);
    }
}
