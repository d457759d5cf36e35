//! Nodes as status shows them.

use crate::types::{Health, Node, NodeKind};
use rhapsody_cib::Cib;
use rhapsody_scheduler::model::{self, Cluster, HealthStrategy};

pub fn nodes(cib: &Cib, cluster: &Cluster) -> Vec<Node> {
    // Nodes of ours do not write the attribute: they are all of one feature set.
    let ours = cib.property("dc-version").is_some_and(|version| version.ends_with("-rhapsody"));
    let unknown = if ours { rhapsody_cib::CRM_FEATURE_SET } else { "<3.15.1" };
    cluster.node_order.iter().map(|&at| node(cluster, &cluster[at], unknown)).collect()
}

fn node(cluster: &Cluster, node: &model::Node, unknown_set: &str) -> Node {
    let kind = match node.kind {
        model::NodeKind::Cluster => NodeKind::Member,
        model::NodeKind::Remote => NodeKind::Remote,
        model::NodeKind::Guest => NodeKind::Guest,
    };
    let container = (kind == NodeKind::Guest)
        .then(|| node.connection.and_then(|connection| cluster[connection].container))
        .flatten();
    let feature_set = (kind == NodeKind::Member && node.online)
        .then(|| node.attr("#feature-set").map_or_else(|| unknown_set.to_owned(), str::to_owned));
    Node {
        name: node.name.to_string(),
        id: node.id.to_string(),
        kind,
        online: node.online,
        standby: node.standby,
        standby_onfail: node.standby_on_fail,
        maintenance: node.maintenance,
        pending: node.pending,
        unclean: node.unclean,
        health: match node.health {
            // Without a strategy nobody looks at it.
            _ if cluster.options.health == HealthStrategy::None => Health::Green,
            ..0 => Health::Red,
            0 => Health::Yellow,
            1.. => Health::Green,
        },
        feature_set,
        shutdown: node.shutdown,
        expected_up: node.expected_up,
        is_dc: node.is_dc,
        resources: node.running.iter().map(|&rsc| cluster[rsc].id.to_string()).collect(),
        id_as_resource: container.map(|rsc| cluster[rsc].id.to_string()),
        host: container.and_then(|rsc| cluster[rsc].active.first()).map(|&on| cluster[on].name.to_string()),
    }
}
