//! `cluster node add-guest`, `remove-guest`: a resource (a virtual machine) that is a node itself.

use super::node_files;
use crate::conf::options::Options;
use crate::resource::tree;
use crate::work::{ForceFlags, Stop, Work};
use crate::{ids, nvset, values};
use rhapsody_agents_catalog::check::invalid_text;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

const OPTIONS: &[&str] = &["remote-addr", "remote-connect-timeout", "remote-port"];

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Add {
    pub node_name: String,
    pub resource_id: String,
    pub options: Options,
    pub force_flags: ForceFlags,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Remove {
    /// Name, address, or the id of the resource.
    pub node_identifier: String,
    pub force_flags: ForceFlags,
}

pub fn add(work: &mut Work<'_>, request: Add) -> Result<(), Stop> {
    node_files::tell_conflicts_unchecked(work);
    let name = request.node_name;
    let mut options = request.options;
    check_options(work, &options);
    let address = match options.get("remote-addr") {
        Some(given) if given.is_empty() => name.clone(),
        given => super::address_or_name(work, &name, given.cloned().as_deref()),
    };
    if !options.contains_key("remote-addr") {
        options.insert("remote-addr".to_owned(), address.clone());
    }
    check_names(work, &name, &address);
    let resource = find(work, &request.resource_id);
    work.check()?;
    let Some(resource) = resource else { return Err(Stop) };
    options.insert("remote-node".to_owned(), name.clone());
    let pairs: Vec<(String, String)> = options.into_iter().collect();
    let doc = &mut work.cib;
    if doc.child(resource, "meta_attributes").is_some() {
        nvset::update(doc, resource, "meta_attributes", &pairs);
    } else {
        let operations = doc.children(resource).position(|child| doc.name(child) == "operations");
        nvset::create(doc, resource, "meta_attributes", operations, &pairs);
    }
    node_files::tell_added(work, &name);
    Ok(())
}

fn check_options(work: &mut Work<'_>, options: &Options) {
    let unknown = options.keys().filter(|name| !OPTIONS.contains(&name.as_str()));
    let unknown: Vec<String> = unknown.cloned().collect();
    if !unknown.is_empty() {
        let known: Vec<String> = OPTIONS.iter().map(|name| (*name).to_owned()).collect();
        work.error("INVALID_OPTIONS", invalid_text("guest", &unknown, &known));
    }
    if let Some(timeout) = options.get("remote-connect-timeout")
        && values::interval_ms(timeout).is_none()
    {
        let text = values::invalid_value(timeout, "remote-connect-timeout", values::INTERVAL_HINT);
        work.error("INVALID_OPTION_VALUE", text);
    }
    if let Some(port) = options.get("remote-port")
        && !port.parse::<u16>().is_ok_and(|port| port > 0)
    {
        let text = values::invalid_value(port, "remote-port", "a port number (1..65535)");
        work.error("INVALID_OPTION_VALUE", text);
    }
}

fn check_names(work: &mut Work<'_>, name: &str, address: &str) {
    if name.is_empty() {
        work.error("INVALID_OPTION_VALUE", "node name cannot be empty");
    } else if ids::find(&work.cib, name).is_some() || super::node_names(work).iter().any(|n| n == name) {
        let text = format!(
            "Cannot set name of the guest node to '{name}' because that ID already exists in the cluster configuration."
        );
        work.error("GUEST_NODE_NAME_ALREADY_EXISTS", text);
    }
    if super::node_addresses(work).iter().any(|used| used == address) {
        work.error("ID_ALREADY_EXISTS", format!("'{address}' already exists"));
    }
}

/// The primitive that becomes a node.
fn find(work: &mut Work<'_>, id: &str) -> Option<Element> {
    match ids::find(&work.cib, id) {
        None => {
            work.error("ID_NOT_FOUND", format!("resource '{id}' does not exist"));
            None
        }
        Some(element) if work.cib.name(element) != "primitive" => {
            let text = format!("'{id}' is not a resource");
            work.error("ID_BELONGS_TO_UNEXPECTED_TYPE", text);
            None
        }
        Some(element) => {
            if nvset::value(&work.cib, element, "meta_attributes", "remote-node").is_some() {
                let text = format!("the resource '{id}' is already a guest node");
                work.error("RESOURCE_IS_GUEST_NODE_ALREADY", text);
            }
            Some(element)
        }
    }
}

pub fn remove(work: &mut Work<'_>, request: Remove) -> Result<(), Stop> {
    let who = request.node_identifier;
    let meta = |work: &Work<'_>, guest, name| {
        nvset::value(&work.cib, guest, "meta_attributes", name).map(str::to_owned)
    };
    let found: Vec<Element> = guests(work)
        .into_iter()
        .filter(|guest| {
            tree::id(&work.cib, *guest) == who
                || meta(work, *guest, "remote-node").as_deref() == Some(who.as_str())
                || meta(work, *guest, "remote-addr").as_deref() == Some(who.as_str())
        })
        .collect();
    let resources: Vec<String> = found.iter().map(|guest| tree::id(&work.cib, *guest)).collect();
    if let Some(problem) = super::none_or_many(&who, "guest", &resources, request.force_flags.force()) {
        work.report(problem);
        work.check()?;
    }
    let names: Vec<String> = found.iter().filter_map(|guest| meta(work, *guest, "remote-node")).collect();
    for guest in found {
        for name in ["remote-node", "remote-addr", "remote-port", "remote-connect-timeout"] {
            nvset::unset(&mut work.cib, guest, "meta_attributes", name);
        }
    }
    node_files::tell_removed(work, &names);
    Ok(())
}

pub(super) fn guests(work: &Work<'_>) -> Vec<Element> {
    let doc = &work.cib;
    let is_guest =
        |primitive: &Element| nvset::value(doc, *primitive, "meta_attributes", "remote-node").is_some();
    tree::primitives(doc).into_iter().filter(is_guest).collect()
}
