//! `cluster`: the file that says who is in it, and nodes of other kinds in the CIB.

pub mod cib_push;
pub mod cib_upgrade;
pub mod config;
pub mod config_update;
pub mod link;
mod link_check;
mod node_files;
pub mod node_forget;
pub mod node_guest;
pub mod node_remote;
pub mod nodes;
pub mod rename;
pub mod rename_cib;
pub mod setup;
mod setup_links;
mod setup_nodes;
pub mod uuid;

use crate::nvset;
use crate::resource::tree;
use crate::work::Work;
use rhapsody_agents_catalog::check::{forceable, quoted};
use rhapsody_api::Report;

/// The address that was given, or the node's name, which is told.
fn address_or_name(work: &mut Work<'_>, name: &str, given: Option<&str>) -> String {
    if let Some(address) = given {
        return address.to_owned();
    }
    let text = format!("No addresses specified for host '{name}', using '{name}'");
    work.report(Report::info("USING_DEFAULT_ADDRESS_FOR_HOST", text));
    name.to_owned()
}

/// Names of remote and guest nodes, and of the members where they are known.
fn node_names(work: &Work<'_>) -> Vec<String> {
    let doc = &work.cib;
    let remotes = node_remote::remotes(work).into_iter().map(|remote| tree::id(doc, remote));
    let guests = node_guest::guests(work).into_iter();
    let guests = guests.filter_map(|guest| nvset::value(doc, guest, "meta_attributes", "remote-node"));
    let members = if work.env.live { work.env.nodes.as_slice() } else { &[] };
    remotes.chain(guests.map(str::to_owned)).chain(members.iter().map(|node| node.name.clone())).collect()
}

/// The same for addresses; the name is the address where none is given.
fn node_addresses(work: &Work<'_>) -> Vec<String> {
    let doc = &work.cib;
    let value = |element, kind, name| nvset::value(doc, element, kind, name).map(str::to_owned);
    let remotes = node_remote::remotes(work).into_iter().map(|remote| {
        value(remote, "instance_attributes", "server").unwrap_or_else(|| tree::id(doc, remote))
    });
    let guests = node_guest::guests(work).into_iter().filter_map(|guest| {
        value(guest, "meta_attributes", "remote-addr")
            .or_else(|| value(guest, "meta_attributes", "remote-node"))
    });
    let members = if work.env.live { work.env.nodes.as_slice() } else { &[] };
    remotes.chain(guests).chain(members.iter().flat_map(|node| node.addresses.clone())).collect()
}

/// What is wrong when a name is to mean exactly one remote or guest node.
fn none_or_many(who: &str, kind: &str, found: &[String], force: bool) -> Option<Report> {
    match found {
        [] => {
            let text = format!("{kind} node '{who}' does not appear to exist in configuration");
            Some(Report::error("NODE_NOT_FOUND", text))
        }
        [_] => None,
        many => {
            let text = format!("more than one resource for '{who}' found: {}", quoted(many));
            Some(forceable(force, "MULTIPLE_RESULTS_FOUND", text))
        }
    }
}
