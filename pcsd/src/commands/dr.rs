//! `dr`: a second cluster that takes over when this one is lost. Each node keeps who the other is, in
//! pcs's file; the two clusters are run by hand, and seen together.

use super::hosts::{Nothing, unreachable_report};
use super::{Ctx, Done, Stop, cluster};
use crate::cluster_files::{self, Target};
use crate::peers::{self, Ask};
use crate::{files, status};
use base64::prelude::{BASE64_STANDARD, Engine};
use rhapsody_api::Report;
use rhapsody_conf::Conf;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sites {
    local: Local,
    remote_sites: Vec<Site>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Local {
    role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Site {
    role: Role,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Node {
    name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Role {
    Primary,
    Recovery,
}

impl Sites {
    /// What a node of a site with this role is told about the other.
    fn seen_by(role: Role, others: &[String]) -> Sites {
        let other = if role == Role::Primary { Role::Recovery } else { Role::Primary };
        let nodes = others.iter().map(|name| Node { name: name.clone() }).collect();
        Sites { local: Local { role }, remote_sites: vec![Site { role: other, nodes }] }
    }

    fn remote_nodes(&self) -> Vec<String> {
        self.remote_sites.iter().flat_map(|site| &site.nodes).map(|node| node.name.clone()).collect()
    }
}

/// What this node knows; `None` where nothing is configured.
fn load(ctx: &Ctx) -> Result<Option<Sites>, Stop> {
    let path = Target::DisasterRecovery.path(&ctx.app);
    let unable = |why: String| {
        let text = format!("unable to read the disaster-recovery configuration '{}': {why}", path.display());
        ctx.fail(Report::error("DR_CONFIG_UNREADABLE", text))
    };
    let bytes = files::read_optional(&path).map_err(|error| unable(error.to_string()))?;
    bytes.map(|bytes| serde_json::from_slice(&bytes).map_err(|error| unable(error.to_string()))).transpose()
}

fn configured(ctx: &Ctx) -> Result<Sites, Stop> {
    load(ctx)?.ok_or_else(|| {
        ctx.fail(Report::error("DR_CONFIG_DOES_NOT_EXIST", "Disaster-recovery is not configured"))
    })
}

pub async fn config(ctx: &Ctx, _: Nothing) -> Done {
    Ok(json!(configured(ctx)?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetSite {
    node: String,
}

pub async fn set_recovery_site(ctx: &Ctx, params: SetSite) -> Done {
    if load(ctx)?.is_some() {
        let text = "Disaster-recovery already configured";
        return Err(ctx.fail(Report::error("DR_CONFIG_ALREADY_EXIST", text)));
    }
    let ours = cluster_files::node_names(&ctx.app);
    if ours.is_empty() {
        let text = "there is no cluster on this node; make one with 'rhapsody cluster setup'";
        return Err(ctx.fail(Report::error("UNABLE_TO_READ_COROSYNC_CONFIG", text)));
    }
    if ours.contains(&params.node) {
        let text = format!("Node '{}' is already in the local cluster", params.node);
        return Err(ctx.fail(Report::error("NODE_IN_LOCAL_CLUSTER", text)));
    }
    let theirs = nodes_of(ctx, &params.node).await?;
    let known = ctx.app.known_hosts.load().map(|file| file.known_hosts).unwrap_or_default();
    let unknown: Vec<&String> =
        ours.iter().chain(&theirs).filter(|name| !known.contains_key(*name)).collect();
    if !unknown.is_empty() {
        let names = unknown.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        let text = format!("this host is not authenticated to: {names}; run 'rhapsody host auth' for them");
        return Err(ctx.fail(Report::error("HOST_NOT_FOUND", text).with("host_list", json!(unknown))));
    }
    // The other site first: where it fails, this one is not changed.
    let well = put(ctx, &theirs, &Sites::seen_by(Role::Recovery, &ours)).await
        && put(ctx, &ours, &Sites::seen_by(Role::Primary, &theirs)).await;
    if well { Ok(Value::Null) } else { Err(Stop) }
}

/// Of the cluster that a host is in.
async fn nodes_of(ctx: &Ctx, host: &str) -> Result<Vec<String>, Stop> {
    let ask = Ask::get("remote/get_corosync_conf", &ctx.user).within(ctx.request_time(peers::REQUEST_TIME));
    for (node, answer) in peers::ask_all(&ctx.app, &[host.to_owned()], &ask).await {
        let text = answer.map_err(|error| ctx.fail(unreachable_report(&node, &ask.path, &error)))?;
        let nodes = Conf::parse(&text).map(|conf| conf.settings().nodes).unwrap_or_default();
        let names: Vec<String> =
            nodes.into_iter().map(|node| node.name).filter(|name| !name.is_empty()).collect();
        if !names.is_empty() {
            return Ok(names);
        }
    }
    let text = format!("the corosync.conf of '{host}' names no nodes");
    Err(ctx.fail(Report::error("UNABLE_TO_READ_COROSYNC_CONFIG", text)))
}

async fn put(ctx: &Ctx, nodes: &[String], sites: &Sites) -> bool {
    let data = BASE64_STANDARD.encode(json!(sites).to_string());
    let file = json!({"dr": {"type": "pcs_disaster_recovery_conf", "data": data, "rewrite_existing": true}});
    let ask = Ask::post("remote/put_file", &ctx.user, &[("data_json", &file.to_string())]);
    tell(
        ctx,
        nodes,
        &ask,
        "The disaster-recovery configuration was sent",
        &["written", "rewritten", "same_content"],
    )
    .await
}

/// The same to all; whether all said one of the codes that are well.
async fn tell(ctx: &Ctx, nodes: &[String], ask: &Ask, done: &str, codes: &[&str]) -> bool {
    let mut well = true;
    for (node, answer) in peers::ask_all(&ctx.app, nodes, ask).await {
        let answer = answer.map(|text| serde_json::from_str::<Value>(&text).unwrap_or_default());
        match answer {
            Ok(answer) if codes.contains(&answer["files"]["dr"]["code"].as_str().unwrap_or_default()) => {
                ctx.report(Report::info("FILE_DISTRIBUTION_SUCCESS", done).on_node(node));
            }
            Ok(answer) => {
                well = false;
                let why = answer["files"]["dr"]["message"].as_str().unwrap_or("an odd answer").to_owned();
                ctx.report(Report::error("FILE_DISTRIBUTION_ERROR", why).on_node(node));
            }
            Err(error) => {
                well = false;
                ctx.report(unreachable_report(&node, &ask.path, &error));
            }
        }
    }
    well
}

/// Of both sites; a site that does not answer has no text.
pub async fn status(ctx: &Ctx, params: cluster::StatusOf) -> Done {
    let sites = configured(ctx)?;
    let local = status::text(&ctx.app, params.full, params.hide_inactive).await;
    let local = local.inspect_err(|error| {
        cluster::refused(ctx, error);
    });
    let asked = json!({"hide_inactive_resources": params.hide_inactive, "verbose": params.full}).to_string();
    let ask = Ask::post("remote/cluster_status_plaintext", &ctx.user, &[("data_json", &asked)]);
    let ask = ask.within(ctx.request_time(peers::REQUEST_TIME));
    let mut remote = Vec::new();
    for site in &sites.remote_sites {
        let nodes: Vec<String> = site.nodes.iter().map(|node| node.name.clone()).collect();
        let mut text = None;
        for (node, answer) in peers::ask_all(&ctx.app, &nodes, &ask).await {
            match answer.map(|answer| serde_json::from_str::<Value>(&answer).unwrap_or_default()) {
                Ok(answer) if answer["status"] == "success" => {
                    text = text.or_else(|| answer["data"].as_str().map(str::to_owned));
                }
                Ok(answer) => {
                    let why = answer["status_msg"].as_str().unwrap_or("it has no status").to_owned();
                    ctx.report(Report::warning("NODE_COMMUNICATION_COMMAND_UNSUCCESSFUL", why).on_node(node));
                }
                Err(error) => {
                    let mut report = unreachable_report(&node, &ask.path, &error);
                    report.severity.level = rhapsody_api::report::Level::Warning;
                    ctx.report(report);
                }
            }
        }
        remote.push(json!({"role": site.role, "text": text}));
    }
    Ok(json!({"local": {"role": sites.local.role, "text": local.ok()}, "remote": remote}))
}

/// Both sites forget each other.
pub async fn destroy(ctx: &Ctx, _: Nothing) -> Done {
    let sites = configured(ctx)?;
    let mut nodes = sites.remote_nodes();
    nodes.extend(cluster_files::node_names(&ctx.app));
    let file = json!({"dr": {"type": "pcs_disaster_recovery_conf"}}).to_string();
    let ask = Ask::post("remote/remove_file", &ctx.user, &[("data_json", &file)]);
    let done = "The disaster-recovery configuration was removed";
    let well = tell(ctx, &nodes, &ask, done, &["deleted", "not_found"]).await;
    if well { Ok(Value::Null) } else { Err(Stop) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_site_is_told_who_the_other_is_in_the_words_of_pcs() {
        let there = Sites::seen_by(Role::Recovery, &["n1".to_owned(), "n2".to_owned()]);
        assert_eq!(
            json!(there),
            json!({"local": {"role": "RECOVERY"},
                   "remote_sites": [{"role": "PRIMARY", "nodes": [{"name": "n1"}, {"name": "n2"}]}]})
        );
        assert_eq!(there.remote_nodes(), ["n1", "n2"]);
        assert!(serde_json::from_str::<Sites>(r#"{"local":{"role":"other"},"remote_sites":[]}"#).is_err());
    }
}
