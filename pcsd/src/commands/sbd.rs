//! `stonith sbd config`, `status`, `disable`: each node is asked about its own.

use super::hosts::{Nothing, unreachable_report};
use super::{Ctx, Done, Stop};
use crate::peers::{self, Ask, PeerError};
use crate::{cluster_files, sbd};
use rhapsody_api::Report;
use rhapsody_api::report::Level;
use serde::Deserialize;
use serde_json::{Map, Value, json};

fn nodes(ctx: &Ctx) -> Result<Vec<String>, Stop> {
    let nodes = cluster_files::node_names(&ctx.app);
    if nodes.is_empty() {
        let text = "there is no cluster on this node; make one with 'rhapsody cluster setup'";
        return Err(ctx.fail(Report::error("UNABLE_TO_READ_COROSYNC_CONFIG", text)));
    }
    Ok(nodes)
}

/// A node that does not answer is told, and is no reason to stop.
fn warn(ctx: &Ctx, node: &str, ask: &Ask, error: &PeerError) {
    let mut report = unreachable_report(node, &ask.path, error);
    report.severity.level = Level::Warning;
    ctx.report(report);
}

pub async fn config(ctx: &Ctx, _: Nothing) -> Done {
    let ask = Ask::get("remote/get_sbd_config", &ctx.user).within(ctx.request_time(peers::REQUEST_TIME));
    let mut texts = Map::new();
    for (node, answer) in peers::ask_all(&ctx.app, &nodes(ctx)?, &ask).await {
        let text = answer.inspect_err(|error| warn(ctx, &node, &ask, error)).ok();
        texts.insert(node, json!(text));
    }
    Ok(Value::Object(texts))
}

pub async fn status(ctx: &Ctx, _: Nothing) -> Done {
    let ask = Ask::post("remote/check_sbd", &ctx.user, &[("watchdog", ""), ("device_list", "[]")]);
    let ask = ask.within(ctx.request_time(peers::REQUEST_TIME));
    let mut states = Map::new();
    for (node, answer) in peers::ask_all(&ctx.app, &nodes(ctx)?, &ask).await {
        let answer = answer.inspect_err(|error| warn(ctx, &node, &ask, error)).unwrap_or_default();
        let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
        let state = |name: &str| answer["sbd"][name].as_bool();
        let state = json!({
            "installed": state("installed"), "enabled": state("enabled"), "running": state("running"),
        });
        states.insert(node, state);
    }
    Ok(Value::Object(states))
}

pub async fn local_config(ctx: &Ctx, _: Nothing) -> Done {
    match sbd::config(&ctx.app.paths) {
        Ok(text) => Ok(json!(text)),
        Err(error) => {
            let text = format!("unable to get SBD configuration: {error}");
            Err(ctx.fail(Report::error("UNABLE_TO_GET_SBD_CONFIG", text)))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disable {
    #[serde(default)]
    ignore_offline_nodes: bool,
    #[serde(default)]
    force_flags: Vec<String>,
}

pub async fn disable(ctx: &Ctx, params: Disable) -> Done {
    let skip =
        params.ignore_offline_nodes || params.force_flags.iter().any(|flag| flag == "SKIP_OFFLINE_NODES");
    let ask = Ask::get("remote/sbd_disable", &ctx.user).within(ctx.request_time(peers::REQUEST_TIME));
    let mut well = true;
    for (node, answer) in peers::ask_all(&ctx.app, &nodes(ctx)?, &ask).await {
        match answer {
            Ok(_) => ctx.report(Report::info("SERVICE_ACTION_SUCCEEDED", "sbd disabled").on_node(node)),
            Err(error) if skip => warn(ctx, &node, &ask, &error),
            Err(error) => {
                well = false;
                ctx.report(unreachable_report(&node, &ask.path, &error).forceable("SKIP_OFFLINE_NODES"));
            }
        }
    }
    if well { Ok(Value::Null) } else { Err(Stop) }
}
