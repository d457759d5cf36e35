//! `cluster setup`: check every host, clean up, send the keys, and as the commit point corosync.conf.
//!
//! Until corosync.conf is there a node is in no cluster. When anything fails after the first change,
//! our files are removed from every node that answers and the others are named; the same command
//! can then be repeated.

use super::hosts::unreachable_report;
use super::wait::{Wait, quoted};
use super::{Ctx, Done, Stop, conf, lifecycle};
use crate::known_hosts::Host;
use crate::peers::{self, Ask};
use base64::Engine as _;
use rhapsody_api::Report;
use rhapsody_ops::cluster::setup;
use rhapsody_ops::conf::Env;
use rhapsody_ops::conf::options::Options;
use rhapsody_ops::reports::Reports;
use rhapsody_ops::work::ForceFlags;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// As pcs: enough for corosync's strongest key.
const KEY_BYTES: usize = 256;
const NODES_MAX: usize = 64;
const CHECK_TIME: Duration = Duration::from_secs(30);
/// A running cluster that is destroyed by force stops its resources first.
const DESTROY_TIME: Duration = Duration::from_secs(180);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    cluster_name: String,
    nodes: Vec<setup::Node>,
    #[serde(default)]
    transport_type: Option<String>,
    #[serde(default)]
    transport_options: Option<Options>,
    #[serde(default)]
    link_list: Option<Vec<Options>>,
    #[serde(default)]
    compression_options: Option<Options>,
    #[serde(default)]
    crypto_options: Option<Options>,
    #[serde(default)]
    totem_options: Option<Options>,
    #[serde(default)]
    quorum_options: Option<Options>,
    #[serde(default)]
    wait: Wait,
    #[serde(default)]
    start: bool,
    #[serde(default)]
    enable: bool,
    #[serde(default)]
    no_keys_sync: bool,
    #[serde(default)]
    no_cluster_uuid: bool,
    #[serde(default)]
    force_flags: Vec<String>,
}

pub async fn run(ctx: &Ctx, params: Setup) -> Done {
    let forced = params.force_flags.iter().any(|flag| flag == "FORCE");
    let known = ctx
        .app
        .known_hosts
        .load()
        .map_err(|error| ctx.fail(Report::error("UNABLE_TO_READ_KNOWN_HOSTS", format!("{error:#}"))))?
        .known_hosts;
    let plan = plan(ctx, &params, &known).await?;
    let nodes: Vec<String> = plan.nodes.iter().map(|node| node.name.clone()).collect();

    check_hosts(ctx, &nodes, forced).await?;
    if prepare(ctx, &nodes, &known, &params, &plan.build().to_text()).await.is_err() {
        roll_back(ctx, &nodes).await;
        return Err(Stop);
    }
    ctx.report(Report::info("CLUSTER_SETUP_SUCCESS", "Cluster has been successfully set up."));
    lifecycle::enable_and_start(ctx, &nodes, params.enable, params.start, params.wait).await
}

/// Everything that can be known before any host is asked; the rules are those of the file.
async fn plan(
    ctx: &Ctx,
    params: &Setup,
    known: &BTreeMap<String, Host>,
) -> Result<rhapsody_conf::Setup, Stop> {
    let names: BTreeSet<&str> = params.nodes.iter().map(|node| node.name.as_str()).collect();
    let mut failed = false;
    let mut error = |report: Report| {
        ctx.report(report);
        failed = true;
    };
    if params.no_keys_sync {
        let text = "setup without keys is not there yet; leave --no-keys-sync out";
        error(Report::error("NOT_THERE_YET", text));
    }
    if params.nodes.len() > NODES_MAX {
        error(Report::error("COROSYNC_NODES_MISSING", format!("name between 1 and {NODES_MAX} nodes")));
    }
    let unknown: Vec<&str> = names.into_iter().filter(|name| !known.contains_key(*name)).collect();
    if !unknown.is_empty() {
        error(unknown_hosts(&unknown));
    }
    let of = |options: &Option<Options>| options.clone().unwrap_or_default();
    let mut totem_options = of(&params.totem_options);
    if !totem_options.contains_key("token") {
        // Nothing of ours travels a ring: the time does not grow with the number of nodes.
        totem_options.insert("token".to_owned(), ctx.app.settings.setup.token_ms.to_string());
        totem_options.entry("token_coefficient".to_owned()).or_insert_with(|| "0".to_owned());
    }
    let request = setup::Request {
        cluster_name: params.cluster_name.clone(),
        nodes: params.nodes.clone(),
        transport_type: params.transport_type.clone(),
        transport_options: of(&params.transport_options),
        link_list: params.link_list.clone().unwrap_or_default(),
        compression_options: of(&params.compression_options),
        crypto_options: of(&params.crypto_options),
        totem_options,
        quorum_options: of(&params.quorum_options),
        no_cluster_uuid: params.no_cluster_uuid,
        force_flags: ForceFlags(params.force_flags.clone()),
    };
    let known_hosts = conf::first_addresses(ctx)?;
    let planning = tokio::task::spawn_blocking(move || {
        let env = Env { known_hosts, resolves: &conf::resolves, uuid: conf::new_uuid() };
        let mut reports = Reports::default();
        (setup::plan(request, &env, &mut reports), reports)
    });
    let Ok((plan, reports)) = planning.await else {
        let text = "internal error; see the log of rhapsody-pcsd";
        return Err(ctx.fail(Report::error("INTERNAL_ERROR", text)));
    };
    reports.into_list().into_iter().for_each(|report| ctx.report(report));
    let Ok(plan) = plan else { return Err(Stop) };
    if failed { Err(Stop) } else { Ok(rhapsody_conf::Setup { short_token: true, ..plan }) }
}

pub fn unknown_hosts(unknown: &[&str]) -> Report {
    let (s, are) = if unknown.len() > 1 { ("s", "are") } else { ("", "is") };
    let text = format!(
        "Host{s} {} {are} not known to this host; run 'rhapsody host auth {}' first",
        quote(unknown),
        unknown.join(" ")
    );
    Report::error("HOST_NOT_FOUND", text).with("host_list", unknown.to_vec())
}

fn quote(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

/// All must answer, have what it takes, and be in no cluster.
pub async fn check_hosts(ctx: &Ctx, nodes: &[String], forced: bool) -> Result<(), Stop> {
    let ask = Ask::get("remote/check_host", &ctx.user).within(ctx.request_time(CHECK_TIME));
    let mut taken = false;
    let mut failed = false;
    for (node, answer) in peers::ask_all(&ctx.app, nodes, &ask).await {
        let answer = match answer {
            Ok(text) => serde_json::from_str::<Value>(&text).unwrap_or_default(),
            Err(error) => {
                ctx.report(unreachable_report(&node, &ask.path, &error));
                failed = true;
                continue;
            }
        };
        let services = &answer["services"];
        let Some(present) = answer["cluster_configuration_exists"].as_bool() else {
            let text = "unexpected answer to check_host";
            ctx.report(Report::error("INVALID_RESPONSE_FORMAT", text).on_node(&*node));
            failed = true;
            continue;
        };
        let missing: Vec<&str> = ["corosync", "pacemaker"]
            .into_iter()
            .filter(|service| services[*service]["installed"] != Value::Bool(true))
            .collect();
        if !missing.is_empty() {
            let text = format!("Required cluster services not installed: {}", quote(&missing));
            ctx.report(Report::error("SERVICE_NOT_INSTALLED", text).on_node(&*node));
            failed = true;
        }
        let running: Vec<&str> = ["corosync", "pacemaker", "pacemaker_remote"]
            .into_iter()
            .filter(|service| services[*service]["running"] == Value::Bool(true))
            .collect();
        let mut found = Vec::new();
        if !running.is_empty() {
            let text = format!(
                "The host seems to be in a cluster already as the following services are found to be running: {}. If the host is not part of a cluster, stop the services and retry",
                quote(&running)
            );
            found.push(("HOST_ALREADY_IN_CLUSTER_SERVICES", text));
        }
        if present {
            let text = "The host seems to be in a cluster already as cluster configuration files have been found on the host. If the host is not part of a cluster, run 'rhapsody cluster destroy' on it to remove those configuration files".to_owned();
            found.push(("HOST_ALREADY_IN_CLUSTER_CONFIG", text));
        }
        for (code, text) in found {
            let report = if forced { Report::warning(code, text) } else { Report::error(code, text) };
            ctx.report(report.on_node(&*node));
            taken = true;
        }
    }
    if taken && !forced {
        let text = "Some nodes are already in a cluster. Enforcing this will destroy existing cluster on those nodes. You should remove the nodes from their clusters instead to keep the clusters working properly";
        ctx.report(Report::error("CLUSTER_WILL_BE_DESTROYED", text).forceable("FORCE"));
    }
    if failed || (taken && !forced) { Err(Stop) } else { Ok(()) }
}

/// From the first change up to the commit point.
async fn prepare(
    ctx: &Ctx,
    nodes: &[String],
    known: &BTreeMap<String, Host>,
    params: &Setup,
    conf: &str,
) -> Result<(), Stop> {
    let list = quoted(nodes);
    ctx.report(Report::info("CLUSTER_DESTROY_STARTED", format!("Destroying cluster on hosts: {list}...")));
    let destroy = Ask::get("remote/cluster_destroy", &ctx.user).within(DESTROY_TIME);
    stop_unless(lifecycle::everywhere(ctx, nodes, &destroy, "CLUSTER_DESTROY_SUCCESS").await)?;

    let hosts: Map<String, Value> = nodes
        .iter()
        .filter_map(|name| Some((name.clone(), serde_json::to_value(known.get(name)?).ok()?)))
        .collect();
    let hosts = json!({"known_hosts_add": hosts, "known_hosts_remove": {}}).to_string();
    let ask = Ask::post("remote/known_hosts_change", &ctx.user, &[("data_json", &hosts)]);
    let mut well = true;
    for (node, answer) in peers::ask_all(&ctx.app, nodes, &ask).await {
        if let Err(error) = answer {
            ctx.report(unreachable_report(&node, &ask.path, &error));
            well = false;
        }
    }
    stop_unless(well)?;

    let text = format!("Requesting remove 'pcsd settings' from {list}");
    ctx.report(Report::info("FILES_REMOVE_FROM_NODES_STARTED", text));
    let data = json!({"pcsd settings": {"type": "pcsd_settings"}});
    let good = ["deleted", "not_found"];
    let told = ("FILE_REMOVE_FROM_NODE_SUCCESS", "successful removal of the file");
    stop_unless(files(ctx, nodes, "remote/remove_file", &data, &good, told).await)?;

    let text = format!("Sending 'corosync authkey', 'pacemaker authkey' to {list}");
    ctx.report(Report::info("FILES_DISTRIBUTION_STARTED", text));
    let data = json!({
        "corosync authkey":
            {"type": "corosync_authkey", "data": new_key(ctx, "corosync authkey")?, "rewrite_existing": true},
        "pacemaker authkey":
            {"type": "pcmk_remote_authkey", "data": new_key(ctx, "pacemaker authkey")?, "rewrite_existing": true},
    });
    stop_unless(put_files(ctx, nodes, &data).await)?;

    ctx.report(Report::info("FILES_DISTRIBUTION_STARTED", format!("Sending 'corosync.conf' to {list}")));
    let data = json!({
        "corosync.conf": {"type": "corosync_conf", "data": conf, "rewrite_existing": true},
    });
    debug_assert!(!params.no_keys_sync, "refused when the plan was made");
    stop_unless(put_files(ctx, nodes, &data).await)
}

/// Random bytes as they travel.
pub fn new_key(ctx: &Ctx, label: &str) -> Result<String, Stop> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| {
        let text = format!("no random numbers for the {label}: {error}");
        ctx.fail(Report::error("UNABLE_TO_MAKE_KEY", text))
    })?;
    Ok(base64::engine::general_purpose::STANDARD.encode(key))
}

/// Puts labelled files on the nodes; true when all are there.
pub async fn put_files(ctx: &Ctx, nodes: &[String], data: &Value) -> bool {
    let good = ["written", "rewritten", "same_content"];
    let told = ("FILE_DISTRIBUTION_SUCCESS", "successful distribution of the file");
    files(ctx, nodes, "remote/put_file", data, &good, told).await
}

fn stop_unless(well: bool) -> Result<(), Stop> {
    if well { Ok(()) } else { Err(Stop) }
}

/// Sends labelled files and tells what became of each; true when all went well on all.
async fn files(
    ctx: &Ctx,
    nodes: &[String],
    path: &str,
    data: &Value,
    good: &[&str],
    (code, told): (&str, &str),
) -> bool {
    let ask = Ask::post(path, &ctx.user, &[("data_json", &data.to_string())]);
    let labels: Vec<&String> = data.as_object().map(|map| map.keys().collect()).unwrap_or_default();
    let mut well = true;
    for (node, answer) in peers::ask_all(&ctx.app, nodes, &ask).await {
        let answer = match answer {
            Ok(text) => serde_json::from_str::<Value>(&text).unwrap_or_default(),
            Err(error) => {
                ctx.report(unreachable_report(&node, path, &error));
                well = false;
                continue;
            }
        };
        for label in &labels {
            let file = &answer["files"][label.as_str()];
            if file["code"].as_str().is_some_and(|code| good.contains(&code)) {
                let text = format!("{told} '{label}'");
                ctx.report(Report::info(code, text).on_node(&*node));
            } else {
                let why = file["message"].as_str().filter(|text| !text.is_empty());
                let why = why.or(file["code"].as_str()).unwrap_or("unexpected answer");
                let text = format!("failed with the file '{label}': {why}");
                ctx.report(Report::error("FILE_DISTRIBUTION_ERROR", text).on_node(&*node));
                well = false;
            }
        }
    }
    well
}

async fn roll_back(ctx: &Ctx, nodes: &[String]) {
    let text = "Setup failed; removing its files from all nodes...";
    ctx.report(Report::info("CLUSTER_SETUP_ROLLBACK_STARTED", text));
    let destroy = Ask::get("remote/cluster_destroy", &ctx.user).within(DESTROY_TIME);
    let mut left = Vec::new();
    for (node, answer) in peers::ask_all(&ctx.app, nodes, &destroy).await {
        match answer {
            Ok(_) => {
                let text = "the files of this setup were removed";
                ctx.report(Report::info("CLUSTER_SETUP_ROLLBACK_SUCCESS", text).on_node(node));
            }
            Err(_) => left.push(node),
        }
    }
    let text = if left.is_empty() {
        "no node is in the new cluster; the same command can be repeated".to_owned()
    } else {
        format!(
            "could not remove the files of this setup from: {}; when they answer again, repeat the same command (with --force), or run 'rhapsody cluster destroy' on them",
            left.join(", ")
        )
    };
    ctx.report(Report::error("CLUSTER_SETUP_FAILED", text).with("nodes_left", left));
}
