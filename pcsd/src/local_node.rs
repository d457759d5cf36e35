//! This node's part of commands that run on many: start, stop, destroy, how it stands.

use crate::app::App;
use crate::cluster_files;
use crate::engine::EngineError;
use serde_json::{Value, json};
use std::time::Duration;

/// A core that does not leave in this time is not destroyed.
const DESTROY_STOP_TIME: Duration = Duration::from_secs(120);

pub async fn start(app: &App) -> Result<(), String> {
    app.engine.start().await.map_err(|error| error.to_string())
}

pub async fn stop(app: &App) -> Result<(), String> {
    app.engine.stop().await.map_err(|error| error.to_string())
}

/// Stops the cluster here and removes everything that makes this host a node of it.
pub async fn destroy(app: &App) -> Result<(), String> {
    match tokio::time::timeout(DESTROY_STOP_TIME, app.engine.stop()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return Err(format!("the cluster on this node does not stop: {error}")),
        Err(_) => {
            return Err(format!(
                "the cluster on this node did not stop within {} s; nothing was removed",
                DESTROY_STOP_TIME.as_secs()
            ));
        }
    }
    cluster_files::remove_all(app).map_err(|error| {
        tracing::error!("{error:#}");
        format!("{error:#}")
    })
}

/// The answer of `pacemaker_node_status`.
pub async fn status(app: &App) -> Result<Value, String> {
    let offline = || json!({"offline": true});
    let members = match app.engine.members().await {
        Ok(members) => members,
        Err(EngineError::NotRunning | EngineError::Lost(_)) => return Ok(offline()),
        Err(error) => return Err(error.to_string()),
    };
    let snapshot = match app.engine.snapshot().await {
        Ok(snapshot) => snapshot,
        Err(EngineError::NotRunning | EngineError::Lost(_)) => return Ok(offline()),
        Err(error) => return Err(error.to_string()),
    };
    let cib = rhapsody_cib::Cib::parse(&snapshot.cib).map_err(|error| error.to_string())?;
    let Some(state) = cib.node_state(&members.local) else {
        // Not joined yet.
        return Ok(json!({"offline": false, "online": false, "pending": true, "name": members.local}));
    };
    let attribute = |name: &str| cib.attr(state, name).unwrap_or_default();
    let online = is_true(attribute("in_ccm")) && is_true(attribute("crmd"));
    let joined = attribute("join") == "member";
    Ok(json!({
        "offline": false,
        "id": attribute("id"),
        "name": members.local,
        "type": "member",
        "online": online && joined,
        "standby": false,
        "standby_onfail": false,
        "maintenance": false,
        "pending": online && !joined,
        "unclean": false,
        "shutdown": false,
        "expected_up": attribute("expected") == "member",
        "is_dc": members.dc.as_deref() == Some(members.local.as_str()),
        "resources_running": 0,
    }))
}

/// Booleans of node_state, and the times that newer writers put there.
fn is_true(text: &str) -> bool {
    matches!(text, "true" | "online") || text.parse::<u64>().is_ok_and(|time| time > 0)
}

/// What corosync-quorumtool prints.
pub async fn quorum_text(app: &App) -> Result<String, EngineError> {
    let quorum = app.engine.quorum().await?;
    Ok(crate::status::quorum_text(&quorum))
}
