//! `quorum status` and `status corosync`: what the running cluster counts.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_api::core::Quorum;
use serde_json::json;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let answer = context.run("rhapsody.quorum.status", &json!({}))?;
    let text = answer.get("text").and_then(|text| text.as_str());
    let text = text.ok_or_else(|| Failure::message("the answer has no text"))?;
    context.line(text.trim_end());
    Ok(())
}

/// `status corosync`: the members alone.
pub fn membership(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let answer = context.run("rhapsody.quorum.status", &json!({}))?;
    let quorum = answer.get("quorum").cloned().unwrap_or_default();
    let quorum: Quorum = serde_json::from_value(quorum)
        .map_err(|e| Failure::Message(format!("the state of the quorum is not understood: {e}")))?;
    context.line(format!("\n{}", rhapsody_status::membership_text(&quorum).trim_end()));
    Ok(())
}
