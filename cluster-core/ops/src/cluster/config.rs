//! `cluster config show`: corosync.conf as one typed answer (pcs's `CorosyncConfDto`).

use crate::conf::ConfWork;
use crate::conf::options::{Options, Table};
use crate::conf::tables;
use crate::quorum::config as quorum;
use crate::work::Stop;
use indexmap::IndexMap;
use rhapsody_conf::{Conf, Section, Transport};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {}

#[derive(Debug, Serialize, Deserialize)]
pub struct CorosyncConf {
    pub cluster_name: String,
    pub cluster_uuid: Option<String>,
    /// `KNET`, `UDP`, `UDPU`
    pub transport: String,
    pub totem_options: Options,
    pub transport_options: Options,
    pub compression_options: Options,
    pub crypto_options: Options,
    pub nodes: Vec<Node>,
    /// By link number.
    pub links_options: IndexMap<String, Options>,
    pub quorum_options: Options,
    pub quorum_device: Option<quorum::Device>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Node {
    pub name: String,
    pub nodeid: String,
    pub addrs: Vec<Address>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Address {
    pub addr: String,
    pub link: String,
    /// `IPv4`, `IPv6`, `FQDN`
    #[serde(rename = "type")]
    pub kind: String,
}

pub fn run(work: &mut ConfWork<'_>, _: Request) -> Result<CorosyncConf, Stop> {
    let transport = transport(work)?;
    let nodes = named_nodes(work)?;
    let conf = &work.conf;
    let totem = |table: &Table, prefix: &str| known(conf.root().sections("totem"), table, prefix);
    if nodes.iter().any(|node| node.nodeid.is_empty()) {
        let text = "Some nodes are missing IDs in corosync.conf. Edit corosync.conf and make sure all nodes have their nodeid set.";
        return work.reports.stop("COROSYNC_CONFIG_MISSING_IDS_OF_NODES", text);
    }
    Ok(CorosyncConf {
        cluster_name: conf.get("totem", "cluster_name").unwrap_or_default().to_owned(),
        cluster_uuid: conf.get("totem", "cluster_uuid").map(str::to_owned),
        transport: transport.as_str().to_uppercase(),
        totem_options: totem(tables::TOTEM, ""),
        transport_options: totem(tables::transport(transport), ""),
        compression_options: totem(tables::COMPRESSION, "knet_compression_"),
        crypto_options: totem(tables::CRYPTO, "crypto_"),
        nodes,
        links_options: links(conf, transport),
        quorum_options: quorum::options(conf),
        quorum_device: quorum::device(conf),
    })
}

/// Of the file; what nobody supports is refused.
pub(super) fn transport(work: &mut ConfWork<'_>) -> Result<Transport, Stop> {
    let Some(text) = work.conf.get("totem", "transport") else { return Ok(Transport::Knet) };
    Transport::parse(text).map_or_else(
        || {
            let text = format!(
                "Transport '{text}' currently configured in corosync.conf is unsupported. Supported transport types are: 'knet', 'udp', 'udpu'"
            );
            work.reports.stop("COROSYNC_CONFIG_UNSUPPORTED_TRANSPORT", text)
        },
        Ok,
    )
}

/// The options of a table that the sections have, without the prefix they carry in the file.
fn known<'a>(sections: impl Iterator<Item = &'a Section>, table: &Table, prefix: &str) -> Options {
    let mut options = Options::new();
    for (key, value) in sections.flat_map(Section::pairs) {
        if let Some(name) = key.strip_prefix(prefix)
            && table.iter().any(|(known, _)| *known == name)
        {
            options.insert(name.to_owned(), value.to_owned());
        }
    }
    options
}

/// Nodes are told apart by their names.
pub(super) fn named_nodes(work: &mut ConfWork<'_>) -> Result<Vec<Node>, Stop> {
    let nodes = nodes(&work.conf);
    if nodes.iter().any(|node| node.name.is_empty()) {
        let text = "Some nodes are missing names in corosync.conf, unable to continue. Edit corosync.conf and make sure all nodes have their name set.";
        return work.reports.stop("COROSYNC_CONFIG_MISSING_NAMES_OF_NODES", text);
    }
    Ok(nodes)
}

fn nodes(conf: &Conf) -> Vec<Node> {
    let sections = conf.root().sections("nodelist").flat_map(|list| list.sections("node"));
    let node = |section: &Section| {
        let text = |key: &str| section.get(key).unwrap_or_default().to_owned();
        let addresses = (0..rhapsody_conf::defaults::LINKS).filter_map(|link| {
            let addr = section.get(&format!("ring{link}_addr"))?.to_owned();
            let kind = match addr.parse() {
                Ok(IpAddr::V4(_)) => "IPv4",
                Ok(IpAddr::V6(_)) => "IPv6",
                Err(_) => "FQDN",
            };
            Some(Address { addr, link: link.to_string(), kind: kind.to_owned() })
        });
        Node { name: text("name"), nodeid: text("nodeid"), addrs: addresses.collect() }
    };
    sections.map(node).collect()
}

pub(super) fn links(conf: &Conf, transport: Transport) -> IndexMap<String, Options> {
    let mut links: IndexMap<String, Options> = IndexMap::new();
    let interfaces = conf.root().sections("totem").flat_map(|totem| totem.sections("interface"));
    for interface in interfaces {
        let number = interface.get("linknumber").unwrap_or("0").to_owned();
        let options = links.entry(number).or_default();
        for (key, value) in interface.pairs() {
            let name = match transport {
                Transport::Knet => key.strip_prefix("knet_").unwrap_or(key),
                _ => key,
            };
            if tables::link(transport).iter().any(|(known, _)| *known == name) {
                let value = match (name, value) {
                    ("broadcast", "yes") => "1",
                    ("broadcast", "no") => "0",
                    _ => value,
                };
                options.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    links.retain(|_, options| !options.is_empty());
    links
}
