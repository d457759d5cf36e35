//! Nodes of a new cluster: names and addresses, which must fit together.

use crate::conf::Env;
use crate::reports::Reports;
use rhapsody_agents_catalog::check::quoted;
use rhapsody_conf::{Section, SetupNode, Transport, defaults};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

pub(super) fn check(
    nodes: &[SetupNode],
    transport: Option<Transport>,
    ip_version: Option<&String>,
    force: bool,
    env: &Env<'_>,
    reports: &mut Reports,
) {
    names(nodes, reports);
    for node in nodes {
        addresses_of(node, transport, reports);
    }
    duplicates(nodes, reports);
    unresolvable(nodes.iter().flat_map(|node| &node.addresses), force, env, reports);
    counts(nodes, reports);
    let links = (0..nodes.iter().map(|node| node.addresses.len()).max().unwrap_or(0)).map(|link| {
        let addresses = nodes.iter().filter_map(|node| node.addresses.get(link));
        (link.to_string(), addresses.map(String::as_str).collect())
    });
    ip_versions(links, transport, ip_version.map(String::as_str), reports);
}

fn names(nodes: &[SetupNode], reports: &mut Reports) {
    if nodes.is_empty() {
        reports.error("COROSYNC_NODES_MISSING", "No nodes have been specified");
    }
    for (index, node) in nodes.iter().enumerate() {
        let which = index + 1;
        if node.name.is_empty() {
            reports.error("INVALID_OPTION_VALUE", format!("node {which} name cannot be empty"));
        } else if !Section::can_hold(&node.name) {
            let text = format!("node {which} name cannot contain {{}}\\n\\r characters");
            reports.error("INVALID_OPTION_VALUE", text);
        }
    }
    let twice = repeated(nodes.iter().map(|node| node.name.as_str()));
    if !twice.is_empty() {
        let text = format!("Node names must be unique, duplicate names: {}", quoted(twice));
        reports.error("NODE_NAMES_DUPLICATION", text);
    }
}

fn addresses_of(node: &SetupNode, transport: Option<Transport>, reports: &mut Reports) {
    let count = node.addresses.len();
    let most = match transport {
        Some(Transport::Knet) => usize::from(defaults::LINKS),
        Some(_) => 1,
        None => usize::MAX,
    };
    if count > most {
        let allowed = match most {
            1 => "1 address".to_owned(),
            most => format!("At least 1 and at most {most} addresses"),
        };
        let text = format!(
            "{allowed} must be specified for a node, {count} addresses specified for node '{}'",
            node.name
        );
        reports.error("COROSYNC_BAD_NODE_ADDRESSES_COUNT", text);
    }
    if node.addresses.iter().any(String::is_empty) {
        let text = format!("Empty address set for node '{}', an address cannot be empty", node.name);
        reports.error("NODE_ADDRESSES_CANNOT_BE_EMPTY", text);
    }
    for _ in node.addresses.iter().filter(|address| !Section::can_hold(address)) {
        reports.error("INVALID_OPTION_VALUE", "node address cannot contain {}\\n\\r characters");
    }
}

fn duplicates(nodes: &[SetupNode], reports: &mut Reports) {
    let all = nodes.iter().flat_map(|node| node.addresses.iter().map(String::as_str));
    let twice = repeated(all.filter(|address| !address.is_empty()));
    if !twice.is_empty() {
        let text = format!("Node addresses must be unique, duplicate addresses: {}", quoted(twice));
        reports.error("NODE_ADDRESSES_DUPLICATION", text);
    }
}

pub(super) fn repeated<'a>(all: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    all.filter(|one| !seen.insert(*one)).collect()
}

pub(super) fn unresolvable<'a>(
    addresses: impl Iterator<Item = &'a String>,
    force: bool,
    env: &Env<'_>,
    reports: &mut Reports,
) {
    let all: BTreeSet<&String> = addresses.collect();
    let unknown = all.into_iter().filter(|address| {
        !address.is_empty() && address.parse::<IpAddr>().is_err() && !(env.resolves)(address)
    });
    let unknown: Vec<&String> = unknown.collect();
    if !unknown.is_empty() {
        let text = format!("Unable to resolve addresses: {}", quoted(unknown));
        reports.forceable(force, "NODE_ADDRESSES_UNRESOLVABLE", text);
    }
}

/// Every node has an address on every link.
fn counts(nodes: &[SetupNode], reports: &mut Reports) {
    let mut by_count: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for node in nodes {
        by_count.entry(node.addresses.len()).or_default().push(&node.name);
    }
    if by_count.len() < 2 {
        return;
    }
    let groups: Vec<String> = by_count
        .iter()
        .map(|(count, names)| {
            let (s, have) = if names.len() == 1 { ("", "has") } else { ("s", "have") };
            let es = if *count == 1 { "" } else { "es" };
            format!("node{s} {} {have} {count} address{es}", quoted(names))
        })
        .collect();
    let text = format!("All nodes must have the same number of addresses; {}", groups.join("; "));
    reports.error("COROSYNC_NODE_ADDRESS_COUNT_MISMATCH", text);
}

/// Of links, each with its number and its addresses.
pub(super) fn ip_versions<'a>(
    links: impl Iterator<Item = (String, Vec<&'a str>)>,
    transport: Option<Transport>,
    ip_version: Option<&str>,
    reports: &mut Reports,
) {
    // Multicast needs one family, and it is the old one unless said otherwise.
    let ip_version = ip_version.or((transport == Some(Transport::Udp)).then_some("ipv4"));
    let mut mixed = Vec::new();
    for (link, addresses) in links {
        let mut families = BTreeSet::new();
        let parsed = addresses.into_iter().filter_map(|a| a.parse::<IpAddr>().ok().map(|ip| (a, ip)));
        for (address, parsed) in parsed {
            families.insert(parsed.is_ipv4());
            let wanted = match ip_version {
                Some("ipv4") if !parsed.is_ipv4() => "IPv4",
                Some("ipv6") if parsed.is_ipv4() => "IPv6",
                _ => continue,
            };
            let text = format!(
                "Address '{address}' cannot be used in link '{link}' because the link uses {wanted} addresses"
            );
            reports.error("COROSYNC_ADDRESS_IP_VERSION_WRONG_FOR_LINK", text);
        }
        if families.len() > 1 {
            mixed.push(link);
        }
    }
    if !mixed.is_empty() {
        let text = format!(
            "Using both IPv4 and IPv6 on one link is not allowed; please, use either IPv4 or IPv6 on link(s): {}",
            quoted(mixed)
        );
        reports.error("COROSYNC_IP_VERSION_MISMATCH_IN_LINKS", text);
    }
}
