//! Bans, node attributes and tickets.

use crate::types::{Attribute, Ban, NodeAttributes, Ticket};
use rhapsody_cib::{Cib, Element, RuleContext, Score, rules};
use rhapsody_scheduler::model::{Cluster, Node};
use std::collections::BTreeMap;

/// Location constraints, simple and by rule, that keep a resource off a node.
pub fn bans(cib: &Cib, cluster: &Cluster) -> Vec<Ban> {
    let Some(constraints) = cib.constraints() else { return Vec::new() };
    let mut bans = Vec::new();
    for location in cib.children_named(constraints, "rsc_location") {
        let Some(resource) = cib.attr(location, "rsc") else { continue };
        // Where there is a rule, it has the score (and may have the role).
        let at = cib.child(location, "rule").unwrap_or(location);
        let score = cib.attr(at, "score").and_then(Score::parse).map_or(0, |s| s.0);
        if score >= 0 {
            continue;
        }
        let role = cib.attr(at, "role").or(cib.attr(location, "role")).unwrap_or_default();
        let promoted_only = role.eq_ignore_ascii_case("promoted") || role.eq_ignore_ascii_case("master");
        for node in banned(cib, cluster, location, at) {
            bans.push(Ban {
                id: cib.attr(at, "id").unwrap_or_default().to_owned(),
                resource: resource.to_owned(),
                node: node.name.to_string(),
                weight: score,
                promoted_only,
            });
        }
    }
    // Newest first, as crm_mon has them.
    bans.reverse();
    bans
}

/// The nodes that a constraint is about.
fn banned<'a>(cib: &Cib, cluster: &'a Cluster, location: Element, rule: Element) -> Vec<&'a Node> {
    if rule == location {
        let named = cib.attr(location, "node").and_then(|name| cluster.node(name));
        return named.map(|at| &cluster[at]).into_iter().collect();
    }
    let nodes = cluster.node_order.iter().map(|&at| &cluster[at]);
    nodes
        .filter(|node| {
            let attribute = |name: &str| match name {
                "#uname" => Some(node.name.as_str()),
                "#id" => Some(node.id.as_str()),
                _ => node.attr(name),
            };
            let context = RuleContext { node_attr: Some(&attribute), ..RuleContext::at(cluster.now) };
            rules::evaluate(cib, rule, &context).0
        })
        .collect()
}

/// Attributes of online nodes, without those the cluster keeps for itself.
pub fn node_attributes(cib: &Cib, cluster: &Cluster) -> Vec<NodeAttributes> {
    let pings = pings(cib);
    let mut all = Vec::new();
    for &at in &cluster.node_order {
        let node = &cluster[at];
        if !node.online {
            continue;
        }
        let sorted: BTreeMap<&str, &str> = node
            .attributes
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| is_shown(name))
            .collect();
        if sorted.is_empty() {
            continue;
        }
        let attributes = sorted
            .into_iter()
            .map(|(name, value)| Attribute {
                name: name.to_owned(),
                value: value.to_owned(),
                expected: expected(cluster, node, &pings, name),
            })
            .collect();
        all.push(NodeAttributes { node: node.name.to_string(), attributes });
    }
    all
}

fn is_shown(name: &str) -> bool {
    const OWN: &[&str] = &["shutdown", "terminate", "standby"];
    !OWN.contains(&name)
        && !name.starts_with('#')
        && !name.starts_with("fail-count-")
        && !name.starts_with("last-failure-")
}

/// A ping resource: its id, its attribute, and the value when all of its hosts answer.
struct Ping<'a> {
    id: &'a str,
    attribute: &'a str,
    expected: i64,
}

fn pings(cib: &Cib) -> Vec<Ping<'_>> {
    let Some(resources) = cib.resources() else { return Vec::new() };
    let primitives = cib.descendants(resources).filter(|e| cib.name(*e) == "primitive");
    primitives
        .filter(|e| matches!(cib.attr(*e, "type"), Some("ping" | "pingd")))
        .map(|e| {
            let hosts = parameter(cib, e, "host_list").unwrap_or_default().split_whitespace().count();
            let multiplier: i64 =
                parameter(cib, e, "multiplier").and_then(|m| m.trim().parse().ok()).unwrap_or(1);
            Ping {
                id: cib.attr(e, "id").unwrap_or_default(),
                attribute: parameter(cib, e, "name").unwrap_or("pingd"),
                expected: multiplier.saturating_mul(hosts as i64),
            }
        })
        .collect()
}

/// Only where the resource runs does its attribute say anything about the hosts.
fn expected(cluster: &Cluster, node: &Node, pings: &[Ping], attribute: &str) -> Option<i64> {
    let ping = pings.iter().find(|ping| ping.attribute == attribute)?;
    node.running.iter().any(|&rsc| cluster[rsc].definition.id == ping.id).then_some(ping.expected)
}

fn parameter<'a>(cib: &'a Cib, primitive: Element, name: &str) -> Option<&'a str> {
    cib.children_named(primitive, "instance_attributes")
        .find_map(|set| rhapsody_cib::nvpair::get(cib, set, name))
}

/// Those granted or revoked once, and those that constraints wait for.
pub fn tickets(cib: &Cib, cluster: &Cluster) -> Vec<Ticket> {
    let mut tickets: Vec<Ticket> = cluster
        .tickets
        .iter()
        .map(|(id, ticket)| Ticket {
            id: id.to_string(),
            granted: ticket.granted,
            standby: ticket.standby,
            last_granted: ticket.last_granted,
        })
        .collect();
    let constraints = cib.constraints().into_iter().flat_map(|all| cib.children_named(all, "rsc_ticket"));
    for id in constraints.filter_map(|constraint| cib.attr(constraint, "ticket")) {
        if !tickets.iter().any(|ticket| ticket.id == id) {
            tickets.push(Ticket { id: id.to_owned(), granted: false, standby: false, last_granted: None });
        }
    }
    tickets.sort_by(|a, b| a.id.cmp(&b.id));
    tickets
}
