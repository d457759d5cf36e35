//! The live cluster: pcsd over its unix socket (root) or HTTPS (`--host`, or not root).

use crate::failure::Failure;
use crate::options::Options;
use crate::target::Answer;
use serde_json::Value;

pub struct LiveTarget {
    /// `--host`, if another cluster is meant.
    host: Option<String>,
}

impl LiveTarget {
    /// Opens nothing yet: a command that is refused for its words must not need a daemon.
    pub fn new(options: &Options) -> Result<Self, Failure> {
        Ok(LiveTarget { host: options.value("--host").map(str::to_owned) })
    }

    /// `POST /api/v2/task/run`.
    pub fn run_command(&mut self, name: &str, _params: Value) -> Result<Answer, Failure> {
        let place = self.host.as_deref().unwrap_or("this host");
        Err(Failure::Message(format!("'{name}' on the cluster of {place} is not there yet, use -f FILE")))
    }
}
