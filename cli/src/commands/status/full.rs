//! `status` and `status xml`, as pcsd on the node knows them.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let full = context.options.has("--full");
    let hide_inactive = context.options.has("--hide-inactive");
    let answer = context.run("rhapsody.status", &json!({ "full": full, "hide_inactive": hide_inactive }))?;
    let text = answer.get("text").and_then(|text| text.as_str());
    context.line(text.ok_or_else(|| Failure::message("the answer has no text"))?.trim_end());
    Ok(())
}

pub fn xml(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let answer = context.run("rhapsody.status.xml", &json!({}))?;
    context.line(answer.as_str().ok_or_else(|| Failure::message("the answer is no XML"))?.trim_end());
    Ok(())
}
