//! `host auth`, `host deauth`, and who answers: the known hosts and their spread over the cluster.

use super::{Ctx, Done};
use crate::cluster_files;
use crate::known_hosts::{Destination, Host, HostsFile};
use crate::peers::{self, Ask, PeerError};
use rhapsody_api::Report;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A refused login takes a while on purpose, also at other servers.
const LOGIN_TIME: Duration = Duration::from_secs(30);
/// Hosts of one request.
const HOSTS_MAX: usize = 128;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    hosts: BTreeMap<String, Credentials>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: String,
    #[serde(default)]
    dest_list: Vec<Destination>,
}

pub async fn auth(ctx: &Ctx, params: Auth) -> Done {
    if params.hosts.is_empty() || params.hosts.len() > HOSTS_MAX {
        let text = format!("name between 1 and {HOSTS_MAX} hosts to authenticate");
        return Err(ctx.fail(Report::error("INVALID_HOSTS", text)));
    }
    let time = ctx.request_time(LOGIN_TIME);
    let logging_in: Vec<_> = params
        .hosts
        .into_iter()
        .map(|(name, credentials)| {
            let task = tokio::spawn(log_in(name.clone(), credentials, time));
            (name, task)
        })
        .collect();
    let mut added = BTreeMap::new();
    for (name, task) in logging_in {
        let result = task.await.unwrap_or_else(|_| Err(PeerError::Refused("internal error".into())));
        match result {
            Ok(Some(host)) => {
                added.insert(name, host);
            }
            Ok(None) => ctx.report(
                Report::error("INCORRECT_CREDENTIALS", "Username and/or password is incorrect").on_node(name),
            ),
            Err(error) => ctx.report(unreachable_report(&name, "remote/auth", &error)),
        }
    }
    let names: Vec<String> = added.keys().cloned().collect();
    let file = ctx
        .app
        .known_hosts
        .change(|hosts| hosts.extend(added))
        .map_err(|error| ctx.fail(Report::error("UNABLE_TO_SAVE_KNOWN_HOSTS", format!("{error:#}"))))?;
    for name in names {
        ctx.report(Report::info("AUTHORIZATION_SUCCESSFUL", "Authorized").on_node(name));
    }
    spread(ctx, file).await;
    Ok(Value::Null)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthToken {
    hosts: BTreeMap<String, Addresses>,
    token: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Addresses {
    #[serde(default)]
    dest_list: Vec<Destination>,
}

/// Hosts that were told to accept a token; those that do are known from now on.
pub async fn auth_token(ctx: &Ctx, params: AuthToken) -> Done {
    let ask = Ask::get("remote/check_auth", &ctx.user).within(ctx.request_time(LOGIN_TIME));
    let mut added = BTreeMap::new();
    for (name, addresses) in params.hosts {
        let host = Host { dest_list: addresses.dest_list, token: params.token.clone(), cert_sha256: None };
        match peers::ask(&ctx.app, &name, &host, &ask).await {
            Ok(_) => {
                ctx.report(Report::info("AUTHORIZATION_SUCCESSFUL", "Authorized").on_node(name.clone()));
                let dest_list = host.destinations(&name);
                added.insert(name, Host { dest_list, ..host });
            }
            Err(error) => ctx.report(unreachable_report(&name, &ask.path, &error)),
        }
    }
    let file = ctx
        .app
        .known_hosts
        .change(|hosts| hosts.extend(added))
        .map_err(|error| ctx.fail(Report::error("UNABLE_TO_SAVE_KNOWN_HOSTS", format!("{error:#}"))))?;
    spread(ctx, file).await;
    Ok(Value::Null)
}

async fn log_in(name: String, credentials: Credentials, time: Duration) -> Result<Option<Host>, PeerError> {
    let unknown = Host { dest_list: credentials.dest_list, token: String::new(), cert_sha256: None };
    let mut last = PeerError::TimedOut(time);
    for destination in unknown.destinations(&name) {
        let result = peers::log_in(&destination, &credentials.username, &credentials.password, time).await;
        match result {
            Ok((token, _)) if token.is_empty() => return Ok(None),
            Ok((token, seen)) => {
                let dest_list = unknown.destinations(&name);
                return Ok(Some(Host { dest_list, token, cert_sha256: Some(seen) }));
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// The report of a request that did not get through, in pcs's codes.
pub fn unreachable_report(node: &str, request: &str, error: &PeerError) -> Report {
    let code = match error {
        PeerError::Unknown(_) => "HOST_NOT_FOUND",
        PeerError::Unreachable(_) => "NODE_COMMUNICATION_ERROR_UNABLE_TO_CONNECT",
        PeerError::TimedOut(_) => "NODE_COMMUNICATION_ERROR_TIMED_OUT",
        PeerError::NotAuthenticated => "NODE_COMMUNICATION_ERROR_NOT_AUTHORIZED",
        PeerError::Denied => "NODE_COMMUNICATION_ERROR_PERMISSION_DENIED",
        PeerError::Refused(_) => "NODE_COMMUNICATION_COMMAND_UNSUCCESSFUL",
        PeerError::WrongCertificate | PeerError::Odd(_) => "NODE_COMMUNICATION_ERROR",
    };
    let text = match error {
        PeerError::Refused(text) => text.trim().to_owned(),
        error => error.to_string(),
    };
    Report::error(code, text).with("command", request).on_node(node)
}

/// All nodes of a cluster know the same hosts, so that any of them can manage it.
pub async fn spread(ctx: &Ctx, file: HostsFile) {
    let nodes = cluster_files::node_names(&ctx.app);
    let Some(cluster) = cluster_files::cluster_name(&ctx.app).filter(|_| !nodes.is_empty()) else {
        return;
    };
    let send = |file: &HostsFile, force: bool| {
        let configs = json!({
            "cluster_name": cluster,
            "force": force,
            "configs": {"known-hosts": {"type": "file", "text": file.text()}},
        });
        Ask::post("remote/set_configs", &ctx.user, &[("configs", &configs.to_string())])
            .within(Duration::from_secs(30))
    };
    // Own names are in the list too; this host takes its own file as "the same".
    let answers = peers::ask_all(&ctx.app, &nodes, &send(&file, false)).await;
    let mut rejected = false;
    for (node, answer) in answers {
        match answer.as_deref().map(outcome_of) {
            Ok(Some("accepted")) => {}
            Ok(Some("rejected")) => rejected = true,
            Ok(_) => ctx.report(not_spread(&node, "it did not take them")),
            Err(error) => ctx.report(not_spread(&node, &error.to_string())),
        }
    }
    if !rejected {
        return;
    }
    // Somebody knew more than we did: take all in, ours winning, and send the sum.
    let ask = Ask::post("remote/get_configs", &ctx.user, &[("cluster_name", &cluster)]);
    let mut newest = file.data_version;
    let mut merged = BTreeMap::new();
    for (_, answer) in peers::ask_all(&ctx.app, &nodes, &ask.within(Duration::from_secs(30))).await {
        let Ok(answer) = answer else { continue };
        let value: Value = serde_json::from_str(&answer).unwrap_or_default();
        let text = value["configs"]["known-hosts"]["text"].as_str().unwrap_or_default();
        if let Ok(theirs) = HostsFile::parse(text) {
            newest = newest.max(theirs.data_version);
            merged.extend(theirs.known_hosts);
        }
    }
    merged.extend(file.known_hosts.clone());
    let mut sum = file;
    sum.known_hosts = merged;
    sum.data_version = newest + 1;
    if let Err(error) = ctx.app.known_hosts.accept(sum.clone(), true) {
        ctx.report(Report::warning("UNABLE_TO_SAVE_KNOWN_HOSTS", format!("{error:#}")));
    }
    for (node, answer) in peers::ask_all(&ctx.app, &nodes, &send(&sum, false)).await {
        match answer.as_deref().map(outcome_of) {
            Ok(Some("accepted")) => {}
            Ok(_) => ctx.report(not_spread(&node, "it did not take them")),
            Err(error) => ctx.report(not_spread(&node, &error.to_string())),
        }
    }
}

fn outcome_of(answer: &str) -> Option<&'static str> {
    let value: Value = serde_json::from_str(answer).ok()?;
    match value["result"]["known-hosts"].as_str()? {
        "accepted" => Some("accepted"),
        "rejected" => Some("rejected"),
        _ => None,
    }
}

fn not_spread(node: &str, why: &str) -> Report {
    let text = format!("the known hosts were not sent to this node: {why}");
    Report::warning("UNABLE_TO_SYNCHRONIZE_KNOWN_HOSTS", text).on_node(node)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    #[serde(default)]
    hosts_to_add: BTreeMap<String, Host>,
    #[serde(default)]
    hosts_to_remove: Vec<String>,
}

pub async fn change(ctx: &Ctx, params: Change) -> Done {
    let changed = ctx.app.known_hosts.change(|hosts| {
        for name in &params.hosts_to_remove {
            hosts.remove(name);
        }
        hosts.extend(params.hosts_to_add);
    });
    match changed {
        Ok(_) => Ok(Value::Null),
        Err(error) => Err(ctx.fail(Report::error("UNABLE_TO_SAVE_KNOWN_HOSTS", format!("{error:#}")))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deauth {
    hosts: Vec<String>,
}

/// Without names: all.
pub async fn deauth(ctx: &Ctx, params: Deauth) -> Done {
    let known = ctx
        .app
        .known_hosts
        .load()
        .map_err(|error| ctx.fail(Report::error("UNABLE_TO_READ_KNOWN_HOSTS", format!("{error:#}"))))?;
    let unknown: Vec<&str> = params
        .hosts
        .iter()
        .filter(|name| !known.known_hosts.contains_key(*name))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let text = format!(
            "Following hosts are not known: {}; known are: {}",
            unknown.join(", "),
            known.known_hosts.keys().cloned().collect::<Vec<_>>().join(", ")
        );
        return Err(ctx.fail(Report::error("HOST_NOT_FOUND", text).with("host_list", unknown)));
    }
    // The cluster's nodes are reached with what is forgotten here, so they are told of the file first.
    let mut file = known;
    if params.hosts.is_empty() {
        file.known_hosts.clear();
    } else {
        file.known_hosts.retain(|name, _| !params.hosts.contains(name));
    }
    file.data_version += 1;
    spread(ctx, file.clone()).await;
    ctx.app
        .known_hosts
        .accept(file, true)
        .map_err(|error| ctx.fail(Report::error("UNABLE_TO_SAVE_KNOWN_HOSTS", format!("{error:#}"))))?;
    Ok(Value::Null)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Addresses and pins, no tokens.
pub async fn list(ctx: &Ctx, _: Nothing) -> Done {
    let file = ctx
        .app
        .known_hosts
        .load()
        .map_err(|error| ctx.fail(Report::error("UNABLE_TO_READ_KNOWN_HOSTS", format!("{error:#}"))))?;
    let hosts: Map<String, Value> = file
        .known_hosts
        .into_iter()
        .map(|(name, host)| (name, json!({"dest_list": host.dest_list, "cert_sha256": host.cert_sha256})))
        .collect();
    Ok(Value::Object(hosts))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PcsdStatus {
    #[serde(default)]
    nodes: Vec<String>,
}

/// Who answers and accepts our token; a host that hangs delays this by two seconds at most.
pub async fn pcsd_status(ctx: &Ctx, params: PcsdStatus) -> Done {
    let nodes = match params.nodes {
        nodes if !nodes.is_empty() => nodes,
        _ => cluster_files::node_names(&ctx.app),
    };
    Ok(Value::Object(pcsd_status_of(ctx, &nodes).await.into_iter().collect()))
}

pub async fn pcsd_status_of(ctx: &Ctx, nodes: &[String]) -> Vec<(String, Value)> {
    let ask = Ask::get("remote/check_auth", &ctx.user).within(peers::STATUS_TIME);
    peers::ask_all(&ctx.app, nodes, &ask)
        .await
        .into_iter()
        .map(|(node, answer)| {
            let text = match answer {
                Ok(_) => "Online",
                Err(PeerError::NotAuthenticated | PeerError::Unknown(_) | PeerError::Denied) => {
                    "Unable to authenticate"
                }
                Err(_) => "Offline",
            };
            (node, Value::from(text))
        })
        .collect()
}
