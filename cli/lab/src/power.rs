//! On, off and paused: what users, tests and the fence device do to a node.

use std::fs::File;
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;

use crate::bounded;
use crate::enter;
use crate::monotonic_us;
use crate::net;
use crate::paths::Dir;
use crate::process::{Process, in_namespace};
use crate::programs;
use crate::state::{State, lock};
use crate::unshare::{self, Kind};

/// The kernel needs that long at most to end all processes of a node.
const DEATH: Duration = Duration::from_secs(10);
const PCSD_START: Duration = Duration::from_secs(10);
const PASSWORD: &str = "rhapsody";

/// Starts the namespaces' first process and writes its pid down.
pub fn spawn(dir: &Dir, state: &State, kind: Kind, name: &str) -> Result<Process> {
    let mut command = enter::user_namespace(state)?;
    command.args(["lab", "__spawn"]).arg(dir.path()).args([kind.word(), name]);
    let pid = unshare::run(&mut command).with_context(|| format!("cannot start {name}"))?;
    Process::now(pid).with_context(|| format!("{name} died at once; see {}", dir.log(name).display()))
}

/// Namespaces, files, cable. Daemons are another step ([`start_pcsd`]).
pub fn boot(dir: &Dir, node: &str) -> Result<()> {
    let _lock = lock(dir)?;
    let mut state = State::load(dir)?;
    if state.node(node)?.is_on() {
        bail!("node {node} is on already");
    }
    let init = spawn(dir, &state, Kind::Node, node)?;
    let entry = state.node_mut(node)?;
    entry.init = Some(init);
    entry.paused = false;
    state.save(dir)?;
    net::wire(&state, node)
}

/// The power cut: cable and processes at once, and only true when both are gone. The cable first,
/// because the dead node's kernel would answer for its addresses until its network namespace is
/// torn down. Returns when the cable was out: nothing of the node was heard after that.
pub fn crash(dir: &Dir, node: &str) -> Result<u64> {
    let _lock = lock(dir)?;
    let mut state = State::load(dir)?;
    let Some(init) = state.node(node)?.init.filter(|p| p.alive()) else {
        return Ok(monotonic_us()); // off is off
    };
    let cut = net::set_link(&state, node, false);
    let at = monotonic_us();
    init.signal(Signal::KILL);
    if !init.wait_dead(DEATH) {
        bail!("node {node} still has processes {} s after its power was cut", DEATH.as_secs());
    }
    cut?;
    net::unplug(&state, node);
    let entry = state.node_mut(node)?;
    entry.init = None;
    entry.paused = false;
    state.save(dir)?;
    net::apply_rules(&state)?;
    Ok(at)
}

/// Stops the node's clockwork: no process of it runs and nothing passes its cable, yet the carrier
/// stays, as with a virtual machine that its host has put aside.
pub fn pause(dir: &Dir, node: &str, paused: bool) -> Result<()> {
    let _lock = lock(dir)?;
    let mut state = State::load(dir)?;
    let init = state.holder(node)?;
    let entry = state.node_mut(node)?;
    entry.paused = paused;
    let namespace = init.namespace("pid").with_context(|| format!("cannot see the processes of {node}"))?;
    if paused {
        programs::check_nft()?;
        state.save(dir)?;
        net::apply_rules(&state)?;
        // A process may be born between two looks; so look until nobody new is there.
        let mut stopped = Vec::new();
        for _ in 0..100 {
            let new: Vec<Process> =
                in_namespace("pid", &namespace).into_iter().filter(|p| !stopped.contains(p)).collect();
            if new.is_empty() {
                return Ok(());
            }
            for process in new {
                process.signal(Signal::STOP);
                stopped.push(process);
            }
        }
        bail!("node {node} makes processes faster than they can be stopped");
    }
    state.save(dir)?;
    net::apply_rules(&state)?;
    for process in in_namespace("pid", &namespace) {
        process.signal(Signal::CONT);
    }
    Ok(())
}

/// A note for people when there is nothing to start.
pub fn pcsd_missing(state: &State) -> Option<String> {
    programs::beside(&state.program, "rhapsody-pcsd").is_none().then(|| {
        format!(
            "no rhapsody-pcsd beside {}: the nodes run without daemons; build it and boot them again",
            state.program.display()
        )
    })
}

/// Sets the password of hacluster in a fresh node.
pub fn set_password(state: &State, node: &str) -> Result<()> {
    let Some(pcsd) = programs::beside(&state.program, "rhapsody-pcsd") else {
        return Ok(());
    };
    let mut command = enter::command(state, node)?;
    command.arg(pcsd).args(["passwd", "hacluster"]);
    bounded::tool_with_input(&mut command, format!("{PASSWORD}\n").as_bytes())
        .with_context(|| format!("cannot set the password of hacluster on {node}"))
}

/// Starts pcsd as a child of the node's init and waits until it takes connections.
pub fn start_pcsd(dir: &Dir, node: &str) -> Result<()> {
    let state = State::load(dir)?;
    let Some(pcsd) = programs::beside(&state.program, "rhapsody-pcsd") else {
        return Ok(());
    };
    let (keeper, pcsd) = (state.program.to_string_lossy(), pcsd.to_string_lossy());
    let words = [&*keeper, "lab", "__keep", &*pcsd];
    spawn_daemon(&state, node, &words, "pcsd.out")?;
    let init = state.holder(node)?;
    let socket = format!("/proc/{}/root/run/rhapsody/pcsd.sock", init.pid);
    let end = Instant::now() + PCSD_START;
    while UnixStream::connect(&socket).is_err() {
        if !init.alive() {
            bail!("node {node} went off while its pcsd started");
        }
        if Instant::now() >= end {
            bail!(
                "rhapsody-pcsd on {node} takes no connections after {} s; it said: {}",
                PCSD_START.as_secs(),
                tail(&log_file(&state, node, "pcsd.out"))
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Starts a program whose parent is the node's init; its output goes to the node's
/// /var/log/rhapsody.
pub fn spawn_daemon(state: &State, node: &str, words: &[&str], log: &str) -> Result<()> {
    let path = log_file(state, node, log);
    let open = || File::options().create(true).append(true).open(&path);
    let log = open().with_context(|| format!("cannot open {}", path.display()))?;
    let mut command: Command = enter::command(state, node)?;
    command.args(["setsid", "-f"]).args(words).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    // setsid returns as soon as it has forked.
    let status = command.status().context("cannot run nsenter")?;
    if !status.success() {
        bail!("cannot start {} on {node}: {}", words.join(" "), tail(&path));
    }
    Ok(())
}

fn log_file(state: &State, node: &str, name: &str) -> std::path::PathBuf {
    state.disks.join(node).join("var-log/rhapsody").join(name)
}

fn tail(path: &Path) -> String {
    let mut text = String::new();
    if let Ok(file) = File::open(path) {
        let _ = file.take(1 << 20).read_to_string(&mut text);
    }
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(5)..].join(" | ")
}
