//! Deciding that a node has to be fenced.

use super::Reader;
use crate::model::{Cluster, Flags, NodeIdx, NodeKind, Request};

/// The node is not to be trusted any more. For a guest that means its container has failed.
pub(crate) fn fence_node(c: &mut Cluster, node: NodeIdx, reason: String, priority_delay: bool) {
    match c[node].kind {
        NodeKind::Guest => {
            let Some(container) = c[node].connection.and_then(|r| c[r].container) else { return };
            if !c[container].is_failed() && c[container].is_managed() {
                c[node].requires_reset = true;
                c[container].set(Flags::FAILED.and(Flags::STOP_IF_FAILED));
            }
        }
        NodeKind::Remote => {
            if let Some(connection) = c[node].connection
                && !c[connection].is_managed()
            {
                return;
            }
            c[node].requires_reset = true;
            mark(c, node, reason, false);
        }
        NodeKind::Cluster => mark(c, node, reason, priority_delay),
    }
}

fn mark(c: &mut Cluster, node: NodeIdx, reason: String, priority_delay: bool) {
    c[node].unclean = true;
    if c[node].fence_reason.is_none() {
        c[node].fence_reason = Some(reason.clone());
    }
    c.requests.push(Request::Fence { node, reason, priority_delay });
}

/// Whether a node can be fenced at all in this partition.
pub(crate) fn can_fence(c: &Cluster, node: NodeIdx) -> bool {
    if c[node].is_guest() {
        let Some(container) = c[node].connection.and_then(|r| c[r].container) else { return false };
        return c[container].active.iter().all(|host| c[*host].online || can_fence(c, *host));
    }
    let o = &c.options;
    if !o.fencing || !(c.has_fence_device || o.have_watchdog) {
        return false;
    }
    c.quorate || o.no_quorum == crate::model::NoQuorum::Ignore || c[node].online
}

impl Reader<'_> {
    pub(super) fn fence(&mut self, node: NodeIdx, reason: impl Into<String>, priority_delay: bool) {
        fence_node(&mut self.c, node, reason.into(), priority_delay);
    }
}
