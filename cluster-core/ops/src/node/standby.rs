//! `node standby`, `unstandby`, `maintenance`, `unmaintenance`: one attribute of some nodes or of all.

use crate::resource::tree;
use crate::work::{Stop, Work};
use crate::{ids, nvset, sections};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandbyList {
    pub standby: bool,
    pub node_names: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandbyAll {
    pub standby: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceList {
    pub maintenance: bool,
    pub node_names: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenanceAll {
    pub maintenance: bool,
}

pub fn standby_list(work: &mut Work<'_>, request: StandbyList) -> Result<(), Stop> {
    switch(work, &request.node_names, "standby", request.standby)
}

pub fn standby_all(work: &mut Work<'_>, request: StandbyAll) -> Result<(), Stop> {
    let names = all(work);
    switch(work, &names, "standby", request.standby)
}

pub fn maintenance_list(work: &mut Work<'_>, request: MaintenanceList) -> Result<(), Stop> {
    switch(work, &request.node_names, "maintenance", request.maintenance)
}

pub fn maintenance_all(work: &mut Work<'_>, request: MaintenanceAll) -> Result<(), Stop> {
    let names = all(work);
    switch(work, &names, "maintenance", request.maintenance)
}

/// Every node of the CIB, and remote and guest nodes.
fn all(work: &Work<'_>) -> Vec<String> {
    let doc = &work.cib;
    let section = sections::get(doc, "nodes");
    let nodes =
        section.map(|section| doc.children_named(section, "node").collect::<Vec<_>>()).unwrap_or_default();
    let mut names: Vec<String> =
        nodes.into_iter().filter_map(|node| doc.attr(node, "uname")).map(str::to_owned).collect();
    names.extend(remotes(work));
    names
}

/// Nodes that resources make.
fn remotes(work: &Work<'_>) -> Vec<String> {
    let doc = &work.cib;
    tree::primitives(doc)
        .into_iter()
        .filter_map(|primitive| match tree::agent_of(doc, primitive).as_str() {
            "ocf:pacemaker:remote" => doc.attr(primitive, "id"),
            _ => nvset::value(doc, primitive, "meta_attributes", "remote-node"),
        })
        .map(str::to_owned)
        .collect()
}

fn switch(work: &mut Work<'_>, names: &[String], attribute: &str, on: bool) -> Result<(), Stop> {
    let mut names: Vec<&String> = names.iter().collect();
    names.sort();
    names.dedup();
    let mut nodes: Vec<Element> = Vec::new();
    for name in names {
        let known = remotes(work).contains(name);
        match super::find(work, name) {
            Some(node) => nodes.push(node),
            // There is nothing to switch off at a node that has never had an element.
            None if known && !on => {}
            None if known => nodes.extend(make_known(work, name)),
            None => work
                .error("NODE_NOT_FOUND", format!("Node '{name}' does not appear to exist in configuration")),
        }
    }
    work.check()?;
    for node in nodes {
        let value = if on { "on" } else { "" };
        set(work, node, attribute, value);
    }
    Ok(())
}

/// A remote node, or one of corosync.conf that has not joined yet, gets its node element.
pub(super) fn make_known(work: &mut Work<'_>, name: &str) -> Option<Element> {
    if !remotes(work).iter().any(|remote| remote == name) {
        return None;
    }
    let section = sections::make(&mut work.cib, "nodes");
    let node = work.cib.append(section, "node");
    work.cib.set_attr(node, "id", name);
    work.cib.set_attr(node, "type", "remote");
    work.cib.set_attr(node, "uname", name);
    Some(node)
}

/// Sets one attribute of a node, in the block that Pacemaker's own tools use.
pub fn set(work: &mut Work<'_>, node: Element, name: &str, value: &str) {
    let doc = &mut work.cib;
    let holder =
        doc.children_named(node, "instance_attributes").find(|block| nvset::get(doc, *block, name).is_some());
    let block = holder.or_else(|| doc.child(node, "instance_attributes"));
    match block {
        Some(block) => {
            nvset::set(doc, block, name, value);
        }
        None if value.is_empty() => {}
        None => {
            let id = ids::free(doc, &format!("nodes-{}", doc.attr(node, "id").unwrap_or_default()));
            let block = doc.append(node, "instance_attributes");
            doc.set_attr(block, "id", &id);
            nvset::add(doc, block, name, value);
        }
    }
}
