//! What pcsd needs to know from this host's corosync.conf.

use crate::app::App;
use crate::files;
use anyhow::bail;
use rhapsody_conf::{Conf, Severity};

/// Name and nodes of the cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Membership {
    pub cluster_name: String,
    pub nodes: Vec<Node>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub addresses: Vec<String>,
}

/// Of this host; `None` where there is no readable corosync.conf.
pub fn membership(app: &App) -> Option<Membership> {
    let bytes = files::read_optional(&app.paths.corosync_conf()).ok()??;
    let conf = Conf::parse(&String::from_utf8_lossy(&bytes)).ok()?;
    let settings = conf.settings();
    let nodes = settings.nodes.into_iter().map(|node| Node {
        name: node.name,
        addresses: node.addresses.into_iter().map(|(_, address)| address).collect(),
    });
    Some(Membership { cluster_name: settings.cluster_name.unwrap_or_default(), nodes: nodes.collect() })
}

/// Refuses what no node could start from.
pub fn check(text: &str) -> anyhow::Result<()> {
    let conf = match Conf::parse(text) {
        Ok(conf) => conf,
        Err(error) => bail!("corosync.conf is not valid: {error}"),
    };
    if conf.settings().nodes.is_empty() {
        bail!("corosync.conf is not valid: it lists no nodes");
    }
    match conf.check().into_iter().find(|problem| problem.severity == Severity::Error) {
        Some(problem) => bail!("{problem}"),
        None => Ok(()),
    }
}
