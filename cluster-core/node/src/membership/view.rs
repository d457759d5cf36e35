//! A view: the members that agreed to act together, and who coordinates them.

use crate::quorum::Verdict;
use crate::{Incarnation, NodeId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Views are ordered; nobody goes back to an earlier one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ViewId {
    pub counter: u64,
    /// Who proposed it.
    pub proposer: NodeId,
}

impl fmt::Display for ViewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.counter, self.proposer)
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub id: ViewId,
    pub members: BTreeMap<NodeId, Incarnation>,
    pub dc: NodeId,
    pub quorum: Verdict,
    /// Version of the corosync.conf that it counts by.
    pub layout: u64,
    /// Their disks do not take configuration changes.
    pub cannot_persist: BTreeSet<NodeId>,
}

impl View {
    pub fn ids(&self) -> BTreeSet<NodeId> {
        self.members.keys().copied().collect()
    }
}
