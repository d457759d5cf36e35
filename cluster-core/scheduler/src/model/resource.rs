//! A resource: one place in the tree of primitives, groups, clones and bundles.

use super::{NodeIdx, NodeTable, ResourceIdx, Role};
use indexmap::IndexMap;
use rhapsody_xml::Element;
use smol_str::SmolStr;
use std::sync::Arc;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    Primitive,
    Group,
    Clone,
    Bundle,
}

/// Which state is true of a resource. A set of the constants below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags(pub u64);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $bit:expr;)*) => {
        impl Flags { $($(#[$doc])* pub const $name: Flags = Flags(1 << $bit);)* }
    };
}

flags! {
    /// The cluster may start and stop it.
    MANAGED = 0;
    /// Left alone, and not even monitored.
    MAINTENANCE = 1;
    /// A failure that stops all further action (`on-fail=block`).
    BLOCKED = 2;
    /// In the history but no longer configured ("ORPHANED").
    REMOVED = 3;
    FAILED = 4;
    /// The failure is one that needs a stop.
    STOP_IF_FAILED = 5;
    FAILURE_IGNORED = 6;
    /// Globally unique instances.
    UNIQUE = 7;
    NOTIFY = 8;
    PROMOTABLE = 9;
    CRITICAL = 10;
    /// Live migration is allowed.
    MIGRATABLE = 11;
    NEEDS_QUORUM = 12;
    NEEDS_FENCING = 13;
    NEEDS_UNFENCING = 14;
    /// A fencing device.
    FENCE_DEVICE = 15;
    /// Some location constraint of it asks for exclusive discovery.
    EXCLUSIVE_PROBES = 16;
    START_PENDING = 17;
    /// A stop was required by the history, whatever the scores say.
    STOP_UNEXPECTED = 18;
    RESTARTING = 19;
    RELOAD = 20;
    /// Already assigned (or being assigned) in this run.
    UNASSIGNED = 21;
    ASSIGNING = 22;
    UPDATING_NODES = 23;
    DETECT_LOOP = 24;
    /// An implicit part of a bundle or guest node.
    INTERNAL = 25;
    /// The connection of a remote or guest node.
    REMOTE_CONNECTION = 26;
    REPLICA_CONTAINER = 27;
    STICKY_DEFAULT = 28;
    /// Probes of this primitive have been planned.
    PROBED = 29;
    /// Groups and clones.
    ORDERED = 30;
    COLLOCATED = 31;
    INTERLEAVE = 32;
    /// Stopped by a required `lrm_delete` or agent change.
    CLEANUP = 33;
    START_DELAYED = 34;
    ENSURED_QUORUM = 35;
    HAS_FILLER_NODE = 36;
}

impl Flags {
    pub const fn and(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// `multiple-active`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MultipleActive {
    Block,
    StopOnly,
    StopStart,
    StopUnexpected,
}

/// `requires`, resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Requires {
    Nothing,
    Quorum,
    Fencing,
    Unfencing,
}

/// An operation of the configuration (or one an implicit resource comes with).
#[derive(Debug, Clone)]
pub struct OpDef {
    pub id: SmolStr,
    pub name: SmolStr,
    pub interval_ms: u64,
    pub role: Option<Role>,
    pub enabled: bool,
    pub element: Option<Element>,
    /// For implicit operations, which have no element.
    pub fixed: Vec<(SmolStr, SmolStr)>,
}

/// What the configuration says, shared by all instances of a clone.
#[derive(Debug, Clone, Default)]
pub struct Definition {
    /// The id in the configuration (`B-docker-0` for implicit ones).
    pub id: SmolStr,
    pub class: SmolStr,
    pub provider: Option<SmolStr>,
    pub agent: SmolStr,
    pub element: Option<Element>,
    pub template: Option<Element>,
    /// `meta_attributes` blocks: the template's, then its own.
    pub meta_blocks: Vec<Element>,
    pub attribute_blocks: Vec<Element>,
    pub utilization_blocks: Vec<Element>,
    /// Parameters and meta-attributes of implicit resources.
    pub fixed_params: Vec<(SmolStr, SmolStr)>,
    pub fixed_meta: Vec<(SmolStr, SmolStr)>,
    pub ops: Vec<OpDef>,
}

/// What only a clone (or a bundle, for its containers) has.
#[derive(Debug, Clone, Default)]
pub struct CloneData {
    pub max: i32,
    pub node_max: i32,
    pub promoted_max: i32,
    pub promoted_node_max: i32,
    /// Instances that must be active before a dependent may start (`clone-min`).
    pub min: i32,
    /// The child as configured: an instance is a copy of it.
    pub child_definition: Option<Element>,
    /// Next number for a removed instance.
    pub next_number: u32,
}

/// One replica of a bundle.
#[derive(Debug, Clone)]
pub struct Replica {
    pub offset: u32,
    pub container: ResourceIdx,
    pub ip: Option<ResourceIdx>,
    pub address: Option<SmolStr>,
    pub connection: Option<ResourceIdx>,
    pub node: Option<NodeIdx>,
    pub child: Option<ResourceIdx>,
}

#[derive(Debug, Clone, Default)]
pub struct BundleData {
    pub image: String,
    pub agent: SmolStr,
    pub replicas: Vec<Replica>,
    pub per_host: i32,
    pub promoted_max: i32,
    /// The clone of the primitive inside.
    pub child: Option<ResourceIdx>,
    pub unique: bool,
}

#[derive(Debug, Clone)]
pub struct Resource {
    /// With the instance number, if it is an instance.
    pub id: SmolStr,
    /// The name used in the history where it differs from `id`.
    pub history_id: Option<SmolStr>,
    pub definition: Arc<Definition>,
    pub variant: Variant,
    pub parent: Option<ResourceIdx>,
    pub children: Vec<ResourceIdx>,
    pub flags: Flags,
    /// What it is now, and what this run wants it to be.
    pub role: Role,
    pub next_role: Role,
    pub orig_role: Role,
    pub next_role_reason: Option<String>,
    pub priority: i32,
    pub stickiness: i32,
    pub migration_threshold: i32,
    pub failure_timeout_ms: u64,
    pub reconnect_interval_ms: u64,
    pub multiple_active: MultipleActive,
    pub requires: Requires,
    pub meta: Arc<IndexMap<SmolStr, SmolStr>>,
    /// Explicitly set on this element (what children inherit before `rsc_defaults`).
    pub own_meta: Arc<IndexMap<SmolStr, SmolStr>>,
    pub utilization: IndexMap<SmolStr, i64>,
    pub allowed: NodeTable,
    /// Where its state is known, with the role seen by the last probe.
    pub known_on: Vec<NodeIdx>,
    /// Active there, in the order the history was read.
    pub active: Vec<NodeIdx>,
    pub assigned: Option<NodeIdx>,
    pub dangling_migrations: Vec<NodeIdx>,
    pub migration_source: Option<NodeIdx>,
    pub migration_target: Option<NodeIdx>,
    /// An operation in flight: its task (`start`, ...) and where.
    pub pending_task: Option<SmolStr>,
    pub pending_node: Option<NodeIdx>,
    pub lock_node: Option<NodeIdx>,
    pub lock_time: i64,
    /// The resource this one runs inside, and what runs inside this one.
    pub container: Option<ResourceIdx>,
    pub launched: Vec<ResourceIdx>,
    /// The node of a remote or guest connection.
    pub remote_node: Option<NodeIdx>,
    pub clone: Option<Box<CloneData>>,
    pub bundle: Option<Box<BundleData>>,
    /// Instance number within its clone.
    pub number: Option<u32>,
    /// Of the promotable instance in this run.
    pub promotion_priority: i32,
    /// The best promotion score of an instance on any node, which sorts it among its siblings.
    pub best_promotion: i32,
}

impl Resource {
    pub fn is(&self, flag: Flags) -> bool {
        self.flags.0 & flag.0 == flag.0
    }

    pub fn any(&self, flag: Flags) -> bool {
        self.flags.0 & flag.0 != 0
    }

    pub fn set(&mut self, flag: Flags) {
        self.flags.0 |= flag.0;
    }

    pub fn clear(&mut self, flag: Flags) {
        self.flags.0 &= !flag.0;
    }

    pub fn put(&mut self, flag: Flags, on: bool) {
        if on { self.set(flag) } else { self.clear(flag) }
    }

    pub fn is_managed(&self) -> bool {
        self.is(Flags::MANAGED)
    }

    pub fn is_removed(&self) -> bool {
        self.is(Flags::REMOVED)
    }

    pub fn is_failed(&self) -> bool {
        self.is(Flags::FAILED)
    }

    pub fn is_blocked(&self) -> bool {
        self.is(Flags::BLOCKED)
    }

    pub fn is_unique(&self) -> bool {
        self.is(Flags::UNIQUE)
    }

    pub fn is_promotable(&self) -> bool {
        self.is(Flags::PROMOTABLE)
    }

    pub fn is_primitive(&self) -> bool {
        self.variant == Variant::Primitive
    }

    pub fn meta(&self, name: &str) -> Option<&str> {
        self.meta.get(name).map(SmolStr::as_str)
    }

    /// The name under which the history and agents know it.
    pub fn history_name(&self) -> &SmolStr {
        self.history_id.as_ref().unwrap_or(&self.id)
    }

    /// `target-role`, where it is one that limits the resource.
    pub fn target_role(&self) -> Option<Role> {
        self.meta("target-role").and_then(Role::parse)
    }
}
