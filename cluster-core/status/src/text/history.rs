//! Attributes, operations, failures, tickets and bans.

use super::nodes::name;
use super::{MonOptions, item};
use crate::types::{Failure, ResourceHistory, Status, Ticket};
use crate::words;
use std::fmt::Write;

fn shown_name(status: &Status, node: &str, options: &MonOptions) -> String {
    match status.nodes.iter().find(|n| n.name == node) {
        Some(node) => name(node, options),
        None => node.to_owned(),
    }
}

pub fn attributes(text: &mut String, status: &Status, options: &MonOptions) {
    text.push_str("Node Attributes:\n");
    for node in &status.node_attributes {
        item(text, 0, &format!("Node: {}:", shown_name(status, &node.node, options)));
        for attribute in &node.attributes {
            let mut line = format!("{:<32}\t: {:<10}", attribute.name, attribute.value);
            if let Some(expected) = attribute.expected {
                match attribute.value.trim().parse::<i64>().unwrap_or(0) {
                    ..=0 => line.push_str("\t: Connectivity is lost"),
                    value if value < expected => {
                        let _ = write!(line, "\t: Connectivity is degraded (Expected={expected})");
                    }
                    _ => {}
                }
            }
            item(text, 1, &line);
        }
    }
}

fn failcount(history: &ResourceHistory) -> String {
    let mut line = format!("{}: migration-threshold={}", history.id, history.migration_threshold);
    if history.fail_count >= rhapsody_scheduler::model::INFINITY {
        line.push_str(" fail-count=INFINITY");
    } else if history.fail_count > 0 {
        let _ = write!(line, " fail-count={}", history.fail_count);
    }
    if let Some(at) = history.last_failure.filter(|_| history.fail_count > 0) {
        let _ = write!(line, " last-failure='{}'", words::date(at));
    }
    line
}

pub fn operations(text: &mut String, status: &Status, options: &MonOptions) {
    text.push_str("Operations:\n");
    for node in &status.node_history {
        item(text, 0, &format!("Node: {}:", shown_name(status, &node.node, options)));
        for resource in &node.resources {
            item(text, 1, &format!("{}:", failcount(resource)));
            for op in &resource.operations {
                let mut line = format!("({}) {}:", op.call, op.task);
                if op.interval_ms > 0 {
                    let _ = write!(line, " interval=\"{}ms\"", op.interval_ms);
                }
                if options.timing {
                    if let Some(at) = op.last_rc_change {
                        let _ = write!(line, " last-rc-change=\"{}\"", words::date(at));
                    }
                    if let Some(exec) = &op.exec_time {
                        let _ = write!(line, " exec-time=\"{exec}ms\"");
                    }
                    if let Some(queue) = &op.queue_time {
                        let _ = write!(line, " queue-time=\"{queue}ms\"");
                    }
                }
                let _ = write!(line, " rc={} ({})", op.rc, op.rc_text);
                item(text, 2, &line);
            }
        }
    }
}

pub fn migration_summary(text: &mut String, status: &Status, options: &MonOptions) {
    text.push_str("Migration Summary:\n");
    for node in &status.node_history {
        let failed: Vec<&ResourceHistory> = node.resources.iter().filter(|r| r.fail_count > 0).collect();
        if failed.is_empty() {
            continue;
        }
        item(text, 0, &format!("Node: {}:", shown_name(status, &node.node, options)));
        for resource in failed {
            item(text, 1, &failcount(resource));
        }
    }
}

pub fn failures(text: &mut String, status: &Status, options: &MonOptions) {
    text.push_str("Failed Resource Actions:\n");
    for failure in &status.failures {
        item(text, 0, &if options.detail { technical(failure) } else { friendly(failure) });
    }
}

fn technical(failure: &Failure) -> String {
    let mut line = format!(
        "{} on {} '{}' ({}): call={}, status='{}'",
        failure.op_key.as_deref().unwrap_or(&failure.id),
        failure.node,
        failure.rc_text,
        failure.rc,
        failure.call,
        failure.status
    );
    if !failure.exit_reason.is_empty() {
        let _ = write!(line, ", exitreason='{}'", failure.exit_reason);
    }
    if let Some(at) = failure.last_rc_change {
        let _ = write!(
            line,
            ", last-rc-change='{}', queued={}ms, exec={}ms",
            words::date(at),
            failure.queued,
            failure.exec
        );
    }
    line
}

fn friendly(failure: &Failure) -> String {
    // Both are RESOURCE_TASK_INTERVAL.
    let key = failure.op_key.as_deref().unwrap_or(&failure.id);
    let end = format!("_{}_{}", failure.task, failure.interval_ms);
    let resource = key.strip_suffix(&end).unwrap_or(key);
    let mut line = String::from(resource);
    if failure.task == "monitor" && failure.interval_ms == 0 {
        line.push_str(" probe");
    } else if failure.interval_ms > 0 {
        let _ = write!(line, " {}-interval {}", words::interval(failure.interval_ms), failure.task);
    } else {
        let _ = write!(line, " {}", failure.task);
    }
    let _ = write!(line, " on {}", failure.node);
    if failure.status_code == 0 {
        let _ = write!(line, " returned '{}'", failure.rc_text);
        if !failure.exit_reason.is_empty() {
            let _ = write!(line, " ({})", failure.exit_reason);
        }
    } else if failure.exit_reason.is_empty() {
        let _ = write!(line, " could not be executed ({})", failure.status);
    } else {
        let _ = write!(line, " could not be executed ({}: {})", failure.status, failure.exit_reason);
    }
    if let Some(at) = failure.last_rc_change {
        let _ = write!(line, " at {}", words::date(at));
    }
    if let Some(ms) = failure.exec.parse::<u64>().ok().filter(|ms| *ms > 0) {
        let _ = write!(line, " after {}", words::interval(ms));
    }
    line
}

impl Ticket {
    /// The line of `crm_ticket --list`.
    pub(crate) fn listed(&self) -> String {
        let state = if self.granted { "granted" } else { "revoked" };
        let mut line = format!("{}\t{state}{}", self.id, if self.standby { " [standby]" } else { "" });
        if let Some(at) = self.last_granted {
            // The times stand below each other.
            let gap = if self.standby { "" } else { "          " };
            let _ = write!(line, "{gap} last-granted='{}'", words::date(at));
        }
        line
    }
}

pub fn tickets(text: &mut String, status: &Status) {
    text.push_str("Tickets:\n");
    for ticket in &status.tickets {
        let state = if ticket.granted { "granted" } else { "revoked" };
        let standby = if ticket.standby { " [standby]" } else { "" };
        let last = ticket.last_granted.map(|at| format!(" last-granted=\"{}\"", words::date(at)));
        item(text, 0, &format!("{}: {state}{standby}{}", ticket.id, last.unwrap_or_default()));
    }
}

pub fn bans(text: &mut String, status: &Status) {
    text.push_str("Negative Location Constraints:\n");
    for ban in &status.bans {
        let role = if ban.promoted_only { "in Promoted role " } else { "" };
        item(text, 0, &format!("{}\tprevents {} from running {role}on {}", ban.id, ban.resource, ban.node));
    }
}
