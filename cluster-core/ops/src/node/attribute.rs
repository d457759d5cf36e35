//! `node attribute`, `node utilization`, `resource utilization`.

use crate::dto::nvset::{self as dto, Nvset};
use crate::resource::{create::Attributes, tree};
use crate::work::{Stop, Work};
use crate::{nvset, sections, values};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

/// A node of the CIB as data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Node {
    pub id: String,
    pub uname: String,
    pub description: Option<String>,
    pub score: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub instance_attributes: Vec<Nvset>,
    pub utilization: Vec<Nvset>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Nodes {
    pub nodes: Vec<Node>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Nothing {}

pub fn config(work: &mut Work<'_>, _request: Nothing) -> Result<Nodes, Stop> {
    let doc = &work.cib;
    let Some(section) = sections::get(doc, "nodes") else { return Ok(Nodes::default()) };
    let text = |node: Element, name: &str| doc.attr(node, name).map(str::to_owned);
    let nodes = doc
        .children_named(section, "node")
        .map(|node| Node {
            id: text(node, "id").unwrap_or_default(),
            uname: text(node, "uname").unwrap_or_default(),
            description: text(node, "description"),
            score: text(node, "score"),
            kind: text(node, "type"),
            instance_attributes: dto::all(doc, node, "instance_attributes"),
            utilization: dto::all(doc, node, "utilization"),
        })
        .collect();
    Ok(Nodes { nodes })
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub name: String,
    pub attributes: Attributes,
    pub force: bool,
}

/// `node attribute NODE name=value`; what is removed must be there.
pub fn set(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let sets = request.attributes.values().any(|value| !value.is_empty());
    let remote =
        |work: &mut Work<'_>| if sets { super::standby::make_known(work, &request.name) } else { None };
    let Some(node) = super::find(work, &request.name).or_else(|| remote(work)) else {
        let name = request.attributes.keys().next().cloned().unwrap_or_default();
        let text =
            format!("unable to set attribute {name}: there is no node {} in the configuration", request.name);
        return work.stop("NODE_NOT_FOUND", text);
    };
    for (name, value) in &request.attributes {
        let there = nvset::value(&work.cib, node, "instance_attributes", name).is_some();
        if value.is_empty() && !there && !request.force {
            let text = format!("attribute: '{name}' doesn't exist for node: '{}'", request.name);
            return work.stop("ATTRIBUTE_DOES_NOT_EXIST", text);
        }
        super::standby::set(work, node, name, value);
    }
    work.count_changes(request.attributes.len());
    Ok(())
}

fn check_numbers(work: &mut Work<'_>, attributes: &Attributes) -> Result<(), Stop> {
    for (name, value) in attributes {
        if !value.is_empty() && !values::is_integer(value) {
            return work.stop(
                "INVALID_UTILIZATION",
                format!("Value of utilization attribute must be integer: '{name}={value}'"),
            );
        }
    }
    Ok(())
}

/// `node utilization NODE name=number`.
pub fn utilization(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let Some(node) = super::find(work, &request.name) else {
        return work.stop("NODE_NOT_FOUND", format!("Unable to find a node: {}", request.name));
    };
    check_numbers(work, &request.attributes)?;
    update(work, node, &request.attributes, "nodes-");
    Ok(())
}

/// `resource utilization RESOURCE name=number`.
pub fn resource(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let found = tree::find(&work.cib, &request.name).filter(|found| work.cib.name(*found) == "primitive");
    let Some(primitive) = found else {
        return work.stop("ID_NOT_FOUND", format!("Unable to find a resource: {}", request.name));
    };
    check_numbers(work, &request.attributes)?;
    update(work, primitive, &request.attributes, "");
    Ok(())
}

fn update(work: &mut Work<'_>, owner: Element, attributes: &Attributes, prefix: &str) {
    work.touch();
    let doc = &mut work.cib;
    let block = match doc.child(owner, "utilization") {
        Some(block) => block,
        None if attributes.values().all(String::is_empty) => return,
        None => {
            let id = format!("{prefix}{}-utilization", doc.attr(owner, "id").unwrap_or_default());
            let id = crate::ids::free(doc, &id);
            let block = doc.append(owner, "utilization");
            doc.set_attr(block, "id", &id);
            block
        }
    };
    let mut pairs: Vec<_> = attributes.iter().collect();
    pairs.sort();
    for (name, value) in pairs {
        nvset::set(doc, block, name, value);
    }
}
