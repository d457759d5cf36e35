//! `node standby`, `unstandby`, `maintenance`, `unmaintenance`

use crate::Done;
use crate::commands::wait;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;

pub fn run(context: &mut Context, words: &[String], attribute: &str, on: bool) -> Done {
    let all = context.options.has("--all");
    if all && !words.is_empty() {
        return Err(Failure::message("Cannot specify both --all and a list of nodes."));
    }
    wait::refuse_on_file(context)?;
    if all {
        let name = format!("node.{}_all", command(attribute));
        context.change(&name, &json!({ attribute: on }))?;
        return Ok(());
    }
    if words.is_empty() && context.options.has("-f") {
        return Err(Failure::message("Node(s) must be specified if -f is used"));
    }
    let names = if words.is_empty() { vec![own_name(context)?] } else { words.to_vec() };
    let name = format!("node.{}_list", command(attribute));
    context.change(&name, &json!({ attribute: on, "node_names": names }))?;
    Ok(())
}

fn command(attribute: &str) -> &'static str {
    match attribute {
        "standby" => "standby_unstandby",
        _ => "maintenance_unmaintenance",
    }
}

/// Without a name the node that is asked is meant.
fn own_name(context: &mut Context) -> Result<String, Failure> {
    let members = context.run("rhapsody.core.members", &json!({}))?;
    let local =
        members.get("local").or_else(|| members.pointer("/members/local")).and_then(|name| name.as_str());
    local
        .map(str::to_owned)
        .ok_or_else(|| Failure::message("the name of this node is not known, please name the node"))
}
