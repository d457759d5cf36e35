//! The live cluster: pcsd over its unix socket (root) or HTTPS (`--host`, or not root).

use crate::failure::Failure;
use crate::live::Live;
use crate::options::Options;
use crate::target::Answer;
use rhapsody_api::task::TaskFinish;
use serde_json::Value;
use std::time::Duration;

/// Commands end by themselves; this only bounds the wait for a pcsd that hangs.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

pub struct LiveTarget {
    /// `--host`, if another cluster is meant.
    host: Option<String>,
    /// How long to wait for the answer of a command.
    timeout: Duration,
    live: Option<Live>,
}

impl LiveTarget {
    /// Opens nothing yet: a command that is refused for its words must not need a daemon.
    pub fn new(options: &Options) -> Result<Self, Failure> {
        // `--wait=n` may ask for more patience than ours.
        let wait = options.wait_seconds().map_err(Failure::Message)?.unwrap_or(0);
        let timeout = PATIENCE + Duration::from_secs(wait.min(24 * 3600));
        Ok(LiveTarget { host: options.value("--host").map(str::to_owned), timeout, live: None })
    }

    fn live(&mut self) -> Result<&Live, Failure> {
        if self.live.is_none() {
            let live = match &self.host {
                Some(host) => Live::host(host),
                None => Live::local(),
            };
            self.live = Some(live.map_err(|e| Failure::Message(e.to_string()))?);
        }
        self.live.as_ref().ok_or_else(|| Failure::message("no target"))
    }

    /// `POST /api/v2/task/run`.
    pub fn run_command(&mut self, name: &str, params: Value) -> Result<Answer, Failure> {
        let timeout = self.timeout;
        let task =
            self.live()?.run_for(name, params, timeout).map_err(|e| Failure::Message(e.to_string()))?;
        let done = task.task_finish_type == TaskFinish::Success;
        if !done && task.reports.iter().all(|report| !report.is_error()) {
            // pcsd ended without saying why: that must not look like success.
            return Err(Failure::Message(format!(
                "'{name}' did not finish: {}",
                task.kill_reason.as_deref().unwrap_or("rhapsody-pcsd gave no reason, its log has more")
            )));
        }
        Ok(Answer { done, reports: task.reports, result: task.result })
    }
}
