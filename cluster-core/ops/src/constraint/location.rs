//! `constraint location ... prefers|avoids`, and `location add ID RESOURCE NODE`.

use super::{append, check_resource, check_score};
use crate::work::{Stop, Work};
use crate::{ids, sections, values};
use rhapsody_api::Report;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

/// One node with its score.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Preference {
    pub node: String,
    pub score: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// A resource id, or a pattern.
    pub resource: String,
    pub is_pattern: bool,
    pub preferences: Vec<Preference>,
    /// Id of the constraint; made up when not given.
    pub id: Option<String>,
    pub resource_discovery: Option<String>,
    pub force: bool,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    if let Some(discovery) = request.resource_discovery.as_deref()
        && !matches!(discovery, "always" | "never" | "exclusive")
        && !request.force
    {
        let text = values::invalid_value(discovery, "resource-discovery", "'always', 'exclusive', 'never'");
        work.report(Report::error("INVALID_OPTION_VALUE", text).forceable("FORCE"));
        return Err(Stop);
    }
    warn_unchecked(work);
    for preference in &request.preferences {
        check_score(work, &preference.score);
        work.check()?;
    }
    if !request.is_pattern {
        check_resource(work, &request.resource, request.force, true);
        work.check()?;
    }
    check_nodes(work, &request);
    work.check()?;
    if let Some(id) = &request.id {
        if let Some((code, text)) = ids::problem(id, "constraint id") {
            return work.stop(code, text);
        }
        // The same id again replaces the constraint.
        let old = ids::find(&work.cib, id);
        match old.filter(|old| work.cib.name(*old) == "rsc_location") {
            Some(old) => work.cib.remove(old),
            None if old.is_some() => {
                return work.stop(
                    "ID_ALREADY_EXISTS",
                    format!("id '{id}' is already in use, please specify another one"),
                );
            }
            None => {}
        }
    }
    work.count_changes(request.preferences.len());
    for preference in &request.preferences {
        add(work, &request, preference);
    }
    work.touch();
    Ok(())
}

fn warn_unchecked(work: &mut Work<'_>) {
    if !work.env.live {
        work.warning(
            "LOCATION_NODE_EXISTENCE_NOT_CHECKED",
            "Validation for node existence in the cluster will be skipped",
        );
    }
}

/// Live, a node must be known; in a file nobody can tell.
fn check_nodes(work: &mut Work<'_>, request: &Request) {
    if !work.env.live || request.force {
        return;
    }
    let section = sections::get(&work.cib, "nodes");
    let mut known: Vec<String> = section
        .map(|section| {
            work.cib
                .children_named(section, "node")
                .filter_map(|node| work.cib.attr(node, "uname"))
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    known.extend(crate::node::addresses(work));
    let unknown: Vec<String> = request
        .preferences
        .iter()
        .filter(|preference| !known.contains(&preference.node))
        .map(|preference| preference.node.clone())
        .collect();
    for node in unknown {
        work.report(
            Report::error("NODE_NOT_FOUND", format!("Node '{node}' does not seem to be in the cluster"))
                .forceable("FORCE"),
        );
    }
}

fn add(work: &mut Work<'_>, request: &Request, preference: &Preference) {
    let attribute = if request.is_pattern { "rsc-pattern" } else { "rsc" };
    if request.id.is_none() {
        // A node is preferred or avoided once: what was said before is replaced.
        for old in same(work, attribute, &request.resource, &preference.node) {
            work.cib.remove(old);
        }
    }
    let id = match &request.id {
        Some(id) => id.clone(),
        None => {
            let base = format!("location-{}-{}-{}", request.resource, preference.node, preference.score);
            ids::free(&work.cib, &ids::sanitized(&base, ""))
        }
    };
    let element = append(work, "rsc_location", &id);
    let doc = &mut work.cib;
    doc.set_attr(element, attribute, &request.resource);
    doc.set_attr(element, "node", &preference.node);
    doc.set_attr(element, "score", &preference.score);
    if let Some(discovery) = &request.resource_discovery {
        doc.set_attr(element, "resource-discovery", discovery);
    }
}

fn same(work: &Work<'_>, attribute: &str, resource: &str, node: &str) -> Vec<Element> {
    let doc = &work.cib;
    let Some(section) = sections::get(doc, "constraints") else { return Vec::new() };
    doc.children_named(section, "rsc_location")
        .filter(|other| {
            doc.attr(*other, attribute) == Some(resource) && doc.attr(*other, "node") == Some(node)
        })
        .collect()
}
