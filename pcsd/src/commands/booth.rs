//! `booth config NODE`, `booth pull`, `booth sync`: the files of an instance, from and to other hosts.

use super::hosts::unreachable_report;
use super::{Ctx, Done, Stop};
use crate::booth::{self, Instance};
use crate::cluster_files;
use crate::peers::{self, Ask, PeerError};
use rhapsody_api::Report;
use rhapsody_ops::booth::DEFAULT_NAME;
use serde::Deserialize;
use serde_json::{Value, json};

fn default_name() -> String {
    DEFAULT_NAME.to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Of {
    node: String,
    #[serde(default = "default_name")]
    instance_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sync {
    #[serde(default = "default_name")]
    instance_name: String,
    #[serde(default)]
    force_flags: Vec<String>,
}

async fn ask(ctx: &Ctx, of: &Of) -> Result<Instance, Stop> {
    let ask = Ask::post("remote/booth_get_config", &ctx.user, &[("name", &of.instance_name)]);
    let ask = ask.within(ctx.request_time(peers::REQUEST_TIME));
    for (node, answer) in peers::ask_all(&ctx.app, std::slice::from_ref(&of.node), &ask).await {
        let answer = answer.and_then(|text| {
            let odd = |_| PeerError::Refused("an answer that is not understood".to_owned());
            serde_json::from_str::<Instance>(&text).map_err(odd)
        });
        match answer {
            Ok(instance) => return Ok(instance),
            Err(error) => ctx.report(unreachable_report(&node, &ask.path, &error)),
        }
    }
    Err(Stop)
}

/// The text of another node's configuration.
pub async fn config(ctx: &Ctx, params: Of) -> Done {
    Ok(ask(ctx, &params).await?.config.data.map_or(Value::Null, Value::from))
}

/// Another node's files become this one's.
pub async fn pull(ctx: &Ctx, params: Of) -> Done {
    let instance = ask(ctx, &params).await?;
    booth::write(&ctx.app.paths, &instance)
        .map_err(|error| ctx.fail(Report::error("BOOTH_CONFIG_WRITE_ERROR", format!("{error:#}"))))?;
    ctx.report(Report::info("BOOTH_CONFIG_ACCEPTED_BY_NODE", "Booth config saved"));
    Ok(Value::Null)
}

/// This node's files become those of all nodes of the cluster.
pub async fn sync(ctx: &Ctx, params: Sync) -> Done {
    let name = &params.instance_name;
    let unable = |text: String| ctx.fail(Report::error("BOOTH_CONFIG_READ_ERROR", text));
    let instance = booth::read(&ctx.app.paths, name).map_err(|error| unable(format!("{error:#}")))?;
    let instance =
        instance.ok_or_else(|| unable(format!("there is no booth configuration '{name}' on this node")))?;
    let nodes = cluster_files::node_names(&ctx.app);
    if nodes.is_empty() {
        let text = "there is no cluster on this node, so there are no nodes to send booth's files to";
        return Err(ctx.fail(Report::error("UNABLE_TO_READ_COROSYNC_CONFIG", text)));
    }
    let skip_offline = params.force_flags.iter().any(|flag| flag == "SKIP_OFFLINE_NODES");
    let data = json!(instance).to_string();
    let ask = Ask::post("remote/booth_set_config", &ctx.user, &[("data_json", &data)]);
    let ask = ask.within(ctx.request_time(peers::REQUEST_TIME));
    let mut well = true;
    for (node, answer) in peers::ask_all(&ctx.app, &nodes, &ask).await {
        match answer {
            Ok(_) => {
                ctx.report(Report::info("BOOTH_CONFIG_ACCEPTED_BY_NODE", "Booth config saved").on_node(node));
            }
            Err(error) => {
                let mut report = unreachable_report(&node, &ask.path, &error);
                if skip_offline {
                    report.severity.level = rhapsody_api::report::Level::Warning;
                } else {
                    well = false;
                    report = report.forceable("SKIP_OFFLINE_NODES");
                }
                ctx.report(report);
            }
        }
    }
    if well { Ok(Value::Null) } else { Err(Stop) }
}
