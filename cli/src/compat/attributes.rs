//! Attributes in a CIB: cluster options, permanent and transient attributes of nodes,
//! utilization. Ids are those Pacemaker's tools would give.

use super::exit::{Exit, Problem};
use rhapsody_cib::{Cib, Element, nvpair};

/// Which attributes are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// `crm_config`, `rsc_defaults`, `op_defaults`.
    Options(&'static str),
    /// Permanent attributes of a node (`nodes`), or its utilization.
    Node { node: String, utilization: bool },
    /// Transient ones (`status`).
    Transient { node: String },
}

impl Place {
    /// The word after `scope=`.
    pub fn scope(&self) -> &'static str {
        match self {
            Place::Options(section) => section,
            Place::Node { .. } => "nodes",
            Place::Transient { .. } => "status",
        }
    }

    /// The element name of the blocks.
    fn kind(&self) -> &'static str {
        match self {
            Place::Options("crm_config") => "cluster_property_set",
            Place::Options(_) => "meta_attributes",
            Place::Node { utilization: true, .. } => "utilization",
            _ => "instance_attributes",
        }
    }

    /// The element that holds the blocks.
    fn parent(&self, cib: &Cib) -> Option<Element> {
        match self {
            Place::Options(section) => cib.section(section),
            Place::Node { node, .. } => node_element(cib, node),
            Place::Transient { node } => {
                cib.node_state(node).and_then(|state| cib.child(state, "transient_attributes"))
            }
        }
    }
}

/// `<node>` by its name.
pub fn node_element(cib: &Cib, name: &str) -> Option<Element> {
    cib.children_named(cib.nodes()?, "node").find(|node| cib.attr(*node, "uname") == Some(name))
}

/// The id of a node; remote and guest nodes are their own.
pub fn node_id(cib: &Cib, name: &str) -> Result<String, Problem> {
    let configured = node_element(cib, name).and_then(|node| cib.attr(node, "id"));
    let seen = || cib.node_state(name).and_then(|state| cib.attr(state, "id"));
    configured
        .or_else(seen)
        .map(str::to_owned)
        .ok_or_else(|| Problem::new(Exit::NoSuch, format!("Could not map name={name} to a UUID")))
}

/// One attribute that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub element: Element,
    pub id: String,
    pub name: String,
    pub value: String,
}

/// The attributes whose names fit, in document order; `set` limits it to one block.
pub fn find(cib: &Cib, place: &Place, set: Option<&str>, fits: &dyn Fn(&str) -> bool) -> Vec<Found> {
    let Some(parent) = place.parent(cib) else { return Vec::new() };
    let blocks = cib.children_named(parent, place.kind());
    let blocks = blocks.filter(|block| set.is_none_or(|set| cib.attr(*block, "id") == Some(set)));
    let pairs = blocks.flat_map(|block| cib.children_named(block, "nvpair"));
    pairs
        .filter_map(|pair| {
            let text = |name: &str| cib.attr(pair, name).unwrap_or_default().to_owned();
            let name = cib.attr(pair, "name")?;
            fits(name).then(|| Found {
                element: pair,
                id: text("id"),
                name: text("name"),
                value: text("value"),
            })
        })
        .collect()
}

/// Sets one attribute, making the block and what is around it where it is not there.
pub fn set(cib: &mut Cib, place: &Place, set: Option<&str>, name: &str, value: &str) -> Result<(), Problem> {
    if let Some(found) = find(cib, place, set, &|n| n == name).first() {
        cib.set_attr(found.element, "value", value);
        return Ok(());
    }
    let (parent, default_set) = match place {
        Place::Options(section) => {
            let id = if *section == "crm_config" {
                "cib-bootstrap-options".to_owned()
            } else {
                format!("{section}-options")
            };
            (cib.section_mut(section), id)
        }
        Place::Node { node, utilization } => {
            let id = node_id(cib, node)?;
            let parent = match node_element(cib, node) {
                Some(element) => element,
                None => {
                    return Err(Problem::new(Exit::NoSuch, format!("Could not map name={node} to a UUID")));
                }
            };
            let suffix = if *utilization { "-utilization" } else { "" };
            (parent, format!("nodes-{id}{suffix}"))
        }
        Place::Transient { node } => {
            let id = node_id(cib, node)?;
            let status = cib.status_mut();
            let state = match cib.node_state(node) {
                Some(state) => state,
                None => {
                    let state = cib.append(status, "node_state");
                    cib.set_attr(state, "id", &id);
                    cib.set_attr(state, "uname", node);
                    state
                }
            };
            let parent = match cib.child(state, "transient_attributes") {
                Some(parent) => parent,
                None => {
                    let parent = cib.append(state, "transient_attributes");
                    cib.set_attr(parent, "id", &id);
                    parent
                }
            };
            (parent, format!("status-{id}"))
        }
    };
    let wanted = set.map_or(default_set, str::to_owned);
    let kind = place.kind();
    let block =
        cib.children_named(parent, kind).find(|block| cib.attr(*block, "id") == Some(wanted.as_str()));
    let block = match block {
        Some(block) => block,
        None => {
            let block = cib.append(parent, kind);
            cib.set_attr(block, "id", &wanted);
            block
        }
    };
    nvpair::set(cib, block, name, value);
    Ok(())
}
