//! `stonith history`: which nodes were fenced, as the nodes have seen it.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_api::core::Event;
use rhapsody_scheduler::unpack::values::timestamp_text;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Events {
    events: Vec<Event>,
}

pub fn show(context: &mut Context, words: &[String]) -> Done {
    let node = one_node(words)?;
    let found: Events = context.get("rhapsody.stonith.history", &json!({}))?;
    let lines: Vec<String> = found.events.iter().filter_map(|event| line(event, node)).collect();
    match (lines.is_empty(), node) {
        (true, Some(node)) => context.line(format!("No fencing of node '{node}' is known")),
        (true, None) => context.line("No fencing is known"),
        (false, _) => lines.iter().for_each(|line| context.line(line)),
    }
    Ok(())
}

pub fn cleanup(context: &mut Context, words: &[String]) -> Done {
    let node = one_node(words)?;
    context.run("rhapsody.stonith.history_cleanup", &json!({ "node": node })).map(|_| ())
}

/// Every question is asked of all nodes: what this tells is what 'history' shows.
pub fn update(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let found: Events = context.get("rhapsody.stonith.history", &json!({}))?;
    eprintln!("The fencing history of all nodes was gathered, it has {} entries", found.events.len());
    Ok(())
}

fn one_node(words: &[String]) -> Result<Option<&str>, Failure> {
    match words {
        [] => Ok(None),
        [node] => Ok(Some(node)),
        _ => Err(usage()),
    }
}

/// `reboot of n2 successful: device=fence, exec_ms=812, completed='2026-01-31 12:00:00Z'`
fn line(event: &Event, wanted: Option<&str>) -> Option<String> {
    let field = |name: &str| event.fields[name].as_str();
    let node = field("node").filter(|node| wanted.is_none_or(|wanted| wanted == *node))?;
    let at = timestamp_text(i64::try_from(event.wall_ms / 1000).ok()?);
    let action = field("action").unwrap_or("fencing");
    match (event.code.as_str(), field("result")) {
        ("fence", Some("ok")) => Some(format!(
            "{action} of {node} successful: device={}, exec_ms={}, completed='{at}'",
            field("device").unwrap_or("?"),
            event.fields["exec_ms"]
        )),
        ("fence", Some("failed")) => Some(format!(
            "{action} of {node} failed: exit-reason='{}', completed='{at}'",
            field("reason").unwrap_or("")
        )),
        ("fence", Some("confirmed")) => {
            Some(format!("{node} confirmed to be down by hand, completed='{at}'"))
        }
        ("fenced", _) => Some(format!("{node} taken as fenced by the cluster, completed='{at}'")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn shown(fields: Value, wanted: Option<&str>) -> Option<String> {
        let event =
            json!({ "number": 1, "wall_ms": 0, "mono_ms": 0, "code": "fence", "text": "", "fields": fields });
        line(&serde_json::from_value(event).unwrap(), wanted)
    }

    #[test]
    fn only_ends_of_fencing_are_shown() {
        let done = json!({"node": "n2", "device": "ipmi", "action": "reboot", "phase": "done", "result": "ok", "exec_ms": 812});
        let text = "reboot of n2 successful: device=ipmi, exec_ms=812, completed='1970-01-01 00:00:00Z'";
        assert_eq!(shown(done.clone(), None).as_deref(), Some(text));
        assert_eq!(shown(done, Some("n1")), None);
        assert_eq!(shown(json!({"node": "n2", "action": "off", "phase": "start"}), None), None);
    }
}
