//! `cluster node add`, `cluster node remove`: who is in corosync.conf.

use super::config::{Node as Known, named_nodes, transport};
use super::setup::{Node, with_addresses};
use super::setup_nodes::{ip_versions, unresolvable};
use crate::conf::ConfWork;
use crate::quorum::settle_two_node;
use crate::work::{ForceFlags, Stop};
use rhapsody_agents_catalog::check::quoted;
use rhapsody_conf::{Section, SetupNode, Transport};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    pub nodes: Vec<Node>,
    #[serde(default)]
    pub force_flags: ForceFlags,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    pub node_list: Vec<String>,
    #[serde(default)]
    #[allow(dead_code)] // what it overrides is looked at where the nodes are asked
    pub force_flags: ForceFlags,
}

pub fn add(work: &mut ConfWork<'_>, request: Add) -> Result<(), Stop> {
    let transport = transport(work)?;
    let known = named_nodes(work)?;
    let new = with_addresses(&request.nodes, work.env, &mut work.reports);
    names(work, &known, &new);
    let links: Vec<&str> = known
        .first()
        .map(|node| node.addrs.iter().map(|address| address.link.as_str()).collect())
        .unwrap_or_default();
    addresses(work, &known, &new, links.len());
    let force = request.force_flags.force();
    unresolvable(new.iter().flat_map(|node| &node.addresses), force, work.env, &mut work.reports);
    kinds(work, transport, &known, &new, &links);
    work.reports.check()?;
    let links: Vec<String> = links.into_iter().map(str::to_owned).collect();
    let mut used: BTreeSet<u32> = work.conf.settings().nodes.iter().map(|node| node.id).collect();
    for node in &new {
        // Never the number of a node that was removed a moment ago, as long as there are others.
        let id = used.last().copied().unwrap_or(0).checked_add(1);
        let id = id.or_else(|| (1..).find(|id| !used.contains(id))).unwrap_or(1);
        used.insert(id);
        add_node(work, node, &links, id);
    }
    settle_two_node(&mut work.conf);
    Ok(())
}

fn add_node(work: &mut ConfWork<'_>, node: &SetupNode, links: &[String], id: u32) {
    let root = work.conf.root_mut();
    if root.sections("nodelist").next().is_none() {
        root.add_section("nodelist");
    }
    let Some(list) = root.sections_mut("nodelist").last() else { return };
    let section = list.add_section("node");
    for (link, address) in links.iter().zip(&node.addresses) {
        section.set(&format!("ring{link}_addr"), address);
    }
    section.set("name", &node.name);
    section.set("nodeid", &id.to_string());
}

fn names(work: &mut ConfWork<'_>, known: &[Known], new: &[SetupNode]) {
    let reports = &mut work.reports;
    if new.is_empty() {
        reports.error("COROSYNC_NODES_MISSING", "No nodes have been specified");
    }
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for (index, node) in new.iter().enumerate() {
        let which = index + 1;
        if node.name.is_empty() {
            reports.error("INVALID_OPTION_VALUE", format!("node {which} name cannot be empty"));
        } else if !Section::can_hold(&node.name) {
            let text = format!("node {which} name cannot contain {{}}\\n\\r characters");
            reports.error("INVALID_OPTION_VALUE", text);
        } else if !seen.insert(&node.name) {
            twice.insert(&node.name);
        }
    }
    if !twice.is_empty() {
        let text = format!("Node names must be unique, duplicate names: {}", quoted(twice));
        reports.error("NODE_NAMES_DUPLICATION", text);
    }
    let there: Vec<&String> =
        seen.into_iter().filter(|name| known.iter().any(|node| node.name == **name)).collect();
    if !there.is_empty() {
        let (s, are) = if there.len() == 1 { ("", "is") } else { ("s", "are") };
        let text =
            format!("Node name{s} {} {are} already used by existing nodes; use other names", quoted(there));
        reports.error("NODE_NAMES_ALREADY_EXIST", text);
    }
}

/// One for each link that the cluster has, and none that is somebody's already.
fn addresses(work: &mut ConfWork<'_>, known: &[Known], new: &[SetupNode], links: usize) {
    let reports = &mut work.reports;
    let mut taken: BTreeSet<&str> =
        known.iter().flat_map(|node| node.addrs.iter().map(|address| address.addr.as_str())).collect();
    let before = taken.clone();
    let (mut clashing, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for node in new {
        let count = node.addresses.len();
        if count != links {
            let es = |count| if count == 1 { "" } else { "es" };
            let text = format!(
                "{links} address{} must be specified for a node, {count} address{} specified for node '{}'",
                es(links),
                es(count),
                node.name
            );
            reports.error("COROSYNC_BAD_NODE_ADDRESSES_COUNT", text);
        }
        if node.addresses.iter().any(String::is_empty) {
            let text = format!("Empty address set for node '{}', an address cannot be empty", node.name);
            reports.error("NODE_ADDRESSES_CANNOT_BE_EMPTY", text);
        }
        if node.addresses.iter().any(|address| !Section::can_hold(address)) {
            reports.error("INVALID_OPTION_VALUE", "node address cannot contain {}\\n\\r characters");
        }
        for address in node.addresses.iter().filter(|address| !address.is_empty()) {
            if before.contains(address.as_str()) {
                clashing.insert(address);
            } else if !taken.insert(address) {
                twice.insert(address);
            }
        }
    }
    if !clashing.is_empty() {
        let text = format!(
            "Node addresses {} are already used by existing nodes; use other addresses",
            quoted(clashing)
        );
        reports.error("NODE_ADDRESSES_ALREADY_EXIST", text);
    }
    if !twice.is_empty() {
        let text = format!("Node addresses must be unique, duplicate addresses: {}", quoted(twice));
        reports.error("NODE_ADDRESSES_DUPLICATION", text);
    }
}

/// All addresses of a link are of one kind.
fn kinds(work: &mut ConfWork<'_>, transport: Transport, known: &[Known], new: &[SetupNode], links: &[&str]) {
    let of_link = links.iter().enumerate().map(|(index, link)| {
        let there = known.iter().flat_map(|node| &node.addrs).filter(|address| address.link == *link);
        let there = there.map(|address| address.addr.as_str());
        let coming = new.iter().filter_map(|node| node.addresses.get(index)).map(String::as_str);
        ((*link).to_owned(), there.chain(coming).collect())
    });
    let ip_version = work.conf.get("totem", "ip_version");
    ip_versions(of_link, Some(transport), ip_version, &mut work.reports);
}

pub fn remove(work: &mut ConfWork<'_>, request: Remove) -> Result<(), Stop> {
    let gone: BTreeSet<&String> = request.node_list.iter().collect();
    let known = named_nodes(work)?;
    let unknown: Vec<&&String> =
        gone.iter().filter(|name| !known.iter().any(|node| node.name == ***name)).collect();
    for name in &unknown {
        let text = format!("Node '{name}' does not appear to exist in configuration");
        work.reports.error("NODE_NOT_FOUND", text);
    }
    if unknown.is_empty() && known.iter().all(|node| gone.contains(&node.name)) {
        work.reports.error("CANNOT_REMOVE_ALL_CLUSTER_NODES", "No nodes would be left in the cluster");
    }
    work.reports.check()?;
    for list in work.conf.root_mut().sections_mut("nodelist") {
        list.remove_sections("node", |node| {
            node.get("name").is_some_and(|name| gone.contains(&name.to_owned()))
        });
    }
    settle_two_node(&mut work.conf);
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::conf::{Env, run};
    use rhapsody_conf::Conf;
    use serde_json::{Value, json};

    const CONF: &str = "totem {\n    version: 2\n    cluster_name: c\n    transport: knet\n}\n\n\
        nodelist {\n    node {\n        ring0_addr: 192.0.2.1\n        name: n1\n        nodeid: 1\n    }\n\n    \
        node {\n        ring0_addr: 192.0.2.3\n        name: n3\n        nodeid: 3\n    }\n}\n\n\
        quorum {\n    provider: corosync_votequorum\n    two_node: 1\n}\n";

    /// The nodes with their numbers afterwards, or the codes of what was told.
    fn after(name: &str, params: Value) -> String {
        let mut conf = Conf::parse(CONF).unwrap();
        let env = Env { known_hosts: Default::default(), resolves: &|_| true, uuid: String::new() };
        let outcome = run(name, params, &mut conf, &env);
        if !outcome.done {
            let codes = outcome.reports.iter().filter(|report| report.is_error());
            return codes.map(|report| report.message.code.clone()).collect::<Vec<_>>().join(" ");
        }
        let settings = conf.settings();
        let nodes: Vec<String> =
            settings.nodes.iter().map(|node| format!("{}={}", node.name, node.id)).collect();
        format!("{} two_node={}", nodes.join(" "), settings.quorum.two_node)
    }

    #[test]
    fn nodes_come_and_go() {
        let add = |nodes: Value| after("rhapsody.cluster.node_add", json!({ "nodes": nodes }));
        let one = |name: &str, address: &str| json!([{"name": name, "addrs": [address]}]);
        assert_eq!(add(one("n4", "192.0.2.4")), "n1=1 n3=3 n4=4 two_node=false");
        assert_eq!(add(one("n3", "192.0.2.4")), "NODE_NAMES_ALREADY_EXIST");
        assert_eq!(add(one("n4", "192.0.2.3")), "NODE_ADDRESSES_ALREADY_EXIST");
        assert_eq!(add(one("n}", "192.0.2.4")), "INVALID_OPTION_VALUE");
        assert_eq!(add(json!([])), "COROSYNC_NODES_MISSING");
        let two = json!([{"name": "n4", "addrs": ["192.0.2.4", "192.0.2.5"]}]);
        assert_eq!(add(two), "COROSYNC_BAD_NODE_ADDRESSES_COUNT");
        let remove = |names: Value| after("rhapsody.cluster.node_remove", json!({ "node_list": names }));
        assert_eq!(remove(json!(["n1"])), "n3=3 two_node=false");
        assert_eq!(remove(json!(["n1", "n3"])), "CANNOT_REMOVE_ALL_CLUSTER_NODES");
        assert_eq!(remove(json!(["n9"])), "NODE_NOT_FOUND");
    }

    #[test]
    fn names_change() {
        let rename = |old: &str, new: &str| {
            after("cluster.rename_node_corosync", json!({"old_name": old, "new_name": new}))
        };
        assert_eq!(rename("n3", "n2"), "n1=1 n2=3 two_node=true");
        assert_eq!(rename("n3", "n1"), "NODE_NAMES_ALREADY_EXIST");
        assert_eq!(rename("n9", "n2"), "NODE_NOT_FOUND");
        assert_eq!(rename("n3", ""), "INVALID_OPTION_VALUE");
        assert_eq!(after("cluster.rename", json!({"new_name": "d"})), "n1=1 n3=3 two_node=true");
        assert_eq!(
            after("cluster.rename", json!({"new_name": "d e"})),
            "COROSYNC_CLUSTER_NAME_INVALID_FOR_GFS2"
        );
    }
}
