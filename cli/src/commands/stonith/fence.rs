//! `stonith fence` and `stonith confirm`: by hand, so they say what they are about to believe.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};

pub fn fence(context: &mut Context, words: &[String]) -> Done {
    let [node] = words else { return Err(one_node("fence")) };
    let action = if context.options.has("--off") { "off" } else { "reboot" };
    context.run("rhapsody.stonith.fence", &json!({ "node": node, "action": action }))?;
    eprintln!("Node: {node} fenced");
    Ok(())
}

pub fn confirm(context: &mut Context, words: &[String]) -> Done {
    let [node] = words else { return Err(one_node("confirm fenced")) };
    let sure = context.options.force() || context.options.has("--yes");
    if !sure && !confirmed(node)? {
        return Err(Failure::message("Canceled, nothing was changed"));
    }
    context.run("rhapsody.stonith.confirm", &json!({ "node": node }))?;
    eprintln!("Node: {node} confirmed fenced");
    Ok(())
}

fn one_node(what: &str) -> Failure {
    Failure::Message(format!("must specify one (and only one) node to {what}"))
}

fn confirmed(node: &str) -> Result<bool, Failure> {
    let warning = format!(
        "WARNING: If node {node} is not powered off or it does have access to shared resources, data corruption \
         and/or cluster failure may occur"
    );
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Message(format!(
            "{warning}; if you have seen that it is down, confirm with --yes"
        )));
    }
    eprint!("{warning}\nType 'yes' or 'y' to proceed, anything else to cancel: ");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|e| Failure::Message(format!("cannot read the answer: {e}")))?;
    Ok(matches!(line.trim(), "yes" | "y"))
}
