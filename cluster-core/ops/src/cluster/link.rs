//! `cluster link`: a link more, a link less, or other addresses and options of one.

use super::config::{Node, links, named_nodes, transport};
use super::setup_nodes::repeated;
use super::{link_check, setup_links};
use crate::conf::options::{Check, Options};
use crate::conf::{ConfWork, tables};
use crate::work::{ForceFlags, Stop};
use rhapsody_agents_catalog::check::quoted;
use rhapsody_conf::{Conf, Section, Transport, defaults, link_key};
use serde::Deserialize;
use std::collections::BTreeSet;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    /// Addresses by node.
    pub node_addr_map: Options,
    #[serde(default)]
    pub link_options: Options,
    #[serde(default)]
    pub force_flags: ForceFlags,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    pub linknumber_list: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    pub linknumber: String,
    #[serde(default)]
    pub node_addr_map: Options,
    #[serde(default)]
    pub link_options: Options,
    #[serde(default)]
    pub force_flags: ForceFlags,
}

pub fn add(work: &mut ConfWork<'_>, request: Add) -> Result<(), Stop> {
    let Add { node_addr_map, mut link_options, force_flags } = request;
    let transport = transport_with_links(work, "adding")?;
    let nodes = named_nodes(work)?;
    let present = numbers(&nodes);
    let most = usize::from(defaults::LINKS);
    if present.len() >= most {
        let text = format!(
            "Cannot add 1 link, there would be {} links defined which is more than allowed number of {most} links",
            present.len() + 1
        );
        return work.reports.stop("COROSYNC_CANNOT_ADD_REMOVE_LINKS_TOO_MANY_FEW_LINKS", text);
    }
    setup_links::check_one(&link_options, transport, &mut work.reports);
    let free = (0..defaults::LINKS).map(|number| number.to_string()).find(|n| !present.contains(n));
    // What is no number was told; `01` is link 1.
    let wanted = link_options.shift_remove("linknumber").and_then(|number| number.parse::<u8>().ok());
    let number = wanted.map(|number| number.to_string()).or(free).unwrap_or_default();
    if present.contains(&number) {
        let text = format!("Cannot add link '{number}', it already exists");
        work.reports.error("COROSYNC_LINK_ALREADY_EXISTS_CANNOT_ADD", text);
    }
    link_check::complete(work, &nodes, &node_addr_map);
    link_check::addresses(work, &nodes, &number, &node_addr_map, transport, force_flags.force());
    work.reports.check()?;
    // Options without a link may be left over from an edit by hand.
    remove_interfaces(&mut work.conf, &number);
    set_addresses(&mut work.conf, &number, &node_addr_map);
    set_options(&mut work.conf, &number, transport, &link_options);
    Ok(())
}

pub fn remove(work: &mut ConfWork<'_>, request: Remove) -> Result<(), Stop> {
    let gone = request.linknumber_list;
    transport_with_links(work, "removing")?;
    let present = numbers(&named_nodes(work)?);
    let twice = repeated(gone.iter().map(String::as_str));
    if !twice.is_empty() {
        let text = format!("Link numbers must be unique, duplicate link numbers: {}", quoted(twice));
        work.reports.error("COROSYNC_LINK_NUMBER_DUPLICATION", text);
    }
    let unknown: BTreeSet<&String> = gone.iter().filter(|number| !present.contains(*number)).collect();
    if !unknown.is_empty() {
        let s = if unknown.len() == 1 { "" } else { "s" };
        let text = format!(
            "Cannot remove non-existent link{s} {}, existing links: {}",
            quoted(unknown),
            quoted(&present)
        );
        work.reports.error("COROSYNC_LINK_DOES_NOT_EXIST_CANNOT_REMOVE", text);
    } else if present.iter().all(|number| gone.contains(number)) {
        let links = if present.len() == 1 { "1 link".to_owned() } else { format!("{} links", present.len()) };
        let text = format!(
            "Cannot remove {links}, there would be no links defined which is less than allowed number of 1 link"
        );
        work.reports.error("COROSYNC_CANNOT_ADD_REMOVE_LINKS_TOO_MANY_FEW_LINKS", text);
    }
    work.reports.check()?;
    for number in &gone {
        for node in node_sections(&mut work.conf) {
            node.remove(&format!("ring{number}_addr"));
        }
        remove_interfaces(&mut work.conf, number);
    }
    Ok(())
}

pub fn update(work: &mut ConfWork<'_>, request: Update) -> Result<(), Stop> {
    let Update { linknumber: number, node_addr_map, link_options, force_flags } = request;
    let transport = transport(work)?;
    let nodes = named_nodes(work)?;
    let present = numbers(&nodes);
    if !present.contains(&number) {
        let text = format!(
            "Cannot set options for non-existent link '{number}', existing links: {}",
            quoted(&present)
        );
        return work.reports.stop("COROSYNC_LINK_DOES_NOT_EXIST_CANNOT_UPDATE", text);
    }
    let table = tables::link_update(transport);
    Check { kind: "link", table, update: true, force: None }.run(&link_options, &mut work.reports);
    setup_links::deprecated(&link_options, transport, &mut work.reports);
    if !link_options.is_empty() {
        let mut after = links(&work.conf, transport).shift_remove(&number).unwrap_or_default();
        after.extend(link_options.clone());
        after.retain(|_, value| !value.is_empty());
        setup_links::together(&after, transport, &mut work.reports);
    }
    link_check::addresses(work, &nodes, &number, &node_addr_map, transport, force_flags.force());
    work.reports.check()?;
    set_addresses(&mut work.conf, &number, &node_addr_map);
    set_options(&mut work.conf, &number, transport, &link_options);
    Ok(())
}

/// Only knet has more than one link.
fn transport_with_links(work: &mut ConfWork<'_>, doing: &str) -> Result<Transport, Stop> {
    match transport(work)? {
        Transport::Knet => Ok(Transport::Knet),
        other => {
            let text =
                format!("Cluster is using {} transport which does not support {doing} links", other.as_str());
            work.reports.stop("COROSYNC_CANNOT_ADD_REMOVE_LINKS_BAD_TRANSPORT", text)
        }
    }
}

/// A link is there when a node has an address on it.
fn numbers(nodes: &[Node]) -> BTreeSet<String> {
    nodes.iter().flat_map(|node| node.addrs.iter().map(|address| address.link.clone())).collect()
}

fn node_sections(conf: &mut Conf) -> impl Iterator<Item = &mut Section> {
    conf.root_mut().sections_mut("nodelist").flat_map(|list| list.sections_mut("node"))
}

fn set_addresses(conf: &mut Conf, number: &str, addresses: &Options) {
    for node in node_sections(conf) {
        if let Some(address) = node.get("name").and_then(|name| addresses.get(name)) {
            node.set(&format!("ring{number}_addr"), address);
        }
    }
}

fn is_of(interface: &Section, number: &str) -> bool {
    interface.get("linknumber").unwrap_or("0") == number
}

fn remove_interfaces(conf: &mut Conf, number: &str) {
    for totem in conf.root_mut().sections_mut("totem") {
        totem.remove_sections("interface", |interface| is_of(interface, number));
    }
}

/// Options as they are to be in the file; an empty one goes, and with the last its section.
fn set_options(conf: &mut Conf, number: &str, transport: Transport, options: &Options) {
    let mut left: Vec<(String, &str)> = Vec::new();
    for (name, value) in options {
        let key = link_key(transport, name);
        for totem in conf.root_mut().sections_mut("totem") {
            for interface in totem.sections_mut("interface").filter(|one| is_of(one, number)) {
                interface.remove(&key);
            }
        }
        match (name.as_str(), value.as_str()) {
            (_, "") | ("broadcast", "0") => {}
            ("broadcast", "1") => left.push((key, "yes")),
            (_, value) => left.push((key, value)),
        }
    }
    left.sort();
    if !left.is_empty() {
        let interface = interface(conf, number);
        for (key, value) in left {
            interface.set(&key, value);
        }
    }
    let bare = |one: &Section| is_of(one, number) && one.pairs().all(|(key, _)| key == "linknumber");
    for totem in conf.root_mut().sections_mut("totem") {
        totem.remove_sections("interface", bare);
    }
}

/// The section of a link where its options count, a new one if there is none.
fn interface<'a>(conf: &'a mut Conf, number: &str) -> &'a mut Section {
    let with = |totem: &Section| totem.sections("interface").any(|one| is_of(one, number));
    let holder = conf.root().sections("totem").collect::<Vec<_>>().iter().rposition(|totem| with(totem));
    let index = holder.unwrap_or(0);
    if conf.root().sections("totem").next().is_none() {
        conf.root_mut().add_section("totem");
    }
    // There is one at the index: it was found there, or it is the first.
    let totem = conf.root_mut().sections_mut("totem").nth(index).expect("a totem section");
    if holder.is_none() {
        totem.add_section("interface").set("linknumber", number);
    }
    let last = totem.sections_mut("interface").filter(|one| is_of(one, number)).last();
    last.expect("the section was found or made above")
}
