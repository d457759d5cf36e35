//! The envelope of `POST /api/v2/task/run`: pcs's names and shapes.

use crate::Report;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// pcs's library command (`resource.create`) or ours (`rhapsody.NOUN.VERB`).
    pub command_name: String,
    pub params: Value,
    pub options: CommandOptions,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandOptions {
    /// Seconds to wait for another node.
    #[serde(default)]
    pub request_timeout: Option<u64>,
    #[serde(default)]
    pub effective_username: Option<String>,
    #[serde(default)]
    pub effective_groups: Option<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TaskState {
    Created,
    Queued,
    Executed,
    Finished,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskFinish {
    Unfinished,
    UnhandledException,
    Fail,
    Success,
    Kill,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskResult {
    pub task_ident: String,
    pub command: Command,
    pub reports: Vec<Report>,
    pub state: TaskState,
    pub task_finish_type: TaskFinish,
    pub kill_reason: Option<String>,
    pub result: Value,
}
