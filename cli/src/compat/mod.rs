//! The low-level names: `crm_attribute`, `crm_mon`, `cibadmin`, ... as agents and automation call
//! them, by the name this program was called with, or as `rhapsody tools NAME ARGS`.
//!
//! They speak to the core of this node over its socket, or, with `CIB_file=FILE`, to a file, as
//! Pacemaker's own do. Options, texts on stdout and exit codes are those of Pacemaker 2.1; what is
//! not built answers with a clear error. Nothing here knows pcsd.

pub mod args;
mod attrd_updater;
mod attributes;
mod cibadmin;
mod constraints;
mod crm_attribute;
mod crm_failcount;
mod crm_mon;
mod crm_node;
mod crm_resource;
mod crm_verify;
mod exit;
mod install;
mod quorumtool;
mod resource_query;
mod stonith_admin;
mod store;

use exit::{Exit, Outcome};
use std::path::Path;

type Tool = fn(&[String]) -> Outcome;

/// Every name this program answers to.
const TOOLS: &[(&str, Tool)] = &[
    ("attrd_updater", attrd_updater::run),
    ("cibadmin", cibadmin::run),
    ("corosync-quorumtool", quorumtool::run),
    ("crm_attribute", crm_attribute::run),
    ("crm_failcount", crm_failcount::run),
    ("crm_master", crm_attribute::master),
    ("crm_mon", crm_mon::run),
    ("crm_node", crm_node::run),
    ("crm_resource", crm_resource::run),
    ("crm_standby", crm_attribute::standby),
    ("crm_verify", crm_verify::run),
    ("stonith_admin", stonith_admin::run),
];

/// Runs as the tool that the program was called as; `None` when it was called by its own name.
pub fn run(program: &str, words: &[String]) -> Option<u8> {
    let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if let Some((name, tool)) = TOOLS.iter().find(|(known, _)| *known == name) {
        return Some(finish(name, tool(words)));
    }
    match words {
        [first, rest @ ..] if first == "tools" => Some(by_word(rest)),
        _ => None,
    }
}

/// `rhapsody tools NAME ARGS`, `rhapsody tools --install DIR [--program PATH]`.
fn by_word(words: &[String]) -> u8 {
    match words {
        [option, dir] if option == "--install" => finish("tools", install::run(Path::new(dir), None, TOOLS)),
        [option, dir, which, program] if option == "--install" && which == "--program" => {
            finish("tools", install::run(Path::new(dir), Some(Path::new(program)), TOOLS))
        }
        [name, rest @ ..] if TOOLS.iter().any(|(known, _)| known == name) => {
            TOOLS.iter().find(|(known, _)| known == name).map_or(1, |(name, tool)| finish(name, tool(rest)))
        }
        _ => {
            let names: Vec<&str> = TOOLS.iter().map(|(name, _)| *name).collect();
            eprintln!(
                "Usage: rhapsody tools NAME [ARGUMENTS]\n       rhapsody tools --install DIR [--program PATH]\n\nNames: {}",
                names.join(" ")
            );
            Exit::Usage as u8
        }
    }
}

/// Tells an error as the tools do and gives the exit code.
fn finish(name: &str, outcome: Outcome) -> u8 {
    match outcome {
        Ok(exit) => exit as u8,
        Err(problem) => {
            if !problem.text.is_empty() {
                eprintln!("{name}: {}", problem.text);
            }
            problem.exit as u8
        }
    }
}
