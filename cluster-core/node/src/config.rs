//! What a node knows before it starts.

use crate::{Incarnation, NodeId};
use serde::{Deserialize, Serialize};

/// Everything but [`Layout`] does not change while the node runs.
#[derive(Debug, Clone)]
pub struct Config {
    pub id: NodeId,
    pub cluster_name: String,
    /// Must be greater at every start of the node process, also across power cuts (a wall clock in
    /// milliseconds does, the shell takes the maximum with what it remembers plus one).
    pub incarnation: Incarnation,
    pub layout: Layout,
    /// Text of the program, for `dc-version`.
    pub version: String,
    /// A watchdog device is in use (`have-watchdog`).
    pub have_watchdog: bool,
    /// Deliberate defects, for the simulation only: always the default, which has none.
    pub bugs: Bugs,
}

/// What of corosync.conf may change while the node runs: see [`crate::membership::layout`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// `config_version`: only a greater one replaces it.
    pub version: u64,
    /// All nodes of the nodelist, this one too, in any order.
    pub nodes: Vec<Peer>,
    /// Silence for so long means lost.
    pub token_ms: u64,
    pub quorum: QuorumConfig,
    /// The whole file, for those who do not have it; opaque to the machine.
    pub text: String,
}

/// One entry of the nodelist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Peer {
    pub id: NodeId,
    pub name: String,
    /// `quorum_votes`, 1 if not given.
    pub votes: u32,
}

/// The `quorum` section of corosync.conf, meanings as in votequorum(5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuorumConfig {
    /// 0: the sum of the nodelist's votes.
    pub expected_votes: u32,
    pub two_node: bool,
    /// `None`: on if and only if `two_node` is.
    pub wait_for_all: Option<bool>,
    pub last_man_standing: bool,
    /// 10 000 if 0.
    pub last_man_standing_window_ms: u64,
    pub auto_tie_breaker: bool,
    /// `auto_tie_breaker_node: lowest | highest | list`.
    pub auto_tie_breaker_node: TieBreaker,
}

/// Which node decides an even split.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TieBreaker {
    #[default]
    Lowest,
    Highest,
    /// The first of these that was a member.
    List(Vec<NodeId>),
}

/// Defects that the simulation must notice. Empty in a build that is meant to be run: the feature
/// `bugs` belongs to the simulation's tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bugs {
    /// A configuration change is acknowledged before it is on disk.
    #[cfg(any(test, feature = "bugs"))]
    pub acknowledge_before_sync: bool,
    /// A fence action counts as done when it was started.
    #[cfg(any(test, feature = "bugs"))]
    pub start_before_fenced: bool,
    /// A view older than the present one is installed.
    #[cfg(any(test, feature = "bugs"))]
    pub accept_old_view: bool,
    /// `wait_for_all` has no effect.
    #[cfg(any(test, feature = "bugs"))]
    pub ignore_wait_for_all: bool,
}

impl Config {
    pub fn peer(&self, id: NodeId) -> Option<&Peer> {
        self.layout.nodes.iter().find(|p| p.id == id)
    }

    /// The name of a node; its number where the nodelist does not know it.
    pub fn name_of(&self, id: NodeId) -> String {
        self.peer(id).map_or_else(|| id.to_string(), |p| p.name.clone())
    }

    pub fn id_of(&self, name: &str) -> Option<NodeId> {
        self.layout.nodes.iter().find(|p| p.name == name).map(|p| p.id)
    }

    /// After this much silence a peer is suspected: a little before `token` is over, so that a
    /// partition without quorum has begun its policy when it is (S2).
    pub fn suspect_after_ms(&self) -> u64 {
        crate::heartbeat::suspect_after_ms(self.layout.token_ms)
    }
}
