//! The lab as a value: what `rhapsody lab` and the tests call.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::bounded;
use crate::disk;
use crate::enter;
use crate::net::{self, NODES_MAX};
use crate::paths::{self, Dir};
use crate::power;
use crate::probe::{Probe, ProbeOptions};
use crate::process::{self, Process};
use crate::programs;
use crate::state::{BRIDGE, CLIENT, NodeState, State, lock};
use crate::unshare::Kind;

/// Commands in a node end within this, unless the caller says otherwise.
const EXEC: Duration = Duration::from_secs(120);

/// The first words of our own processes, by which `down` finds them.
const OWN_WORDS: &[&str] = &["__spawn", "__init", "__hold", "__supervise", "__probe"];

#[derive(Debug, Clone)]
pub struct Options {
    pub name: String,
    pub nodes: u8,
    /// Namespaces only, no daemons.
    pub bare: bool,
    /// What `cluster setup` in the nodes takes as the token timeout when it is told none.
    pub token_ms: Option<u32>,
    /// Further folders that each node has for itself.
    pub private: Vec<PathBuf>,
    /// The `rhapsody` program to use; by default this one, or the one beside this one.
    pub program: Option<PathBuf>,
}

impl Options {
    pub fn new(name: &str, nodes: u8) -> Self {
        Options {
            name: name.to_owned(),
            nodes,
            bare: false,
            token_ms: None,
            private: Vec::new(),
            program: None,
        }
    }

    pub fn bare(name: &str, nodes: u8) -> Self {
        Options { bare: true, ..Self::new(name, nodes) }
    }
}

/// A running lab. One that was made by [`Lab::up`] ends when it is dropped, unless it is kept.
#[derive(Debug)]
pub struct Lab {
    dir: Dir,
    name: String,
    owned: bool,
}

impl Lab {
    /// Makes a lab and boots its nodes. Whatever was made is removed again when that fails.
    pub fn up(options: &Options) -> Result<Lab> {
        paths::check_name(&options.name)?;
        programs::check_tools()?;
        if options.nodes == 0 || options.nodes > NODES_MAX {
            bail!("a lab has 1 to {NODES_MAX} nodes, not {}", options.nodes);
        }
        let dir = Dir::of(&options.name);
        if dir.state().exists() {
            bail!("there is a lab {0} already; end it with: rhapsody lab down --name {0}", options.name);
        }
        disk::check_private(&options.private)?;
        let program = match &options.program {
            Some(path) => path.clone(),
            None => programs::own()?,
        };
        let lab = Lab { dir, name: options.name.clone(), owned: true };
        lab.make(options, program)?;
        Ok(lab)
    }

    fn make(&self, options: &Options, program: PathBuf) -> Result<()> {
        let disks = paths::disks(&self.name);
        disk::remove(&disks)?; // of a lab from before a reboot
        for folder in [self.dir.path(), &self.dir.shared(), &disks] {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        let node = |number: u8| {
            let node = NodeState {
                number,
                address: net::address(net::host_of(number)),
                init: None,
                link: true,
                paused: false,
            };
            (format!("n{number}"), node)
        };
        let mut state = State {
            name: self.name.clone(),
            program,
            rootless: !paths::is_root(),
            bare: options.bare,
            private: options.private.clone(),
            disks,
            supervisor: None,
            bridge: None,
            client: None,
            nodes: (1..=options.nodes).map(node).collect(),
            cuts: Vec::new(),
        };
        state.save(&self.dir)?;
        state.bridge = Some(power::spawn(&self.dir, &state, Kind::Bridge, BRIDGE)?);
        state.save(&self.dir)?;
        net::make_bridge(&state)?;
        state.client = Some(power::spawn(&self.dir, &state, Kind::Client, CLIENT)?);
        state.save(&self.dir)?;
        net::wire(&state, CLIENT)?;
        state.supervisor = Some(self.start_supervisor(&state)?);
        state.save(&self.dir)?;
        for name in state.nodes.keys() {
            power::boot(&self.dir, name)?;
        }
        if !options.bare && power::pcsd_missing(&state).is_none() {
            let state = self.state()?;
            for name in state.nodes.keys() {
                power::set_password(&state, name)?;
                if let Some(ms) = options.token_ms {
                    let file = self.path(name, "/etc/rhapsody/pcsd.toml")?;
                    fs::write(&file, format!("[setup]\ntoken_ms = {ms}\n"))
                        .with_context(|| format!("cannot write {}", file.display()))?;
                }
            }
            for name in state.nodes.keys() {
                power::start_pcsd(&self.dir, name)?;
            }
        }
        Ok(())
    }

    fn start_supervisor(&self, state: &State) -> Result<Process> {
        let log = fs::File::options().create(true).append(true).open(self.dir.log("supervisor"))?;
        let mut child = Command::new(&state.program)
            .args(["lab", "__supervise"])
            .arg(self.dir.path())
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("cannot start the supervisor")?;
        let process = Process::now(child.id() as i32).context("the supervisor died at once")?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            use std::io::{BufRead, BufReader};
            BufReader::new(out).read_line(&mut line)?;
        }
        if line.trim() != "ready" {
            let _ = child.wait();
            bail!("the supervisor did not start; see {}", self.dir.log("supervisor").display());
        }
        // In a long-lived caller (a test) somebody has to take its exit status.
        std::thread::spawn(move || child.wait());
        Ok(process)
    }

    /// A lab that runs already.
    pub fn open(name: &str) -> Result<Lab> {
        paths::check_name(name)?;
        let lab = Lab { dir: Dir::of(name), name: name.to_owned(), owned: false };
        State::load(&lab.dir)?;
        Ok(lab)
    }

    /// Names of all labs of this user.
    pub fn list() -> Vec<String> {
        let Ok(entries) = fs::read_dir(paths::base()) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|e| e.file_name().into_string().ok())
            .filter(|n| Dir::of(n).path().is_dir() && paths::check_name(n).is_ok())
            .collect();
        names.sort();
        names
    }

    /// Leaves the lab running when this value is dropped.
    pub fn keep(&mut self) {
        self.owned = false;
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn state(&self) -> Result<State> {
        State::load(&self.dir)
    }

    /// The lab's folder on the host (logs of the inits, raw logs of probes).
    pub fn folder(&self) -> &Path {
        self.dir.path()
    }

    pub fn address(&self, node: &str) -> Result<String> {
        Ok(self.state()?.node(node)?.address.clone())
    }

    /// Where the host sees a file of a running node.
    pub fn path(&self, node: &str, path: &str) -> Result<PathBuf> {
        let pid = self.state()?.holder(node)?.pid;
        Ok(PathBuf::from(format!("/proc/{pid}/root")).join(path.trim_start_matches('/')))
    }

    /// A command inside a node (or `client`); add the program and its arguments.
    pub fn command(&self, node: &str) -> Result<Command> {
        enter::command(&self.state()?, node)
    }

    /// Runs a command in a node to its end, whatever its exit status.
    pub fn exec(&self, node: &str, words: &[&str]) -> Result<Output> {
        self.exec_within(node, words, b"", EXEC)
    }

    pub fn exec_within(&self, node: &str, words: &[&str], input: &[u8], limit: Duration) -> Result<Output> {
        let mut command = self.command(node)?;
        command.args(words);
        bounded::output(&mut command, input, limit).with_context(|| format!("on {node}: {}", words.join(" ")))
    }

    /// Starts a program as a child of the node's init, its output in /var/log/rhapsody/`log`.
    pub fn spawn(&self, node: &str, words: &[&str], log: &str) -> Result<()> {
        power::spawn_daemon(&self.state()?, node, words, log)
    }

    /// Power cut. Returns the monotonic time in microseconds after which nothing of the node was
    /// heard any more.
    pub fn crash(&self, node: &str) -> Result<u64> {
        power::crash(&self.dir, node)
    }

    /// Power on, and pcsd with it (unless the lab is bare).
    pub fn boot(&self, node: &str) -> Result<()> {
        power::boot(&self.dir, node)?;
        if !self.state()?.bare {
            power::start_pcsd(&self.dir, node)?;
        }
        Ok(())
    }

    /// Pulls the cable or plugs it in. Returns the monotonic time in microseconds when that was done.
    pub fn link(&self, node: &str, up: bool) -> Result<u64> {
        let _lock = lock(&self.dir)?;
        let mut state = self.state()?;
        state.node_mut(node)?.link = up;
        if state.node(node)?.is_on() {
            net::set_link(&state, node, up)?;
        }
        let at = crate::monotonic_us();
        state.save(&self.dir)?;
        Ok(at)
    }

    /// `n1,n2 / n3`: frames between the groups are dropped, carriers stay. Replaces an earlier one.
    pub fn partition(&self, groups: &str) -> Result<()> {
        self.set_cuts(|state| net::partition(state, &[groups.to_owned()]))
    }

    /// Drops what goes from one to the other, one way only, in addition to what is cut already.
    pub fn cut(&self, from: &str, to: &str) -> Result<()> {
        self.set_cuts(|state| {
            for name in [from, to].into_iter().filter(|n| *n != CLIENT) {
                state.node(name)?;
            }
            let mut cuts = state.cuts.clone();
            cuts.push((from.to_owned(), to.to_owned()));
            Ok(cuts)
        })
    }

    /// Ends all partitions and cuts; cables that were pulled stay out.
    pub fn heal(&self) -> Result<()> {
        self.set_cuts(|_| Ok(Vec::new()))
    }

    fn set_cuts(&self, cuts: impl FnOnce(&State) -> Result<Vec<(String, String)>>) -> Result<()> {
        let _lock = lock(&self.dir)?;
        let mut state = self.state()?;
        state.cuts = cuts(&state)?;
        net::apply_rules(&state)?;
        state.save(&self.dir)
    }

    pub fn pause(&self, node: &str) -> Result<()> {
        power::pause(&self.dir, node, true)
    }

    pub fn resume(&self, node: &str) -> Result<()> {
        power::pause(&self.dir, node, false)
    }

    /// Watches an address from the client, in the background.
    pub fn probe(&self, address: &str, options: &ProbeOptions) -> Result<Probe> {
        Probe::start(&self.dir, &self.state()?, address, options)
    }

    /// Ends everything and leaves nothing behind, also when the lab's own processes were killed or
    /// its state is damaged.
    pub fn down(name: &str) -> Result<()> {
        paths::check_name(name)?;
        let dir = Dir::of(name);
        if !dir.path().is_dir() {
            bail!("there is no lab {name}; see `rhapsody lab list`");
        }
        // Before the lock: one who holds it may be waiting for something that must die now.
        kill_all(process::working_for(dir.path(), &["__supervise"]))?;
        let _lock = lock(&dir)?;
        let state = State::load(&dir).ok();
        let mut doomed = Vec::new();
        if let Some(state) = &state {
            doomed.extend(state.nodes.values().filter_map(|n| n.init));
            doomed.extend(state.supervisor);
        }
        let own_net = Process::now(std::process::id() as i32).and_then(|p| p.namespace("net"));
        let holders = process::working_for(dir.path(), OWN_WORDS);
        for holder in &holders {
            // Whatever still runs beside a holder: probes, shells in the client.
            if let Some(net) = holder.namespace("net").filter(|n| Some(n) != own_net.as_ref()) {
                doomed.extend(process::in_namespace("net", &net));
            }
        }
        doomed.extend(holders);
        kill_all(doomed)?;
        disk::remove(&paths::disks(name))?;
        fs::remove_dir_all(dir.path()).with_context(|| format!("cannot remove {}", dir.path().display()))?;
        // When it was the last lab.
        let _ = fs::remove_dir(paths::base());
        if let Some(disks) = paths::disks(name).parent() {
            let _ = fs::remove_dir(disks);
        }
        Ok(())
    }
}

fn kill_all(processes: Vec<Process>) -> Result<()> {
    for process in &processes {
        process.signal(Signal::KILL);
    }
    for process in processes {
        if !process.wait_dead(Duration::from_secs(10)) {
            bail!("process {} does not die; try again later", process.pid);
        }
    }
    Ok(())
}

impl Drop for Lab {
    fn drop(&mut self) {
        if self.owned
            && self.dir.path().is_dir()
            && let Err(e) = Lab::down(&self.name)
        {
            eprintln!("WARNING: lab {} was not removed: {e:#}", self.name);
        }
    }
}
