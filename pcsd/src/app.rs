//! What one running pcsd holds; shared by all requests.

use crate::auth::{Logins, tokens::Tokens};
use crate::core_process::CoreProcess;
use crate::engine::{self, Engine};
use crate::known_hosts::KnownHosts;
use crate::paths::Paths;
use crate::peers::Peers;
use crate::settings::Settings;
use crate::tasks::Tasks;
use crate::tls::Tls;
use anyhow::Context;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::sync::Arc;

pub struct App {
    pub paths: Paths,
    pub settings: Settings,
    /// Name of this host, as `uname -n` says.
    pub host: String,
    pub tls: Tls,
    pub tokens: Tokens,
    pub logins: Logins,
    pub known_hosts: KnownHosts,
    pub peers: Peers,
    pub engine: Arc<dyn Engine>,
    pub core: Arc<CoreProcess>,
    pub tasks: Tasks,
    pub status: crate::status::Cache,
    /// Agents of this host and what they say about themselves.
    pub agents: Arc<rhapsody_agents_run::installed::Installed>,
}

impl App {
    pub fn new(paths: Paths, settings: Settings) -> anyhow::Result<Arc<App>> {
        // Keys, tokens and hashes: nobody else even sees their names.
        let own = paths.own("");
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&own)
            .and_then(|()| std::fs::set_permissions(&own, std::fs::Permissions::from_mode(0o700)))
            .with_context(|| format!("cannot make {}", own.display()))?;
        let known_hosts = KnownHosts::new(paths.own("known-hosts"));
        let core = Arc::new(CoreProcess::new(paths.clone()));
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(Arc::new(App {
            tls: Tls::load(&paths, &host)?,
            host,
            tokens: Tokens::load(&paths)?,
            logins: Logins::new(paths.clone()),
            peers: Peers::default(),
            engine: engine::of_cluster(&paths, core.clone())?,
            core,
            tasks: Tasks::new(settings.limits.tasks),
            status: crate::status::Cache::default(),
            agents: Arc::new(rhapsody_agents_run::installed::Installed::system()),
            known_hosts,
            paths,
            settings,
        }))
    }
}
