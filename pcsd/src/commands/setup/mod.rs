//! `cluster setup`: check every host, clean up, send the keys, and as the commit point corosync.conf.
//!
//! Until corosync.conf is there a node is in no cluster. When anything fails after the first change,
//! our files are removed from every node that answers and the others are named; the same command
//! can then be repeated.

mod options;

use super::hosts::unreachable_report;
use super::wait::{Wait, quoted};
use super::{Ctx, Done, Stop, lifecycle};
use crate::known_hosts::Host;
use crate::peers::{self, Ask};
use base64::Engine as _;
use options::{Group, LINKS_MAX, Options, TRANSPORTS, check, quote};
use rhapsody_api::Report;
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
    nodes: Vec<Node>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    name: String,
    #[serde(default)]
    addrs: Option<Vec<String>>,
}

pub async fn run(ctx: &Ctx, params: Setup) -> Done {
    let forced = params.force_flags.iter().any(|flag| flag == "FORCE");
    let known = ctx
        .app
        .known_hosts
        .load()
        .map_err(|error| ctx.fail(Report::error("UNABLE_TO_READ_KNOWN_HOSTS", format!("{error:#}"))))?
        .known_hosts;
    let plan = plan(ctx, &params, &known, forced)?;
    let nodes: Vec<String> = plan.nodes.iter().map(|node| node.name.clone()).collect();

    check_hosts(ctx, &nodes, forced).await?;
    if prepare(ctx, &nodes, &known, &params, &plan.build().to_text()).await.is_err() {
        roll_back(ctx, &nodes).await;
        return Err(Stop);
    }
    ctx.report(Report::info("CLUSTER_SETUP_SUCCESS", "Cluster has been successfully set up."));

    // The cluster is there now; what follows is told, not taken back.
    let mut well = true;
    if params.enable {
        let text = format!("Enabling cluster on hosts: {}...", quoted(&nodes));
        ctx.report(Report::info("CLUSTER_ENABLE_STARTED", text));
        let ask = Ask::get("remote/cluster_enable", &ctx.user);
        well &= lifecycle::everywhere(ctx, &nodes, &ask, "CLUSTER_ENABLE_SUCCESS").await;
    }
    if params.start {
        let text = format!("Starting cluster on hosts: {}...", quoted(&nodes));
        ctx.report(Report::info("CLUSTER_START_STARTED", text));
        well &= lifecycle::start_nodes(ctx, &nodes, params.wait).await.is_ok();
    }
    if well { Ok(Value::Null) } else { Err(Stop) }
}

/// Everything that can be known before any host is asked.
fn plan(
    ctx: &Ctx,
    params: &Setup,
    known: &BTreeMap<String, Host>,
    forced: bool,
) -> Result<rhapsody_conf::Setup, Stop> {
    let mut reports = Vec::new();
    let mut error = |code: &str, text: String| reports.push(Report::error(code, text));
    if params.no_keys_sync {
        error("NOT_THERE_YET", "setup without keys is not there yet; leave --no-keys-sync out".into());
    }
    let name = &params.cluster_name;
    if name.is_empty() || name.len() > 255 || name.contains(|c: char| c.is_control() || "{}#:".contains(c)) {
        error(
            "INVALID_OPTION_VALUE",
            format!(
                "'{}' is not a valid cluster name, use letters, digits, '_' and '-'",
                name.escape_debug()
            ),
        );
    } else if !forced
        && (name.len() > 32 || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)))
    {
        let text = format!(
            "Chosen cluster name '{name}' will prevent mounting GFS2 volumes in the cluster, use at most 32 of a-z A-Z 0-9 and _-; you may safely override this if you do not intend to use GFS2"
        );
        let report = Report::error("COROSYNC_CLUSTER_NAME_INVALID_FOR_GFS2", text);
        reports.push(report.forceable("FORCE"));
    }
    let mut error = |code: &str, text: String| reports.push(Report::error(code, text));
    let transport = params.transport_type.as_deref().unwrap_or("knet");
    let is_knet = transport == "knet";
    if !TRANSPORTS.contains(&transport) {
        let text = format!("'{transport}' is not a valid transport value, use {}", quote(TRANSPORTS));
        error("INVALID_OPTION_VALUE", text);
    }

    if params.nodes.is_empty() || params.nodes.len() > NODES_MAX {
        error("COROSYNC_NODES_MISSING", format!("name between 1 and {NODES_MAX} nodes"));
    }
    let mut names = BTreeSet::new();
    let mut addresses_seen = BTreeSet::new();
    let mut nodes = Vec::new();
    for node in &params.nodes {
        let bad = |text: &str| {
            text.is_empty()
                || text.contains(|c: char| c.is_whitespace() || c.is_control() || "{}#".contains(c))
        };
        if bad(&node.name) {
            error("INVALID_OPTION_VALUE", format!("'{}' is not a node name", node.name.escape_debug()));
        }
        if !names.insert(node.name.clone()) {
            error("NODE_NAMES_DUPLICATION", format!("Node name '{}' is used twice", node.name));
        }
        let addresses = match node.addrs.clone().filter(|addresses| !addresses.is_empty()) {
            Some(addresses) => addresses,
            None => {
                let host = known.get(&node.name);
                let address = host.and_then(|host| host.destinations(&node.name).into_iter().next());
                let address = address.map_or_else(|| node.name.clone(), |first| first.addr);
                let text = format!("No addresses specified for host '{}', using '{address}'", node.name);
                ctx.report(Report::info("USING_DEFAULT_ADDRESS_FOR_HOST", text));
                vec![address]
            }
        };
        for address in &addresses {
            if bad(address) {
                error(
                    "NODE_ADDRESSES_CANNOT_BE_EMPTY",
                    format!("'{}' is not an address", address.escape_debug()),
                );
            } else if !addresses_seen.insert(address.clone()) {
                error("NODE_ADDRESSES_DUPLICATION", format!("Node address '{address}' is used twice"));
            }
        }
        let most = if is_knet { LINKS_MAX } else { 1 };
        if addresses.len() > most {
            let text = format!(
                "{} addresses specified for node '{}', {most} can be used with transport {transport}",
                addresses.len(),
                node.name
            );
            error("COROSYNC_BAD_NODE_ADDRESSES_COUNT", text);
        }
        nodes.push(rhapsody_conf::SetupNode { name: node.name.clone(), addresses });
    }
    let counts: BTreeSet<usize> = nodes.iter().map(|node| node.addresses.len()).collect();
    if counts.len() > 1 {
        let text = "All nodes must have the same number of addresses, one for each link";
        error("COROSYNC_NODE_ADDRESS_COUNT_MISMATCH", text.to_owned());
    }
    let links = params.link_list.clone().unwrap_or_default();
    if links.len() > counts.iter().copied().max().unwrap_or(0) {
        let text = format!("{} links are described, but the nodes have addresses for fewer", links.len());
        error("COROSYNC_TOO_MANY_LINKS_OPTIONS", text);
    }
    let numbers: Vec<&String> = links.iter().filter_map(|link| link.get("linknumber")).collect();
    if numbers.iter().collect::<BTreeSet<_>>().len() < numbers.len() {
        error("COROSYNC_LINK_NUMBER_DUPLICATION", "Link numbers must be unique".to_owned());
    }
    let unknown: Vec<&str> =
        names.iter().filter(|name| !known.contains_key(*name)).map(String::as_str).collect();
    if !unknown.is_empty() {
        let text = format!(
            "Host{} {} {} not known to this host; run 'rhapsody host auth {}' first",
            if unknown.len() > 1 { "s" } else { "" },
            quote(&unknown),
            if unknown.len() > 1 { "are" } else { "is" },
            unknown.join(" ")
        );
        reports.push(Report::error("HOST_NOT_FOUND", text).with("host_list", unknown));
    }
    let empty = Options::new();
    let of = |options: &Option<Options>| options.clone().unwrap_or_default();
    for (group, options) in [
        (Group::Transport, &params.transport_options),
        (Group::Compression, &params.compression_options),
        (Group::Crypto, &params.crypto_options),
        (Group::Totem, &params.totem_options),
        (Group::Quorum, &params.quorum_options),
    ] {
        check(group, is_knet, options.as_ref().unwrap_or(&empty), &mut reports);
    }
    for link in &links {
        check(Group::Link, is_knet, link, &mut reports);
    }
    let crypto = of(&params.crypto_options);
    let cipher = crypto.get("cipher").map_or("aes256", String::as_str);
    if cipher != "none" && crypto.get("hash").is_some_and(|hash| hash == "none") {
        let text = "When cipher is not 'none', hash cannot be 'none' either";
        reports.push(Report::error("COROSYNC_CRYPTO_CIPHER_REQUIRES_CRYPTO_HASH", text));
    }
    if of(&params.quorum_options).contains_key("last_man_standing_window")
        && of(&params.quorum_options).get("last_man_standing").is_none_or(|on| on != "1")
    {
        let text = "last_man_standing_window needs last_man_standing=1";
        reports.push(Report::error("PREREQUISITE_OPTION_IS_MISSING", text));
    }
    if !reports.is_empty() {
        reports.into_iter().for_each(|report| ctx.report(report));
        return Err(Stop);
    }
    let mut totem = of(&params.totem_options);
    if !totem.contains_key("token") {
        // Nothing of ours travels a ring: the time does not grow with the number of nodes.
        totem.insert("token".to_owned(), ctx.app.settings.setup.token_ms.to_string());
        totem.entry("token_coefficient".to_owned()).or_insert_with(|| "0".to_owned());
    }
    let pairs = |options: Options| options.into_iter().collect::<Vec<_>>();
    Ok(rhapsody_conf::Setup {
        cluster_name: name.clone(),
        cluster_uuid: (!params.no_cluster_uuid).then(|| uuid::Uuid::new_v4().simple().to_string()),
        transport: rhapsody_conf::Transport::parse(transport).unwrap_or_default(),
        nodes,
        totem: pairs(totem),
        transport_options: pairs(of(&params.transport_options)),
        compression: pairs(of(&params.compression_options)),
        crypto: pairs(crypto),
        quorum: pairs(of(&params.quorum_options)),
        links: number_links(links).into_iter().map(pairs).collect(),
        short_token: true,
    })
}

/// Links as given; those without a number take the free ones in order.
fn number_links(links: Vec<Options>) -> Vec<Options> {
    let taken: BTreeSet<String> = links.iter().filter_map(|link| link.get("linknumber").cloned()).collect();
    let mut free =
        (0..links.len() * 2).map(|number| number.to_string()).filter(|number| !taken.contains(number));
    let number = |mut link: Options| {
        if !link.contains_key("linknumber")
            && let Some(number) = free.next()
        {
            link.insert("linknumber".to_owned(), number);
        }
        link
    };
    links.into_iter().map(number).collect()
}

/// All must answer, have what it takes, and be in no cluster.
async fn check_hosts(ctx: &Ctx, nodes: &[String], forced: bool) -> Result<(), Stop> {
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

    let key = |label: &str| {
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(|error| {
            let text = format!("no random numbers for the {label}: {error}");
            ctx.fail(Report::error("UNABLE_TO_MAKE_KEY", text))
        })?;
        Ok(base64::engine::general_purpose::STANDARD.encode(key))
    };
    let text = format!("Sending 'corosync authkey', 'pacemaker authkey' to {list}");
    ctx.report(Report::info("FILES_DISTRIBUTION_STARTED", text));
    let data = json!({
        "corosync authkey":
            {"type": "corosync_authkey", "data": key("corosync authkey")?, "rewrite_existing": true},
        "pacemaker authkey":
            {"type": "pcmk_remote_authkey", "data": key("pacemaker authkey")?, "rewrite_existing": true},
    });
    let good = ["written", "rewritten", "same_content"];
    let told = ("FILE_DISTRIBUTION_SUCCESS", "successful distribution of the file");
    stop_unless(files(ctx, nodes, "remote/put_file", &data, &good, told).await)?;

    ctx.report(Report::info("FILES_DISTRIBUTION_STARTED", format!("Sending 'corosync.conf' to {list}")));
    let data = json!({
        "corosync.conf": {"type": "corosync_conf", "data": conf, "rewrite_existing": true},
    });
    debug_assert!(!params.no_keys_sync, "refused when the plan was made");
    stop_unless(files(ctx, nodes, "remote/put_file", &data, &good, told).await)
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
