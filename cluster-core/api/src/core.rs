//! The core's local socket (`/run/rhapsody/core.sock`, uid 0 only).
//!
//! Frames: four bytes big-endian length (at most [`FRAME_BYTES_MAX`]), then one JSON value. The
//! server speaks first with [`Hello`]; the client answers with its own. After that each
//! [`Request`] frame `{"id": N, "request": ...}` gets one [`Response`] frame with the same id;
//! after `Events` further [`Response`] frames with that id follow until the connection ends.
//! Unknown fields are ignored, an unknown request is answered with [`CoreError::Unsupported`], and
//! a protocol one lower than ours is still understood.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The version this build speaks.
pub const PROTOCOL: u32 = 1;
/// No frame is longer than this.
pub const FRAME_BYTES_MAX: usize = 256 << 20;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    pub protocol: u32,
    /// Version and commit of the program, for people.
    pub build: String,
    /// The name of the local node (server) or of the client program (client).
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestFrame {
    pub id: u64,
    pub request: Request,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResponseFrame {
    pub id: u64,
    pub response: Response,
}

/// (admin_epoch, epoch) of the configuration a change was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ConfigVersion {
    pub admin_epoch: u64,
    pub epoch: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Request {
    /// The whole CIB as this node has it.
    Snapshot,
    /// Only its version: cheap, so that callers can keep what they made of a snapshot.
    Version,
    /// Change the configuration: a patchset (format 2) made from `base`.
    Apply {
        patch: String,
        base: ConfigVersion,
        /// Apply without quorum (journalled).
        #[serde(default)]
        force: bool,
        /// Who asked, for `update-user` and the journal.
        #[serde(default)]
        user: Option<String>,
    },
    Members,
    Quorum,
    /// Forget failures (and their history); without `resource`: of all.
    Cleanup {
        resource: Option<String>,
        node: Option<String>,
        operation: Option<String>,
        interval_ms: Option<u64>,
        /// Not also the group or clone that the resource is a part of.
        #[serde(default)]
        strict: bool,
    },
    /// Forget all history and probe again.
    Refresh {
        resource: Option<String>,
        node: Option<String>,
        #[serde(default)]
        strict: bool,
    },
    /// Fence a node now; answered when confirmed or failed.
    Fence {
        node: String,
        action: FenceAction,
    },
    /// The administrator has seen that this node is down.
    ConfirmFenced {
        node: String,
    },
    /// A transient node attribute (`attrd`). `value` None deletes it.
    SetAttribute {
        node: Option<String>,
        name: String,
        value: Option<String>,
        /// Collect changes for so long before writing them.
        #[serde(default)]
        dampen_ms: Option<u64>,
    },
    /// Values of a transient attribute by node.
    GetAttribute {
        name: String,
        node: Option<String>,
    },
    /// Returns when no transition is running and nothing is left to do.
    Wait {
        timeout_ms: u64,
    },
    /// Stream events with a number greater than `since` (0: from now on).
    Events {
        since: u64,
    },
    /// Orderly leave: move or stop resources, tell the peers, exit.
    Stop,
    /// Exit and leave the resources running (package upgrade).
    Detach,
    /// Take this node's corosync.conf, on all members; answered when a view with it is installed.
    Reload,
    /// The votes that are expected from here on, until the file says something else.
    ExpectedVotes {
        votes: u32,
    },
    /// Do not wait any longer for nodes that were not seen since the boot (`wait_for_all`).
    CancelWaitForAll,
    /// Counters and link state, for status, tests and metrics.
    Statistics,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FenceAction {
    Reboot,
    Off,
    On,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Response {
    /// Done; nothing to tell.
    Done,
    Snapshot {
        cib: String,
    },
    /// Moves with every change of the CIB, status included.
    Version {
        admin_epoch: u64,
        epoch: u64,
        num_updates: u64,
        /// Moves with what changes the CIB and is no update of it, such as a new view.
        #[serde(default)]
        event: u64,
    },
    Applied {
        version: ConfigVersion,
    },
    Members {
        view: u64,
        dc: Option<String>,
        local: String,
        members: Vec<Member>,
    },
    Quorum(Quorum),
    Attributes {
        values: Vec<AttributeValue>,
    },
    Event(Event),
    Statistics {
        values: Value,
    },
    Error(CoreError),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub id: u32,
    pub name: String,
    pub addresses: Vec<String>,
    pub online: bool,
    /// Which life of the core this is; changes at each start.
    pub incarnation: u64,
    /// Set while its disk does not take configuration changes.
    #[serde(default)]
    pub cannot_persist: bool,
    /// Links as this node sees them: true is up.
    #[serde(default)]
    pub links: Vec<bool>,
}

/// What `quorum status` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quorum {
    pub quorate: bool,
    pub expected_votes: u32,
    pub highest_expected: u32,
    pub total_votes: u32,
    pub quorum: u32,
    /// `2Node`, `Quorate`, `WaitForAll`, ... as corosync-quorumtool spells them.
    pub flags: Vec<String>,
    pub view: u64,
    pub members: Vec<QuorumMember>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuorumMember {
    pub id: u32,
    pub name: String,
    pub votes: u32,
    pub local: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttributeValue {
    pub node: String,
    pub name: String,
    pub value: Option<String>,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub number: u64,
    /// Milliseconds since 1970 (UTC), for people.
    pub wall_ms: u64,
    /// Milliseconds on this machine's monotonic clock, for differences.
    pub mono_ms: u64,
    /// `peer_suspected`, `view_installed`, `quorum`, `dc`, `fence`, `transition`, `operation`, `config`, ...
    pub code: String,
    pub text: String,
    #[serde(default)]
    pub fields: Value,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum CoreError {
    /// The configuration has moved on; make the patch again from `now`.
    Stale {
        now: ConfigVersion,
    },
    NoQuorum,
    /// The patch does not apply or would make the CIB invalid.
    Invalid {
        text: String,
    },
    /// The change could not be written to disk where it must be.
    NotDurable {
        text: String,
    },
    UnknownNode {
        node: String,
    },
    UnknownResource {
        resource: String,
    },
    FenceFailed {
        text: String,
    },
    Timeout,
    /// No DC yet, or it was lost while it worked on this; try again.
    NotReady {
        text: String,
    },
    Unsupported,
    Refused {
        text: String,
    },
}
