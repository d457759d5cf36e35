//! `status links`: who hears whom, and what was thrown away.

use crate::Done;
use crate::context::Context;
use serde_json::{Value, json};

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let answer = context.run("rhapsody.core.statistics", &json!({}))?;
    let values = answer.get("values").unwrap_or(&answer);
    context.line("Links:");
    let links = values.get("links").unwrap_or(&Value::Null);
    if let Some(peers) = links.get("peers").and_then(Value::as_object) {
        for (peer, state) in peers {
            let up = state.get("up").and_then(Value::as_array).cloned().unwrap_or_default();
            let up: Vec<String> = up
                .iter()
                .enumerate()
                .map(|(n, up)| format!("link {n} {}", if up.as_bool() == Some(true) { "up" } else { "down" }))
                .collect();
            context.line(format!(
                "  {peer}: {}",
                if up.is_empty() { "no link".to_owned() } else { up.join(", ") }
            ));
        }
    }
    for name in ["sent", "received", "send_errors"] {
        if let Some(count) = links.get(name).and_then(Value::as_u64) {
            context.line(format!("  {name} {count}"));
        }
    }
    context.line("Dropped packets:");
    let mut any = false;
    if let Some(dropped) = links.get("dropped").and_then(Value::as_object) {
        for (reason, count) in dropped {
            let count = count.as_u64().unwrap_or(0);
            any |= count > 0;
            context.line(format!("  dropped {reason} {count}"));
        }
    }
    if !any {
        context.line("  none");
    }
    Ok(())
}
