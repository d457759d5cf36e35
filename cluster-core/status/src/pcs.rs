//! `pcs status` and its sections.

use crate::text::{MonOptions, item};
use crate::types::{Node, Status};
use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// What the CIB does not know but the screen shows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Surroundings {
    pub cluster_name: Option<String>,
    pub local_node: Option<String>,
    /// In the order in which they are shown: corosync, pacemaker, pcsd.
    pub daemons: Vec<Daemon>,
    /// Node and what its pcsd answers; shown with `--full`.
    pub pcsd: Vec<(String, String)>,
    pub quorum: Option<rhapsody_api::core::Quorum>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Daemon {
    pub name: String,
    pub active: bool,
    pub enabled: bool,
}

#[derive(Debug, Clone, Copy, Default)]
pub struct PcsOptions {
    pub full: bool,
    pub hide_inactive: bool,
}

/// What stands after "Stack:" on a cluster of ours, whose CIB says `corosync` for the sake of tools.
const STACK: &str = "rhapsody (embedded)";

impl Status {
    /// The whole `pcs status`.
    pub fn pcs_text(&self, around: &Surroundings, options: PcsOptions) -> String {
        let mut text = format!("Cluster name: {}\n", around.cluster_name.as_deref().unwrap_or(""));
        // "Fencing is off" is said in the summary: it is a choice, not a mistake.
        let warnings: Vec<&str> =
            self.warnings.iter().filter(|w| w.code != "FENCING_OFF").map(|w| w.text.as_str()).collect();
        if !warnings.is_empty() {
            let _ = writeln!(text, "\nWARNINGS:\n{}\n", warnings.join("\n"));
        }
        text.push_str(&self.crm_mon_text(&MonOptions {
            inactive: !options.hide_inactive,
            detail: options.full,
            attributes: options.full,
            failcounts: options.full,
            ..self.live_options()
        }));
        if options.full {
            text.push_str("\nTickets:\n");
            for ticket in &self.tickets {
                let _ = writeln!(text, "  {}", ticket.listed());
            }
        }
        if options.full && !around.pcsd.is_empty() {
            text.push_str("\nPCSD Status:\n");
            for (node, state) in &around.pcsd {
                let _ = writeln!(text, "  {node}: {state}");
            }
        }
        if !around.daemons.is_empty() {
            text.push_str("\nDaemon Status:\n");
            for daemon in &around.daemons {
                let active = if daemon.active { "active" } else { "inactive" };
                let enabled = if daemon.enabled { "enabled" } else { "disabled" };
                let _ = writeln!(text, "  {}: {active}/{enabled}", daemon.name);
            }
        }
        text
    }

    fn is_ours(&self) -> bool {
        let version = self.summary.dc.as_ref().and_then(|dc| dc.version.as_deref());
        version.is_some_and(|version| version.ends_with("-rhapsody"))
    }

    fn live_options(&self) -> MonOptions {
        let fencing = self.warnings.iter().find(|w| w.code == "FENCING_OFF");
        MonOptions {
            stack: self.is_ours().then(|| STACK.to_owned()),
            note: fencing.map(|w| w.text.clone()),
            ..MonOptions::default()
        }
    }

    /// `pcs status cluster`: without resources.
    pub fn pcs_cluster_text(&self, around: &Surroundings) -> String {
        let mon = self.crm_mon_text(&MonOptions { inactive: true, ..self.live_options() });
        let mut text = String::from("Cluster Status:\n");
        // The summary and what comes next: the nodes, where there are any.
        for line in mon.split("\n\n").take(2).flat_map(str::lines).filter(|line| !line.is_empty()) {
            let _ = writeln!(text, " {line}");
        }
        if !around.pcsd.is_empty() {
            text.push_str("\nPCSD Status:\n");
            for (node, state) in &around.pcsd {
                let _ = writeln!(text, "  {node}: {state}");
            }
        }
        text
    }

    /// `pcs status resources [ID] [node=NODE]`.
    pub fn pcs_resources_text(
        &self,
        hide_inactive: bool,
        resource: Option<&str>,
        node: Option<&str>,
    ) -> String {
        if self.resources.is_empty() {
            return "NO resources configured\n".to_owned();
        }
        let options = MonOptions { inactive: !hide_inactive, ..MonOptions::default() };
        let mut text = String::new();
        for entry in &self.part(node, resource).resources {
            crate::text::resources::write(&mut text, entry, 0, &options);
        }
        if text.is_empty() {
            item(&mut text, 0, if hide_inactive { "No active resources" } else { "No resources" });
        }
        text
    }

    /// `pcs status nodes`.
    pub fn pcs_nodes_text(&self) -> String {
        let mut text = String::new();
        for (title, remote) in [("Pacemaker Nodes", false), ("Pacemaker Remote Nodes", true)] {
            let _ = writeln!(text, "{title}:");
            let nodes: Vec<&Node> = self.nodes.iter().filter(|n| n.is_remote() == remote).collect();
            let line = |text: &mut String, label: &str, fits: &dyn Fn(&Node) -> bool| {
                let mut names: Vec<&str> =
                    nodes.iter().filter(|n| fits(n)).map(|n| n.name.as_str()).collect();
                names.sort_unstable();
                let names: String = names.iter().map(|name| format!(" {name}")).collect();
                let _ = writeln!(text, " {label}:{names}");
            };
            let plain = |n: &Node| n.online && !n.standby && !n.standby_onfail && !n.maintenance;
            let standby = |n: &Node| n.online && (n.standby || n.standby_onfail);
            line(&mut text, "Online", &plain);
            line(&mut text, "Standby", &|n| standby(n) && n.resources.is_empty());
            line(&mut text, "Standby with resource(s) running", &|n| standby(n) && !n.resources.is_empty());
            line(&mut text, "Maintenance", &|n| n.online && n.maintenance && !standby(n));
            line(&mut text, "Offline", &|n| !n.online);
        }
        text
    }
}
