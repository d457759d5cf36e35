//! One primitive on one line: agent, role, where, and what is special about it.

use crate::model::*;

pub(super) fn agent(c: &Cluster, rsc: ResourceIdx) -> String {
    let d = &c[rsc].definition;
    match &d.provider {
        Some(p) => format!("{}:{p}:{}", d.class, d.agent),
        None => format!("{}:{}", d.class, d.agent),
    }
}

fn in_promotable(c: &Cluster, rsc: ResourceIdx) -> bool {
    c[c.top_below_bundle(rsc)].is_promotable()
}

pub(super) fn display_role(c: &Cluster, rsc: ResourceIdx) -> Role {
    match c[rsc].role {
        Role::Started if in_promotable(c, rsc) => Role::Unpromoted,
        role => role,
    }
}

pub(super) fn display_state(c: &Cluster, rsc: ResourceIdx) -> &'static str {
    match c[rsc].pending_task.as_deref() {
        Some("start") => "Starting",
        Some("stop") => "Stopping",
        Some("migrate_to" | "migrate_from") => "Migrating",
        Some("promote") => "Promoting",
        Some("demote") => "Demoting",
        _ => display_role(c, rsc).as_str(),
    }
}

/// The text of an exit code.
pub fn exit_text(rc: i32) -> &'static str {
    match rc {
        0 => "OK",
        1 => "Error occurred",
        2 => "Invalid parameter",
        3 => "Unimplemented",
        4 => "Insufficient privileges",
        5 => "Not installed",
        6 => "Not configured",
        7 => "Not running",
        8 => "Promoted",
        9 => "Failed in promoted role",
        190 => "Service active but might fail soon",
        191 => "Service promoted but might fail soon",
        _ => "unknown exit status",
    }
}

/// A probe that could not tell whether the resource runs.
pub(super) fn failed_probe(c: &Cluster, rsc: ResourceIdx, node: Option<NodeIdx>) -> Option<&str> {
    let r = &c[rsc];
    c.failed_ops.iter().find_map(|f| {
        if f.task != "monitor" || f.interval_ms != 0 || !(matches!(f.rc, 2 | 5) || f.op_status == 7) {
            return None;
        }
        let same = f.resource == rsc
            || (!r.is_unique()
                && c[f.resource].definition.id == r.definition.id
                && c[f.resource].parent.is_some());
        let text = if f.exit_reason.is_empty() { exit_text(f.rc) } else { &f.exit_reason };
        (same && node.is_none_or(|n| n == f.node)).then_some(text)
    })
}

/// One resource on one line.
pub fn primitive(c: &Cluster, rsc: ResourceIdx) -> String {
    let id = if c[rsc].is_unique() || c[rsc].number.is_none() {
        c[rsc].id.clone()
    } else {
        c[rsc].definition.id.clone()
    };
    primitive_as(c, rsc, &id)
}

fn primitive_as(c: &Cluster, rsc: ResourceIdx, id: &str) -> String {
    let r = &c[rsc];
    let many = r.active.len() > 1;
    let node = if many { None } else { r.active.first().copied().or(r.pending_node).or(r.lock_node) };
    let mut line = format!("{id}\t({}):\t", agent(c, rsc));
    if r.is_removed() {
        line += " ORPHANED";
    }
    if r.is_failed() && r.role > Role::Stopped {
        line += " FAILED";
        if display_role(c, rsc) > Role::Unpromoted {
            line += " ";
            line += display_role(c, rsc).as_str();
        }
    } else if r.is_failed() {
        line += " FAILED";
    } else {
        line += " ";
        line += display_state(c, rsc);
    }
    if let Some(n) = node {
        line += " ";
        line += &c[n].name;
    }
    if display_role(c, rsc) == Role::Stopped
        && let Some(text) = failed_probe(c, rsc, node)
    {
        line += &format!(" ({text}) ");
    }
    let flags = flags(c, rsc, node);
    if !flags.is_empty() {
        line += &format!(" ({})", flags.join(", "));
    }
    if many {
        let names: Vec<&str> = r.active.iter().map(|n| c[*n].name.as_str()).collect();
        line += &format!(" [ {} ]", names.join(" "));
    }
    line
}

pub(super) fn flags(c: &Cluster, rsc: ResourceIdx, node: Option<NodeIdx>) -> Vec<String> {
    let r = &c[rsc];
    let mut out = Vec::new();
    if let Some(n) = node {
        if !c[n].online && c[n].unclean {
            out.push("UNCLEAN".to_owned());
        }
        if r.lock_node == Some(n) {
            out.push("LOCKED".to_owned());
        }
    }
    if r.pending_task.as_deref() == Some("monitor") {
        out.push("Monitoring".to_owned());
    }
    match r.target_role() {
        Some(Role::Stopped) => out.push("disabled".to_owned()),
        Some(Role::Unpromoted) if in_promotable(c, rsc) => {
            out.push(format!("target-role:{}", r.meta("target-role").unwrap_or("Unpromoted")));
        }
        _ => {}
    }
    if r.is_blocked() {
        out.push("blocked".to_owned());
    } else if r.is(Flags::MAINTENANCE) {
        out.push("maintenance".to_owned());
    } else if !r.is_managed() {
        out.push("unmanaged".to_owned());
    }
    if r.is(Flags::FAILURE_IGNORED) {
        out.push("failure ignored".to_owned());
    }
    out
}

pub(super) fn common_flags(c: &Cluster, rsc: ResourceIdx) -> Vec<String> {
    let r = &c[rsc];
    let mut out = Vec::new();
    if c.is_disabled(rsc) {
        out.push("disabled".to_owned());
    }
    if r.is(Flags::MAINTENANCE) {
        out.push("maintenance".to_owned());
    } else if !r.is_managed() {
        out.push("unmanaged".to_owned());
    }
    out
}

pub(super) fn in_brackets(flags: &[String]) -> String {
    if flags.is_empty() { String::new() } else { format!(" ({})", flags.join(", ")) }
}
