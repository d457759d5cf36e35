//! Status as data: what `--output-format json`, the API and every text here are made from.
//!
//! Names follow crm_mon's XML where it has one for the same thing.

use serde::Serialize;

/// Everything there is to say about a cluster at one moment.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    pub summary: Summary,
    pub nodes: Vec<Node>,
    pub resources: Vec<Entry>,
    pub bans: Vec<Ban>,
    pub node_attributes: Vec<NodeAttributes>,
    pub node_history: Vec<NodeHistory>,
    pub failures: Vec<Failure>,
    pub tickets: Vec<Ticket>,
    /// What an operator should know before anything else, in whole sentences.
    pub warnings: Vec<Warning>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// `cluster-infrastructure`.
    pub stack: Option<String>,
    pub dc: Option<Dc>,
    pub quorate: bool,
    /// Seconds since 1970.
    pub last_update: i64,
    pub last_change: LastChange,
    pub nodes_configured: usize,
    pub resources_configured: usize,
    pub resources_disabled: usize,
    pub resources_blocked: usize,
    pub stonith_enabled: bool,
    pub symmetric_cluster: bool,
    /// `stop`, `freeze`, `ignore`, `demote` or `suicide`.
    pub no_quorum_policy: &'static str,
    pub maintenance_mode: bool,
    pub stop_all_resources: bool,
    pub stonith_timeout_ms: u64,
    pub priority_fencing_delay_ms: u64,
}

#[derive(Debug, Clone, Serialize)]
pub struct Dc {
    pub name: String,
    pub id: String,
    pub version: Option<String>,
    /// Not all online nodes speak the same feature set.
    pub mixed_version: bool,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct LastChange {
    pub time: String,
    pub user: String,
    pub client: String,
    pub origin: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeKind {
    Member,
    Remote,
    Guest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Green,
    Yellow,
    Red,
}

#[derive(Debug, Clone, Serialize)]
pub struct Node {
    pub name: String,
    pub id: String,
    pub kind: NodeKind,
    pub online: bool,
    pub standby: bool,
    pub standby_onfail: bool,
    pub maintenance: bool,
    pub pending: bool,
    pub unclean: bool,
    pub health: Health,
    pub feature_set: Option<String>,
    pub shutdown: bool,
    pub expected_up: bool,
    pub is_dc: bool,
    /// Ids of the resources active here, in the order the history was read.
    pub resources: Vec<String>,
    /// The container of a guest node.
    pub id_as_resource: Option<String>,
    /// Where the container of a guest node runs.
    pub host: Option<String>,
}

impl Node {
    pub fn is_remote(&self) -> bool {
        self.kind != NodeKind::Member
    }
}

/// One place in the resource tree.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Entry {
    Resource(Box<Resource>),
    Group(Group),
    Clone(Clone_),
    Bundle(Bundle),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    pub name: String,
    pub id: String,
    pub online: bool,
    /// Nobody knows what runs there.
    pub unclean: bool,
}

/// A primitive, or one instance of it.
#[derive(Debug, Clone, Serialize)]
pub struct Resource {
    /// As printed: without an instance number unless instances are unique.
    pub id: String,
    /// With the instance number, if it is an instance.
    pub instance: String,
    pub agent: String,
    /// What its `description` says.
    pub description: Option<String>,
    pub role: &'static str,
    pub target_role: Option<String>,
    pub active: bool,
    pub orphaned: bool,
    pub blocked: bool,
    pub maintenance: bool,
    pub managed: bool,
    pub failed: bool,
    pub failure_ignored: bool,
    /// Disabled by its own `target-role`.
    pub disabled: bool,
    /// `target-role` Unpromoted holds a promotable instance back.
    pub capped: bool,
    /// An operation in flight: `Starting`, `Stopping`, `Monitoring`, ...
    pub pending: Option<&'static str>,
    pub locked_to: Option<String>,
    /// An active node of it is unclean and offline.
    pub unclean: bool,
    /// Why the last probe says it cannot run, when it is stopped because of that.
    pub probe_failure: Option<String>,
    pub nodes: Vec<Place>,
    /// Not configured by the user: the connection of a guest node, a part of a bundle.
    pub implicit: bool,
    /// The connection of a remote node, active on the node in `nodes`.
    pub connection: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// With the instance number, if it is an instance.
    pub id: String,
    /// What its `description` says.
    pub description: Option<String>,
    pub managed: bool,
    pub maintenance: bool,
    pub disabled: bool,
    pub members: Vec<Resource>,
    /// Every member is active / at least one is.
    pub all_active: bool,
    pub any_active: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Clone_ {
    pub id: String,
    /// The id of what is cloned.
    pub child: String,
    /// What its `description` says.
    pub description: Option<String>,
    pub promotable: bool,
    pub unique: bool,
    pub managed: bool,
    pub maintenance: bool,
    pub disabled: bool,
    pub failed: bool,
    pub failure_ignored: bool,
    pub target_role: Option<String>,
    pub instances: Vec<Instance>,
    pub max: i32,
    /// Where an instance may run: name, and why the last probe says it cannot.
    pub allowed: Vec<(String, Option<String>)>,
    pub all_active: bool,
    pub any_active: bool,
}

/// One instance of a clone: a primitive, or a group of them.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Instance {
    Resource(Box<Resource>),
    Group(Group),
}

#[derive(Debug, Clone, Serialize)]
pub struct Bundle {
    pub id: String,
    /// `docker` or `podman`.
    pub kind: String,
    pub image: String,
    /// What its `description` says.
    pub description: Option<String>,
    pub unique: bool,
    pub managed: bool,
    pub maintenance: bool,
    pub failed: bool,
    pub replicas: Vec<Replica>,
    /// The part that is asked for, if it is not the whole (see `Status::part`).
    #[serde(skip)]
    pub only: Option<String>,
    pub all_active: bool,
    pub any_active: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Replica {
    pub number: u32,
    pub address: Option<String>,
    pub ip: Option<Resource>,
    pub child: Option<Resource>,
    pub container: Resource,
    pub connection: Option<Resource>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Ban {
    pub id: String,
    pub resource: String,
    pub node: String,
    pub weight: i32,
    pub promoted_only: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct NodeAttributes {
    pub node: String,
    pub attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Attribute {
    pub name: String,
    pub value: String,
    /// What full connectivity would give, for an attribute of a ping resource.
    pub expected: Option<i64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct NodeHistory {
    pub node: String,
    pub resources: Vec<ResourceHistory>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ResourceHistory {
    pub id: String,
    pub orphan: bool,
    pub migration_threshold: i32,
    /// 1000000 is INFINITY.
    pub fail_count: i32,
    pub last_failure: Option<i64>,
    pub operations: Vec<OperationHistory>,
}

#[derive(Debug, Clone, Serialize)]
pub struct OperationHistory {
    pub call: String,
    pub task: String,
    pub rc: i32,
    pub rc_text: &'static str,
    pub interval_ms: u64,
    pub last_rc_change: Option<i64>,
    pub exec_time: Option<String>,
    pub queue_time: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Failure {
    pub op_key: Option<String>,
    pub id: String,
    pub node: String,
    pub rc: i32,
    pub rc_text: &'static str,
    pub exit_reason: String,
    /// The agent gave a reason, if only an empty one.
    #[serde(skip)]
    pub has_reason: bool,
    pub call: String,
    /// Execution status: `complete`, `Timed Out`, ...
    pub status: &'static str,
    pub status_code: i32,
    pub last_rc_change: Option<i64>,
    pub queued: String,
    pub exec: String,
    pub interval_ms: u64,
    pub task: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Ticket {
    pub id: String,
    pub granted: bool,
    pub standby: bool,
    pub last_granted: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// Stable: `NO_STONITH`, `FENCING_OFF`, `NO_QUORUM`, ...
    pub code: &'static str,
    pub text: String,
}

impl Instance {
    /// The primitive, or those of the group.
    pub fn members(&self) -> &[Resource] {
        match self {
            Instance::Resource(rsc) => std::slice::from_ref(rsc),
            Instance::Group(group) => &group.members,
        }
    }
}

impl Entry {
    pub fn id(&self) -> &str {
        match self {
            Entry::Resource(rsc) => &rsc.id,
            Entry::Group(group) => &group.id,
            Entry::Clone(clone) => &clone.id,
            Entry::Bundle(bundle) => &bundle.id,
        }
    }

    /// Every primitive (and instance of one) at or below this entry.
    pub fn primitives(&self) -> Vec<&Resource> {
        match self {
            Entry::Resource(rsc) => vec![rsc],
            Entry::Group(group) => group.members.iter().collect(),
            Entry::Clone(clone) => clone.instances.iter().flat_map(Instance::members).collect(),
            Entry::Bundle(bundle) => bundle
                .replicas
                .iter()
                .flat_map(|r| [r.ip.as_ref(), r.child.as_ref(), Some(&r.container), r.connection.as_ref()])
                .flatten()
                .collect(),
        }
    }
}

impl Status {
    /// The primitives that an id stands for: itself, an instance, or all below a collection.
    pub fn find(&self, id: &str) -> Vec<&Resource> {
        for entry in &self.resources {
            let all = entry.primitives();
            let child = matches!(entry, Entry::Clone(clone) if clone.child == id);
            if entry.id() == id || child {
                return all;
            }
            let named: Vec<&Resource> = all.into_iter().filter(|r| r.id == id || r.instance == id).collect();
            if !named.is_empty() {
                return named;
            }
        }
        Vec::new()
    }
}
