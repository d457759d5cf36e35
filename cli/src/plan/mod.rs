//! From one configuration to another, as commands.
//!
//! [`steps::between`] compares what there is with what is wanted and names commands; [`carry_out`]
//! runs them on a held copy and compares again, for what one command removes another may have to
//! make anew. It is done when there is no difference left: what commands cannot say is told, and
//! nothing is written.

pub mod file;
mod pairs;
mod resources;
mod same;
mod steps;

use crate::commands::{batch, config};
use crate::context::Context;
use crate::failure::Failure;
use crate::shell;
use rhapsody_ops::configuration::Configuration;
use steps::Steps;

/// Removing, changing and making are a round each at most; one more for what depends on them.
const ROUNDS_MAX: usize = 4;

/// Brings the held copy to what is wanted; returns the commands that it took.
pub fn carry_out(context: &mut Context, wanted: &Configuration) -> Result<Vec<String>, Failure> {
    let mut done = Vec::new();
    for _ in 0..ROUNDS_MAX {
        let steps = left(context, wanted)?;
        if let Some(text) = steps.impossible.first() {
            return Err(Failure::Message(format!("{text}; nothing was changed")));
        }
        if steps.commands.is_empty() {
            return Ok(done);
        }
        for command in steps.commands {
            run(context, &command)?;
            done.push(command);
        }
    }
    let steps = left(context, wanted)?;
    match steps.commands.first() {
        None => Ok(done),
        Some(command) => Err(Failure::Message(format!(
            "the configuration in the file cannot be reached with commands, this one does not bring it nearer: {command}; \
             nothing was changed"
        ))),
    }
}

fn left(context: &mut Context, wanted: &Configuration) -> Result<Steps, Failure> {
    let there = config::export::get(context)?;
    Ok(steps::between(&there, wanted))
}

fn run(context: &mut Context, command: &str) -> Result<(), Failure> {
    let refused = |problem: String| Failure::Message(format!("'{command}': {problem}; nothing was changed"));
    let lines = shell::commands(command).map_err(|(_, problem)| refused(problem))?;
    for line in lines {
        batch::command(context, line.words).map_err(|failure| match failure {
            Failure::Message(text) => refused(text),
            failure => {
                failure.tell();
                refused("did not succeed".to_owned())
            }
        })?;
    }
    Ok(())
}
