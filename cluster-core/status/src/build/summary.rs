//! The head of a status: who leads, what changed last, how much there is.

use crate::types::{Dc, LastChange, Summary};
use rhapsody_cib::{Cib, duration};
use rhapsody_scheduler::model::{Cluster, NoQuorum, NodeKind, Variant};
use std::collections::BTreeSet;

pub fn summary(cib: &Cib, cluster: &Cluster, now: i64) -> Summary {
    let root = cib.root();
    let attr = |name: &str| cib.attr(root, name).unwrap_or_default().to_owned();
    let options = &cluster.options;
    let primitives = cluster
        .all_resources()
        .filter(|&rsc| {
            cluster[rsc].variant == Variant::Primitive
                && (!cluster[rsc].is_removed() || !cluster[rsc].active.is_empty())
        })
        .count();
    Summary {
        stack: cib.property("cluster-infrastructure").map(str::to_owned),
        dc: dc(cib, cluster),
        quorate: cluster.quorate,
        last_update: now,
        last_change: LastChange {
            time: attr("cib-last-written"),
            user: attr("update-user"),
            client: attr("update-client"),
            origin: attr("update-origin"),
        },
        nodes_configured: cluster.nodes.len(),
        resources_configured: primitives,
        resources_disabled: cluster.disabled_resources as usize,
        resources_blocked: cluster.blocked_resources as usize,
        stonith_enabled: options.fencing,
        symmetric_cluster: options.symmetric,
        no_quorum_policy: match options.no_quorum {
            NoQuorum::Stop => "stop",
            NoQuorum::Freeze => "freeze",
            NoQuorum::Ignore => "ignore",
            NoQuorum::Demote => "demote",
            NoQuorum::Fence => "suicide",
        },
        maintenance_mode: options.maintenance,
        stop_all_resources: options.stop_all,
        stonith_timeout_ms: duration::parse_ms(&options.fencing_timeout)
            .and_then(|ms| u64::try_from(ms).ok())
            .unwrap_or(60_000),
        priority_fencing_delay_ms: options.priority_fencing_delay_ms,
    }
}

fn dc(cib: &Cib, cluster: &Cluster) -> Option<Dc> {
    // The last known one, also when it is not online.
    let id = cib.attr(cib.root(), "dc-uuid").filter(|id| !id.is_empty())?;
    let node = cluster.nodes.iter().find(|node| node.id == id)?;
    let sets: BTreeSet<&str> = cluster
        .nodes
        .iter()
        .filter(|n| n.kind == NodeKind::Cluster && n.online)
        .map(|n| n.attr("#feature-set").unwrap_or_default())
        .collect();
    Some(Dc {
        name: node.name.to_string(),
        id: node.id.to_string(),
        version: cib.property("dc-version").map(str::to_owned),
        mixed_version: sets.len() > 1,
    })
}
