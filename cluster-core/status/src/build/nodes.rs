//! Nodes as status shows them.

use crate::types::{Health, Node, NodeKind};
use rhapsody_scheduler::model::{self, Cluster};

pub fn nodes(cluster: &Cluster) -> Vec<Node> {
    cluster.node_order.iter().map(|&at| node(cluster, &cluster[at])).collect()
}

fn node(cluster: &Cluster, node: &model::Node) -> Node {
    let kind = match node.kind {
        model::NodeKind::Cluster => NodeKind::Member,
        model::NodeKind::Remote => NodeKind::Remote,
        model::NodeKind::Guest => NodeKind::Guest,
    };
    let container = (kind == NodeKind::Guest)
        .then(|| node.connection.and_then(|connection| cluster[connection].container))
        .flatten();
    let feature_set = (kind == NodeKind::Member && node.online)
        .then(|| node.attr("#feature-set").map_or_else(|| "<3.15.1".to_owned(), str::to_owned));
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
