//! `pcsd`: the management daemons.

use super::{Noun, Verb};
use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::{Value, json};

pub const NOUN: Noun = Noun {
    name: "pcsd",
    about: "Manage pcs daemon",
    verbs: &[Verb {
        words: "status",
        usage: "[<node>]...
            Show whether rhapsody-pcsd answers on the nodes, or on all nodes of the cluster.",
        options: &[],
        run: status,
    }],
};

/// Also `status pcsd`. The exit code is 2 when any node is not fine, as automation expects.
pub fn status(context: &mut Context, words: &[String]) -> Done {
    let request = if words.is_empty() { json!({}) } else { json!({ "nodes": words }) };
    let answer = context.run("rhapsody.pcsd.status", &request)?;
    let Value::Object(nodes) = answer else {
        return Err(Failure::message("the state of the daemons was not understood"));
    };
    let mut fine = true;
    for (node, state) in &nodes {
        let state = state.as_str().unwrap_or("Offline");
        fine &= state == "Online";
        context.line(format!("{node}: {state}"));
    }
    if fine { Ok(()) } else { Err(Failure::Code(2)) }
}
