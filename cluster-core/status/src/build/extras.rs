//! Bans, node attributes and tickets.

use crate::types::{Attribute, Ban, NodeAttributes, Ticket};
use rhapsody_cib::{Cib, Element, Score};
use rhapsody_scheduler::model::Cluster;
use std::collections::BTreeMap;

/// Location constraints that keep a resource off a node.
pub fn bans(cib: &Cib, cluster: &Cluster) -> Vec<Ban> {
    let Some(constraints) = cib.constraints() else { return Vec::new() };
    let mut bans = Vec::new();
    for location in cib.children_named(constraints, "rsc_location") {
        let (Some(resource), Some(node)) = (cib.attr(location, "rsc"), cib.attr(location, "node")) else {
            continue;
        };
        let score = cib.attr(location, "score").and_then(Score::parse).map_or(0, |s| s.0);
        if score >= 0 || cluster.node(node).is_none() {
            continue;
        }
        let role = cib.attr(location, "role").unwrap_or_default();
        bans.push(Ban {
            id: cib.attr(location, "id").unwrap_or_default().to_owned(),
            resource: resource.to_owned(),
            node: node.to_owned(),
            weight: score,
            promoted_only: role.eq_ignore_ascii_case("promoted") || role.eq_ignore_ascii_case("master"),
        });
    }
    // Newest first, as crm_mon has them.
    bans.reverse();
    bans
}

/// Attributes of online nodes, without those the cluster keeps for itself.
pub fn node_attributes(cib: &Cib, cluster: &Cluster) -> Vec<NodeAttributes> {
    let expected = expected_connectivity(cib);
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
                expected: expected.get(name).copied(),
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

/// The value of each ping attribute when all its hosts answer.
fn expected_connectivity(cib: &Cib) -> BTreeMap<String, i64> {
    let mut expected = BTreeMap::new();
    let Some(resources) = cib.resources() else { return expected };
    for primitive in cib.descendants(resources).filter(|e| cib.name(*e) == "primitive") {
        if !matches!(cib.attr(primitive, "type"), Some("ping" | "pingd")) {
            continue;
        }
        let name = parameter(cib, primitive, "name").unwrap_or("pingd");
        let hosts = parameter(cib, primitive, "host_list").unwrap_or_default().split_whitespace().count();
        let multiplier: i64 =
            parameter(cib, primitive, "multiplier").and_then(|m| m.trim().parse().ok()).unwrap_or(1);
        expected.insert(name.to_owned(), multiplier.saturating_mul(hosts as i64));
    }
    expected
}

fn parameter<'a>(cib: &'a Cib, primitive: Element, name: &str) -> Option<&'a str> {
    cib.children_named(primitive, "instance_attributes")
        .find_map(|set| rhapsody_cib::nvpair::get(cib, set, name))
}

pub fn tickets(cluster: &Cluster) -> Vec<Ticket> {
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
    tickets.sort_by(|a, b| a.id.cmp(&b.id));
    tickets
}
