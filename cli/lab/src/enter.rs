//! Commands that run inside the namespaces of a node, of the client or of the bridge.

use std::process::Command;

use anyhow::Result;

use crate::programs;
use crate::state::{BRIDGE, CLIENT, State};

/// A command up to its `--`; the caller adds program and arguments.
pub fn command(state: &State, name: &str) -> Result<Command> {
    let mut command = raw(state, name)?;
    command.env_clear();
    for keep in ["TERM", "LANG", "LC_ALL", "COLUMNS", "LINES"] {
        if let Some(value) = std::env::var_os(keep) {
            command.env(keep, value);
        }
    }
    for (name, value) in std::env::vars_os() {
        // Settings of our own programs pass through; the host's folders do not.
        if name.to_str().is_some_and(|n| n.starts_with("RHAPSODY_") && n != "RHAPSODY_ROOT") {
            command.env(name, value);
        }
    }
    command.env("HOME", "/root").env("PATH", programs::search_path(&state.program, state.bare));
    Ok(command)
}

/// The same with the caller's environment: for tools of the host (`ip`, `nft`).
pub fn raw(state: &State, name: &str) -> Result<Command> {
    let pid = state.holder(name)?.pid.to_string();
    let mut command = Command::new("nsenter");
    command.args(["-t", &pid]);
    if state.rootless {
        command.args(["-U", "--preserve-credentials"]);
    }
    match name {
        CLIENT | BRIDGE => command.args(["-n", "-u"]),
        _ => command.args(["-m", "-u", "-i", "-n", "-p"]),
    };
    command.arg("--");
    Ok(command)
}

/// Into the lab's user namespace only, to make further namespaces; root needs no entering.
pub fn user_namespace(state: &State) -> Result<Command> {
    if !state.rootless || state.bridge.is_none() {
        return Ok(Command::new(&state.program));
    }
    let mut command = Command::new("nsenter");
    let pid = state.holder(BRIDGE)?.pid.to_string();
    command.args(["-t", &pid, "-U", "--preserve-credentials", "--"]).arg(&state.program);
    Ok(command)
}
