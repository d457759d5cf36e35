//! `cluster start`, `stop`, `enable`, `disable`, `destroy`: on this node, on some, on all.

use super::hosts::unreachable_report;
use super::wait::{Wait, quoted, start_wait};
use super::{Ctx, Done, Stop};
use crate::peers::{self, Ask, PeerError};
use crate::{cluster_files, local_node};
use rhapsody_api::Report;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// A node may stop slowly; it is asked again so often (as pcs does), and told it is waited for.
const STOP_TIME: Duration = Duration::from_secs(120);
const STOP_TRIES: usize = 15;
/// Starting many nodes at once loads what they share.
const START_TIME_A_GROUP: Duration = Duration::from_secs(60);
const START_GROUP: usize = 8;

/// What may follow once nodes have joined a cluster; told, not taken back.
pub async fn enable_and_start(ctx: &Ctx, nodes: &[String], enable: bool, start: bool, wait: Wait) -> Done {
    let mut well = true;
    if enable {
        let text = format!("Enabling cluster on hosts: {}...", quoted(nodes));
        ctx.report(Report::info("CLUSTER_ENABLE_STARTED", text));
        let ask = Ask::get("remote/cluster_enable", &ctx.user);
        well &= everywhere(ctx, nodes, &ask, "CLUSTER_ENABLE_SUCCESS").await;
    }
    if start {
        let text = format!("Starting cluster on hosts: {}...", quoted(nodes));
        ctx.report(Report::info("CLUSTER_START_STARTED", text));
        well &= start_nodes(ctx, nodes, wait).await.is_ok();
    }
    if well { Ok(Value::Null) } else { Err(Stop) }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Where {
    #[serde(default)]
    pub nodes: Vec<String>,
    #[serde(default)]
    pub all: bool,
    #[serde(default)]
    pub wait: Wait,
    #[serde(default)]
    pub force_flags: Vec<String>,
}

impl Where {
    /// Names of nodes, or none for this node alone.
    fn names(&self, ctx: &Ctx) -> Result<Vec<String>, Stop> {
        if self.all && !self.nodes.is_empty() {
            let text = "name nodes or take all of them, not both";
            return Err(ctx.fail(Report::error("COMMAND_INVALID_PAYLOAD", text)));
        }
        let known = cluster_files::node_names(&ctx.app);
        if !self.all {
            let unknown: Vec<&str> =
                self.nodes.iter().filter(|name| !known.contains(name)).map(String::as_str).collect();
            // Outside of a cluster the names are those of known hosts.
            if !unknown.is_empty() && !known.is_empty() {
                let text = format!(
                    "not in this cluster: {}; its nodes are: {}",
                    unknown.join(", "),
                    known.join(", ")
                );
                return Err(ctx.fail(Report::error("NODE_NOT_FOUND", text)));
            }
            return Ok(self.nodes.clone());
        }
        if known.is_empty() {
            return Err(no_cluster(ctx));
        }
        Ok(known)
    }

    fn is_forced(&self) -> bool {
        self.force_flags.iter().any(|flag| flag == "FORCE")
    }
}

fn no_cluster(ctx: &Ctx) -> Stop {
    let text = "there is no cluster on this node; make one with 'rhapsody cluster setup'";
    ctx.fail(Report::error("UNABLE_TO_READ_COROSYNC_CONFIG", text))
}

fn info(node: Option<&str>, code: &str, text: &str) -> Report {
    match node {
        Some(node) => Report::info(code, text).on_node(node),
        None => Report::info(code, text),
    }
}

/// The same request everywhere; each answer's text is told. True when all went well.
pub async fn everywhere(ctx: &Ctx, nodes: &[String], ask: &Ask, code: &str) -> bool {
    let mut well = true;
    for (node, answer) in peers::ask_all(&ctx.app, nodes, ask).await {
        match answer {
            Ok(text) if text.contains(r#""error""#) => {
                ctx.report(unreachable_report(&node, &ask.path, &PeerError::Refused(text)));
                well = false;
            }
            Ok(text) => ctx.report(info(Some(&node), code, text.trim())),
            Err(error) => {
                ctx.report(unreachable_report(&node, &ask.path, &error));
                well = false;
            }
        }
    }
    well
}

fn result(well: bool) -> Done {
    if well { Ok(Value::Null) } else { Err(Stop) }
}

pub async fn start(ctx: &Ctx, params: Where) -> Done {
    let nodes = params.names(ctx)?;
    if nodes.is_empty() {
        ctx.report(info(None, "CLUSTER_START_STARTED", "Starting Cluster..."));
        local_node::start(&ctx.app)
            .await
            .map_err(|error| ctx.fail(Report::error("CLUSTER_START_FAILED", error)))?;
        return super::wait::local_start(ctx, params.wait).await;
    }
    start_nodes(ctx, &nodes, params.wait).await
}

/// Starts the nodes, and waits for those that started.
pub async fn start_nodes(ctx: &Ctx, nodes: &[String], wait: Wait) -> Done {
    let groups = nodes.len().div_ceil(START_GROUP) as u32;
    let time = ctx.request_time(START_TIME_A_GROUP * groups);
    let ask = Ask::get("remote/cluster_start", &ctx.user).within(time);
    let mut started = Vec::new();
    for (node, answer) in peers::ask_all(&ctx.app, nodes, &ask).await {
        match answer {
            Ok(text) => {
                ctx.report(info(Some(&node), "CLUSTER_START_SUCCESS", text.trim()));
                started.push(node);
            }
            Err(error) => ctx.report(unreachable_report(&node, &ask.path, &error)),
        }
    }
    let well = started.len() == nodes.len();
    start_wait(ctx, &started, wait).await?;
    result(well)
}

pub async fn stop(ctx: &Ctx, params: Where) -> Done {
    let nodes = params.names(ctx)?;
    let all: BTreeSet<String> = cluster_files::node_names(&ctx.app).into_iter().collect();
    let stops_all = !nodes.is_empty() && all.iter().all(|name| nodes.contains(name));
    if !stops_all && !params.is_forced() {
        quorum_check(ctx, &nodes).await?;
    }
    if nodes.is_empty() {
        ctx.report(info(None, "CLUSTER_STOP_STARTED", "Stopping Cluster (pacemaker)..."));
        local_node::stop(&ctx.app)
            .await
            .map_err(|error| ctx.fail(Report::error("CLUSTER_STOP_FAILED", error)))?;
        ctx.report(info(None, "CLUSTER_STOP_SUCCESS", "Stopping Cluster (corosync)..."));
        return Ok(Value::Null);
    }
    result(stop_nodes(ctx, &nodes, "pacemaker").await && stop_nodes(ctx, &nodes, "corosync").await)
}

/// Resources may take their time: a node that is not done is asked again, the others are not delayed.
async fn stop_nodes(ctx: &Ctx, nodes: &[String], component: &str) -> bool {
    let ask = Ask::post("remote/cluster_stop", &ctx.user, &[("component", component), ("force", "1")])
        .within(ctx.request_time(STOP_TIME));
    let mut left: Vec<String> = nodes.to_vec();
    let mut well = true;
    for attempt in 1..=STOP_TRIES {
        let mut again = Vec::new();
        for (node, answer) in peers::ask_all(&ctx.app, &left, &ask).await {
            match answer {
                Ok(_) => {
                    let text = format!("Stopping Cluster ({component})...");
                    ctx.report(info(Some(&node), "CLUSTER_STOP_SUCCESS", &text));
                }
                Err(PeerError::TimedOut(_)) if attempt < STOP_TRIES => {
                    ctx.report(info(Some(&node), "CLUSTER_STOP_WAITING", "still stopping"));
                    again.push(node);
                }
                Err(error) => {
                    ctx.report(unreachable_report(&node, &ask.path, &error));
                    well = false;
                }
            }
        }
        if again.is_empty() {
            break;
        }
        left = again;
    }
    well
}

/// Stopping some nodes must not stop the others' resources unasked.
pub async fn quorum_check(ctx: &Ctx, nodes: &[String]) -> Result<(), Stop> {
    let local = ctx.app.engine.members().await.ok().map(|members| members.local);
    let stopping: Vec<String> = match (&local, nodes.is_empty()) {
        (Some(local), true) => vec![local.clone()],
        // It does not run here: nothing can be lost.
        (None, true) => return Ok(()),
        _ => nodes.to_vec(),
    };
    let mut texts = Vec::new();
    if local.is_some() {
        texts.extend(local_node::quorum_text(&ctx.app).await.ok());
    } else {
        let ask = Ask::get("remote/get_quorum_info", &ctx.user).within(Duration::from_secs(10));
        for (_, answer) in peers::ask_all(&ctx.app, &stopping, &ask).await {
            texts.extend(answer.ok());
        }
    }
    let mut seen = false;
    for text in texts {
        if text.contains("Cannot initialize CMAP service") {
            // Stopped already: it has no vote to take away.
            seen = true;
        } else if let Some(view) = QuorumView::parse(&text) {
            if view.is_lost_without(&stopping) {
                let text =
                    format!("Stopping the node(s) {} will cause a loss of the quorum", stopping.join(", "));
                let report = Report::error("COROSYNC_QUORUM_WILL_BE_LOST", text);
                return Err(ctx.fail(report.forceable("FORCE")));
            }
            return Ok(());
        }
    }
    if seen {
        return Ok(());
    }
    let text = "Unable to determine whether stopping the nodes will cause a loss of the quorum";
    Err(ctx.fail(Report::error("COROSYNC_QUORUM_LOSS_UNABLE_TO_CHECK", text).forceable("FORCE")))
}

/// What corosync-quorumtool's text says.
#[derive(Debug, PartialEq, Eq)]
struct QuorumView {
    is_quorate: bool,
    needed: u32,
    votes: Vec<(String, u32)>,
}

impl QuorumView {
    fn parse(text: &str) -> Option<QuorumView> {
        let value = |name: &str| {
            let line = text.lines().find(|line| line.trim_start().starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let needed = value("Quorum:")?.split_whitespace().next()?.parse().ok()?;
        let is_quorate = value("Quorate:")? == "Yes";
        // Rows of "Nodeid Votes [Qdevice] Name".
        let rows = text.lines().skip_while(|line| !line.trim_start().starts_with("Nodeid")).skip(1);
        let votes = rows
            .filter_map(|row| {
                let row = row.trim_end().trim_end_matches("(local)");
                let mut words = row.split_whitespace();
                let _id: u64 = words.next()?.parse().ok()?;
                let votes = words.next()?.parse().ok()?;
                Some((words.next_back()?.to_owned(), votes))
            })
            .collect();
        Some(QuorumView { is_quorate, needed, votes })
    }

    fn is_lost_without(&self, stopping: &[String]) -> bool {
        let left: u32 =
            self.votes.iter().filter(|(name, _)| !stopping.contains(name)).map(|(_, votes)| votes).sum();
        self.is_quorate && left < self.needed
    }
}

/// At once and without a word to anybody, on this node; it stays down until it is started again.
pub async fn kill(ctx: &Ctx, _: super::hosts::Nothing) -> Done {
    match ctx.app.core.kill() {
        Ok(_) => Ok(Value::Null),
        Err(error) => Err(ctx.fail(Report::error("CLUSTER_KILL_FAILED", format!("{error:#}")))),
    }
}

pub async fn enable(ctx: &Ctx, params: Where) -> Done {
    set_enabled(ctx, &params, true).await
}

pub async fn disable(ctx: &Ctx, params: Where) -> Done {
    set_enabled(ctx, &params, false).await
}

async fn set_enabled(ctx: &Ctx, params: &Where, enabled: bool) -> Done {
    let nodes = params.names(ctx)?;
    let (path, code) = match enabled {
        true => ("remote/cluster_enable", "CLUSTER_ENABLE_SUCCESS"),
        false => ("remote/cluster_disable", "CLUSTER_DISABLE_SUCCESS"),
    };
    if nodes.is_empty() {
        return match ctx.app.core.set_enabled(enabled) {
            Ok(()) => Ok(Value::Null),
            Err(error) => Err(ctx.fail(Report::error("CLUSTER_ENABLE_FAILED", format!("{error:#}")))),
        };
    }
    result(everywhere(ctx, &nodes, &Ask::get(path, &ctx.user), code).await)
}

pub async fn destroy(ctx: &Ctx, params: Where) -> Done {
    if !params.nodes.is_empty() {
        let text = "'cluster destroy' takes no nodes: it is this node, or all of them";
        return Err(ctx.fail(Report::error("COMMAND_INVALID_PAYLOAD", text)));
    }
    let nodes = params.names(ctx)?;
    if nodes.is_empty() {
        local_node::destroy(&ctx.app)
            .await
            .map_err(|error| ctx.fail(Report::error("CLUSTER_DESTROY_FAILED", error)))?;
        ctx.report(info(None, "CLUSTER_DESTROY_SUCCESS", "Successfully destroyed cluster"));
        return Ok(Value::Null);
    }
    // Together, so that no node takes over what another one stops.
    let stopped = stop_nodes(ctx, &nodes, "pacemaker").await;
    let ask = Ask::get("remote/cluster_destroy", &ctx.user).within(ctx.request_time(STOP_TIME));
    result(everywhere(ctx, &nodes, &ask, "CLUSTER_DESTROY_SUCCESS").await && stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_of_quorum_is_foreseen() {
        let text = "Quorum information\n------------------\nDate:             Fri\nQuorum provider:  corosync_votequorum\nNodes:            3\nNode ID:          1\nRing ID:          1.9\nQuorate:          Yes\n\nVotequorum information\n----------------------\nExpected votes:   3\nHighest expected: 3\nTotal votes:      3\nQuorum:           2  \nFlags:            Quorate \n\nMembership information\n----------------------\n    Nodeid      Votes Name\n         1          1 n1 (local)\n         2          1 n2\n         3          1 n3\n";
        let view = QuorumView::parse(text).unwrap();
        assert_eq!((view.needed, view.votes.len()), (2, 3));
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(!view.is_lost_without(&names(&["n1"])));
        assert!(view.is_lost_without(&names(&["n1", "n3"])));
        let inquorate = QuorumView::parse(&text.replace("Yes", "No")).unwrap();
        assert!(!inquorate.is_lost_without(&names(&["n1", "n3"])), "there is none to lose");
        assert_eq!(QuorumView::parse("Cannot initialize CMAP service"), None);
    }
}
