//! What is ordered in a view: every member applies the same entries in the same order.

use super::config::Stamp;
use super::status::OpRecord;
use crate::config::Layout;
use crate::{Incarnation, NodeId};
use rhapsody_transition::ActionResource;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    /// The coordinator wants this done on a node: it is pending from here on, and the node begins
    /// when it gets this.
    Intent(Box<Intent>),
    /// An operation ended.
    Outcome(Box<Outcome>),
    /// Forget history: a whole resource, or one slot.
    Forget {
        node: NodeId,
        resource: String,
        slot: Option<String>,
        transition_key: Option<String>,
    },
    Attribute {
        node: NodeId,
        name: String,
        value: Option<String>,
    },
    /// Confirmed: nothing of this life is left.
    Fenced {
        node: NodeId,
        incarnation: Incarnation,
    },
    /// Everything was stopped there as asked; leave now.
    Dismiss {
        node: NodeId,
    },
    /// The node said good-bye: its absence is no surprise.
    Left {
        node: NodeId,
        incarnation: Incarnation,
    },
    /// A new configuration, to be put on disk and then acknowledged.
    Prepare {
        stamp: Stamp,
        change: Change,
    },
    /// It counts from here on.
    Commit {
        stamp: Stamp,
    },
    /// It never will (no quorum of disks took it).
    Withdraw {
        stamp: Stamp,
    },
    /// Another corosync.conf is in force.
    Layout(Box<Layout>),
    /// So many votes are expected from here on.
    ExpectedVotes {
        votes: u32,
    },
    /// Nobody waits for all nodes any longer.
    StopWaiting,
    /// This member's disk does not take changes (or does again).
    Persisting {
        node: NodeId,
        ok: bool,
    },
}

/// One action for one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub node: NodeId,
    pub incarnation: Incarnation,
    pub resource: ActionResource,
    /// `cancel` ends a recurring operation; everything else is an agent's action.
    pub task: String,
    pub key: String,
    pub interval_ms: u64,
    pub timeout_ms: u64,
    pub params: BTreeMap<String, String>,
    pub transition_key: String,
    pub digest: String,
    /// Written into the history (`notify` and `cancel` are not).
    pub recorded: bool,
    /// Seconds since 1970.
    pub ordered_at: i64,
}

impl Intent {
    /// Since when the resource is to wait for this node, where the stop is for a shutdown.
    pub fn shutdown_lock(&self) -> Option<i64> {
        self.params.get("CRM_meta_shutdown_lock").and_then(|since| since.parse().ok())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub node: NodeId,
    pub incarnation: Incarnation,
    pub resource: ActionResource,
    pub record: OpRecord,
    /// Not what was expected.
    pub failed: bool,
    pub recorded: bool,
    /// The answer to an intent (not a later result of a recurring operation).
    pub answers: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Patchset format 2, made from the version before.
    Patch(String),
    Whole(String),
}
