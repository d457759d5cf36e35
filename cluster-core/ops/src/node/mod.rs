//! Operations on nodes.

pub mod attribute;
pub mod standby;

use crate::sections;
use crate::work::Work;
use rhapsody_xml::Element;

/// Addresses and names already in use by nodes, remote nodes and guest nodes.
pub fn addresses(work: &Work<'_>) -> Vec<String> {
    let doc = &work.cib;
    let mut used: Vec<String> = Vec::new();
    for node in &work.env.nodes {
        used.push(node.name.clone());
        used.extend(node.addresses.iter().cloned());
    }
    for primitive in crate::resource::tree::primitives(doc) {
        if crate::resource::tree::agent_of(doc, primitive) == "ocf:pacemaker:remote" {
            let server = crate::nvset::value(doc, primitive, "instance_attributes", "server");
            used.extend(server.or(doc.attr(primitive, "id")).map(str::to_owned));
        }
        if let Some(guest) = crate::nvset::value(doc, primitive, "meta_attributes", "remote-node") {
            let address = crate::nvset::value(doc, primitive, "meta_attributes", "remote-addr");
            used.push(address.unwrap_or(guest).to_owned());
        }
    }
    used
}

/// Reports an address that another node has.
pub fn check_new_address(work: &mut Work<'_>, address: &str) {
    if addresses(work).iter().any(|used| used == address) {
        work.error(
            "NODE_ADDRESSES_ALREADY_EXIST",
            format!("Node address '{address}' is already used by existing nodes; please, use other address"),
        );
    }
}

/// The node element with this name.
pub fn find(work: &Work<'_>, name: &str) -> Option<Element> {
    let section = sections::get(&work.cib, "nodes")?;
    work.cib.children_named(section, "node").find(|node| work.cib.attr(*node, "uname") == Some(name))
}
