//! `cluster node add`, `remove`, `clear`, and a node's new name: the nodelist, and what else each
//! node has to know or to forget.

use super::super::hosts::unreachable_report;
use super::super::setup::{check_hosts, put_files, unknown_hosts};
use super::super::wait::{Wait, quoted};
use super::super::{Ctx, Done, Stop, cluster, lifecycle, live};
use super::push;
use crate::peers::{self, Ask};
use crate::{cluster_files, files};
use base64::Engine as _;
use rhapsody_api::Report;
use rhapsody_conf::Conf;
use rhapsody_ops::Outcome;
use rhapsody_ops::cluster::setup::Node;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A node that is removed moves its resources first.
const DESTROY_TIME: Duration = Duration::from_secs(180);
const FORGET_TIME: Duration = Duration::from_secs(60);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    nodes: Vec<Node>,
    #[serde(default)]
    wait: Wait,
    #[serde(default)]
    start: bool,
    #[serde(default)]
    enable: bool,
    /// pcs's; there is no watchdog yet that could be looked at.
    #[serde(default)]
    #[allow(dead_code)]
    no_watchdog_validation: bool,
    #[serde(default)]
    force_flags: Vec<String>,
}

fn has(flags: &[String], wanted: &str) -> bool {
    flags.iter().any(|flag| flag == wanted)
}

/// The file as the operation leaves it.
async fn changed(ctx: &Ctx, name: &str, params: Value, before: &Conf) -> Result<Conf, Stop> {
    let (after, outcome) = super::operate(ctx, name, params, before.clone()).await?;
    let Outcome { done, reports, .. } = outcome;
    reports.into_iter().for_each(|report| ctx.report(report));
    if done { Ok(after) } else { Err(Stop) }
}

pub async fn add(ctx: &Ctx, params: Add) -> Done {
    let _changing = super::change_begins().await;
    let flags = &params.force_flags;
    let (forced, skip_offline) = (has(flags, "FORCE"), has(flags, "SKIP_OFFLINE_NODES"));
    let before = super::read(ctx)?;
    let new: Vec<String> = params.nodes.iter().map(|node| node.name.clone()).collect();
    let known = ctx
        .app
        .known_hosts
        .load()
        .map_err(|error| ctx.fail(Report::error("UNABLE_TO_READ_KNOWN_HOSTS", format!("{error:#}"))))?
        .known_hosts;
    let unknown: Vec<&str> =
        new.iter().filter(|name| !known.contains_key(*name)).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(ctx.fail(unknown_hosts(&unknown)));
    }
    let nodes: Vec<Value> =
        params.nodes.iter().map(|node| json!({"name": node.name, "addrs": node.addrs})).collect();
    let request = json!({"nodes": nodes, "force_flags": flags});
    let after = changed(ctx, "rhapsody.cluster.node_add", request, &before).await?;
    let there = push::ask_nodes(ctx, &push::names(&before), skip_offline).await?;
    check_hosts(ctx, &new, forced).await?;

    if prepare(ctx, &new, &push::names(&after), &known).await.is_err() {
        return Err(taken_back(ctx, &new).await);
    }
    let after = push::newer(ctx, &before, after, &there.reached).await;
    if push::send(ctx, &new, None, &after, false).await.is_err()
        || push::send(ctx, &there.reached, Some(&before), &after, skip_offline).await.is_err()
    {
        return Err(taken_back(ctx, &new).await);
    }
    // The members count the new nodes before these may vote.
    push::reload(ctx, &there.running).await?;
    lifecycle::enable_and_start(ctx, &new, params.enable, params.start, params.wait).await
}

/// Everything that makes a host one of ours, but for corosync.conf.
async fn prepare(
    ctx: &Ctx,
    new: &[String],
    all: &[String],
    known: &BTreeMap<String, crate::known_hosts::Host>,
) -> Result<(), Stop> {
    let list = quoted(new);
    ctx.report(Report::info("CLUSTER_DESTROY_STARTED", format!("Destroying cluster on hosts: {list}...")));
    let destroy = Ask::get("remote/cluster_destroy", &ctx.user).within(DESTROY_TIME);
    if !lifecycle::everywhere(ctx, new, &destroy, "CLUSTER_DESTROY_SUCCESS").await {
        return Err(Stop);
    }
    let hosts: Map<String, Value> = all
        .iter()
        .filter_map(|name| Some((name.clone(), serde_json::to_value(known.get(name)?).ok()?)))
        .collect();
    let hosts = json!({"known_hosts_add": hosts, "known_hosts_remove": {}}).to_string();
    let ask = Ask::post("remote/known_hosts_change", &ctx.user, &[("data_json", &hosts)]);
    told(ctx, new, &ask).await?;
    let mut data = Map::new();
    for (label, kind, path) in [
        ("corosync authkey", "corosync_authkey", ctx.app.paths.corosync_authkey()),
        ("pacemaker authkey", "pcmk_remote_authkey", ctx.app.paths.pacemaker_authkey()),
    ] {
        let key = files::read_optional(&path).map_err(|error| {
            let text = format!("Unable to read {}: {error}", path.display());
            ctx.fail(Report::error("FILE_DISTRIBUTION_ERROR", text))
        })?;
        if let Some(key) = key {
            let key = base64::engine::general_purpose::STANDARD.encode(key);
            let file = json!({"type": kind, "data": key, "rewrite_existing": true});
            data.insert(label.to_owned(), file);
        }
    }
    let text = format!("Sending {} to {list}", quoted(&data.keys().cloned().collect::<Vec<_>>()));
    ctx.report(Report::info("FILES_DISTRIBUTION_STARTED", text));
    if put_files(ctx, new, &Value::Object(data)).await { Ok(()) } else { Err(Stop) }
}

/// The same request to all of them; what goes wrong is told.
async fn told(ctx: &Ctx, nodes: &[String], ask: &Ask) -> Result<(), Stop> {
    let mut done = Ok(());
    for (node, answer) in peers::ask_all(&ctx.app, nodes, ask).await {
        if let Err(error) = answer {
            ctx.report(unreachable_report(&node, &ask.path, &error));
            done = Err(Stop);
        }
    }
    done
}

/// Nothing of this cluster stays on hosts that did not become nodes of it.
async fn taken_back(ctx: &Ctx, new: &[String]) -> Stop {
    let destroy = Ask::get("remote/cluster_destroy", &ctx.user).within(DESTROY_TIME);
    let mut left = Vec::new();
    for (node, answer) in peers::ask_all(&ctx.app, new, &destroy).await {
        left.extend(answer.is_err().then_some(node));
    }
    let text = if left.is_empty() {
        "no node was added; the same command can be repeated".to_owned()
    } else {
        format!("no node was added, but run 'rhapsody cluster destroy' on: {}", left.join(", "))
    };
    ctx.fail(Report::error("CLUSTER_NODE_ADD_FAILED", text))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    node_list: Vec<String>,
    #[serde(default)]
    force_flags: Vec<String>,
}

pub async fn remove(ctx: &Ctx, params: Remove) -> Done {
    let _changing = super::change_begins().await;
    let gone = &params.node_list;
    let skip_offline = has(&params.force_flags, "SKIP_OFFLINE_NODES");
    let before = super::read(ctx)?;
    let request = json!({"node_list": gone, "force_flags": params.force_flags});
    let after = changed(ctx, "rhapsody.cluster.node_remove", request, &before).await?;
    let nodes = push::ask_nodes(ctx, &push::names(&before), skip_offline).await?;
    let (leaving, staying): (Vec<String>, Vec<String>) =
        nodes.reached.into_iter().partition(|name| gone.contains(name));
    let running: Vec<String> = nodes.running.into_iter().filter(|name| !gone.contains(name)).collect();
    if !running.is_empty() && !has(&params.force_flags, "FORCE") {
        lifecycle::quorum_check(ctx, gone).await?;
    }
    let silent: Vec<&str> = gone.iter().filter(|name| !leaving.contains(name)).map(String::as_str).collect();
    if !silent.is_empty() {
        let text = format!(
            "Removed node(s) {} could not be reached and subsequently deconfigured. If they run, the cluster no longer knows of them: run 'rhapsody cluster destroy' on them",
            silent.join(", ")
        );
        ctx.report(Report::warning("NODES_TO_REMOVE_UNREACHABLE", text));
    }
    if staying.is_empty() {
        let text = "none of the nodes that stay answers";
        return Err(ctx.fail(Report::error("NODES_TO_REMOVE_UNREACHABLE", text)));
    }
    let text = format!("Destroying cluster on hosts: {}...", quoted(&leaving));
    ctx.report(Report::info("CLUSTER_DESTROY_STARTED", text));
    let destroy = Ask::get("remote/cluster_destroy", &ctx.user).within(DESTROY_TIME);
    if !lifecycle::everywhere(ctx, &leaving, &destroy, "CLUSTER_DESTROY_SUCCESS").await {
        return Err(Stop);
    }
    let after = push::newer(ctx, &before, after, &staying).await;
    push::send(ctx, &staying, None, &after, skip_offline).await?;
    push::reload(ctx, &running).await?;
    forget(ctx, &running, gone).await
}

/// What is left of them in the CIB, through a node that runs.
async fn forget(ctx: &Ctx, running: &[String], gone: &[String]) -> Done {
    let data = json!({ "node_list": gone }).to_string();
    let ask = Ask::post("remote/remove_nodes_from_cib", &ctx.user, &[("data_json", &data)]);
    let ask = ask.within(FORGET_TIME);
    let mut why = None;
    for node in running {
        for (node, answer) in peers::ask_all(&ctx.app, std::slice::from_ref(node), &ask).await {
            let answer = match answer {
                Ok(text) => serde_json::from_str::<Value>(&text).unwrap_or_default(),
                Err(error) => {
                    why = Some(unreachable_report(&node, &ask.path, &error));
                    continue;
                }
            };
            if answer["code"] == "success" {
                return Ok(Value::Null);
            }
            let text = answer["message"].as_str().unwrap_or("unexpected answer").to_owned();
            why = Some(Report::error("NODE_REMOVE_IN_PACEMAKER_FAILED", text).on_node(node));
        }
    }
    let text = format!(
        "the CIB still lists {}; when the cluster runs, remove it with 'rhapsody cluster node clear'",
        gone.join(", ")
    );
    match why {
        None => ctx.report(Report::warning("NODE_REMOVE_IN_PACEMAKER_SKIPPED", text)),
        Some(why) => {
            ctx.report(why);
            return Err(ctx.fail(Report::error("NODE_REMOVE_IN_PACEMAKER_FAILED", text)));
        }
    }
    Ok(Value::Null)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clear {
    node_name: String,
    #[serde(default)]
    allow_clear_cluster_node: bool,
    #[serde(default)]
    force_flags: Vec<String>,
}

/// Removes what the CIB still has of a node that is none any more.
pub async fn clear(ctx: &Ctx, params: Clear) -> Done {
    let name = &params.node_name;
    let forced = params.allow_clear_cluster_node || has(&params.force_flags, "FORCE");
    if cluster_files::node_names(&ctx.app).contains(name) {
        let members = ctx.app.engine.members().await.map_err(|error| cluster::refused(ctx, &error))?;
        if members.members.iter().any(|member| member.name == *name && member.online) {
            let text = format!("node '{name}' is a member of the cluster: stop it and remove it first");
            return Err(ctx.fail(Report::error("NODE_TO_CLEAR_IS_STILL_IN_CLUSTER", text)));
        }
        let text = format!(
            "node '{name}' seems to be still in the cluster; this command should be used only with nodes that have been removed from the cluster"
        );
        if !forced {
            let report = Report::error("NODE_TO_CLEAR_IS_STILL_IN_CLUSTER", text);
            return Err(ctx.fail(report.forceable("FORCE")));
        }
        ctx.report(Report::warning("NODE_TO_CLEAR_IS_STILL_IN_CLUSTER", text));
    }
    live::run(ctx, "rhapsody.cluster.node_forget", json!({ "node_list": [name] })).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    old_name: String,
    new_name: String,
    #[serde(default)]
    force_flags: Vec<String>,
}

/// A new name in corosync.conf; the hosts know whom it means before they get it.
pub async fn rename(ctx: &Ctx, params: Rename) -> Done {
    let _changing = super::change_begins().await;
    let skip_offline = has(&params.force_flags, "SKIP_OFFLINE_NODES");
    let before = super::read(ctx)?;
    let request = json!({"old_name": params.old_name, "new_name": params.new_name});
    let after = changed(ctx, "cluster.rename_node_corosync", request, &before).await?;
    let nodes = push::ask_nodes(ctx, &push::names(&before), skip_offline).await?;
    push::check_running(ctx, &before, &after, &nodes.running)?;
    let known = ctx.app.known_hosts.load().map(|file| file.known_hosts).unwrap_or_default();
    if let Some(host) = known.get(&params.old_name)
        && !known.contains_key(&params.new_name)
        && let Ok(host) = serde_json::to_value(host)
    {
        let hosts: Map<String, Value> = [(params.new_name.clone(), host)].into_iter().collect();
        let data = json!({"known_hosts_add": hosts, "known_hosts_remove": {}}).to_string();
        let ask = Ask::post("remote/known_hosts_change", &ctx.user, &[("data_json", &data)]);
        told(ctx, &nodes.reached, &ask).await?;
    }
    let after = push::newer(ctx, &before, after, &nodes.reached).await;
    push::send(ctx, &nodes.reached, Some(&before), &after, skip_offline).await?;
    Ok(Value::Null)
}
