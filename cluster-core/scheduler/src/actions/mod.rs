//! Actions: what must be done, and the arena they live in.

mod collective;
pub mod create;
pub mod digest;
mod migration;
mod primitive;
mod recurring;
pub mod task;

use crate::model::{NodeIdx, Requires, ResourceIdx};
use crate::unpack::rules::Values;
use smol_str::SmolStr;
use std::sync::Arc;
pub use task::{Task, Tasks};

/// An action in [`crate::plan::Plan::actions`]. Its number in the graph is one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionIdx(pub u32);

/// What is true of an action; a set of the constants below.
pub type ActionFlags = u32;

/// Completed by its inputs alone.
pub const PSEUDO: ActionFlags = 1;
pub const RUNNABLE: ActionFlags = 1 << 1;
/// Not needed (it may become so).
pub const OPTIONAL: ActionFlags = 1 << 2;
/// In the graph although it is optional.
pub const ALWAYS: ActionFlags = 1 << 3;
/// May be part of a live migration.
pub const MIGRATABLE: ActionFlags = 1 << 4;
/// Runnable when enough of its inputs are.
pub const MIN_RUNNABLE: ActionFlags = 1 << 5;
/// Performed by the DC, whatever the node's state.
pub const ON_DC: ActionFlags = 1 << 6;
/// Already in the graph.
pub const IN_GRAPH: ActionFlags = 1 << 7;
/// A recurring operation that must run again with new parameters.
pub const RESCHEDULE: ActionFlags = 1 << 8;
pub const TRACKED: ActionFlags = 1 << 9;

/// One end of a relation between two actions.
#[derive(Debug, Clone, Copy)]
pub struct Relation {
    pub other: ActionIdx,
    pub flags: u32,
}

#[derive(Debug, Clone)]
pub struct Action {
    pub rsc: Option<ResourceIdx>,
    pub node: Option<NodeIdx>,
    /// What the graph calls the operation.
    pub task: Task,
    /// What its key is made of, for a resource's action: `pre_notify_start`, `delete`.
    pub key_task: Task,
    pub interval_ms: u64,
    /// The whole key of an action without a resource.
    pub name: SmolStr,
    pub flags: ActionFlags,
    pub reason: Option<String>,
    /// From the configuration, shared between all actions of that kind.
    pub meta: Option<Arc<Values>>,
    /// Set by the scheduler; wins over `meta`.
    pub extra: Vec<(SmolStr, SmolStr)>,
    pub before: Vec<Relation>,
    pub after: Vec<Relation>,
    pub runnable_before: i32,
    pub required_runnable_before: i32,
    pub priority: i32,
    pub needs: Requires,
    /// The task of the operation a `cancel` ends.
    pub cancels: Option<Task>,
    pub in_update: bool,
}

impl Action {
    pub fn is(&self, flags: ActionFlags) -> bool {
        self.flags & flags == flags
    }

    pub fn set(&mut self, flags: ActionFlags) {
        self.flags |= flags;
    }

    pub fn clear(&mut self, flags: ActionFlags) {
        self.flags &= !flags;
    }

    pub fn meta(&self, name: &str) -> Option<&str> {
        let extra = self.extra.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        extra.or_else(|| self.meta.as_ref()?.get(name).map(|v| v.as_str()))
    }

    pub fn set_meta(&mut self, name: &str, value: impl Into<SmolStr>) {
        self.extra.retain(|(n, _)| n != name);
        // Most actions that have one have only this one.
        self.extra.reserve_exact(1);
        self.extra.push((name.into(), value.into()));
    }
}
