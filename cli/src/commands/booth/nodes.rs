//! `booth config NODE`, `booth pull`, `booth sync`: booth's files on the nodes of the cluster.

use super::file::instance;
use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;

pub fn config(context: &mut Context, node: &str) -> Done {
    let request = json!({ "node": node, "instance_name": instance(context)? });
    let answer = context.run("rhapsody.booth.config_of", &request)?;
    let text = answer.as_str().ok_or_else(|| Failure::message("the answer is no configuration of booth"))?;
    context.line(text.trim_end());
    Ok(())
}

pub fn pull(context: &mut Context, words: &[String]) -> Done {
    let [node] = words else { return Err(usage()) };
    let request = json!({ "node": node, "instance_name": instance(context)? });
    eprintln!("Fetching booth config from node '{node}'...");
    context.run("rhapsody.booth.pull", &request).map(|_| ())
}

pub fn sync(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let request = json!({ "instance_name": instance(context)?, "force_flags": context.force_flags() });
    eprintln!("Sending booth configuration to cluster nodes...");
    context.run("rhapsody.booth.sync", &request).map(|_| ())
}
