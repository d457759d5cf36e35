//! A node as the scheduler sees it.

use super::ResourceIdx;
use indexmap::IndexMap;
use smol_str::SmolStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A full member.
    Cluster,
    /// Reached through an `ocf:pacemaker:remote` connection.
    Remote,
    /// A remote node that runs inside a resource (or a bundle's container).
    Guest,
}

#[derive(Debug, Clone)]
pub struct Node {
    /// `id` in `<nodes>`; for remote and guest nodes the name.
    pub id: SmolStr,
    pub name: SmolStr,
    pub kind: NodeKind,
    /// The connection of a remote or guest node.
    pub connection: Option<ResourceIdx>,
    pub online: bool,
    /// Should be fenced (or cannot be trusted).
    pub unclean: bool,
    /// No `node_state` is known.
    pub unseen: bool,
    /// A member that has not joined the process group yet.
    pub pending: bool,
    pub shutdown: bool,
    pub standby: bool,
    /// Standby because of `on-fail=standby`.
    pub standby_on_fail: bool,
    pub maintenance: bool,
    pub is_dc: bool,
    pub expected_up: bool,
    /// The node lost its host or container and must be reset before it is used again.
    pub requires_reset: bool,
    pub was_fenced: bool,
    pub remote_maintenance: bool,
    /// Its history has been read.
    pub unpacked: bool,
    pub discovery_enabled: bool,
    /// Why it is to be fenced (first request wins).
    pub fence_reason: Option<String>,
    /// Score before any constraint; minus infinity when it cannot run resources.
    pub score: i32,
    /// Sum of priorities of the resources active here.
    pub priority: i32,
    /// Lowest colour of its health attributes: -1 red, 0 yellow, 1 green.
    pub health: i32,
    /// Permanent and transient attributes together.
    pub attributes: IndexMap<SmolStr, SmolStr>,
    pub utilization: IndexMap<SmolStr, i64>,
    /// Active here, in the order the history was read.
    pub running: Vec<ResourceIdx>,
    /// Assigned here by this run.
    pub assigned_count: u32,
}

impl Node {
    pub fn new(id: &str, name: &str, kind: NodeKind, score: i32) -> Node {
        Node {
            id: id.into(),
            name: name.into(),
            kind,
            connection: None,
            online: false,
            unclean: false,
            unseen: true,
            pending: false,
            shutdown: false,
            standby: false,
            standby_on_fail: false,
            maintenance: false,
            is_dc: false,
            expected_up: false,
            requires_reset: false,
            was_fenced: false,
            remote_maintenance: false,
            unpacked: false,
            discovery_enabled: true,
            fence_reason: None,
            score,
            priority: 0,
            health: 1,
            attributes: IndexMap::new(),
            utilization: IndexMap::new(),
            running: Vec::new(),
            assigned_count: 0,
        }
    }

    pub fn attr(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(SmolStr::as_str)
    }

    pub fn is_remote(&self) -> bool {
        self.kind != NodeKind::Cluster
    }

    pub fn is_guest(&self) -> bool {
        self.kind == NodeKind::Guest
    }
}
