//! `config backup` and `config restore`: this node's files as a tarball, and back on all nodes.

use crate::backup::{self, Backup};
use crate::commands::hosts::{Nothing, unreachable_report};
use crate::commands::{Ctx, Done, Stop};
use crate::http;
use crate::peers::{self, Ask, PeerError};
use base64::prelude::{BASE64_STANDARD, Engine};
use rhapsody_api::Report;
use rhapsody_conf::Conf;
use serde::Deserialize;
use serde_json::Value;

pub async fn backup(ctx: &Ctx, _: Nothing) -> Done {
    match backup::make(&ctx.app) {
        Ok(bytes) => Ok(Value::from(BASE64_STANDARD.encode(bytes))),
        Err(error) => {
            let text = format!("unable to create tarball: {error:#}");
            Err(ctx.fail(Report::error("CONFIG_BACKUP_FAILED", text)))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// In base64.
    tarball: String,
    /// On this node alone.
    #[serde(default)]
    local: bool,
}

pub async fn restore(ctx: &Ctx, params: Restore) -> Done {
    let bytes = BASE64_STANDARD
        .decode(params.tarball.trim())
        .map_err(|_| failed(ctx, "the tarball is not valid base64"))?;
    let backup = Backup::parse(&bytes).map_err(|error| failed(ctx, &format!("{error:#}")))?;
    if params.local {
        backup.restore(&ctx.app).map_err(|error| failed(ctx, &format!("{error:#}")))?;
        return Ok(Value::Null);
    }
    let nodes = nodes_of(&backup);
    check_stopped(ctx, &nodes).await?;
    let form = http::encode_bytes(&[("tarball", &bytes)]);
    let ask = Ask { form: Some(form), ..Ask::get("remote/config_restore", &ctx.user) };
    let ask = ask.within(ctx.request_time(peers::REQUEST_TIME));
    let mut well = true;
    for (node, answer) in peers::ask_all(&ctx.app, &nodes, &ask).await {
        // What went wrong is told with a 200, too.
        let answer = answer.and_then(|text| match text.trim() {
            "Succeeded" => Ok(()),
            _ => Err(PeerError::Refused(text)),
        });
        match answer {
            Ok(()) => ctx.report(Report::info("CONFIG_RESTORE_SUCCESS", "Succeeded").on_node(node)),
            Err(error) => {
                well = false;
                ctx.report(unreachable_report(&node, &ask.path, &error));
            }
        }
    }
    if well { Ok(Value::Null) } else { Err(Stop) }
}

fn failed(ctx: &Ctx, why: &str) -> Stop {
    ctx.fail(Report::error("CONFIG_RESTORE_FAILED", format!("unable to restore the cluster: {why}")))
}

fn nodes_of(backup: &Backup) -> Vec<String> {
    let conf = Conf::parse(&backup.corosync_conf());
    let nodes = conf.map(|conf| conf.settings().nodes).unwrap_or_default();
    nodes.into_iter().map(|node| node.name).collect()
}

/// All nodes must answer and be stopped before the first of them is changed.
async fn check_stopped(ctx: &Ctx, nodes: &[String]) -> Result<(), Stop> {
    let ask = Ask::get("remote/check_host", &ctx.user).within(ctx.request_time(peers::REQUEST_TIME));
    let mut well = true;
    for (node, answer) in peers::ask_all(&ctx.app, nodes, &ask).await {
        let answer = answer.and_then(|text| {
            serde_json::from_str::<Value>(&text).map_err(|_| PeerError::Refused("an odd answer".to_owned()))
        });
        match answer {
            Ok(host) if is_running(&host) => {
                well = false;
                let text =
                    "the cluster is running on this node, stop it in order to restore the configuration";
                ctx.report(Report::error("CLUSTER_IS_RUNNING", text).on_node(node));
            }
            Ok(_) => {}
            Err(error) => {
                well = false;
                ctx.report(unreachable_report(&node, &ask.path, &error));
            }
        }
    }
    if well { Ok(()) } else { Err(Stop) }
}

fn is_running(host: &Value) -> bool {
    ["corosync", "pacemaker"].iter().any(|service| host["services"][service]["running"] == Value::Bool(true))
}
