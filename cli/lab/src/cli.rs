//! The words of `rhapsody lab`.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};

use crate::lab::{Lab, Options};
use crate::paths::Dir;
use crate::probe::{self, ProbeOptions, Report};
use crate::state::{CLIENT, State};
use crate::unshare::{self, Kind};
use crate::{init, power, supervise};

/// A cluster on one machine: each node has its own network, processes, files and power switch.
#[derive(Parser)]
#[command(name = "rhapsody lab", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    command: Words,
}

/// Which lab; not needed while there is only one.
#[derive(clap::Args)]
struct Which {
    /// Name of the lab (needed only when there are several)
    #[arg(long)]
    name: Option<String>,
}

#[derive(Subcommand)]
enum Words {
    /// Make a lab and boot its nodes n1, n2, ... (10.77.0.11, .12, ...)
    Up {
        #[arg(long, default_value_t = 3)]
        nodes: u8,
        #[arg(long, default_value = "lab")]
        name: String,
        /// Also set up and start a cluster with this token timeout in ms
        #[arg(long, value_name = "MS")]
        token: Option<u32>,
        /// Namespaces only, no daemons
        #[arg(long, conflicts_with = "token")]
        bare: bool,
    },
    /// Show the labs and their nodes
    List,
    /// Run a command in a node (or in `client`): exec n1 -- CMD...
    Exec {
        #[command(flatten)]
        which: Which,
        node: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<OsString>,
    },
    /// Open a shell in a node (or in `client`)
    Shell {
        #[command(flatten)]
        which: Which,
        node: String,
    },
    /// Cut a node's power: all of its processes die and its link is cut at once
    Crash {
        #[command(flatten)]
        which: Which,
        node: String,
    },
    /// Switch a node on again
    Boot {
        #[command(flatten)]
        which: Which,
        node: String,
    },
    /// Pull a node's network cable, or plug it in
    Link {
        #[command(flatten)]
        which: Which,
        node: String,
        #[arg(value_parser = ["up", "down"])]
        to: String,
    },
    /// Drop what goes between groups of nodes: partition n1,n2 / n3
    Partition {
        #[command(flatten)]
        which: Which,
        #[arg(required = true)]
        groups: Vec<String>,
    },
    /// End the partition
    Heal {
        #[command(flatten)]
        which: Which,
    },
    /// Stop a node's clockwork, as a host does with a virtual machine
    Pause {
        #[command(flatten)]
        which: Which,
        node: String,
    },
    /// Let it run again
    Resume {
        #[command(flatten)]
        which: Which,
        node: String,
    },
    /// Ask an address every few ms from the client and print each outage
    Probe {
        #[command(flatten)]
        which: Which,
        /// The address (not with --from)
        #[arg(required_unless_present = "from")]
        address: Option<String>,
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
        #[arg(long, value_name = "FILE", conflicts_with_all = ["address", "count", "duration", "log"])]
        from: Option<PathBuf>,
    },
    /// End a lab and remove everything of it
    Down {
        #[command(flatten)]
        which: Which,
        /// All labs of this user
        #[arg(long, conflicts_with = "name")]
        all: bool,
    },
    #[command(name = "__spawn", hide = true)]
    Spawn { dir: PathBuf, kind: String, name: String },
    #[command(name = "__init", hide = true)]
    Init { dir: PathBuf, name: String },
    #[command(name = "__hold", hide = true)]
    Hold { dir: PathBuf, name: String },
    #[command(name = "__supervise", hide = true)]
    Supervise { dir: PathBuf },
    #[command(name = "__probe", hide = true)]
    RunProbe { dir: PathBuf, args: Vec<String> },
}

/// The entry of `rhapsody lab ...`. `args` begins with the program; a following `lab` is skipped.
///
/// Call it before any thread is started: some of its own sub-processes make user namespaces.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut args: Vec<OsString> = args.into_iter().collect();
    if args.get(1).is_some_and(|a| a == "lab") {
        args.remove(1);
    }
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(e) => {
            let help = !e.use_stderr();
            let _ = e.print();
            return ExitCode::from(u8::from(!help));
        }
    };
    match run(cli.command) {
        Ok(code) => code,
        Err(e) => {
            eprintln!("Error: {e:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: Words) -> Result<ExitCode> {
    match words {
        Words::Up { nodes, name, token, bare } => up(nodes, &name, token, bare)?,
        Words::List => list(),
        Words::Exec { which, node, command } => {
            let lab = which.lab()?;
            let error = lab.command(&node)?.args(&command).exec();
            return Err(error).context("cannot run nsenter");
        }
        Words::Shell { which, node } => {
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
        Words::Crash { which, node } => {
            which.lab()?.crash(&node)?;
        }
        Words::Boot { which, node } => which.lab()?.boot(&node)?,
        Words::Link { which, node, to } => {
            which.lab()?.link(&node, to == "up")?;
        }
        Words::Partition { which, groups } => which.lab()?.partition(&groups.join(" "))?,
        Words::Heal { which } => which.lab()?.heal()?,
        Words::Pause { which, node } => which.lab()?.pause(&node)?,
        Words::Resume { which, node } => which.lab()?.resume(&node)?,
        Words::Probe { from: Some(file), .. } => println!("{}", Report::read(&file, probe::GAP, None)?),
        Words::Probe { which, address, count, duration, interval, log, from: None } => {
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
            return talk(&which.lab()?, &address, &options);
        }
        Words::Down { all: true, .. } => {
            for name in Lab::list() {
                Lab::down(&name)?;
                println!("lab {name} is gone");
            }
        }
        Words::Down { which, .. } => {
            let name = which.name()?;
            Lab::down(&name)?;
            println!("lab {name} is gone");
        }
        Words::Spawn { dir, kind, name } => {
            let kind = Kind::parse(&kind).context("unknown kind")?;
            let word = if kind == Kind::Node { "__init" } else { "__hold" };
            let log = dir.join(format!("{name}.log"));
            let mut child = Command::new(std::env::current_exe()?);
            child.args(["lab", word]).arg(&dir).arg(&name);
            if let Err(e) = unshare::spawn(kind, child, &log) {
                println!("error {e:#}");
                return Ok(ExitCode::FAILURE);
            }
        }
        Words::Init { dir, name } => init::init(&dir_of(dir)?, &name)?,
        Words::Hold { .. } => init::hold(),
        Words::Supervise { dir } => supervise::run(dir_of(dir)?)?,
        Words::RunProbe { args, .. } => probe::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn dir_of(path: PathBuf) -> Result<Dir> {
    Dir::at(path)
}

impl Which {
    fn lab(&self) -> Result<Lab> {
        Lab::open(&self.name()?)
    }

    /// The lab that was named, or the only one.
    fn name(&self) -> Result<String> {
        if let Some(name) = &self.name {
            return Ok(name.clone());
        }
        match &Lab::list()[..] {
            [only] => Ok(only.clone()),
            [] => bail!("there is no lab; make one with: rhapsody lab up"),
            several => bail!("there are several labs ({}); say which with --name", several.join(", ")),
        }
    }
}

fn up(nodes: u8, name: &str, token: Option<u32>, bare: bool) -> Result<()> {
    let began = Instant::now();
    let mut lab = Lab::up(&Options { name: name.to_owned(), nodes, bare, program: None })?;
    let state = lab.state()?;
    if !bare && let Some(text) = power::pcsd_missing(&state) {
        if token.is_some() {
            bail!("--token needs a cluster, but there is {text}");
        }
        eprintln!("Warning: {text}");
    }
    if state.rootless {
        eprintln!(
            "Warning: without root only our own agents (ocf:rhapsody:...) work in the nodes: \
             others need more than one user"
        );
    }
    if let Some(token) = token {
        form_cluster(&lab, token)?;
    }
    lab.keep();
    let of_lab = match name {
        "lab" => String::new(),
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
fn form_cluster(lab: &Lab, token: u32) -> Result<()> {
    let state = lab.state()?;
    let with_addresses: Vec<String> =
        state.nodes.iter().flat_map(|(name, n)| [name.clone(), format!("addr={}", n.address)]).collect();
    let token = format!("token={token}");
    let mut auth = vec!["rhapsody", "host", "auth"];
    auth.extend(with_addresses.iter().map(String::as_str));
    auth.extend(["-u", "hacluster", "-p", "rhapsody"]);
    let mut setup = vec!["rhapsody", "cluster", "setup", lab.name()];
    setup.extend(with_addresses.iter().map(String::as_str));
    setup.extend(["totem", &token, "--start", "--enable", "--wait"]);
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
fn talk(lab: &Lab, address: &str, options: &ProbeOptions) -> Result<ExitCode> {
    let state = lab.state()?;
    state.holder(CLIENT)?;
    let dir = Dir::of(lab.name());
    let (mut command, log) = probe::command(&dir, &state, address, options, true)?;
    println!("raw log: {}", log.display());
    let status = command.stdin(Stdio::null()).status().context("cannot start the probe")?;
    if !status.success() {
        return Ok(ExitCode::FAILURE);
    }
    let report = Report::read(&log, probe::GAP, None)?;
    // The outages were printed already, but for one that never ended.
    if let Some(open) = report.outages.last().filter(|o| o.to_us.is_none()) {
        println!("{open}");
    }
    println!("{}", report.to_string().lines().last().unwrap_or_default());
    Ok(ExitCode::from(u8::from(report.answers == 0)))
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
