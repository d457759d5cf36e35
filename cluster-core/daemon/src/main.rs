//! `rhapsody-core`: the cluster on one node. One program, two processes: see [`executor`] and
//! [`node_process`].

mod agent;
mod clock;
mod executor;
mod files;
mod links;
mod log;
mod node_process;
mod process;
mod store;
mod sys;

use rhapsody_api::core::Request;
use rhapsody_client::{Client, Paths};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const HELP: &str = "\
rhapsody-core runs the cluster on this node.

Usage: rhapsody-core [--node-name NAME]     run in the foreground until the node leaves
       rhapsody-core --follow               the same for a service manager: if a core runs already,
                                            pass signals on to it and end with it
       rhapsody-core stop [--timeout S]     leave in order: stop or move resources, then end
       rhapsody-core detach                 end, and leave resources running (package upgrade)
       rhapsody-core status                 whether it runs: exit code 0, or 3 if not
       rhapsody-core --version | --help

SIGTERM is the same as `stop`, SIGHUP reads /etc/corosync/corosync.conf again. RHAPSODY_ROOT=DIR
moves all files below DIR.
";

/// Of the LSB: the program is not running.
const EXIT_NOT_RUNNING: i32 = 3;
/// How long `stop` waits unless told: services may take long to stop.
const STOP_TIMEOUT: Duration = Duration::from_secs(20 * 60);

struct Arguments {
    command: Option<String>,
    node_name: Option<String>,
    timeout: Option<u64>,
    successor: bool,
    follow: bool,
}

fn main() -> ExitCode {
    let code = parse(std::env::args().skip(1)).map_err(anyhow::Error::msg).and_then(run);
    match code {
        Ok(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        Err(error) => {
            eprintln!("Error: {error:#}");
            let node = std::env::args().nth(1).is_some_and(|arg| arg == "node");
            ExitCode::from(if node { node_process::EXIT_CANNOT_START as u8 } else { 1 })
        }
    }
}

fn parse(args: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut parsed =
        Arguments { command: None, node_name: None, timeout: None, successor: false, follow: false };
    let mut args = args;
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--node-name" => parsed.node_name = Some(value()?),
            "--timeout" => {
                let text = value()?;
                parsed.timeout =
                    Some(text.parse().map_err(|_| format!("'{text}' is not a number of seconds"))?);
            }
            "--successor" => parsed.successor = true,
            "--follow" => parsed.follow = true,
            "--help" | "-h" | "--version" | "-V" | "node" | "stop" | "detach" | "status"
                if parsed.command.is_none() =>
            {
                parsed.command = Some(arg);
            }
            _ => return Err(format!("unknown argument '{arg}' (rhapsody-core --help tells what there is)")),
        }
    }
    Ok(parsed)
}

fn run(arguments: Arguments) -> anyhow::Result<i32> {
    let paths = Paths::from_env();
    let node_args =
        arguments.node_name.iter().flat_map(|name| ["--node-name".to_owned(), name.clone()]).collect();
    match arguments.command.as_deref() {
        None => {
            let Arguments { successor, follow, .. } = arguments;
            executor::run(executor::Options { paths, node_args, successor, follow })
        }
        Some("node") => {
            let options = node_process::Options { paths, node_name: arguments.node_name, args: node_args };
            node_process::run(options)
        }
        Some("stop") => {
            let timeout = arguments.timeout.map_or(STOP_TIMEOUT, Duration::from_secs);
            end(&paths, Request::Stop, timeout)
        }
        Some("detach") => end(&paths, Request::Detach, Duration::from_secs(arguments.timeout.unwrap_or(10))),
        Some("status") => Ok(match executor::lock::owner(&paths.core_lock()) {
            Some(process) => {
                println!("running, process {}", process.pid);
                0
            }
            None => {
                println!("not running");
                EXIT_NOT_RUNNING
            }
        }),
        Some("--version" | "-V") => {
            println!("rhapsody-core {}", env!("CARGO_PKG_VERSION"));
            Ok(0)
        }
        Some(_) => {
            print!("{HELP}");
            Ok(0)
        }
    }
}

/// Asks the core to end and waits until it has.
fn end(paths: &Paths, request: Request, timeout: Duration) -> anyhow::Result<i32> {
    let Some(core) = executor::lock::owner(&paths.core_lock()) else {
        eprintln!("the cluster core is not running on this node");
        return Ok(0);
    };
    let mut client = Client::connect_to(&paths.core_socket(), "rhapsody-core")?;
    client.set_timeout(timeout)?;
    // It may end before its answer is read; what counts is that it ends.
    if let Err(error @ rhapsody_client::ClientError::Core(_)) = client.request(request) {
        return Err(error.into());
    }
    let give_up = Instant::now() + timeout;
    let Some(watch) = core.watch() else { return Ok(0) };
    let mut wait = [rustix::event::PollFd::new(&watch, rustix::event::PollFlags::IN)];
    let left = executor::timespec(give_up.saturating_duration_since(Instant::now()));
    if rustix::event::poll(&mut wait, Some(&left)).is_ok_and(|n| n > 0) {
        return Ok(0);
    }
    anyhow::bail!("the cluster core has not ended within {} s", timeout.as_secs())
}
