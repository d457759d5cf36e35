//! What goes into a node and what comes out of it.

use crate::config::Layout;
use crate::heartbeat::{Beacon, Connectivity};
use crate::{Incarnation, NodeId};
use rhapsody_api::core::{Event, Request, Response};
use rhapsody_transition::{ActionResource, Transition};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use rhapsody_cib::Cib;

/// The time of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Milliseconds on the machine's monotonic clock: all timers. The executor and the heartbeat
    /// thread must use the same clock.
    pub mono_ms: u64,
    /// Milliseconds since 1970 (UTC): date rules, failure-timeout, text. It may jump.
    pub wall_ms: u64,
}

/// Number of a running operation, unique within one boot of the machine: the shell seeds it through
/// [`Start::next_operation`], so that a node process that was restarted continues the count.
pub type OperationId = u64;

/// What happens to a node.
#[derive(Debug, Clone)]
pub enum Input {
    /// The first input, once.
    Start(Box<Start>),
    /// Nothing but time passed.
    Timer,
    /// What the heartbeat sees now.
    Connectivity(Connectivity),
    /// A datagram of a peer's [`Output::Datagram`].
    Datagram { from: NodeId, bytes: Vec<u8> },
    /// The plan for an [`Output::Schedule`].
    Scheduled { request: u64, transition: Result<Box<Transition>, String> },
    /// The document of an [`Output::Persist`] is on disk (file and folder synced), or is not.
    Persisted { seq: u64, result: Result<(), String> },
    /// An [`Output::Execute`] ended.
    Executed(Executed),
    /// An [`Output::Fence`] ended.
    Fenced { id: u64, result: FenceResult },
    /// A client asks. `Events`, `Detach` and `Reload` are the shell's own and never come here.
    Request { id: u64, request: Request },
    /// A client wants the file of this node, which the shell has read, to be in force.
    Reload { id: u64, layout: Box<Layout> },
}

/// What survived from earlier lives.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// What is on disk; `None` on a new node (or after a bad file was set aside).
    pub document: Option<Document>,
    /// Everything remembered by the executor in this boot ([`Output::Remember`]). Empty after a boot.
    pub remembered: BTreeMap<String, Vec<u8>>,
    /// Operations that the executor still runs, or has ended but not reported yet (each of these
    /// will come as [`Input::Executed`]).
    pub running: Vec<OperationId>,
    /// Greater than every operation number of this boot.
    pub next_operation: OperationId,
}

/// What a node wants.
#[derive(Debug, Clone)]
pub enum Output {
    /// At most [`DATAGRAM_MAX`] bytes; may be lost, doubled, reordered.
    Datagram {
        to: NodeId,
        bytes: Vec<u8>,
    },
    /// Give this to the heartbeat ([`crate::Heartbeat::advertise`]).
    Advertise(Beacon),
    /// Run the scheduler on this CIB at this time (seconds since 1970).
    Schedule {
        request: u64,
        cib: Box<Cib>,
        now: i64,
    },
    /// Put this on disk, whole. A later one replaces an earlier one that is not done yet; that one
    /// may then be answered together with the later one.
    Persist {
        seq: u64,
        document: Document,
    },
    /// Keep a losing configuration beside the history and list it (`origin` says where it was from).
    KeepLoser {
        origin: String,
        document: Document,
    },
    /// Run one agent operation, once. Directly before exec: refuse (as [`OpStatus::NotExecuted`]) if
    /// `exec_before_ms` has passed.
    Execute(Box<Operation>),
    /// End an operation early (its process group is killed; it is still answered).
    Cancel(OperationId),
    /// Run a fence agent.
    Fence(Box<FenceRequest>),
    /// To be kept by the executor process until the machine or the executor ends; `None` forgets.
    Remember {
        key: String,
        value: Option<Vec<u8>>,
    },
    Reply {
        id: u64,
        response: Response,
    },
    /// A line of the journal. The shell numbers and stores it and feeds `Events` streams (`number` is 0).
    Event(Event),
    /// This corosync.conf is in force now: keep it on disk where another one is, beat and link by it.
    Layout(Box<Layout>),
    /// The node process should end.
    Exit(Exit),
}

/// No datagram is longer.
pub const DATAGRAM_MAX: usize = 1200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// Left in order: no resource runs here; the executor ends too. Send pending datagrams first.
    Left,
    /// Start again at once as a new incarnation, resources untouched.
    Restart { reason: String },
}

/// A configuration as it is on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// The CIB without status.
    pub xml: String,
    /// What the node needs beside it; opaque to the shell, to be stored in the same file.
    pub meta: Vec<u8>,
    pub admin_epoch: u64,
    pub epoch: u64,
}

/// One agent call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    pub id: OperationId,
    /// `id` is the history's name and `OCF_RESOURCE_INSTANCE`: `redis` on every node for an anonymous
    /// clone, `redis:1` for a unique instance.
    pub resource: ActionResource,
    /// `start`, `stop`, `monitor`, `promote`, `demote`, `notify`, `migrate_to`, `reload-agent`, ...
    pub task: String,
    pub interval_ms: u64,
    pub timeout_ms: u64,
    /// The graph's attributes: parameters by their own names, `CRM_meta_*`, `crm_feature_set`.
    pub params: BTreeMap<String, String>,
    /// The name of this node (`OCF_RESKEY_CRM_meta_on_node`).
    pub node: String,
    /// Life and view in which it was ordered, for the journal.
    pub incarnation: Incarnation,
    pub view: u64,
    /// On the monotonic clock. Start and promote must not be executed later than this.
    pub exec_before_ms: u64,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Executed {
    pub id: OperationId,
    pub status: OpStatus,
    /// The agent's exit code (OCF); ignored unless `Done`.
    pub rc: i32,
    /// One line for people (`ocf_exit_reason`, or what the executor has to say).
    pub exit_reason: String,
    pub exec_ms: u64,
    pub queue_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OpStatus {
    /// The agent ended with an exit code.
    Done,
    /// Killed at its timeout.
    Timeout,
    /// It was not started: too late (`exec_before_ms`), or the fork failed. Nothing happened.
    NotExecuted,
    /// The agent is not there.
    NotInstalled,
    /// It ran, and nobody saw how it ended (an executor was lost). The node looks with a monitor.
    Lost,
    /// Ended by [`Output::Cancel`].
    Cancelled,
}

/// One call of a fence agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FenceRequest {
    pub id: u64,
    /// The stonith resource.
    pub device: String,
    /// `fence_xvm`, `fence_rhapsody_lab`, ...
    pub agent: String,
    /// `reboot`, `off`, `on`, `list`, `status`, `monitor`.
    pub action: String,
    /// The node in the cluster's words (`nodename`); `None` for `list` and `monitor`.
    pub target: Option<String>,
    /// All parameters for stdin in order, `action`, `nodename`, `port` included.
    pub params: BTreeMap<String, String>,
    /// Kill its process group after so long, and answer [`FenceResult::Timeout`].
    pub timeout_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FenceResult {
    /// Exit code 0; stdout for `list`.
    Ok {
        stdout: String,
    },
    /// It failed and said why (rc 2 of `status` and `monitor` is `Ok` only for `on`).
    Failed {
        rc: i32,
        reason: String,
    },
    Timeout,
}
