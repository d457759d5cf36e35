//! What an operator should know first.

use crate::types::Warning;
use rhapsody_scheduler::model::{Cluster, NoQuorum, NodeKind};

pub fn warnings(cluster: &Cluster) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let mut warn = |code, text: String| warnings.push(Warning { code, text });
    let options = &cluster.options;
    if options.fencing && !cluster.has_fence_device && !options.have_watchdog {
        // The first line is pcs's own: people and scripts search for it.
        warn("NO_STONITH", "No stonith devices and stonith-enabled is not false".to_owned());
        warn(
            "NOTHING_STARTS",
            "No resource starts until a lost node can be fenced: add a fence device (stonith create), or give \
             that safety up (property set stonith-enabled=false)"
                .to_owned(),
        );
    }
    if !options.fencing {
        warn(
            "FENCING_OFF",
            "Fencing is off: after a lost connection a resource may be active on two nodes at once"
                .to_owned(),
        );
    }
    if cluster.dc.is_some() && !cluster.quorate && options.no_quorum != NoQuorum::Ignore {
        let what = match options.no_quorum {
            NoQuorum::Freeze => "resources stay where they are, none is recovered",
            NoQuorum::Demote => "promoted resources are demoted, others are stopped",
            _ => "resources are stopped",
        };
        warn("NO_QUORUM", format!("This partition has no quorum: {what} (no-quorum-policy)"));
    }
    let unclean: Vec<&str> = cluster
        .node_order
        .iter()
        .map(|&at| &cluster[at])
        .filter(|n| n.unclean && !n.online && n.kind == NodeKind::Cluster)
        .map(|n| n.name.as_str())
        .collect();
    if options.fencing && cluster.has_fence_device && !unclean.is_empty() {
        warn(
            "WAITING_FOR_FENCING",
            format!(
                "Waiting until fencing of {} is confirmed before its resources start elsewhere",
                unclean.join(", ")
            ),
        );
    }
    warnings
}
