//! `cluster rename`, `cluster node rename-corosync`: other names in corosync.conf.

use super::config::named_nodes;
use super::setup::check_name;
use crate::conf::ConfWork;
use crate::work::{ForceFlags, Stop};
use rhapsody_conf::Section;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    pub new_name: String,
    #[serde(default)]
    pub force_flags: ForceFlags,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    pub old_name: String,
    pub new_name: String,
    #[serde(default)]
    #[allow(dead_code)] // pcs sends it; there is nothing that it would override
    pub force_flags: ForceFlags,
}

pub fn cluster(work: &mut ConfWork<'_>, request: Cluster) -> Result<(), Stop> {
    check_name(&request.new_name, request.force_flags.force(), &mut work.reports);
    work.reports.check()?;
    work.conf.set("totem", "cluster_name", &request.new_name);
    Ok(())
}

pub fn node(work: &mut ConfWork<'_>, request: Node) -> Result<(), Stop> {
    let Node { old_name, new_name, .. } = request;
    let nodes = named_nodes(work)?;
    if !nodes.iter().any(|node| node.name == old_name) {
        let text = format!("Node '{old_name}' does not appear to exist in configuration");
        work.reports.error("NODE_NOT_FOUND", text);
    }
    if new_name.is_empty() {
        work.reports.error("INVALID_OPTION_VALUE", "node name cannot be empty");
    } else if !Section::can_hold(&new_name) {
        work.reports.error("INVALID_OPTION_VALUE", "node name cannot contain {}\\n\\r characters");
    } else if nodes.iter().any(|node| node.name == new_name) {
        let text = format!("Node name '{new_name}' is already used by existing nodes; use other names");
        work.reports.error("NODE_NAMES_ALREADY_EXIST", text);
    }
    work.reports.check()?;
    for list in work.conf.root_mut().sections_mut("nodelist") {
        for node in list.sections_mut("node").filter(|node| node.get("name") == Some(&old_name)) {
            node.set("name", &new_name);
        }
    }
    Ok(())
}
