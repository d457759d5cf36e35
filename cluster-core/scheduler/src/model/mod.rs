//! The cluster in memory: what the CIB says about nodes and resources, in index arenas.
//!
//! [`unpack`] reads it; the scheduler's later phases fill in where resources go. Nothing here
//! decides anything.

mod names;
mod node;
mod options;
mod resource;
mod table;

pub use names::natural_cmp;
pub use node::{Node, NodeKind};
pub use options::{ClusterOptions, HealthStrategy, NoQuorum, Placement};
pub use resource::{
    BundleData, CloneData, Definition, Flags, MultipleActive, OpDef, Replica, Requires, Resource, Variant,
};
pub use rhapsody_cib::Role;
pub use table::{Discovery, INFINITY, NodeEntry, NodeTable, add_scores};

use indexmap::IndexMap;
use rhapsody_xml::Element;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// A node in [`Cluster::nodes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIdx(pub u32);

/// A resource in [`Cluster::resources`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceIdx(pub u32);

/// Something in the configuration that could not be used as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Errors change what the user asked for; warnings are about style or the future.
    pub is_error: bool,
    /// The id of the element at fault, where it has one.
    pub id: Option<String>,
    pub text: String,
}

/// An operation of the history that failed (what status lists under "Failed Resource Actions").
#[derive(Debug, Clone)]
pub struct FailedOp {
    pub resource: ResourceIdx,
    pub node: NodeIdx,
    pub key: SmolStr,
    pub task: SmolStr,
    pub interval_ms: u64,
    pub rc: i32,
    pub expected_rc: Option<i32>,
    pub op_status: i32,
    pub call_id: i64,
    pub exit_reason: String,
    pub last_rc_change: Option<i64>,
    pub exec_time_ms: i64,
    pub queue_time_ms: i64,
    pub element: Element,
}

#[derive(Debug, Clone, Default)]
pub struct Ticket {
    pub granted: bool,
    pub standby: bool,
    pub last_granted: Option<i64>,
    pub attributes: IndexMap<SmolStr, SmolStr>,
}

/// What reading the status already asks for; becomes an action when a transition is planned.
#[derive(Debug, Clone)]
pub enum Request {
    Fence {
        node: NodeIdx,
        reason: String,
        priority_delay: bool,
    },
    ClearFailcount {
        resource: ResourceIdx,
        node: NodeIdx,
        reason: String,
    },
    ClearHistory {
        resource: ResourceIdx,
        node: NodeIdx,
    },
    /// An operation found in the history: active recurring ones (optional), or a stop or demote that a failure needs.
    Operation {
        resource: ResourceIdx,
        node: NodeIdx,
        task: SmolStr,
        interval_ms: u64,
        optional: bool,
    },
    /// The resource turned out to be stopped there: a stop that was required before is not.
    OptionalStop {
        resource: ResourceIdx,
        node: NodeIdx,
    },
    /// Run a recurring operation again although it is recorded.
    Reschedule {
        resource: ResourceIdx,
        node: NodeIdx,
        task: SmolStr,
        interval_ms: u64,
        reason: String,
    },
}

#[derive(Debug, Clone, Default)]
pub struct Cluster {
    pub options: ClusterOptions,
    pub nodes: Vec<Node>,
    /// All nodes by name, the order of every list.
    pub node_order: Vec<NodeIdx>,
    pub resources: Vec<Resource>,
    /// Top-level resources: document order, then higher priority first.
    pub top: Vec<ResourceIdx>,
    /// By id as configured or as an instance.
    pub by_id: FxHashMap<SmolStr, ResourceIdx>,
    pub tickets: IndexMap<SmolStr, Ticket>,
    /// Tag -> ids; templates are tags of the resources made from them.
    pub tags: IndexMap<SmolStr, Vec<SmolStr>>,
    pub templates: IndexMap<SmolStr, Vec<SmolStr>>,
    pub dc: Option<NodeIdx>,
    pub quorate: bool,
    pub disabled_resources: u32,
    pub blocked_resources: u32,
    pub failed_ops: Vec<FailedOp>,
    pub requests: Vec<Request>,
    pub issues: Vec<Issue>,
    /// Seconds since 1970, UTC.
    pub now: i64,
    /// Where `now` came from: `execution-date` of the CIB.
    pub execution_date: Option<i64>,
    pub recheck_at: Option<i64>,
    pub has_fence_device: bool,
    pub has_remote_nodes: bool,
    pub enable_unfencing: bool,
}

impl std::ops::Index<NodeIdx> for Cluster {
    type Output = Node;
    fn index(&self, at: NodeIdx) -> &Node {
        &self.nodes[at.0 as usize]
    }
}

impl std::ops::IndexMut<NodeIdx> for Cluster {
    fn index_mut(&mut self, at: NodeIdx) -> &mut Node {
        &mut self.nodes[at.0 as usize]
    }
}

impl std::ops::Index<ResourceIdx> for Cluster {
    type Output = Resource;
    fn index(&self, at: ResourceIdx) -> &Resource {
        &self.resources[at.0 as usize]
    }
}

impl std::ops::IndexMut<ResourceIdx> for Cluster {
    fn index_mut(&mut self, at: ResourceIdx) -> &mut Resource {
        &mut self.resources[at.0 as usize]
    }
}

impl Cluster {
    pub fn node(&self, name: &str) -> Option<NodeIdx> {
        self.nodes.iter().position(|n| n.name == name).map(|i| NodeIdx(i as u32))
    }

    pub fn node_by_id_or_name(&self, id: &str, name: &str) -> Option<NodeIdx> {
        let by_id = self.nodes.iter().position(|n| !id.is_empty() && n.id == id);
        by_id.map(|i| NodeIdx(i as u32)).or_else(|| self.node(name))
    }

    /// A resource by its exact id (a configured id, or an instance's).
    pub fn resource(&self, id: &str) -> Option<ResourceIdx> {
        self.by_id.get(id).copied()
    }

    /// Every resource, in no special order.
    pub fn all_resources(&self) -> impl Iterator<Item = ResourceIdx> + use<> {
        (0..self.resources.len() as u32).map(ResourceIdx)
    }

    /// The outermost resource around `rsc`; with `bundle`, a bundle counts as outermost of what is inside.
    pub fn top_of(&self, rsc: ResourceIdx) -> ResourceIdx {
        let mut at = rsc;
        while let Some(parent) = self[at].parent {
            at = parent;
        }
        at
    }

    /// Whether `target-role` keeps a resource from what it could be.
    pub fn is_disabled(&self, rsc: ResourceIdx) -> bool {
        match self[rsc].target_role() {
            Some(Role::Stopped) => true,
            Some(Role::Unpromoted) => self[self.top_below_bundle(rsc)].is_promotable(),
            _ => false,
        }
    }

    /// The outermost resource below a bundle.
    pub fn top_below_bundle(&self, rsc: ResourceIdx) -> ResourceIdx {
        let mut at = rsc;
        while let Some(parent) = self[at].parent {
            if self[parent].variant == Variant::Bundle {
                break;
            }
            at = parent;
        }
        at
    }

    pub fn is_clone(&self, rsc: ResourceIdx) -> bool {
        self[rsc].variant == Variant::Clone
    }

    /// Whether it is only looked for where a location constraint says so. What a bundle brings with
    /// its containers follows those wherever they are.
    pub fn is_exclusive(&self, rsc: ResourceIdx) -> bool {
        let top = self.top_of(rsc);
        let whole = self[top].variant != Variant::Bundle && self[top].is(Flags::EXCLUSIVE_PROBES);
        whole || self[rsc].is(Flags::EXCLUSIVE_PROBES)
    }

    /// The node inside a bundle's container, where only the bundle's primitive runs.
    pub fn is_bundle_node(&self, node: NodeIdx) -> bool {
        let parent = self[node].connection.and_then(|r| self[r].parent);
        parent.is_some_and(|p| self[p].variant == Variant::Bundle)
    }

    pub fn issue(&mut self, is_error: bool, id: Option<&str>, text: String) {
        const MAX_ISSUES: usize = 1000;
        if self.issues.len() < MAX_ISSUES {
            self.issues.push(Issue { is_error, id: id.map(str::to_owned), text });
        }
    }

    /// The result changes by itself at `when`.
    pub fn recheck(&mut self, when: i64) {
        if when > self.now && self.recheck_at.is_none_or(|at| when < at) {
            self.recheck_at = Some(when);
        }
    }
}
