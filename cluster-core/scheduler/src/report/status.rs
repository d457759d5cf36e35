//! Cluster status as text: nodes, then resources.

use crate::model::*;
use smol_str::SmolStr;

/// "Node List" and "Full List of Resources".
pub fn status_lines(c: &Cluster) -> Vec<String> {
    let mut out = vec!["  * Node List:".to_owned()];
    nodes(c, &mut out);
    out.push(String::new());
    out.push("  * Full List of Resources:".to_owned());
    let before = out.len();
    for rsc in &c.top {
        if is_listed(c, *rsc) {
            resource(c, *rsc, 2, &mut out);
        }
    }
    if out.len() == before {
        out.push("    * No resources".to_owned());
    }
    out
}

/// The lines above the status, if any.
pub fn head_lines(c: &Cluster) -> Vec<String> {
    let mut out = Vec::new();
    if c.options.maintenance {
        out.push(String::new());
        out.push("              *** Resource management is DISABLED ***".to_owned());
        out.push("  The cluster will not attempt to start, stop or recover services".to_owned());
        out.push(String::new());
    }
    let instances = c
        .all_resources()
        .filter(|r| c[*r].is_primitive() && !(c[*r].is_removed() && c[*r].role == Role::Stopped))
        .count();
    let (d, b) = (c.disabled_resources, c.blocked_resources);
    if d > 0 || b > 0 {
        out.push(format!("{d} of {instances} resource instances DISABLED and {b} BLOCKED from further action due to failure"));
        out.push(String::new());
    }
    out
}

fn is_listed(c: &Cluster, rsc: ResourceIdx) -> bool {
    let r = &c[rsc];
    if r.is_removed() && is_inactive(c, rsc) {
        return false;
    }
    !(r.is(Flags::INTERNAL) && r.is_primitive())
}

fn is_inactive(c: &Cluster, rsc: ResourceIdx) -> bool {
    c[rsc].active.is_empty() && c[rsc].children.iter().all(|m| is_inactive(c, *m))
}

fn nodes(c: &Cluster, out: &mut Vec<String>) {
    let (mut online, mut offline, mut remote_on, mut remote_off, mut guest_on): (
        Vec<_>,
        Vec<_>,
        Vec<_>,
        Vec<_>,
        Vec<_>,
    ) = Default::default();
    for n in &c.node_order {
        let node = &c[*n];
        if node.is_guest() && !node.online {
            continue;
        }
        let kind = match node.kind {
            NodeKind::Cluster => "Node",
            NodeKind::Remote => "RemoteNode",
            NodeKind::Guest => "GuestNode",
        };
        let mut state = String::new();
        if node.unclean {
            let how = if node.online {
                "online"
            } else if node.pending {
                "pending"
            } else {
                "offline"
            };
            state = format!("UNCLEAN ({how})");
        } else if node.pending {
            state = "pending".into();
        } else if node.standby_on_fail && node.online {
            state = "standby (on-fail)".into();
        } else if node.standby {
            state = if !node.online {
                "OFFLINE (standby)".into()
            } else if node.running.is_empty() {
                "standby".into()
            } else {
                "standby (with active resources)".into()
            };
        } else if node.maintenance {
            state = if node.online { "maintenance".into() } else { "OFFLINE (maintenance)".into() };
        }
        if node.online && node.health < 1 && c.options.health != HealthStrategy::None {
            if state.is_empty() {
                state = "online".into();
            }
            state += if node.health < 0 { " (health is RED)" } else { " (health is YELLOW)" };
        }
        if state.is_empty() {
            let list = match (node.kind, node.online) {
                (NodeKind::Cluster, true) => &mut online,
                (NodeKind::Cluster, false) => &mut offline,
                (NodeKind::Remote, true) => &mut remote_on,
                (NodeKind::Remote, false) => &mut remote_off,
                (NodeKind::Guest, true) => &mut guest_on,
                (NodeKind::Guest, false) => continue,
            };
            list.push(node.name.as_str());
        } else {
            out.push(format!("    * {kind} {}: {state}", node.name));
        }
    }
    for (label, list) in [
        ("Online", online),
        ("OFFLINE", offline),
        ("RemoteOnline", remote_on),
        ("RemoteOFFLINE", remote_off),
        ("GuestOnline", guest_on),
    ] {
        if !list.is_empty() {
            out.push(format!("    * {label}: [ {} ]", list.join(" ")));
        }
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

fn resource(c: &Cluster, rsc: ResourceIdx, depth: usize, out: &mut Vec<String>) {
    match c[rsc].variant {
        Variant::Primitive => out.push(format!("{}* {}", indent(depth), primitive(c, rsc))),
        Variant::Group => group(c, rsc, depth, out),
        Variant::Clone => clone(c, rsc, depth, out),
        Variant::Bundle => bundle(c, rsc, depth, out),
    }
}

fn agent(c: &Cluster, rsc: ResourceIdx) -> String {
    let d = &c[rsc].definition;
    match &d.provider {
        Some(p) => format!("{}:{p}:{}", d.class, d.agent),
        None => format!("{}:{}", d.class, d.agent),
    }
}

fn in_promotable(c: &Cluster, rsc: ResourceIdx) -> bool {
    c[c.top_below_bundle(rsc)].is_promotable()
}

fn display_role(c: &Cluster, rsc: ResourceIdx) -> Role {
    match c[rsc].role {
        Role::Started if in_promotable(c, rsc) => Role::Unpromoted,
        role => role,
    }
}

fn display_state(c: &Cluster, rsc: ResourceIdx) -> &'static str {
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
fn failed_probe(c: &Cluster, rsc: ResourceIdx, node: Option<NodeIdx>) -> Option<&str> {
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

fn flags(c: &Cluster, rsc: ResourceIdx, node: Option<NodeIdx>) -> Vec<String> {
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

fn common_flags(c: &Cluster, rsc: ResourceIdx) -> Vec<String> {
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

fn in_brackets(flags: &[String]) -> String {
    if flags.is_empty() { String::new() } else { format!(" ({})", flags.join(", ")) }
}

fn group(c: &Cluster, rsc: ResourceIdx, depth: usize, out: &mut Vec<String>) {
    let flags = common_flags(c, rsc);
    out.push(format!("{}* Resource Group: {}{}:", indent(depth), c[rsc].id, in_brackets(&flags)));
    for m in &c[rsc].children {
        resource(c, *m, depth + 1, out);
    }
}

/// Does any (or, with `all`, every) part have the flag?
fn has_flag(c: &Cluster, rsc: ResourceIdx, flag: Flags, any: bool) -> bool {
    let children = &c[rsc].children;
    if children.is_empty() {
        return c[rsc].is(flag);
    }
    if any {
        c[rsc].is(flag) || children.iter().any(|m| has_flag(c, *m, flag, any))
    } else {
        c[rsc].is(flag) && children.iter().all(|m| has_flag(c, *m, flag, any))
    }
}

fn active(c: &Cluster, rsc: ResourceIdx, all: bool) -> bool {
    let r = &c[rsc];
    if r.is_primitive() {
        return r.active.iter().any(|n| c[*n].unclean || c[*n].online || !r.is_managed());
    }
    if all {
        r.children.iter().all(|m| active(c, *m, all))
    } else {
        r.children.iter().any(|m| active(c, *m, all))
    }
}

fn location(c: &Cluster, rsc: ResourceIdx) -> Vec<NodeIdx> {
    if c[rsc].is_primitive() {
        return c[rsc].active.clone();
    }
    let mut out: Vec<NodeIdx> = Vec::new();
    for m in &c[rsc].children {
        for n in location(c, *m) {
            if !out.contains(&n) {
                out.push(n);
            }
        }
    }
    out
}

fn role_of(c: &Cluster, rsc: ResourceIdx) -> Role {
    if c[rsc].is_primitive() {
        return c[rsc].role;
    }
    c[rsc].children.iter().map(|m| role_of(c, *m)).max().unwrap_or(Role::Unknown)
}

fn sorted_names(c: &Cluster, mut nodes: Vec<NodeIdx>) -> String {
    nodes.sort_by(|a, b| natural_cmp(&c[*a].name, &c[*b].name));
    nodes.iter().map(|n| c[*n].name.as_str()).collect::<Vec<_>>().join(" ")
}

fn clone(c: &Cluster, rsc: ResourceIdx, depth: usize, out: &mut Vec<String>) {
    let r = &c[rsc];
    let mut flags = Vec::new();
    if r.is_promotable() {
        flags.push("promotable".to_owned());
    }
    if r.is_unique() {
        flags.push("unique".to_owned());
    }
    flags.extend(common_flags(c, rsc));
    let child = r.children.first().map(|m| c[*m].definition.id.clone()).unwrap_or_default();
    out.push(format!("{}* Clone Set: {} [{child}]{}:", indent(depth), r.id, in_brackets(&flags)));
    let (mut promoted, mut started) = (Vec::new(), Vec::new());
    for m in &r.children {
        let m = *m;
        let any = active(c, m, false);
        let full = if r.is_unique() {
            any || !c[m].is_removed()
        } else if c[m].pending_task.is_some() {
            true
        } else if !any {
            false
        } else if has_flag(c, m, Flags::REMOVED, true)
            || !has_flag(c, m, Flags::MANAGED, false)
            || has_flag(c, m, Flags::FAILED, true)
        {
            true
        } else if active(c, m, true) {
            match location(c, m).as_slice() {
                [n] if !c[*n].online && c[*n].unclean => true,
                [n] => {
                    if role_of(c, m) > Role::Unpromoted {
                        promoted.push(*n);
                    } else {
                        started.push(*n);
                    }
                    false
                }
                _ => true,
            }
        } else {
            true
        };
        if full {
            resource(c, m, depth + 1, out);
        }
    }
    let active_instances = promoted.len() + started.len();
    let line = |label: &str, nodes: String| format!("{}* {label}: [ {nodes} ]", indent(depth + 1));
    if !promoted.is_empty() {
        out.push(line("Promoted", sorted_names(c, promoted)));
    }
    if !started.is_empty() {
        let label = match (r.is_promotable(), r.target_role()) {
            (true, Some(Role::Unpromoted)) => "Unpromoted (target-role)",
            (true, _) => "Unpromoted",
            _ => "Started",
        };
        out.push(line(label, sorted_names(c, started)));
    }
    stopped(c, rsc, active_instances, depth, out);
}

fn stopped(c: &Cluster, rsc: ResourceIdx, active_instances: usize, depth: usize, out: &mut Vec<String>) {
    let r = &c[rsc];
    let max = r.clone.as_ref().map_or(0, |d| d.max);
    if r.is_unique() || max <= active_instances as i32 {
        return;
    }
    let mut nodes: Vec<NodeIdx> = r.allowed.iter().map(|(n, _)| n).collect();
    if nodes.is_empty() {
        nodes = r.known_on.clone();
    }
    nodes.sort_by(|a, b| natural_cmp(&c[*a].name, &c[*b].name));
    let mut by_state: Vec<(SmolStr, Vec<&str>)> = Vec::new();
    for n in nodes {
        if r.active.contains(&n) || location(c, rsc).contains(&n) {
            continue;
        }
        let probe = r.children.first().and_then(|m| failed_probe_below(c, *m, n));
        let state: SmolStr = if let Some(text) = probe {
            format!("Stopped ({text})").into()
        } else if r.target_role() == Some(Role::Stopped) {
            "Stopped (disabled)".into()
        } else {
            "Stopped".into()
        };
        match by_state.iter_mut().find(|(s, _)| *s == state) {
            Some((_, list)) => list.push(&c[n].name),
            None => by_state.push((state, vec![&c[n].name])),
        }
    }
    by_state.sort_by(|a, b| a.0.cmp(&b.0));
    for (state, names) in by_state {
        out.push(format!("{}* {state}: [ {} ]", indent(depth + 1), names.join(" ")));
    }
}

fn failed_probe_below(c: &Cluster, rsc: ResourceIdx, node: NodeIdx) -> Option<&str> {
    if c[rsc].is_primitive() {
        return failed_probe(c, rsc, Some(node));
    }
    c[rsc].children.iter().find_map(|m| failed_probe_below(c, *m, node))
}

fn bundle(c: &Cluster, rsc: ResourceIdx, depth: usize, out: &mut Vec<String>) {
    let r = &c[rsc];
    let Some(data) = &r.bundle else { return };
    let set = if data.replicas.len() > 1 { " set" } else { "" };
    let mut flags = Vec::new();
    if data.unique {
        flags.push("unique".to_owned());
    }
    if r.is(Flags::MAINTENANCE) {
        flags.push("maintenance".to_owned());
    } else if !r.is_managed() {
        flags.push("unmanaged".to_owned());
    }
    let image = &data.image;
    out.push(format!("{}* Container bundle{set}: {} [{image}]{}:", indent(depth), r.id, in_brackets(&flags)));
    for x in &data.replicas {
        let shown = x.child.unwrap_or(x.container);
        let mut id = x.connection.map_or_else(|| c[x.container].id.to_string(), |k| c[k].id.to_string());
        if let Some(address) = &x.address {
            id += &format!(" ({address})");
        }
        out.push(format!("{}* {}", indent(depth + 1), replica(c, shown, x.container, &id)));
    }
}

/// What runs inside, where the container is.
fn replica(c: &Cluster, shown: ResourceIdx, container: ResourceIdx, id: &str) -> String {
    let r = &c[shown];
    let node = c[container].active.first().copied();
    let mut line = format!("{id}\t({}):\t", agent(c, shown));
    if r.is_removed() {
        line += " ORPHANED";
    }
    if r.is_failed() {
        line += " FAILED";
        if display_role(c, shown) > Role::Unpromoted {
            line += " ";
            line += display_role(c, shown).as_str();
        }
    } else {
        line += " ";
        line += display_state(c, shown);
    }
    if let Some(n) = node {
        line += " ";
        line += &c[n].name;
    }
    let flags = flags(c, shown, node);
    line + &in_brackets(&flags)
}
