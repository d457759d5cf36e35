//! `quorum`: votes.

use super::{Noun, Verb};
use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;

pub const NOUN: Noun = Noun {
    name: "quorum",
    about: "Manage cluster quorum settings",
    verbs: &[Verb {
        words: "status",
        usage: "
            Show quorum runtime status.",
        options: &[],
        run: status,
    }],
};

pub fn status(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::usage());
    }
    let answer = context.run("rhapsody.quorum.status", &json!({}))?;
    let text = answer.get("text").and_then(|text| text.as_str());
    let text = text.ok_or_else(|| Failure::message("the answer has no text"))?;
    context.line(text.trim_end());
    Ok(())
}
