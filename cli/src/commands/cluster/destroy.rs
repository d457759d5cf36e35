//! `cluster destroy`: no way back, so it asks.

use crate::Done;
use crate::commands::confirm;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;
use std::io::IsTerminal;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let all = context.options.has("--all");
    let where_ = if all { "all nodes" } else { "the local node" };
    let sure = context.options.force() || context.options.has("--yes");
    // A script that says `cluster destroy` means it; pcs asks people only.
    let warning =
        format!("WARNING: the cluster will be stopped on {where_} and its configuration removed for ever.");
    if !sure && std::io::stdin().is_terminal() && !confirm::answered(&warning)? {
        return Err(Failure::message("destroy was not confirmed, nothing was changed"));
    }
    context.run("rhapsody.cluster.destroy", &json!({ "all": all })).map(|_| ())
}
