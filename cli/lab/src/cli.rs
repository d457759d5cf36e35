//! The words of `rhapsody lab`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use crate::lab::{Lab, Options};
use crate::monotonic_us;
use crate::paths::Dir;
use crate::probe::{self, ProbeOptions, Report};
use crate::state::{CLIENT, State};
use crate::unshare::{self, Kind};
use crate::{init, keep, power, supervise};

/// A cluster on one machine: each node has its own network, processes, files and power switch.
#[derive(Parser)]
#[command(name = "rhapsody lab", disable_version_flag = true)]
struct Cli {
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    command: Words,
}

#[derive(clap::Args)]
struct Which {
    /// Name of the lab; by default `lab`, else the only one there is
    #[arg(long, global = true)]
    name: Option<String>,
}

#[derive(Subcommand)]
enum Words {
    /// Make a lab and boot its nodes n1, n2, ... (10.77.0.11, .12, ...)
    Up {
        #[arg(long, default_value_t = 3)]
        nodes: u8,
        /// What `cluster setup` in the nodes takes as the token timeout when it is told none
        #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(50..=600_000))]
        token: Option<u32>,
        /// Also set up and start a cluster of all nodes
        #[arg(long)]
        cluster: bool,
        /// Namespaces only, no daemons
        #[arg(long, conflicts_with_all = ["token", "cluster"])]
        bare: bool,
        /// A further folder that each node has for itself (repeatable)
        #[arg(long, value_name = "DIR")]
        private: Vec<PathBuf>,
    },
    /// Show the labs and their nodes
    List,
    /// Run a command in a node (or in `client`): exec n1 -- CMD...
    Exec {
        node: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
    /// Open a shell in a node (or in `client`)
    Shell { node: String },
    /// Cut a node's power: all of its processes die and its link is cut at once
    Crash { node: String },
    /// Switch a node on again
    Boot { node: String },
    /// Pull a node's network cable, or plug it in
    Link {
        node: String,
        #[arg(value_parser = ["up", "down"])]
        to: String,
    },
    /// Drop what goes between groups of nodes: partition n1,n2 / n3
    Partition {
        #[arg(required = true)]
        groups: Vec<String>,
    },
    /// End the partition
    Heal,
    /// Stop a node's clockwork, as a host does with a virtual machine
    Pause { node: String },
    /// Let it run again
    Resume { node: String },
    /// Ask an address every few ms from the client and print each outage
    Probe {
        /// The address (not with --from)
        #[arg(required_unless_present = "from")]
        address: Option<String>,
        /// Once it answers steadily, cut this node's power; --duration counts from there
        #[arg(long, value_name = "NODE", requires = "duration", conflicts_with = "count")]
        crash: Option<String>,
        /// Stop after so many echoes
        #[arg(long)]
        count: Option<u64>,
        /// Stop after so many seconds
        #[arg(long, value_name = "SECONDS")]
        duration: Option<f64>,
        #[arg(long, value_name = "MS", default_value_t = 5)]
        interval: u64,
        /// Keep the raw log here (by default in the lab's folder, which goes with the lab)
        #[arg(long, value_name = "FILE")]
        log: Option<PathBuf>,
        /// Compute the figures of a raw log again
        #[arg(long, value_name = "FILE", conflicts_with_all = ["address", "count", "duration", "log", "crash"])]
        from: Option<PathBuf>,
    },
    /// End a lab and remove everything of it
    Down {
        /// All labs of this user
        #[arg(long, conflicts_with = "name")]
        all: bool,
    },
}

const DEFAULT_NAME: &str = "lab";

/// The entry of `rhapsody lab ...`. `args` begins with the program; a following `lab` is skipped.
///
/// Call it before any thread is started: some of its own sub-processes make user namespaces.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    ExitCode::from(code(args))
}

fn code(args: impl IntoIterator<Item = OsString>) -> u8 {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|a| a == "lab") {
        args.remove(1);
    }
    let done = match args.get(1).map(|a| a.to_string_lossy().into_owned()) {
        Some(word) if word.starts_with("__") => {
            let rest: Vec<String> = args.drain(2..).map(|a| a.to_string_lossy().into_owned()).collect();
            internal(&word, &rest)
        }
        _ => match Cli::try_parse_from(args) {
            Ok(cli) => run(cli.command, &cli.which),
            Err(e) if !e.use_stderr() => {
                print!("{e}");
                return 0;
            }
            Err(e) => {
                let text = e.to_string();
                eprint!("Error: {}", text.strip_prefix("error: ").unwrap_or(&text));
                return 1;
            }
        },
    };
    done.unwrap_or_else(|e| {
        eprintln!("Error: {e:#}");
        1
    })
}

fn run(words: Words, which: &Which) -> Result<u8> {
    match words {
        Words::Up { nodes, token, cluster, bare, private } => {
            let name = which.name.as_deref().unwrap_or(DEFAULT_NAME);
            let options = Options { bare, token_ms: token, private, ..Options::new(name, nodes) };
            up(&options, cluster)?;
        }
        Words::List => list(),
        Words::Exec { node, command } => {
            let lab = which.lab()?;
            let error = lab.command(&node)?.args(&command).exec();
            return Err(error).context("cannot run nsenter");
        }
        Words::Shell { node } => {
            let lab = which.lab()?;
            let prompt = format!("[{} {node}] \\w\\$ ", lab.name());
            let error = lab
                .command(&node)?
                .env("PS1", prompt)
                .args(["sh", "-c"])
                .arg("command -v bash >/dev/null && exec bash --norc -i || exec sh -i")
                .exec();
            return Err(error).context("cannot run nsenter");
        }
        Words::Crash { node } => {
            which.lab()?.crash(&node)?;
        }
        Words::Boot { node } => which.lab()?.boot(&node)?,
        Words::Link { node, to } => {
            which.lab()?.link(&node, to == "up")?;
        }
        Words::Partition { groups } => which.lab()?.partition(&groups.join(" "))?,
        Words::Heal => which.lab()?.heal()?,
        Words::Pause { node } => which.lab()?.pause(&node)?,
        Words::Resume { node } => which.lab()?.resume(&node)?,
        Words::Probe { from: Some(file), .. } => println!("{}", Report::read(&file, probe::GAP, None)?),
        Words::Probe { address, crash, count, duration, interval, log, from: None } => {
            let address = address.unwrap_or_default();
            let options = ProbeOptions {
                interval: Duration::from_millis(interval),
                count,
                duration: match duration {
                    None => None,
                    Some(s) => Some(Duration::try_from_secs_f64(s).context("--duration is not a time")?),
                },
                log,
            };
            let lab = which.lab()?;
            return match crash {
                Some(node) => probe_a_crash(&lab, &address, &node, options),
                None => talk(&lab, &address, &options),
            };
        }
        Words::Down { all: true } => {
            for name in Lab::list() {
                Lab::down(&name)?;
                println!("lab {name} is gone");
            }
        }
        Words::Down { all: false } => {
            let name = which.name()?;
            Lab::down(&name)?;
            println!("lab {name} is gone");
        }
    }
    Ok(0)
}

/// Further processes of the lab's own: PID 1 of a node, the supervisor, ... (`rhapsody lab __init`).
/// Not in the grammar, so that nobody is advised to type them.
fn internal(word: &str, args: &[String]) -> Result<u8> {
    let dir = |text: &String| Dir::at(PathBuf::from(text));
    match (word, args) {
        ("__spawn", [path, kind, name]) => {
            let kind = Kind::parse(kind).context("unknown kind")?;
            let word = if kind == Kind::Node { "__init" } else { "__hold" };
            let log = dir(path)?.log(name);
            let mut child = Command::new(std::env::current_exe()?);
            child.args(["lab", word, path, name]);
            if let Err(e) = unshare::spawn(kind, child, &log) {
                println!("error {e:#}");
                return Ok(1);
            }
        }
        ("__init", [path, name]) => init::init(&dir(path)?, name)?,
        ("__hold", [_, _]) => init::hold(),
        ("__supervise", [path]) => supervise::run(dir(path)?)?,
        ("__probe", [_, args @ ..]) => probe::run(args)?,
        ("__keep", words) => keep::run(words)?,
        _ => bail!("{word} is a word of the lab's own; see: rhapsody lab --help"),
    }
    Ok(0)
}

impl Which {
    fn lab(&self) -> Result<Lab> {
        Lab::open(&self.name()?)
    }

    fn name(&self) -> Result<String> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        match &Lab::list()[..] {
            names if names.iter().any(|n| n == DEFAULT_NAME) => Ok(DEFAULT_NAME.to_owned()),
            [only] => Ok(only.clone()),
            [] => bail!("there is no lab; make one with: rhapsody lab up"),
            several => bail!("there are several labs ({}); say which with --name", several.join(", ")),
        }
    }
}

fn up(options: &Options, cluster: bool) -> Result<()> {
    let began = Instant::now();
    let mut lab = Lab::up(options)?;
    let state = lab.state()?;
    if !options.bare
        && let Some(text) = power::pcsd_missing(&state)
    {
        if cluster {
            bail!("--cluster needs the daemons, but there is {text}");
        }
        eprintln!("Warning: {text}");
    }
    if state.rootless {
        eprintln!(
            "Warning: without root only our own agents (ocf:rhapsody:...) work in the nodes: \
             others need more than one user"
        );
    }
    if cluster {
        form_cluster(&lab)?;
    }
    lab.keep();
    let name = lab.name();
    let of_lab = match name {
        DEFAULT_NAME => String::new(),
        name => format!(" --name {name}"),
    };
    println!(
        "lab {name} is up after {:.1} s: {}",
        began.elapsed().as_secs_f64(),
        state.nodes.iter().map(|(name, n)| format!("{name} {}", n.address)).collect::<Vec<_>>().join(", ")
    );
    println!("look inside:  rhapsody lab shell n1{of_lab}");
    println!("end it:       rhapsody lab down{of_lab}");
    Ok(())
}

/// What a user would type into n1 to have a cluster of all nodes.
fn form_cluster(lab: &Lab) -> Result<()> {
    let state = lab.state()?;
    let with_addresses: Vec<String> =
        state.nodes.iter().flat_map(|(name, n)| [name.clone(), format!("addr={}", n.address)]).collect();
    let mut auth = vec!["rhapsody", "host", "auth"];
    auth.extend(with_addresses.iter().map(String::as_str));
    auth.extend(["-u", "hacluster", "-p", "rhapsody"]);
    let mut setup = vec!["rhapsody", "cluster", "setup", lab.name()];
    setup.extend(with_addresses.iter().map(String::as_str));
    setup.extend(["--start", "--enable", "--wait"]);
    for words in [auth, setup] {
        let out = lab.exec("n1", &words)?;
        if !out.status.success() {
            bail!("`{}` failed on n1: {}", words[..3].join(" "), String::from_utf8_lossy(&out.stderr).trim());
        }
    }
    Ok(())
}

fn list() {
    let names = Lab::list();
    if names.is_empty() {
        println!("no labs; make one with: rhapsody lab up");
    }
    for name in names {
        let Ok(state) = State::load(&Dir::of(&name)) else {
            println!("{name}: its state is damaged; end it with: rhapsody lab down --name {name}");
            continue;
        };
        let supervisor = match state.supervisor.is_some_and(|p| p.alive()) {
            true => "",
            false => " (supervisor dead: nodes cannot be fenced)",
        };
        println!("{name}{supervisor}");
        for (node, n) in &state.nodes {
            let mut notes = vec![if n.is_on() { "on" } else { "off" }];
            notes.extend(n.paused.then_some("paused"));
            notes.extend((!n.link).then_some("link down"));
            println!("  {node}  {}  {}", n.address, notes.join(", "));
        }
        if !state.cuts.is_empty() {
            let cuts: Vec<String> = state.cuts.iter().map(|(a, b)| format!("{a}->{b}")).collect();
            println!("  cut: {}", cuts.join(" "));
        }
    }
}

/// Probes in the foreground: outages as they end, the figures at the end.
fn talk(lab: &Lab, address: &str, options: &ProbeOptions) -> Result<u8> {
    let state = lab.state()?;
    state.holder(CLIENT)?;
    let dir = Dir::of(lab.name());
    let (mut command, log) = probe::command(&dir, &state, address, options, true)?;
    println!("raw log: {}", log.display());
    let status = command.stdin(Stdio::null()).status().context("cannot start the probe")?;
    if !status.success() {
        return Ok(1);
    }
    let report = Report::read(&log, probe::GAP, None)?;
    // The outages were printed already, but for one that never ended.
    if let Some(open) = report.outages.last().filter(|o| o.to_us.is_none()) {
        println!("{open}");
    }
    println!("{}", report.summary());
    Ok(u8::from(report.answers == 0))
}

/// How long an address is away when a node loses its power.
fn probe_a_crash(lab: &Lab, address: &str, node: &str, mut options: ProbeOptions) -> Result<u8> {
    let after = options.duration.take().unwrap_or_default();
    lab.state()?.holder(node)?;
    let probe = lab.probe(address, &options)?;
    println!("raw log: {}", probe.log().display());
    probe.wait_steady(Duration::from_secs(1), Duration::from_secs(30))?;
    let crash = lab.crash(node)?;
    println!("power of {node} cut");
    std::thread::sleep(after.saturating_sub(Duration::from_micros(monotonic_us() - crash)));
    let report = probe.stop()?;
    let mut lasts = false;
    for outage in report.outages.iter().filter(|o| o.to_us.is_none_or(|to| to > crash)) {
        let ms = |us: u64| (us as f64 - crash as f64) / 1000.0;
        let to = outage.to_us.unwrap_or(report.ended_us);
        let late = match outage.late_us {
            0 => String::new(),
            us => format!("; the probe itself was late by {} ms", us / 1000),
        };
        lasts = outage.to_us.is_none();
        println!(
            "outage {:.0} ms (no answer from {:+.0} ms to {:+.0} ms{}{late})",
            (to - outage.from_us) as f64 / 1000.0,
            ms(outage.from_us),
            ms(to),
            if lasts { ", the end of the probe" } else { "" },
        );
    }
    println!("{}", report.summary());
    Ok(u8::from(lasts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_words_are_sound() {
        Cli::command().debug_assert();
        let exec = ["lab", "exec", "n1", "--", "ls", "-l"];
        let Words::Exec { node, command, .. } = Cli::try_parse_from(exec).unwrap().command else {
            panic!("not exec");
        };
        assert_eq!((node.as_str(), command.len()), ("n1", 2));
        let groups = ["lab", "partition", "n1,n2", "/", "n3"];
        assert!(Cli::try_parse_from(groups).is_ok());
        assert!(Cli::try_parse_from(["lab", "link", "n1", "sideways"]).is_err());
    }
}
