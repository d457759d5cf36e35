//! `rhapsody`: words -> operation -> text.
//!
//! The words are pcs's. This crate knows how a command is written and how an answer reads; what a
//! command means is in `rhapsody_ops` (configuration) and behind pcsd (the live cluster).
//!
//! - [`options`]: the global options, found anywhere on the command line
//! - [`commands`]: one table of nouns, a folder for each, a file for each verb
//! - [`target`]: where a command acts: a file (`-f`), the local pcsd, another host
//! - [`hold`]: changes kept in memory until all have succeeded: dry runs, batches, plans
//! - [`grammar`]: `name=value` groups and keyword groups
//! - [`output`]: reports and typed answers as text, JSON or commands

#[macro_use]
mod say;

mod agents_dir;
mod commands;
mod compat;
mod completion;
mod context;
mod dialect;
mod dry_run;
mod explain;
mod failure;
mod grammar;
mod hold;
mod live;
mod man;
mod options;
mod output;
mod plan;
mod program;
#[cfg(test)]
mod proofs;
mod settings;
mod shell;
mod suggest;
mod target;
mod target_conf;
mod target_file;
mod target_live;
mod whole_file;

use context::Context;
use failure::Failure;
use options::Options;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let program = words.next().unwrap_or_default().to_string_lossy().into_owned();
    let words: Vec<String> = match words.map(std::ffi::OsString::into_string).collect() {
        Ok(words) => words,
        Err(word) => {
            eprintln!("Error: {word:?} is not UTF-8");
            return ExitCode::FAILURE;
        }
    };
    if let Some(code) = compat::run(&program, &words) {
        return ExitCode::from(code);
    }
    if words.first().is_some_and(|word| word == "lab") {
        return commands::lab::run(&words[1..]);
    }
    ExitCode::from(run(words))
}

/// Runs one command line and says how the process should end.
fn run(words: Vec<String>) -> u8 {
    // These take their own options, which are not pcs's.
    match words.first().map(String::as_str) {
        Some("simulate") => return commands::simulate::run(&words[1..]),
        Some("completion") => return completion::run(&words[1..]),
        Some("man") => return man::run(&words[1..]),
        _ => {}
    }
    let (options, words) = match Options::parse(words) {
        Ok(parsed) => parsed,
        Err(problem) => {
            eprintln!("Error: {problem}\nHint: 'rhapsody --help' shows the options there are");
            return 1;
        }
    };
    let words = dialect::today(words);
    let mut context = Context::new(options);
    let result = commands::dispatch(&mut context, &words);
    let printed = context.flush();
    match result.and(printed) {
        Ok(()) => 0,
        Err(failure) => failure.tell(),
    }
}

/// The way out of every command.
type Done = Result<(), Failure>;
