//! Questions and requests to the running cluster that are no change of its configuration.

use super::hosts::Nothing;
use super::{Ctx, Done, Stop};
use crate::engine::EngineError;
use crate::peers::{self, Ask};
use crate::status::{self, Options};
use crate::{cluster_files, files};
use rhapsody_api::Report;
use rhapsody_api::core::{FenceAction, Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

const REQUEST_TIME: Duration = Duration::from_secs(60);
/// A fence device may have to power-cycle a machine.
const FENCE_TIME: Duration = Duration::from_secs(600);
const EVENTS_MAX: usize = 1000;

/// The report of what the cluster refused.
pub fn refused(ctx: &Ctx, error: &EngineError) -> Stop {
    use rhapsody_api::core::CoreError;
    let code = match error {
        EngineError::NotRunning => "CLUSTER_NOT_RUNNING",
        EngineError::Core(CoreError::Stale { .. }) => "CIB_CHANGED_MEANWHILE",
        EngineError::Core(CoreError::NoQuorum) => "NO_QUORUM",
        EngineError::Core(CoreError::Invalid { .. }) => "CIB_PUSH_ERROR",
        EngineError::Core(CoreError::NotDurable { .. }) => "CIB_NOT_DURABLE",
        EngineError::Core(CoreError::UnknownNode { .. }) => "NODE_NOT_FOUND",
        EngineError::Core(CoreError::UnknownResource { .. }) => "ID_NOT_FOUND",
        EngineError::Core(CoreError::FenceFailed { .. }) => "FENCING_FAILED",
        EngineError::Core(CoreError::NotReady { .. }) => "CLUSTER_NOT_READY",
        EngineError::Core(CoreError::Timeout) | EngineError::Timeout(_) => "CLUSTER_TIMED_OUT",
        _ => "CLUSTER_REQUEST_FAILED",
    };
    let report = Report::error(code, error.to_string());
    ctx.fail(if code == "NO_QUORUM" { report.forceable("FORCE") } else { report })
}

async fn request(ctx: &Ctx, request: Request, time: Duration) -> Result<Response, Stop> {
    ctx.app.engine.request(request, time).await.map_err(|error| refused(ctx, &error))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cleanup {
    #[serde(default)]
    resource: Option<String>,
    #[serde(default)]
    node: Option<String>,
    #[serde(default)]
    operation: Option<String>,
    #[serde(default)]
    interval: Option<String>,
    #[serde(default)]
    strict: bool,
}

fn scope(resource: Option<&String>, node: Option<&String>) -> String {
    let resource = resource.map_or("all resources", String::as_str);
    let node = node.map_or("all nodes", String::as_str);
    format!("{resource} on {node}")
}

pub async fn cleanup(ctx: &Ctx, params: Cleanup) -> Done {
    let interval_ms = match &params.interval {
        None => None,
        Some(text) => {
            let ms = rhapsody_cib::duration::parse_ms(text).and_then(|ms| u64::try_from(ms).ok());
            if ms.is_none() {
                let text = format!("'{text}' is not an interval; write it as '10s'");
                return Err(ctx.fail(Report::error("INVALID_OPTION_VALUE", text)));
            }
            ms
        }
    };
    let text = format!("Cleaned up {}", scope(params.resource.as_ref(), params.node.as_ref()));
    let Cleanup { resource, node, operation, strict, .. } = params;
    request(ctx, Request::Cleanup { resource, node, operation, interval_ms, strict }, REQUEST_TIME).await?;
    ctx.report(Report::info("RESOURCE_CLEANUP_DONE", text.clone()));
    Ok(json!({"text": text}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    #[serde(default)]
    resource: Option<String>,
    #[serde(default)]
    node: Option<String>,
    #[serde(default)]
    strict: bool,
}

pub async fn refresh(ctx: &Ctx, params: Refresh) -> Done {
    let text = format!("Cleaned up {}", scope(params.resource.as_ref(), params.node.as_ref()));
    let Refresh { resource, node, strict } = params;
    request(ctx, Request::Refresh { resource, node, strict }, REQUEST_TIME).await?;
    ctx.report(Report::info("RESOURCE_REFRESH_DONE", text.clone()));
    Ok(json!({"text": text}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fence {
    node: String,
    #[serde(default)]
    action: Option<FenceAction>,
}

pub async fn fence(ctx: &Ctx, params: Fence) -> Done {
    let action = params.action.unwrap_or(FenceAction::Reboot);
    let node = params.node;
    request(ctx, Request::Fence { node: node.clone(), action }, FENCE_TIME).await?;
    ctx.report(Report::info("NODE_FENCED", format!("Node: {node} fenced")));
    Ok(Value::Null)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    node: String,
    /// The asking is done where the user is.
    #[serde(default)]
    #[allow(dead_code)]
    force_flags: Vec<String>,
}

pub async fn confirm(ctx: &Ctx, params: Confirm) -> Done {
    let node = params.node;
    request(ctx, Request::ConfirmFenced { node: node.clone() }, REQUEST_TIME).await?;
    ctx.report(Report::info("NODE_CONFIRMED_FENCED", format!("Node: {node} confirmed fenced")));
    Ok(Value::Null)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    #[serde(default)]
    since: u64,
    #[serde(default)]
    limit: Option<usize>,
}

pub async fn events(ctx: &Ctx, params: Events) -> Done {
    let mut events = ctx.app.engine.events(params.since).await.map_err(|error| refused(ctx, &error))?;
    events.truncate(params.limit.unwrap_or(EVENTS_MAX).min(EVENTS_MAX));
    let next = events.last().map_or(params.since, |event| event.number);
    Ok(json!({"events": events, "next": next}))
}

pub async fn statistics(ctx: &Ctx, _: Nothing) -> Done {
    match request(ctx, Request::Statistics, REQUEST_TIME).await? {
        Response::Statistics { values } => Ok(values),
        _ => Err(ctx.fail(Report::error("CLUSTER_REQUEST_FAILED", "an odd answer of the core"))),
    }
}

pub async fn members(ctx: &Ctx, _: Nothing) -> Done {
    let members = ctx.app.engine.members().await.map_err(|error| refused(ctx, &error))?;
    Ok(json!({
        "view": members.view, "dc": members.dc, "local": members.local, "members": members.members,
    }))
}

pub async fn quorum(ctx: &Ctx, _: Nothing) -> Done {
    let quorum = ctx.app.engine.quorum().await.map_err(|error| refused(ctx, &error))?;
    Ok(json!({"text": status::quorum_text(&quorum), "quorum": quorum}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Votes {
    votes: u32,
}

pub async fn expected_votes(ctx: &Ctx, params: Votes) -> Done {
    if params.votes == 0 {
        let text = "expected votes must be a positive integer";
        return Err(ctx.fail(Report::error("INVALID_OPTION_VALUE", text)));
    }
    request(ctx, Request::ExpectedVotes { votes: params.votes }, REQUEST_TIME).await?;
    Ok(Value::Null)
}

pub async fn unblock(ctx: &Ctx, _: Nothing) -> Done {
    request(ctx, Request::CancelWaitForAll, REQUEST_TIME).await?;
    Ok(Value::Null)
}

pub async fn quorum_text(ctx: &Ctx, nothing: Nothing) -> Done {
    Ok(quorum(ctx, nothing).await?["text"].take())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusOf {
    #[serde(default)]
    pub full: bool,
    #[serde(default)]
    pub hide_inactive: bool,
}

pub async fn status(ctx: &Ctx, params: StatusOf) -> Done {
    let options = Options { full: params.full, hide_inactive: params.hide_inactive };
    let pcsd = match options.full {
        true => answering(ctx).await,
        false => Vec::new(),
    };
    let rendered = status::get(&ctx.app, options, pcsd).await.map_err(|error| refused(ctx, &error))?;
    ctx.reports.set_ready(rendered.json.clone());
    Ok(Value::Null)
}

async fn answering(ctx: &Ctx) -> Vec<(String, String)> {
    let nodes = cluster_files::node_names(&ctx.app);
    let states = super::hosts::pcsd_status_of(ctx, &nodes).await;
    states.into_iter().map(|(node, state)| (node, state.as_str().unwrap_or_default().to_owned())).collect()
}

pub async fn status_xml(ctx: &Ctx, _: Nothing) -> Done {
    status::xml(&ctx.app).await.map(Value::from).map_err(|error| refused(ctx, &error))
}

/// pcs's name and parameters for the text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plaintext {
    #[serde(default)]
    hide_inactive_resources: bool,
    #[serde(default)]
    verbose: bool,
}

pub async fn status_text(ctx: &Ctx, params: Plaintext) -> Done {
    let text = status::text(&ctx.app, params.verbose, params.hide_inactive_resources).await;
    text.map(Value::from).map_err(|error| refused(ctx, &error))
}

pub async fn corosync_conf(ctx: &Ctx, _: Nothing) -> Done {
    local_conf(ctx)
}

fn local_conf(ctx: &Ctx) -> Done {
    let path = ctx.app.paths.corosync_conf();
    let why = match files::read_optional(&path) {
        Ok(Some(bytes)) => return Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned())),
        Ok(None) => "it does not exist; is this node in a cluster?".to_owned(),
        Err(error) => error.to_string(),
    };
    let text = format!("Unable to read {}: {why}", path.display());
    Err(ctx.fail(Report::error("UNABLE_TO_READ_COROSYNC_CONFIG", text)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfOf {
    #[serde(default)]
    node: Option<String>,
}

pub async fn corosync_conf_of(ctx: &Ctx, params: ConfOf) -> Done {
    let Some(node) = params.node else { return local_conf(ctx) };
    let ask = Ask::get("remote/get_corosync_conf", &ctx.user).within(ctx.request_time(REQUEST_TIME));
    for (node, answer) in peers::ask_all(&ctx.app, &[node], &ask).await {
        match answer {
            Ok(text) => return Ok(Value::from(text)),
            Err(error) => ctx.report(super::hosts::unreachable_report(&node, &ask.path, &error)),
        }
    }
    Err(Stop)
}
