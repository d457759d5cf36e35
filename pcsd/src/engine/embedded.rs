//! Our own core, over its local socket.

use super::link::Link;
use super::{Change, Engine, EngineError, Members, Pending, Snapshot, VersionKey};
use crate::core_process::CoreProcess;
use crate::paths::Paths;
use rhapsody_api::core::{ConfigVersion, CoreError, Event, Quorum, Request, Response};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// For what the core answers from memory.
const READ_TIME: Duration = Duration::from_secs(5);
/// A change waits for disks of other nodes, and perhaps for a new DC.
const APPLY_TIME: Duration = Duration::from_secs(30);
/// From the spawn of a core until its socket answers.
const START_TIME: Duration = Duration::from_secs(20);
const START_POLL: Duration = Duration::from_millis(20);
/// Resources may take their time; the client's own limit is usually shorter.
const STOP_TIME: Duration = Duration::from_secs(3600);
const EVENTS_MAX: usize = 1000;
/// A stream of events that is quiet this long has told all it has.
const EVENTS_QUIET: Duration = Duration::from_millis(50);

pub struct Embedded {
    socket: PathBuf,
    link: tokio::sync::Mutex<Option<Arc<Link>>>,
    core: Arc<CoreProcess>,
    /// How many checks of the version have begun.
    checks_begun: AtomicU64,
    /// The last check that ended, and its number.
    checked: tokio::sync::Mutex<(u64, Result<Option<VersionKey>, EngineError>)>,
    /// The running core does not know `Request::Version`.
    without_version: AtomicBool,
}

impl Embedded {
    pub fn new(paths: &Paths, core: Arc<CoreProcess>) -> Self {
        Embedded {
            socket: paths.core_socket(),
            link: tokio::sync::Mutex::default(),
            core,
            checks_begun: AtomicU64::new(0),
            checked: tokio::sync::Mutex::new((0, Ok(None))),
            without_version: AtomicBool::new(false),
        }
    }

    async fn link(&self) -> Result<Arc<Link>, EngineError> {
        let mut held = self.link.lock().await;
        if let Some(link) = held.as_ref().filter(|link| !link.is_closed()) {
            return Ok(link.clone());
        }
        *held = None;
        let (link, _) = Link::connect(&self.socket).await?;
        self.without_version.store(false, Ordering::Relaxed);
        let link = Arc::new(link);
        *held = Some(link.clone());
        Ok(link)
    }

    async fn check_version(&self) -> Result<Option<VersionKey>, EngineError> {
        let link = self.link().await?;
        if self.without_version.load(Ordering::Relaxed) {
            return Ok(None);
        }
        match link.call(Request::Version, READ_TIME).await {
            Ok(Response::Version { admin_epoch, epoch, num_updates, event }) => {
                Ok(Some((admin_epoch, epoch, num_updates, event)))
            }
            Ok(other) => Err(unexpected(&other)),
            Err(EngineError::Core(CoreError::Unsupported)) => {
                self.without_version.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn try_start(&self) -> Result<(), EngineError> {
        let core = self.core.clone();
        tokio::task::spawn_blocking(move || core.start())
            .await
            .map_err(|error| EngineError::Failed(error.to_string()))?
            .map_err(|error| EngineError::Failed(format!("{error:#}")))?;
        let deadline = Instant::now() + START_TIME;
        loop {
            match self.call(Request::Members, READ_TIME).await {
                Ok(_) | Err(EngineError::Core(_)) => return Ok(()),
                Err(error) => {
                    if let Some(reason) = self.core.why_ended() {
                        return Err(EngineError::Failed(reason));
                    }
                    if Instant::now() >= deadline {
                        return Err(EngineError::Failed(format!(
                            "the core was started, but does not answer: {error}; see {}",
                            self.core.log().display()
                        )));
                    }
                }
            }
            tokio::time::sleep(START_POLL).await;
        }
    }

    async fn call(&self, request: Request, time: Duration) -> Result<Response, EngineError> {
        self.link().await?.call(request, time).await
    }
}

fn unexpected(response: &Response) -> EngineError {
    let text = format!("{response:?}");
    let short: String = text.chars().take(60).collect();
    EngineError::Failed(format!("the core answered something else than was asked: {short}"))
}

impl Engine for Embedded {
    fn snapshot(&self) -> Pending<'_, Snapshot> {
        Box::pin(async move {
            // Asked before: a change in between makes the key too old, never too new.
            let key = self.version().await?;
            match self.call(Request::Snapshot, READ_TIME).await? {
                Response::Snapshot { cib } => Ok(Snapshot { cib: cib.into(), key }),
                other => Err(unexpected(&other)),
            }
        })
    }

    /// Askers who come while a check is under way share the next one: each gets an answer that was
    /// asked for after he came.
    fn version(&self) -> Pending<'_, Option<VersionKey>> {
        Box::pin(async move {
            let before = self.checks_begun.load(Ordering::SeqCst);
            let mut checked = self.checked.lock().await;
            if checked.0 <= before {
                let number = self.checks_begun.fetch_add(1, Ordering::SeqCst) + 1;
                *checked = (number, self.check_version().await);
            }
            checked.1.clone()
        })
    }

    fn apply(&self, change: Change) -> Pending<'_, ConfigVersion> {
        Box::pin(async move {
            let Change { patch, base, force, user } = change;
            let request = Request::Apply { patch, base, force, user: Some(user) };
            match self.call(request, APPLY_TIME).await? {
                Response::Applied { version } => Ok(version),
                other => Err(unexpected(&other)),
            }
        })
    }

    fn request(&self, request: Request, time: Duration) -> Pending<'_, Response> {
        Box::pin(self.call(request, time))
    }

    fn events(&self, since: u64) -> Pending<'_, Vec<Event>> {
        Box::pin(async move {
            // A connection of its own: it ends with the subscription.
            let (link, _) = Link::connect(&self.socket).await?;
            let mut answers = link.stream(Request::Events { since }).await?;
            let mut events = Vec::new();
            while events.len() < EVENTS_MAX {
                match tokio::time::timeout(EVENTS_QUIET, answers.recv()).await {
                    Ok(Some(Response::Event(event))) => events.push(event),
                    Ok(Some(Response::Error(error))) => return Err(EngineError::Core(error)),
                    Ok(Some(_)) => {}
                    Ok(None) | Err(_) => break,
                }
            }
            Ok(events)
        })
    }

    fn members(&self) -> Pending<'_, Members> {
        Box::pin(async move {
            match self.call(Request::Members, READ_TIME).await? {
                Response::Members { view, dc, local, members } => Ok(Members { view, dc, local, members }),
                other => Err(unexpected(&other)),
            }
        })
    }

    fn quorum(&self) -> Pending<'_, Quorum> {
        Box::pin(async move {
            match self.call(Request::Quorum, READ_TIME).await? {
                Response::Quorum(quorum) => Ok(quorum),
                other => Err(unexpected(&other)),
            }
        })
    }

    fn start(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            // Whoever asked hears why it failed; it is not tried again behind his back.
            self.try_start().await.inspect_err(|_| self.core.stopping())
        })
    }

    fn stop(&self) -> Pending<'_, ()> {
        Box::pin(async move {
            self.core.stopping();
            match self.call(Request::Stop, STOP_TIME).await {
                Ok(_) | Err(EngineError::NotRunning | EngineError::Lost(_)) => {}
                Err(error) => return Err(error),
            }
            let deadline = Instant::now() + STOP_TIME;
            while self.core.is_running() && Instant::now() < deadline {
                tokio::time::sleep(START_POLL).await;
            }
            if self.core.is_running() {
                return Err(EngineError::Timeout(STOP_TIME));
            }
            Ok(())
        })
    }

    fn is_running(&self) -> Pending<'_, bool> {
        Box::pin(async move { Ok(self.core.is_running()) })
    }
}
