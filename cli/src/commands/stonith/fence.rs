//! `stonith fence` and `stonith confirm`: by hand, so they say what they are about to believe.

use crate::Done;
use crate::commands::confirm;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;

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
    confirm::confirmed(&warning, "if you have seen that it is down, confirm with --yes")
}
