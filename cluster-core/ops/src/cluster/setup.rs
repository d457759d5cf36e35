//! `cluster setup`: a new corosync.conf, checked as a whole before anything is made.
//!
//! [`plan`] is for whoever makes a live cluster; [`run`] makes the file alone.

use super::config_update::{cipher_needs_hash, only_with_knet};
use super::{setup_links, setup_nodes};
use crate::conf::options::{Check, Options, Table};
use crate::conf::{ConfWork, Env, tables};
use crate::quorum::update::window_needs_last_man;
use crate::reports::Reports;
use crate::work::{ForceFlags, Stop};
use rhapsody_conf::{Conf, Section, SetupNode, Transport};
use serde::Deserialize;

const NAME_LETTERS_MAX: usize = 256;
/// GFS2 takes no longer names, and no other letters.
const GFS2_NAME_LETTERS_MAX: usize = 32;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub cluster_name: String,
    pub nodes: Vec<Node>,
    #[serde(default)]
    pub transport_type: Option<String>,
    #[serde(default)]
    pub transport_options: Options,
    #[serde(default)]
    pub link_list: Vec<Options>,
    #[serde(default)]
    pub compression_options: Options,
    #[serde(default)]
    pub crypto_options: Options,
    #[serde(default)]
    pub totem_options: Options,
    #[serde(default)]
    pub quorum_options: Options,
    #[serde(default)]
    pub no_cluster_uuid: bool,
    #[serde(default)]
    pub force_flags: ForceFlags,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    pub name: String,
    #[serde(default)]
    pub addrs: Option<Vec<String>>,
}

pub fn run(work: &mut ConfWork<'_>, request: Request) -> Result<(), Stop> {
    work.conf = plan(request, work.env, &mut work.reports)?.build();
    // What is read back has the shape of what is written to the file.
    work.conf = Conf::parse(&work.conf.canonical()).unwrap_or_default();
    Ok(())
}

/// Everything that can be known before any host is asked.
pub fn plan(request: Request, env: &Env<'_>, reports: &mut Reports) -> Result<rhapsody_conf::Setup, Stop> {
    let force = request.force_flags.force();
    check_name(&request.cluster_name, force, reports);
    let type_ = request.transport_type.as_deref().unwrap_or("knet");
    let transport = Transport::parse(type_);
    if transport.is_none() {
        let text = format!("'{type_}' is not a valid transport value, use 'knet', 'udp', 'udpu'");
        reports.error("INVALID_OPTION_VALUE", text);
    }
    let nodes = with_addresses(&request.nodes, env, reports);
    setup_nodes::check(&nodes, transport, request.transport_options.get("ip_version"), force, env, reports);
    if let Some(transport) = transport {
        options(&request, transport, reports);
        let links = nodes.iter().map(|node| node.addresses.len()).max().unwrap_or(0);
        setup_links::check(&request.link_list, transport, links, reports);
    }
    check("totem", tables::TOTEM, &request.totem_options, reports);
    check("quorum", tables::QUORUM, &request.quorum_options, reports);
    if request.quorum_options.contains_key("last_man_standing_window") {
        let last_man = request.quorum_options.get("last_man_standing");
        window_needs_last_man(last_man.map(String::as_str), reports);
    }
    reports.check()?;
    let pairs = |options: Options| options.into_iter().collect::<Vec<_>>();
    Ok(rhapsody_conf::Setup {
        cluster_name: request.cluster_name,
        cluster_uuid: (!request.no_cluster_uuid).then(|| env.uuid.clone()),
        transport: transport.unwrap_or_default(),
        nodes,
        totem: pairs(request.totem_options),
        transport_options: pairs(request.transport_options),
        compression: pairs(request.compression_options),
        crypto: pairs(request.crypto_options),
        quorum: pairs(request.quorum_options),
        links: setup_links::numbered(request.link_list).into_iter().map(pairs).collect(),
        short_token: false,
    })
}

pub(super) fn check_name(name: &str, force: bool, reports: &mut Reports) {
    if name.is_empty() {
        return reports.error("INVALID_OPTION_VALUE", "cluster name cannot be empty");
    }
    let gfs2 = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.len() > GFS2_NAME_LETTERS_MAX || !name.chars().all(gfs2) {
        let text = format!(
            "Chosen cluster name '{name}' will prevent mounting GFS2 volumes in the cluster, use at most 32 of a-z A-Z 0-9 _- characters; you may safely override this if you do not intend to use GFS2"
        );
        reports.forceable(force, "COROSYNC_CLUSTER_NAME_INVALID_FOR_GFS2", text);
    }
    if name.chars().count() > NAME_LETTERS_MAX {
        let text = format!(
            "'{name}' is not a valid cluster name value, use a string (min length: 1) (max length: {NAME_LETTERS_MAX})"
        );
        reports.error("INVALID_OPTION_VALUE", text);
    }
    if !Section::can_hold(name) {
        reports.error("INVALID_OPTION_VALUE", "cluster name cannot contain {}\\n\\r characters");
    }
}

/// Nodes without an address get the one they were authenticated with, or their name.
pub(super) fn with_addresses(nodes: &[Node], env: &Env<'_>, reports: &mut Reports) -> Vec<SetupNode> {
    let mut all = Vec::new();
    for node in nodes {
        let addresses = node.addrs.clone().filter(|addresses| !addresses.is_empty()).unwrap_or_else(|| {
            let address = env.known_hosts.get(&node.name).unwrap_or(&node.name).clone();
            let text = format!("No addresses specified for host '{}', using '{address}'", node.name);
            reports.info("USING_DEFAULT_ADDRESS_FOR_HOST", text);
            vec![address]
        });
        all.push(SetupNode { name: node.name.clone(), addresses });
    }
    all
}

fn options(request: &Request, transport: Transport, reports: &mut Reports) {
    let kind = format!("{} transport", tables::family(transport));
    check(&kind, tables::transport(transport), &request.transport_options, reports);
    if transport != Transport::Knet {
        only_with_knet("compression", &request.compression_options, reports);
        only_with_knet("crypto", &request.crypto_options, reports);
        return;
    }
    check("compression", tables::COMPRESSION, &request.compression_options, reports);
    check("crypto", tables::CRYPTO, &request.crypto_options, reports);
    let crypto = |name: &str| request.crypto_options.get(name).map(String::as_str);
    cipher_needs_hash(crypto("cipher"), crypto("hash"), reports);
}

fn check(kind: &str, table: &Table, options: &Options, reports: &mut Reports) {
    Check { kind, table, update: false, force: None }.run(options, reports);
}
