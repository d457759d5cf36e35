//! Status as text and data. What was made of a CIB is kept as long as the CIB has not moved (and
//! the second has not passed that the text shows): a thousand askers cost one rendering.

use crate::app::App;
use crate::engine::{EngineError, VersionKey};
use crate::{cluster_files, files};
use rhapsody_api::core::Quorum;
use rhapsody_cib::Cib;
use rhapsody_status::{Daemon, PcsOptions, Status, Surroundings};
use std::sync::{Arc, Mutex};

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    pub full: bool,
    pub hide_inactive: bool,
}

/// One status, ready to be sent.
pub struct Rendered {
    made_of: Option<VersionKey>,
    second: i64,
    options: Options,
    enabled: bool,
    pub status: Arc<Status>,
    pub text: String,
    /// Text and data as the command answers them.
    pub json: Arc<str>,
}

#[derive(serde::Serialize)]
struct Answer<'a> {
    text: &'a str,
    status: &'a Status,
}

#[derive(Default)]
pub struct Cache {
    /// The last of each combination of options.
    kept: Mutex<Vec<Arc<Rendered>>>,
    /// One renders; the others wait for its result.
    rendering: tokio::sync::Mutex<()>,
}

impl Cache {
    fn find(
        &self,
        options: Options,
        version: VersionKey,
        second: i64,
        enabled: bool,
    ) -> Option<Arc<Rendered>> {
        let kept = self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let fits = |rendered: &&Arc<Rendered>| {
            rendered.options == options
                && rendered.made_of == Some(version)
                && rendered.second == second
                && rendered.enabled == enabled
        };
        kept.iter().find(fits).cloned()
    }

    fn keep(&self, rendered: Arc<Rendered>) {
        let mut kept = self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        kept.retain(|old| old.options != rendered.options);
        kept.push(rendered);
    }
}

/// The status as it is now. With `full`, the nodes' pcsd are asked too (by the caller: `pcsd`).
pub async fn get(
    app: &Arc<App>,
    options: Options,
    pcsd: Vec<(String, String)>,
) -> Result<Arc<Rendered>, EngineError> {
    let enabled = app.core.is_enabled();
    let find = |version: Option<VersionKey>| {
        // What other daemons answer is not part of any version.
        let version = version.filter(|_| pcsd.is_empty())?;
        app.status.find(options, version, files::unix_seconds() as i64, enabled)
    };
    if let Some(rendered) = find(app.engine.version().await?) {
        return Ok(rendered);
    }
    let _rendering = app.status.rendering.lock().await;
    if let Some(rendered) = find(app.engine.version().await?) {
        return Ok(rendered);
    }
    let snapshot = app.engine.snapshot().await?;
    let quorum = if options.full { app.engine.quorum().await.ok() } else { None };
    let around = Surroundings {
        cluster_name: cluster_files::cluster_name(app),
        local_node: app.engine.members().await.ok().map(|members| members.local),
        daemons: daemons(enabled),
        pcsd: pcsd.clone(),
        quorum,
    };
    let making = tokio::task::spawn_blocking(move || {
        let second = files::unix_seconds() as i64;
        let cib = Cib::parse(&snapshot.cib)
            .map_err(|error| EngineError::Failed(format!("the live CIB cannot be read: {error}")))?;
        let status = Status::new(&cib, second);
        let text =
            status.pcs_text(&around, PcsOptions { full: options.full, hide_inactive: options.hide_inactive });
        let json = serde_json::to_string(&Answer { text: &text, status: &status })
            .map_err(|error| EngineError::Failed(format!("the status cannot be written: {error}")))?;
        let status = Arc::new(status);
        Ok(Arc::new(Rendered {
            made_of: snapshot.key,
            second,
            options,
            enabled,
            status,
            text,
            json: json.into(),
        }))
    });
    let rendered = making
        .await
        .unwrap_or_else(|_| Err(EngineError::Failed("the status cannot be made of this CIB".to_owned())))?;
    if pcsd.is_empty() && rendered.made_of.is_some() {
        app.status.keep(rendered.clone());
    }
    Ok(rendered)
}

/// It answers, so it runs; all three names are one program of ours and this one.
fn daemons(enabled: bool) -> Vec<Daemon> {
    let daemon = |name: &str, enabled| Daemon { name: name.to_owned(), active: true, enabled };
    vec![daemon("corosync", enabled), daemon("pacemaker", enabled), daemon("pcsd", true)]
}

pub async fn text(app: &Arc<App>, full: bool, hide_inactive: bool) -> Result<String, EngineError> {
    Ok(get(app, Options { full, hide_inactive }, Vec::new()).await?.text.clone())
}

pub async fn xml(app: &Arc<App>) -> Result<String, EngineError> {
    let rendered = get(app, Options::default(), Vec::new()).await?;
    Ok(rendered.status.crm_mon_xml(rhapsody_status::XmlApi::V2_42, "crm_mon -r --output-as=xml", &[]))
}

pub fn quorum_text(quorum: &Quorum) -> String {
    rhapsody_status::quorumtool_device_text(quorum, files::unix_seconds() as i64)
}
