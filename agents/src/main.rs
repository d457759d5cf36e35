//! `rhapsody-agent`: our own resource and fence agents, one program under several names.
//!
//! The first word that names an agent decides: the program's own name (a link called `IPaddr2`
//! in a provider's folder) or the first argument (`rhapsody-agent ocf:rhapsody:IPaddr2 start`).
//! Agents are called by exec only, by our executor or by a real Pacemaker; nothing of the cluster
//! is linked in here, so that an agent starts in a fraction of a millisecond.

mod dummy;
mod fence;
mod ip;
mod ocf;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use ocf::{Env, Exit, Failure, Outcome};

/// Every agent in here: the cluster's name for it, and how it is called.
const AGENTS: &[(&str, Agent)] = &[
    ("ocf:rhapsody:IPaddr2", Agent::Ocf(ip::run)),
    ("ocf:rhapsody:Dummy", Agent::Ocf(dummy::run)),
    ("stonith:fence_rhapsody_lab", Agent::Fence(fence::main)),
];

#[derive(Clone, Copy)]
enum Agent {
    Ocf(fn(&str, &Env) -> Outcome),
    Fence(fn(Vec<String>) -> u8),
}

fn main() -> ExitCode {
    let mut args = std::env::args_os();
    let called = args.next().unwrap_or_default();
    let mut args: Vec<String> = args.map(lossy).collect();
    let own = Path::new(&called).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let agent = match find(&own) {
        Some(agent) => agent,
        None if args.is_empty() => return usage("no agent was named"),
        None => {
            let first = args.remove(0);
            match first.as_str() {
                "list" => {
                    for (name, _) in AGENTS {
                        println!("{name}");
                    }
                    return ExitCode::SUCCESS;
                }
                "-h" | "--help" | "help" => {
                    print!("{}", USAGE);
                    return ExitCode::SUCCESS;
                }
                "-V" | "--version" => {
                    println!("rhapsody-agent {}", env!("CARGO_PKG_VERSION"));
                    return ExitCode::SUCCESS;
                }
                ip::announce::WORD => return ExitCode::from(ip::announce::main(&args)),
                name => match find(name) {
                    Some(agent) => agent,
                    None => return usage(&format!("there is no agent {name} in this program")),
                },
            }
        }
    };
    match agent {
        Agent::Fence(main) => ExitCode::from(main(args)),
        Agent::Ocf(run) => {
            let Some(action) = args.first() else {
                return usage("no action was named (start, stop, monitor, ...)");
            };
            match Env::from_process().and_then(|env| run(action, &env)) {
                Ok(exit) => ExitCode::from(exit as u8),
                Err(failure) => {
                    eprintln!("ocf-exit-reason:{}", failure.reason);
                    ExitCode::from(failure.exit as u8)
                }
            }
        }
    }
}

const USAGE: &str = "\
usage: rhapsody-agent ocf:rhapsody:IPaddr2 start|stop|monitor|validate-all|meta-data
       rhapsody-agent ocf:rhapsody:Dummy start|stop|monitor|reload|validate-all|meta-data
       rhapsody-agent fence_rhapsody_lab [-o ACTION] [-n NODE]   (or key=value lines on stdin)
       rhapsody-agent list
Resource agents take their parameters from OCF_RESKEY_* variables.
";

fn usage(wrong: &str) -> ExitCode {
    eprint!("Error: {wrong}\n{USAGE}");
    ExitCode::from(Exit::Unimplemented as u8)
}

/// `ocf:rhapsody:IPaddr2` and its last part mean the same.
fn find(name: &str) -> Option<Agent> {
    AGENTS
        .iter()
        .find(|(full, _)| *full == name || full.rsplit(':').next() == Some(name))
        .map(|(_, agent)| *agent)
}

fn lossy(arg: OsString) -> String {
    arg.to_string_lossy().into_owned()
}

/// What an agent answers to an action it does not have.
fn unimplemented(agent: &str, action: &str, has: &str) -> Failure {
    Failure::new(Exit::Unimplemented, format!("{agent} has no action {action}; it has {has}"))
}
