//! What executor and node process say to each other over /run/rhapsody/executor.sock.
//!
//! Frames of JSON (the frame of the core socket). The node process connects and greets; the
//! executor answers with what it has kept: the blobs to remember and every operation that the node
//! process has not acknowledged, so that neither side's crash loses or repeats one. Unknown fields
//! are ignored; both sides are the same program, but one may be newer for the time of an upgrade.

use rhapsody_agents_run::exec;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// No frame between the two is longer.
pub const FRAME_BYTES_MAX: usize = 64 << 20;

/// Node process -> executor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ToExecutor {
    /// First of all.
    Hello {
        pid: u32,
    },
    Run(Box<Run>),
    /// Its result has arrived and need not be kept.
    Acknowledge {
        id: u64,
    },
    /// End this operation now (SIGTERM, then SIGKILL, to its group).
    Cancel {
        id: u64,
    },
    /// Keep this for the next node process; `None` forgets it. Base64.
    Remember {
        key: String,
        value: Option<String>,
    },
    /// The node process is about to exit and wants no successor.
    Leave {
        /// Resources stay, and so do blobs and results, for the core that comes next.
        detach: bool,
    },
}

/// One operation to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Unique over the lives of all node processes of this boot.
    pub id: u64,
    /// What the node process needs to know it again; nothing to the executor.
    pub tag: String,
    /// For logs.
    pub label: String,
    pub command: exec::Command,
    /// Not to be started after this time of the monotonic clock: who was asleep for longer than
    /// `token` acts on a view that may be gone.
    pub start_before_mono_ms: Option<u64>,
}

/// Executor -> node process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ToNode {
    Hello {
        remembered: BTreeMap<String, String>,
        operations: Vec<Known>,
    },
    Finished {
        id: u64,
        result: Box<OperationResult>,
    },
    /// SIGTERM: leave in order.
    Terminate,
}

/// An operation the executor knows of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Known {
    pub id: u64,
    pub tag: String,
    /// `None`: still running.
    pub result: Option<OperationResult>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationResult {
    pub finished: exec::Finished,
    /// Monotonic; 0 where it never ran.
    pub started_mono_ms: u64,
    pub started_wall_ms: u64,
    /// It ran and nobody saw how it ended.
    pub lost: bool,
}

impl OperationResult {
    /// Of something that never ran.
    pub fn never(why: &str) -> OperationResult {
        OperationResult {
            finished: exec::Finished {
                end: exec::End::NotStarted(why.to_owned()),
                stdout: String::new(),
                stderr: String::new(),
                cut: false,
                elapsed_ms: 0,
            },
            started_mono_ms: 0,
            started_wall_ms: 0,
            lost: false,
        }
    }
}
