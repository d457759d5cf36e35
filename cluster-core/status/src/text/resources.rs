//! Resources: one line each, collections with their members below.

use super::{MonOptions, item};
use crate::types::{Bundle, Clone_, Entry, Group, Instance, Replica, Resource};

pub fn write(text: &mut String, entry: &Entry, depth: usize, options: &MonOptions) {
    match entry {
        Entry::Resource(rsc) => {
            // The connection of a guest is shown with -R only; its container stands for it.
            let hidden = rsc.implicit && rsc.connection && !options.detail;
            // An orphan that runs nowhere is nobody's business any more.
            let gone = rsc.orphaned && !rsc.active;
            if !hidden && !gone && (options.inactive || rsc.active) {
                item(text, depth, &line(rsc, options));
            }
        }
        Entry::Group(group) => write_group(text, group, depth, options),
        Entry::Clone(clone) => write_clone(text, clone, depth, options),
        Entry::Bundle(bundle) => write_bundle(text, bundle, depth, options),
    }
}

/// What `-n -r` lists under "Inactive Resources".
pub fn write_inactive(text: &mut String, entry: &Entry, depth: usize, options: &MonOptions) {
    let partly = match entry {
        Entry::Resource(rsc) => rsc.active,
        Entry::Group(group) => group.any_active,
        Entry::Clone(clone) => clone.any_active,
        Entry::Bundle(bundle) => bundle.any_active,
    };
    if !partly {
        write(text, entry, depth, options);
    }
}

/// A resource among those of its node: without the node's name.
pub fn write_on_node(text: &mut String, rsc: &Resource, depth: usize) {
    item(text, depth, &state_line(&rsc.id, rsc, &Where::Nowhere, None));
}

enum Where<'a> {
    /// Its own nodes.
    Own,
    /// This node.
    At(Option<&'a str>),
    Nowhere,
}

/// `ID<TAB>(agent):<TAB> STATE NODE (flags)`
fn line(rsc: &Resource, options: &MonOptions) -> String {
    let description = rsc.description.as_deref().filter(|_| options.detail);
    state_line(&rsc.id, rsc, &Where::Own, description)
}

fn state_line(id: &str, rsc: &Resource, place: &Where, description: Option<&str>) -> String {
    let mut line = format!("{id}\t({}):\t", rsc.agent);
    if rsc.orphaned {
        line.push_str(" ORPHANED");
    }
    if rsc.failed && rsc.role == "Promoted" {
        line.push_str(" FAILED Promoted");
    } else if rsc.failed {
        line.push_str(" FAILED");
    } else {
        line.push(' ');
        line.push_str(match rsc.pending {
            Some(task) if task != "Monitoring" => task,
            _ => rsc.role,
        });
    }
    let many = rsc.nodes.len() > 1;
    match place {
        Where::Own if !many => {
            if let Some(node) = rsc.nodes.first() {
                line.push_str(&format!(" {}", node.name));
            }
        }
        Where::At(Some(node)) => line.push_str(&format!(" {node}")),
        _ => {}
    }
    if let Some(why) = &rsc.probe_failure {
        line.push_str(&format!(" ({why}) "));
    }
    let flags = flags(rsc);
    if !flags.is_empty() {
        line.push_str(&format!(" ({})", flags.join(", ")));
    }
    if let Some(description) = description {
        line.push_str(&format!(" ({description})"));
    }
    if many && matches!(place, Where::Own) {
        let names: Vec<&str> = rsc.nodes.iter().map(|n| n.name.as_str()).collect();
        line.push_str(&format!(" [ {} ]", names.join(" ")));
    }
    line
}

fn flags(rsc: &Resource) -> Vec<String> {
    let mut flags = Vec::new();
    if rsc.unclean {
        flags.push("UNCLEAN".to_owned());
    }
    if let Some(node) = &rsc.locked_to
        && !node.is_empty()
    {
        flags.push("LOCKED".to_owned());
    }
    if rsc.pending == Some("Monitoring") {
        flags.push("Monitoring".to_owned());
    }
    if rsc.disabled {
        flags.push("disabled".to_owned());
    } else if rsc.capped {
        flags.push(format!("target-role:{}", rsc.target_role.as_deref().unwrap_or("Unpromoted")));
    }
    if rsc.blocked {
        flags.push("blocked".to_owned());
    } else if rsc.maintenance {
        flags.push("maintenance".to_owned());
    } else if !rsc.managed {
        flags.push("unmanaged".to_owned());
    }
    if rsc.failure_ignored {
        flags.push("failure ignored".to_owned());
    }
    flags
}

fn notes(words: &[(bool, &str)]) -> String {
    let words: Vec<&str> = words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

/// With `-R`: what the configuration says it is for.
fn described(description: Option<&String>, options: &MonOptions) -> String {
    let shown = description.filter(|_| options.detail);
    shown.map(|text| format!(" ({text})")).unwrap_or_default()
}

fn write_group(text: &mut String, group: &Group, depth: usize, options: &MonOptions) {
    if !options.inactive && !group.any_active {
        return;
    }
    let idle = group.members.iter().filter(|member| !member.active).count();
    let idle_text = format!("{idle} member{} inactive", if idle == 1 { "" } else { "s" });
    let notes = notes(&[
        (idle > 0 && !options.inactive, &idle_text),
        (group.maintenance, "maintenance"),
        (!group.managed && !group.maintenance, "unmanaged"),
        (group.disabled, "disabled"),
    ]);
    let described = described(group.description.as_ref(), options);
    item(text, depth, &format!("Resource Group: {}{notes}{described}:", group.id));
    for member in &group.members {
        if options.inactive || member.active {
            item(text, depth + 1, &line(member, options));
        }
    }
}

fn write_clone(text: &mut String, clone: &Clone_, depth: usize, options: &MonOptions) {
    if !options.inactive && !clone.any_active {
        return;
    }
    let notes = notes(&[
        (clone.promotable, "promotable"),
        (clone.unique, "unique"),
        (clone.disabled, "disabled"),
        (clone.maintenance, "maintenance"),
        (!clone.managed && !clone.maintenance, "unmanaged"),
    ]);
    let described = described(clone.description.as_ref(), options);
    item(text, depth, &format!("Clone Set: {} [{}]{notes}{described}:", clone.id, clone.child));
    let mut promoted: Vec<&str> = Vec::new();
    let mut started: Vec<&str> = Vec::new();
    let mut active = 0;
    for instance in &clone.instances {
        let view = View::of(instance);
        if clone.unique || options.detail {
            if clone.unique || options.inactive || view.any_active {
                write_instance(text, instance, depth + 1, options);
            }
        } else if !view.any_active {
            // Counted in the list of stopped ones below; a removed one is not told at all.
        } else if view.needs_detail() {
            write_instance(text, instance, depth + 1, options);
        } else {
            active += 1;
            match (view.node, view.role) {
                (Some(node), "Promoted") => promoted.push(node),
                (Some(node), _) => started.push(node),
                (None, _) => {}
            }
        }
    }
    if clone.unique || options.detail {
        return;
    }
    sort(&mut promoted);
    sort(&mut started);
    // A promotable clone held at Unpromoted says so.
    let capped = clone.target_role.as_deref().filter(|role| {
        clone.promotable && (role.eq_ignore_ascii_case("unpromoted") || role.eq_ignore_ascii_case("slave"))
    });
    let started_label = if clone.promotable { "Unpromoted" } else { "Started" };
    let cap = capped.map(|_| " (target-role)").unwrap_or_default();
    list(text, depth + 1, "Promoted", &promoted);
    list(text, depth + 1, &format!("{started_label}{cap}"), &started);
    if options.inactive && active < clone.max {
        write_stopped(text, clone, depth + 1);
    }
}

fn write_stopped(text: &mut String, clone: &Clone_, depth: usize) {
    // What ran on a node that is down for sure does not run.
    let members = clone.instances.iter().flat_map(Instance::members);
    let places = members.flat_map(|rsc| &rsc.nodes).filter(|node| node.online || node.unclean);
    let busy: Vec<&str> = places.map(|node| node.name.as_str()).collect();
    let free = clone.allowed.iter().filter(|(node, _)| !busy.contains(&node.as_str()));
    let mut by_reason: Vec<(&str, Vec<&str>)> = Vec::new();
    for (node, why) in free {
        let why = if clone.disabled { "disabled" } else { why.as_deref().unwrap_or("") };
        match by_reason.iter_mut().find(|(reason, _)| *reason == why) {
            Some((_, nodes)) => nodes.push(node),
            None => by_reason.push((why, vec![node])),
        }
    }
    // Those with a reason come first.
    by_reason.sort_by_key(|(why, _)| why.is_empty());
    for (why, mut nodes) in by_reason {
        sort(&mut nodes);
        let label = if why.is_empty() { "Stopped".to_owned() } else { format!("Stopped ({why})") };
        list(text, depth, &label, &nodes);
    }
}

fn list(text: &mut String, depth: usize, label: &str, nodes: &[&str]) {
    if !nodes.is_empty() {
        item(text, depth, &format!("{label}: [ {} ]", nodes.join(" ")));
    }
}

fn sort(nodes: &mut [&str]) {
    nodes.sort_by(|a, b| rhapsody_scheduler::model::natural_cmp(a, b));
}

fn write_instance(text: &mut String, instance: &Instance, depth: usize, options: &MonOptions) {
    match instance {
        Instance::Resource(rsc) => item(text, depth, &line(rsc, options)),
        Instance::Group(group) => write_group(text, group, depth, options),
    }
}

/// An instance of a clone as far as its lists are concerned.
struct View<'a> {
    any_active: bool,
    /// Parts of it are not as the whole.
    uneven: bool,
    orphaned: bool,
    node: Option<&'a str>,
    role: &'static str,
}

impl<'a> View<'a> {
    fn of(instance: &'a Instance) -> View<'a> {
        let members = instance.members();
        let mut nodes: Vec<&str> = Vec::new();
        for node in members.iter().flat_map(|m| &m.nodes) {
            if !nodes.contains(&node.name.as_str()) {
                nodes.push(&node.name);
            }
        }
        let uneven = members.iter().any(|m| {
            !m.active
                || m.failed
                || !m.managed
                || m.blocked
                || m.unclean
                || m.pending.is_some()
                || m.failure_ignored
        }) || nodes.len() > 1;
        let role = if members.iter().any(|m| m.role == "Promoted") {
            "Promoted"
        } else {
            members.iter().map(|m| m.role).find(|r| *r != "Stopped").unwrap_or("Stopped")
        };
        View {
            any_active: members.iter().any(|m| m.active),
            uneven,
            orphaned: members.iter().any(|m| m.orphaned),
            node: nodes.first().copied(),
            role,
        }
    }

    fn needs_detail(&self) -> bool {
        self.uneven || self.orphaned
    }
}

fn write_bundle(text: &mut String, bundle: &Bundle, depth: usize, options: &MonOptions) {
    if !options.inactive && !bundle.any_active {
        return;
    }
    let set = if bundle.replicas.len() > 1 { " set" } else { "" };
    // Unlike those of a clone these stand apart.
    let unique = if bundle.unique { " (unique)" } else { "" };
    let notes =
        notes(&[(bundle.maintenance, "maintenance"), (!bundle.managed && !bundle.maintenance, "unmanaged")]);
    let described = described(bundle.description.as_ref(), options);
    let name = format!("{} [{}]{unique}{described}{notes}", bundle.id, bundle.image);
    item(text, depth, &format!("Container bundle{set}: {name}:"));
    let asked_for = |part: &Resource| bundle.only.as_ref().is_none_or(|id| part.is_called(id));
    for replica in &bundle.replicas {
        if options.detail || bundle.only.is_some() {
            if bundle.replicas.len() > 1 {
                item(text, depth + 1, &format!("Replica[{}]", replica.number));
            }
            let parts = [
                replica.ip.as_ref(),
                replica.child.as_ref(),
                Some(&replica.container),
                replica.connection.as_ref(),
            ];
            for part in parts.into_iter().flatten() {
                if asked_for(part) && (options.inactive || part.active) {
                    item(text, depth + 2, &line(part, options));
                }
            }
        } else if options.inactive || replica_is_active(replica) {
            item(text, depth + 1, &replica_line(replica));
        }
    }
}

fn replica_is_active(replica: &Replica) -> bool {
    replica.container.active || replica.child.as_ref().is_some_and(|c| c.active)
}

fn replica_line(replica: &Replica) -> String {
    let rsc = replica.child.as_ref().unwrap_or(&replica.container);
    let mut name = replica.connection.as_ref().unwrap_or(&replica.container).id.clone();
    if let Some(address) = replica.address.as_ref().filter(|_| replica.ip.is_some()) {
        name.push_str(&format!(" ({address})"));
    }
    let host = replica.container.nodes.first().map(|n| n.name.as_str());
    state_line(&name, rsc, &Where::At(host), None)
}
