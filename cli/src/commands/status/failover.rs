//! `status failover`: where the time of the last loss of a node went.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_api::core::Event;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write;

/// Suspicions that come this close together are one loss (several nodes, several links).
const ONE_LOSS_MS: u64 = 3_000;
/// What happens later belongs to something else.
const END_MS: u64 = 120_000;

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Step {
    /// Milliseconds since the first suspicion.
    at_ms: u64,
    code: String,
    text: String,
    /// How long it took, for what has a beginning and an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    took_ms: Option<u64>,
    fields: Value,
}

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let format = context.format(&["text", "json"])?;
    let answer = context.run("rhapsody.events", &json!({ "since": 1, "limit": 100_000 }))?;
    let events = answer.get("events").cloned().unwrap_or_default();
    let events: Vec<Event> = serde_json::from_value(events)
        .map_err(|e| Failure::Message(format!("the events are not understood: {e}")))?;
    let steps = timeline(&events);
    if format == "json" {
        let text = serde_json::to_string_pretty(&steps).unwrap_or_default();
        context.line(text);
        return Ok(());
    }
    if steps.is_empty() {
        context.line("No node was lost since this node's cluster was started.");
        return Ok(());
    }
    context.line(text(&steps).trim_end());
    Ok(())
}

/// From the first suspicion of the last loss to the end of the transition that answered it.
fn timeline(events: &[Event]) -> Vec<Step> {
    let Some(mut first) = events.iter().rposition(|e| e.code == "peer_suspected") else { return Vec::new() };
    while let Some(earlier) = events[..first].iter().rposition(|e| e.code == "peer_suspected")
        && events[first].mono_ms.saturating_sub(events[earlier].mono_ms) <= ONE_LOSS_MS
    {
        first = earlier;
    }
    let start = events[first].mono_ms;
    let phase = |e: &Event| e.fields.get("phase").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut steps: Vec<Step> = Vec::new();
    // When what is under way began, by what it is.
    let mut begun: Vec<(String, u64)> = Vec::new();
    for event in &events[first..] {
        let at_ms = event.mono_ms.saturating_sub(start);
        if at_ms > END_MS || (event.code == "peer_suspected" && at_ms > ONE_LOSS_MS) {
            break;
        }
        let known = [
            "peer_suspected",
            "view_installed",
            "quorum",
            "dc",
            "fence",
            "fenced",
            "transition",
            "operation",
            "adopted",
            "config_conflict",
        ];
        // Monitors that recur have nothing to do with it.
        let recurring = event.fields.get("interval_ms").and_then(Value::as_u64).is_some_and(|ms| ms > 0);
        if !known.contains(&event.code.as_str()) || recurring {
            continue;
        }
        let field = |name: &str| event.fields.get(name).and_then(Value::as_str).unwrap_or_default();
        let what = format!("{} {} {} {}", event.code, field("node"), field("resource"), field("operation"));
        let mut took_ms = None;
        match phase(event).as_str() {
            "start" => begun.push((what, event.mono_ms)),
            "done" | "end" | "failed" | "aborted" => {
                if let Some(at) = begun.iter().rposition(|(b, _)| *b == what) {
                    took_ms = Some(event.mono_ms.saturating_sub(begun.remove(at).1));
                }
            }
            _ => {}
        }
        steps.push(Step {
            at_ms,
            code: event.code.clone(),
            text: event.text.clone(),
            took_ms,
            fields: event.fields.clone(),
        });
    }
    // The answer ends with the last transition that did something.
    let last = steps.iter().rposition(|s| s.code == "operation" || s.code == "fence" || s.code == "fenced");
    if let Some(last) = last {
        let end = steps[last..].iter().position(|s| s.code == "transition" && s.took_ms.is_some());
        steps.truncate(last + end.unwrap_or(0) + 1);
    }
    steps
}

fn text(steps: &[Step]) -> String {
    let mut text = String::from("Time line of the last loss of a node (ms since it was suspected):\n");
    for step in steps {
        let took = step.took_ms.map(|ms| format!(" ({ms} ms)")).unwrap_or_default();
        let _ = writeln!(text, "{:>8}  {:<15} {}{took}", step.at_ms, step.code, step.text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64, mono_ms: u64, code: &str, fields: Value) -> Event {
        Event { number, wall_ms: 0, mono_ms, code: code.into(), text: code.into(), fields }
    }

    #[test]
    fn only_the_last_loss_is_told_and_its_operations_are_measured() {
        let op = |phase: &str| json!({"phase": phase, "node": "n1", "resource": "vip", "operation": "start"});
        let events = [
            event(1, 100, "peer_suspected", json!({"node": "n3"})),
            event(2, 9_000, "peer_suspected", json!({"node": "n2"})),
            event(3, 9_010, "peer_suspected", json!({"node": "n3"})),
            event(4, 9_020, "view_installed", json!({})),
            event(5, 9_030, "transition", json!({"phase": "start"})),
            event(6, 9_040, "operation", op("start")),
            event(7, 9_050, "operation", json!({"phase": "done", "interval_ms": 10_000})),
            event(8, 9_090, "operation", op("done")),
            event(9, 9_095, "transition", json!({"phase": "end"})),
            event(10, 9_500, "disk", json!({})),
            event(11, 10_500, "transition", json!({"phase": "start"})),
        ];
        let steps = timeline(&events);
        let seen: Vec<(u64, &str, Option<u64>)> =
            steps.iter().map(|s| (s.at_ms, s.code.as_str(), s.took_ms)).collect();
        assert_eq!(
            seen,
            [
                (0, "peer_suspected", None),
                (10, "peer_suspected", None),
                (20, "view_installed", None),
                (30, "transition", None),
                (40, "operation", None),
                (90, "operation", Some(50)),
                (95, "transition", Some(65)),
            ]
        );
        assert!(timeline(&events[3..]).is_empty());
    }
}
