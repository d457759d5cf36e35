//! "Cluster Summary".

use super::{MonOptions, item};
use crate::types::{LastChange, Status};
use crate::words;

pub fn write(text: &mut String, status: &Status, options: &MonOptions) {
    let summary = &status.summary;
    text.push_str("Cluster Summary:\n");
    let stack = options.stack.as_deref().or(summary.stack.as_deref()).unwrap_or("unknown");
    item(text, 0, &format!("Stack: {stack}"));
    item(text, 0, &dc(status, options));
    item(text, 0, &format!("Last updated: {}", words::date(summary.last_update)));
    item(text, 0, &last_change(&summary.last_change));
    let nodes = summary.nodes_configured;
    item(text, 0, &format!("{nodes} node{} configured", plural(nodes)));
    item(text, 0, &resources(status));
    if let Some(note) = &options.note {
        item(text, 0, note);
    }
    if summary.maintenance_mode {
        text.push_str("\n              *** Resource management is DISABLED ***\n");
        text.push_str("  The cluster will not attempt to start, stop or recover services\n");
    } else if summary.stop_all_resources {
        text.push_str("\n    *** Resource management is DISABLED ***\n");
        text.push_str("  The cluster will keep all resources stopped\n");
    }
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

fn dc(status: &Status, options: &MonOptions) -> String {
    let Some(dc) = &status.summary.dc else { return "Current DC: NONE".to_owned() };
    let id = if options.detail && dc.id != dc.name { format!(" ({})", dc.id) } else { String::new() };
    let mixed = if dc.mixed_version { "MIXED-VERSION " } else { "" };
    let quorum = if status.summary.quorate { "with quorum" } else { "WITHOUT quorum" };
    let version = dc.version.as_deref().unwrap_or("unknown");
    format!("Current DC: {}{id} (version {version}) - {mixed}partition {quorum}", dc.name)
}

fn last_change(change: &LastChange) -> String {
    let mut line = format!("Last change:  {}", change.time);
    for (word, value) in [("by", &change.user), ("via", &change.client), ("on", &change.origin)] {
        if !value.is_empty() {
            line.push_str(&format!(" {word} {value}"));
        }
    }
    line
}

fn resources(status: &Status) -> String {
    let summary = &status.summary;
    let count = summary.resources_configured;
    let mut notes = Vec::new();
    if summary.resources_disabled > 0 {
        notes.push(format!("{} DISABLED", summary.resources_disabled));
    }
    if summary.resources_blocked > 0 {
        notes.push(format!("{} BLOCKED from further action due to failure", summary.resources_blocked));
    }
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    format!("{count} resource instance{} configured{notes}", plural(count))
}
