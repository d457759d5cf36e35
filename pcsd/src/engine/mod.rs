//! What runs the cluster, behind one trait. `embedded` is our own core; another may drive a real
//! Corosync + Pacemaker. No command may know which one it talks to.

pub mod embedded;
mod link;

use crate::core_process::CoreProcess;
use crate::paths::Paths;
use anyhow::{Context, bail};
use rhapsody_api::core::{ConfigVersion, CoreError, Event, Member, Quorum, Request, Response};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, EngineError>> + Send + 'a>>;

/// A CIB and the key under which what is made of it may be kept.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub cib: Arc<str>,
    /// `None`: the engine cannot tell cheaply whether it has changed.
    pub key: Option<VersionKey>,
}

/// (admin_epoch, epoch, num_updates), and what moves with changes that are no updates.
pub type VersionKey = (u64, u64, u64, u64);

#[derive(Debug, Clone)]
pub struct Members {
    pub view: u64,
    pub dc: Option<String>,
    pub local: String,
    pub members: Vec<Member>,
}

/// A change to the configuration, made from `base`.
#[derive(Debug, Clone)]
pub struct Change {
    /// Patchset, format 2.
    pub patch: String,
    pub base: ConfigVersion,
    /// Also without quorum.
    pub force: bool,
    pub user: String,
}

#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EngineError {
    #[error("the cluster is not running on this node; start it with 'rhapsody cluster start'")]
    NotRunning,
    #[error("{}", core_error_text(.0))]
    Core(CoreError),
    #[error("the cluster did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
    #[error("the connection to the cluster was lost: {0}")]
    Lost(String),
    #[error("{0}")]
    Failed(String),
}

fn core_error_text(error: &CoreError) -> String {
    match error {
        CoreError::Stale { now } => format!(
            "the configuration was changed by somebody else meanwhile (it is {}.{} now); try again",
            now.admin_epoch, now.epoch
        ),
        CoreError::NoQuorum => {
            "the cluster has no quorum, so nothing can be changed; bring more nodes up".to_owned()
        }
        CoreError::Invalid { text } => format!("the cluster refuses this configuration: {text}"),
        CoreError::NotDurable { text } => {
            format!("the change could not be written to disk and was not made: {text}")
        }
        CoreError::UnknownNode { node } => format!("node '{node}' is not known to the cluster"),
        CoreError::UnknownResource { resource } => format!("there is no resource '{resource}'"),
        CoreError::FenceFailed { text } => format!("fencing failed: {text}"),
        CoreError::Timeout => "the time was up before the cluster was done".to_owned(),
        CoreError::NotReady { text } => format!("the cluster is not ready yet: {text}"),
        CoreError::Unsupported => {
            "the running cluster does not know this request; it may be of an older version".to_owned()
        }
        CoreError::Refused { text } => text.clone(),
    }
}

pub trait Engine: Send + Sync {
    /// The CIB as this node has it.
    fn snapshot(&self) -> Pending<'_, Snapshot>;
    /// The key that a snapshot would have now; `None` where that is not cheap to know.
    fn version(&self) -> Pending<'_, Option<VersionKey>>;
    fn apply(&self, change: Change) -> Pending<'_, ConfigVersion>;
    /// Cleanup, Refresh, Fence, attributes, Wait, ...
    fn request(&self, request: Request, time: Duration) -> Pending<'_, Response>;
    /// Events numbered above `since`, oldest first; bounded.
    fn events(&self, since: u64) -> Pending<'_, Vec<Event>>;
    fn members(&self) -> Pending<'_, Members>;
    fn quorum(&self) -> Pending<'_, Quorum>;
    /// Starts this node's part of the cluster; done when it answers.
    fn start(&self) -> Pending<'_, ()>;
    /// An orderly leave; done when it is gone.
    fn stop(&self) -> Pending<'_, ()>;
    fn is_running(&self) -> Pending<'_, bool>;
}

/// The engine that this host's cluster was set up with.
pub fn of_cluster(paths: &Paths, core: Arc<CoreProcess>) -> anyhow::Result<Arc<dyn Engine>> {
    let path = recorded(paths);
    let name =
        crate::files::read_optional(&path).with_context(|| format!("cannot read {}", path.display()))?;
    match name.as_deref().map(|name| String::from_utf8_lossy(name).trim().to_owned()).as_deref() {
        None | Some("embedded") => Ok(Arc::new(embedded::Embedded::new(paths, core))),
        Some(other) => bail!(
            "{} names the engine '{other}', which this version does not have; 'embedded' is there",
            path.display()
        ),
    }
}

/// Where a cluster records its engine at setup.
pub fn recorded(paths: &Paths) -> std::path::PathBuf {
    paths.state().join("engine")
}
