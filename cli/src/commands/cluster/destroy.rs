//! `cluster destroy`: no way back, so it asks.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let all = context.options.has("--all");
    let where_ = if all { "all nodes" } else { "the local node" };
    let sure = context.options.force() || context.options.has("--yes");
    // A script that says `cluster destroy` means it; pcs asks people only.
    if !sure && std::io::stdin().is_terminal() && !confirmed(where_)? {
        return Err(Failure::message("destroy was not confirmed, nothing was changed"));
    }
    context.run("rhapsody.cluster.destroy", &json!({ "all": all })).map(|_| ())
}

fn confirmed(where_: &str) -> Result<bool, Failure> {
    eprint!(
        "WARNING: the cluster will be stopped on {where_} and its configuration removed for ever.\n\
         Type 'yes' or 'y' to proceed, anything else to cancel: "
    );
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|e| Failure::Message(format!("cannot read the answer: {e}")))?;
    Ok(matches!(line.trim(), "yes" | "y"))
}
