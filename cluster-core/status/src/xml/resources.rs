//! The resource tree.

use super::{XmlApi, add, yes};
use crate::types::{Clone_, Entry, Group, Instance, Resource};
use rhapsody_xml::{Document, Element};

pub(crate) fn entry_xml(doc: &mut Document, api: XmlApi, parent: Element, entry: &Entry) {
    match entry {
        // An orphan that runs nowhere is nobody's business any more.
        Entry::Resource(rsc) if rsc.orphaned && !rsc.active => {}
        Entry::Resource(rsc) => resource_xml(doc, api, parent, rsc),
        Entry::Group(group) => group_xml(doc, api, parent, group),
        Entry::Clone(clone) => clone_xml(doc, api, parent, clone),
        Entry::Bundle(bundle) => {
            let at = add(
                doc,
                parent,
                "bundle",
                &[
                    ("id", &bundle.id),
                    ("type", &bundle.kind),
                    ("image", &bundle.image),
                    ("unique", yes(bundle.unique)),
                ],
            );
            maintenance(doc, api, at, bundle.maintenance);
            doc.set_attr(at, "managed", yes(bundle.managed));
            doc.set_attr(at, "failed", yes(bundle.failed));
            for replica in &bundle.replicas {
                let at = add(doc, at, "replica", &[("id", &replica.number.to_string())]);
                let parts = [
                    replica.ip.as_ref(),
                    replica.child.as_ref(),
                    Some(&replica.container),
                    replica.connection.as_ref(),
                ];
                for part in parts.into_iter().flatten() {
                    resource_xml(doc, api, at, part);
                }
            }
        }
    }
}

fn clone_xml(doc: &mut Document, api: XmlApi, parent: Element, clone: &Clone_) {
    let at = add(
        doc,
        parent,
        "clone",
        &[("id", &clone.id), ("multi_state", yes(clone.promotable)), ("unique", yes(clone.unique))],
    );
    maintenance(doc, api, at, clone.maintenance);
    for (name, value) in [
        ("managed", clone.managed),
        ("disabled", clone.disabled),
        ("failed", clone.failed),
        ("failure_ignored", clone.failure_ignored),
    ] {
        doc.set_attr(at, name, yes(value));
    }
    if let Some(role) = &clone.target_role {
        doc.set_attr(at, "target_role", role);
    }
    for instance in &clone.instances {
        match instance {
            Instance::Resource(rsc) => resource_xml(doc, api, at, rsc),
            Instance::Group(group) => group_xml(doc, api, at, group),
        }
    }
}

fn group_xml(doc: &mut Document, api: XmlApi, parent: Element, group: &Group) {
    let at = add(
        doc,
        parent,
        "group",
        &[("id", &group.id), ("number_resources", &group.members.len().to_string())],
    );
    maintenance(doc, api, at, group.maintenance);
    doc.set_attr(at, "managed", yes(group.managed));
    doc.set_attr(at, "disabled", yes(group.disabled));
    for member in &group.members {
        resource_xml(doc, api, at, member);
    }
}

fn resource_xml(doc: &mut Document, api: XmlApi, parent: Element, rsc: &Resource) {
    // What is under way is a role of its own here, but for a monitor.
    let (role, pending) = match rsc.pending {
        Some("Monitoring") => (rsc.role, rsc.pending),
        Some(task) => (task, None),
        None => (rsc.role, None),
    };
    let at = add(doc, parent, "resource", &[("id", &rsc.id), ("resource_agent", &rsc.agent), ("role", role)]);
    if let Some(role) = &rsc.target_role {
        doc.set_attr(at, "target_role", role);
    }
    doc.set_attr(at, "active", yes(rsc.active));
    doc.set_attr(at, "orphaned", yes(rsc.orphaned));
    if api.is_new() {
        doc.set_attr(at, "removed", yes(rsc.orphaned));
    }
    doc.set_attr(at, "blocked", yes(rsc.blocked));
    maintenance(doc, api, at, rsc.maintenance);
    for (name, value) in [
        ("managed", yes(rsc.managed)),
        ("failed", yes(rsc.failed)),
        ("failure_ignored", yes(rsc.failure_ignored)),
        ("nodes_running_on", &rsc.nodes.len().to_string()),
    ] {
        doc.set_attr(at, name, value);
    }
    if let Some(task) = pending {
        doc.set_attr(at, "pending", task);
    }
    if let Some(node) = &rsc.locked_to {
        doc.set_attr(at, "locked_to", node);
    }
    for node in &rsc.nodes {
        add(doc, at, "node", &[("name", &node.name), ("id", &node.id), ("cached", yes(node.online))]);
    }
}

fn maintenance(doc: &mut Document, api: XmlApi, at: Element, value: bool) {
    if api.is_new() {
        doc.set_attr(at, "maintenance", yes(value));
    }
}
