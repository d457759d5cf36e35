//! `stonith history`: which nodes were fenced, as this node has seen it.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use rhapsody_api::core::Event;
use rhapsody_scheduler::unpack::values::timestamp_text;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Events {
    events: Vec<Event>,
    next: u64,
}

pub fn show(context: &mut Context, words: &[String]) -> Done {
    let node = match words {
        [] => None,
        [node] => Some(node.as_str()),
        _ => return Err(usage()),
    };
    let mut lines = Vec::new();
    let mut since = 1;
    loop {
        let page: Events = context.get("rhapsody.events", &json!({ "since": since }))?;
        lines.extend(page.events.iter().filter_map(|event| line(event, node)));
        if page.events.is_empty() || page.next <= since {
            break;
        }
        since = page.next;
    }
    match (lines.is_empty(), node) {
        (true, Some(node)) => context.line(format!("No fencing of node '{node}' is known here")),
        (true, None) => context.line("No fencing is known here"),
        (false, _) => lines.iter().for_each(|line| context.line(line)),
    }
    Ok(())
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
