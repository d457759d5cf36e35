//! Sections of the configuration, made in the right place when they are missing.

use rhapsody_xml::{Document, Element};

/// The order in which the schema wants them.
const ORDER: &[&str] = &[
    "crm_config",
    "rsc_defaults",
    "op_defaults",
    "nodes",
    "resources",
    "constraints",
    "fencing-topology",
    "acls",
    "tags",
    "alerts",
];
/// These are always there, and in this order, in the CIBs that tools write.
const ALWAYS: &[&str] = &["crm_config", "nodes", "resources", "constraints"];

/// A section, if it is there.
pub fn get(doc: &Document, name: &str) -> Option<Element> {
    doc.child(doc.child(doc.root(), "configuration")?, name)
}

/// A section, made when it is missing.
pub fn make(doc: &mut Document, name: &str) -> Element {
    let root = doc.root();
    let configuration = match doc.child(root, "configuration") {
        Some(found) => found,
        None => doc.insert(root, 0, "configuration"),
    };
    if let Some(section) = doc.child(configuration, name) {
        return section;
    }
    if !ALWAYS.contains(&name) {
        return doc.append(configuration, name);
    }
    let rank = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    let children: Vec<Element> = doc.children(configuration).collect();
    let position =
        children.iter().position(|child| rank(doc.name(*child)) > rank(name)).unwrap_or(children.len());
    doc.insert(configuration, position, name)
}
