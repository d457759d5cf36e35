//! Where a command acts when it is not given a file: the local `rhapsody-pcsd` over its unix
//! socket (root), or a `rhapsody-pcsd` over HTTPS with a token and a pinned certificate
//! (`--host NODE`, or anybody who is not root).
//!
//! It only carries `POST /api/v2/task/run` and log-ins. What a command means is decided on the
//! other side; what its reports look like is decided by `report.rs`.

mod error;
mod http;
mod https;
pub mod known_hosts;
mod unix;

pub use error::LiveError;
pub use https::login;

use known_hosts::KnownHosts;
use rhapsody_api::task::{Command, CommandOptions, TaskResult};
use rhapsody_client::Paths;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// The port of pcsd where nothing else was said.
pub const PORT: u16 = 2224;
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Where the requests go.
pub enum Live {
    /// The local pcsd; its identity is the file system's business.
    Socket(PathBuf),
    Https(https::Peer),
}

impl Live {
    /// The local pcsd: its socket for root, else HTTPS to this machine with the user's token.
    pub fn local() -> Result<Live, LiveError> {
        if is_root() {
            return Ok(Live::Socket(Paths::from_env().pcsd_socket()));
        }
        // A user who authenticated to exactly one host means that one; else this machine.
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let known = KnownHosts::load_own()?;
        let target = if known.get(&name).is_some() {
            name
        } else if known.get("localhost").is_some() {
            "localhost".to_owned()
        } else {
            return Err(LiveError::NotRoot);
        };
        Live::host(&target)
    }

    /// A named host: a name in known-hosts, or the address it was authenticated with.
    pub fn host(name: &str) -> Result<Live, LiveError> {
        let known = KnownHosts::load_own()?;
        let entry = known.find(name).ok_or_else(|| LiveError::NotAuthenticated { host: name.to_owned() })?;
        Ok(Live::Https(https::Peer::new(name, entry)?))
    }

    /// Runs one command and returns its reports and result; bounded by how long it may take.
    pub fn run_for(&self, command: &str, params: Value, timeout: Duration) -> Result<TaskResult, LiveError> {
        let envelope =
            Command { command_name: command.to_owned(), params, options: CommandOptions::default() };
        let body = serde_json::to_vec(&envelope).map_err(|e| LiveError::BadAnswer { text: e.to_string() })?;
        let answer = match self {
            Live::Socket(path) => unix::post(path, "/api/v2/task/run", &body, timeout)?,
            Live::Https(peer) => peer.post("/api/v2/task/run", body, timeout)?,
        };
        match answer.status {
            200 => serde_json::from_slice(&answer.body)
                .map_err(|e| LiveError::BadAnswer { text: format!("not a task result: {e}") }),
            401 => Err(LiveError::NotAuthenticated { host: self.name() }),
            403 => Err(LiveError::NotPermitted { host: self.name() }),
            status => Err(LiveError::Refused { host: self.name(), status, text: answer.message() }),
        }
    }

    /// For messages.
    pub fn name(&self) -> String {
        match self {
            Live::Socket(_) => "localhost".to_owned(),
            Live::Https(peer) => peer.name.clone(),
        }
    }
}
