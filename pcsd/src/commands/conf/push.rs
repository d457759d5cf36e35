//! A changed corosync.conf on its way to all nodes: everybody is asked first, then everybody gets it,
//! then those that run take it. When one cannot write it, the others get the old one back.

use super::super::hosts::unreachable_report;
use super::super::wait::quoted;
use super::super::{Ctx, Stop};
use crate::peers::{self, Ask};
use rhapsody_api::Report;
use rhapsody_conf::{Conf, needs_stop};
use serde_json::Value;
use std::time::Duration;

const ASK_TIME: Duration = Duration::from_secs(30);
/// The running cluster agrees on the new file in this time.
pub const RELOAD_TIME: Duration = Duration::from_secs(60);

/// How the nodes of a cluster stand, as they say themselves.
pub struct Nodes {
    /// Those that answer.
    pub reached: Vec<String>,
    /// Those of them where the cluster runs.
    pub running: Vec<String>,
}

/// Names of the nodes of a file.
pub fn names(conf: &Conf) -> Vec<String> {
    conf.settings().nodes.into_iter().map(|node| node.name).collect()
}

/// Sends `after` to all nodes of `before`.
pub async fn to_all(ctx: &Ctx, before: &Conf, after: Conf, skip_offline: bool) -> Result<(), Stop> {
    let nodes = ask_nodes(ctx, &names(before), skip_offline).await?;
    check_running(ctx, before, &after, &nodes.running)?;
    let after = newer(ctx, before, after, &nodes.reached).await;
    send(ctx, &nodes.reached, Some(before), &after, skip_offline).await?;
    reload(ctx, &nodes.running).await
}

/// Who is there, and where the cluster runs. Nobody may be missing, unless that is overridden.
pub async fn ask_nodes(ctx: &Ctx, names: &[String], skip_offline: bool) -> Result<Nodes, Stop> {
    let ask = Ask::post("remote/status", &ctx.user, &[("version", "2")]).within(ctx.request_time(ASK_TIME));
    let mut nodes = Nodes { reached: Vec::new(), running: Vec::new() };
    let mut missing = false;
    for (node, answer) in peers::ask_all(&ctx.app, names, &ask).await {
        match answer {
            Ok(text) => {
                let status: Value = serde_json::from_str(&text).unwrap_or_default();
                if status["node"]["corosync"] == Value::Bool(true) {
                    nodes.running.push(node.clone());
                }
                nodes.reached.push(node);
            }
            Err(error) => {
                ctx.report(omitted(unreachable_report(&node, &ask.path, &error), skip_offline));
                missing = true;
            }
        }
    }
    if missing && !skip_offline { Err(Stop) } else { Ok(nodes) }
}

/// An error that `--skip-offline` turns into a warning.
fn omitted(report: Report, skip_offline: bool) -> Report {
    if !skip_offline {
        return report.forceable("SKIP_OFFLINE_NODES");
    }
    let node = report.context.as_ref().map(|context| context.node.clone()).unwrap_or_default();
    Report::warning(&report.message.code, report.message.message).on_node(node)
}

/// What a running cluster cannot take is refused while one runs.
pub fn check_running(ctx: &Ctx, before: &Conf, after: &Conf, running: &[String]) -> Result<(), Stop> {
    let stops = needs_stop(&before.settings(), &after.settings());
    if stops.is_empty() || running.is_empty() {
        return Ok(());
    }
    must_be_stopped(ctx, &stops.join(", "), running)
}

pub fn must_be_stopped(ctx: &Ctx, what: &str, running: &[String]) -> Result<(), Stop> {
    if running.is_empty() {
        return Ok(());
    }
    let text = format!(
        "The cluster must be stopped to change {what}, but it runs on: {}; stop it with 'rhapsody cluster stop --all'",
        quoted(running)
    );
    Err(ctx.fail(Report::error("COROSYNC_NOT_RUNNING_CHECK_FINISHED_RUNNING", text)))
}

/// The file with a version above that of every node that answers: none of them may hold it for old.
pub async fn newer(ctx: &Ctx, before: &Conf, mut after: Conf, nodes: &[String]) -> Conf {
    let mut version = before.config_version().max(after.config_version());
    let ask = Ask::get("remote/get_corosync_conf", &ctx.user).within(ASK_TIME);
    for (_, answer) in peers::ask_all(&ctx.app, nodes, &ask).await {
        let there = answer.ok().and_then(|text| Conf::parse(&text).ok());
        version = version.max(there.map_or(0, |conf| conf.config_version()));
    }
    after.succeed(version);
    after
}

/// Writes the file on the nodes. `before`: what they get back when one of them cannot.
pub async fn send(
    ctx: &Ctx,
    nodes: &[String],
    before: Option<&Conf>,
    after: &Conf,
    skip_offline: bool,
) -> Result<(), Stop> {
    let text = "Sending updated corosync.conf to nodes...";
    ctx.report(Report::info("COROSYNC_CONFIG_DISTRIBUTION_STARTED", text));
    let mut written = Vec::new();
    let mut failed = false;
    for (node, answer) in put(ctx, nodes, after).await {
        match answer {
            Ok(_) => written.push(node),
            Err(report) => {
                ctx.report(omitted(report, skip_offline));
                failed = true;
            }
        }
    }
    if !failed || skip_offline {
        for node in written {
            ctx.report(Report::info("COROSYNC_CONFIG_ACCEPTED_BY_NODE", "Succeeded").on_node(node));
        }
        return Ok(());
    }
    if let Some(before) = before {
        let mut left = Vec::new();
        for (node, answer) in put(ctx, &written, before).await {
            left.extend(answer.is_err().then_some(node));
        }
        let text = if left.is_empty() {
            "nothing was changed: the nodes that took the new corosync.conf have the old one again".to_owned()
        } else {
            format!(
                "these nodes have the new corosync.conf, all others the old one: {}; repeat the command, or run 'rhapsody cluster sync corosync' where the right one is",
                left.join(", ")
            )
        };
        ctx.report(Report::error("COROSYNC_CONFIG_DISTRIBUTION_FAILED", text));
    }
    Err(Stop)
}

async fn put(ctx: &Ctx, nodes: &[String], conf: &Conf) -> Vec<(String, Result<(), Report>)> {
    let text = conf.tidy();
    let ask = Ask::post("remote/set_corosync_conf", &ctx.user, &[("corosync_conf", &text)]);
    let ask = ask.within(ctx.request_time(ASK_TIME));
    let answers = peers::ask_all(&ctx.app, nodes, &ask).await.into_iter();
    let answers = answers.map(|(node, answer)| {
        let answer = answer.map(drop).map_err(|error| {
            let why = unreachable_report(&node, &ask.path, &error).message.message;
            let text = format!("Unable to set corosync config: {why}");
            Report::error("COROSYNC_CONFIG_DISTRIBUTION_NODE_ERROR", text).on_node(&*node)
        });
        (node, answer)
    });
    answers.collect()
}

/// One of the nodes that run tells the cluster to take its new file.
pub async fn reload(ctx: &Ctx, running: &[String]) -> Result<(), Stop> {
    if running.is_empty() {
        return Ok(());
    }
    let ask = Ask::get("remote/reload_corosync_conf", &ctx.user).within(ctx.request_time(RELOAD_TIME));
    let mut why = Vec::new();
    // This node first, if it runs: its own pcsd asks for the reload on the shortest way.
    let mut order = running.to_vec();
    order.sort_by_key(|node| *node != ctx.app.host);
    for node in order {
        for (node, answer) in peers::ask_all(&ctx.app, std::slice::from_ref(&node), &ask).await {
            let answer = match answer {
                Ok(text) => serde_json::from_str::<Value>(&text).unwrap_or_default(),
                Err(error) => {
                    why.push(unreachable_report(&node, &ask.path, &error));
                    continue;
                }
            };
            match answer["code"].as_str() {
                Some("reloaded") => {
                    let text = "Corosync configuration reloaded";
                    ctx.report(Report::info("COROSYNC_CONFIG_RELOADED", text).on_node(node));
                    return Ok(());
                }
                Some("not_running") => {}
                _ => {
                    let message = answer["message"].as_str().unwrap_or("unexpected answer");
                    let text = format!("Unable to reload corosync configuration: {message}");
                    why.push(Report::error("COROSYNC_CONFIG_RELOAD_ERROR", text).on_node(node));
                }
            }
        }
    }
    if why.is_empty() {
        // It was stopped meanwhile; the next start takes the file.
        return Ok(());
    }
    why.into_iter().for_each(|report| ctx.report(report));
    let text = "the new corosync.conf is on the nodes, but the running cluster has not taken it; repeat with 'rhapsody cluster reload corosync', otherwise it is taken at the next start";
    Err(ctx.fail(Report::error("COROSYNC_CONFIG_RELOAD_NOT_POSSIBLE", text)))
}
