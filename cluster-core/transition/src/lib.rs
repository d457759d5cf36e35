//! The transition: what the scheduler decided, in the form in which a node carries it out.
//!
//! It is Pacemaker's transition graph with one action per synapse: an action is fired when all of
//! its `inputs` are confirmed. This crate only holds the types and their XML form; it decides
//! nothing and runs nothing.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The number of an action inside one transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ActionId(pub u32);

/// What kind of work an action is, which says who performs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// `rsc_op`: an agent is called on `node`.
    Resource,
    /// `pseudo_event`: a milestone; it is complete as soon as its inputs are.
    Pseudo,
    /// `crm_event`: done by the cluster itself: `stonith`, `do_shutdown`, `clear_failcount`, `lrm_delete`.
    Cluster,
}

/// The resource an action belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionResource {
    /// The name in the history: without an instance number for anonymous clones.
    pub id: String,
    /// The instance (`redis:1`) where it differs from `id`.
    pub long_id: Option<String>,
    pub class: String,
    pub provider: Option<String>,
    pub agent: String,
}

/// One action and what must be complete before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub id: ActionId,
    pub kind: ActionKind,
    /// `start`, `stop`, `monitor`, `notify`, `stonith`, `do_shutdown`, `lrm_delete`, ...
    pub task: String,
    /// `RSC_TASK_INTERVALMS`, as the operation history spells it.
    pub key: String,
    /// The key with the instance number, where `key` has none.
    pub internal_key: Option<String>,
    /// Where it happens, or whom it is about (the victim of `stonith`). Pseudo actions may have none.
    pub node: Option<String>,
    /// The id of that node in `<nodes>`.
    pub node_id: Option<String>,
    /// The cluster node that performs an action for a remote or guest node.
    pub router_node: Option<String>,
    pub resource: Option<ActionResource>,
    /// The `attributes` of the graph: parameters by their own names, the rest as `CRM_meta_*`.
    pub params: BTreeMap<String, String>,
    /// Nodes that are down once this action is complete (node ids).
    pub downed: Vec<String>,
    /// Higher ones are fired first; 0 if nothing was asked.
    pub priority: i32,
    pub inputs: Vec<ActionId>,
}

impl Action {
    /// A `CRM_meta_NAME` value (give the name with underscores, without the prefix).
    pub fn meta(&self, name: &str) -> Option<&str> {
        self.params.get(&["CRM_meta_", name].concat()).map(String::as_str)
    }

    /// The interval in milliseconds; 0 for an action that is not recurring.
    pub fn interval_ms(&self) -> u64 {
        self.meta("interval").and_then(|v| v.parse().ok()).unwrap_or(0)
    }

    /// The timeout in milliseconds, where the action has one.
    pub fn timeout_ms(&self) -> Option<u64> {
        self.meta("timeout").and_then(|v| v.parse().ok())
    }

    /// The exit code that means success (`CRM_meta_op_target_rc`, else 0).
    pub fn target_rc(&self) -> i32 {
        self.meta("op_target_rc").and_then(|v| v.parse().ok()).unwrap_or(0)
    }
}

/// Everything the cluster should do to come from the present status to the wanted one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// In synapse order, which is also the order in which ready actions of equal priority fire.
    pub actions: Vec<Action>,
    pub cluster_delay_ms: u64,
    pub fencing_timeout_ms: u64,
    /// At most so many actions in flight in the whole cluster; 0 is no limit.
    pub batch_limit: u32,
    /// At most so many migrations in flight on a node; `None` is no limit.
    pub migration_limit: Option<u32>,
    /// `failed-start-offset` is INFINITY: a failed start counts as fatal on its node.
    pub start_failure_is_fatal: bool,
    /// Seconds since 1970 (UTC) when a rule or a failure-timeout changes the answer.
    pub recheck_at: Option<i64>,
}
