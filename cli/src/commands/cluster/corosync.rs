//! `cluster corosync`: the membership configuration as it is.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let answer = match words {
        [] => context.run("cluster.get_corosync_conf", &json!({}))?,
        [node] => context.run("rhapsody.cluster.corosync", &json!({ "node": node }))?,
        _ => return Err(super::super::usage()),
    };
    let text = answer.as_str().ok_or_else(|| Failure::message("the answer is no text"))?;
    context.line(text.trim_end());
    Ok(())
}
