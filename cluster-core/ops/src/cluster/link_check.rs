//! Addresses of one link: whose they are, and whether they fit to the others of the file.

use super::config::Node;
use super::setup_nodes::{ip_versions, repeated, unresolvable};
use crate::conf::ConfWork;
use crate::conf::options::Options;
use rhapsody_agents_catalog::check::quoted;
use rhapsody_conf::{Section, Transport};

/// The addresses of nodes, by name, on the link of this number as they are to be.
pub(super) fn addresses(
    work: &mut ConfWork<'_>,
    nodes: &[Node],
    number: &str,
    given: &Options,
    transport: Transport,
    force: bool,
) {
    for name in given.keys().filter(|name| !nodes.iter().any(|node| node.name == **name)) {
        let text = format!("Node '{name}' does not appear to exist in configuration");
        work.reports.error("NODE_NOT_FOUND", text);
    }
    for (name, address) in given {
        if address.is_empty() {
            let text = format!("Empty address set for node '{name}', an address cannot be empty");
            work.reports.error("NODE_ADDRESSES_CANNOT_BE_EMPTY", text);
        } else if !Section::can_hold(address) {
            work.reports.error("INVALID_OPTION_VALUE", "node address cannot contain {}\\n\\r characters");
        }
    }
    unique(work, nodes, number, given);
    unresolvable(given.values(), force, work.env, &mut work.reports);
    let after = nodes.iter().filter_map(|node| given.get(&node.name).or_else(|| address(node, number)));
    let link = (number.to_owned(), after.map(String::as_str).collect());
    let ip_version = work.conf.get("totem", "ip_version");
    ip_versions(std::iter::once(link), Some(transport), ip_version, &mut work.reports);
}

/// Which nodes would be without an address on a new link?
pub(super) fn complete(work: &mut ConfWork<'_>, nodes: &[Node], given: &Options) {
    for node in nodes.iter().filter(|node| !given.contains_key(&node.name)) {
        let text =
            format!("1 address must be specified for a node, 0 addresses specified for node '{}'", node.name);
        work.reports.error("COROSYNC_BAD_NODE_ADDRESSES_COUNT", text);
    }
}

fn address<'a>(node: &'a Node, number: &str) -> Option<&'a String> {
    node.addrs.iter().find(|address| address.link == number).map(|address| &address.addr)
}

/// Addresses that are given must be there once; what was doubled before is not this command's.
fn unique(work: &mut ConfWork<'_>, nodes: &[Node], number: &str, given: &Options) {
    let kept = nodes.iter().flat_map(|node| {
        let replaced = given.contains_key(&node.name);
        node.addrs.iter().filter(move |address| !(replaced && address.link == number))
    });
    let all = kept.map(|address| address.addr.as_str()).chain(given.values().map(String::as_str));
    let mut twice = repeated(all.filter(|address| !address.is_empty()));
    twice.retain(|address| given.values().any(|new| new == address));
    if !twice.is_empty() {
        let text = format!("Node addresses must be unique, duplicate addresses: {}", quoted(twice));
        work.reports.error("NODE_ADDRESSES_DUPLICATION", text);
    }
}
