//! Groups, clones and bundles: a line each, and what is in them.

use super::primitive::*;
use super::{indent, resource};
use crate::model::*;
use smol_str::SmolStr;

pub(super) fn group(c: &Cluster, rsc: ResourceIdx, depth: usize, out: &mut Vec<String>) {
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

pub(super) fn clone(c: &Cluster, rsc: ResourceIdx, depth: usize, out: &mut Vec<String>) {
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
        let label = match (r.is_promotable(), shown_target(c, rsc)) {
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
        } else if shown_target(c, rsc) == Some(Role::Stopped) {
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

/// The target role that a clone is shown with: its own, or else that of what is cloned.
fn shown_target(c: &Cluster, clone: ResourceIdx) -> Option<Role> {
    let of_instance = || c[c[clone].children.first().copied()?].target_role();
    c[clone].target_role().or_else(of_instance)
}

fn failed_probe_below(c: &Cluster, rsc: ResourceIdx, node: NodeIdx) -> Option<&str> {
    if c[rsc].is_primitive() {
        return failed_probe(c, rsc, Some(node));
    }
    c[rsc].children.iter().find_map(|m| failed_probe_below(c, *m, node))
}

pub(super) fn bundle(c: &Cluster, rsc: ResourceIdx, depth: usize, out: &mut Vec<String>) {
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
