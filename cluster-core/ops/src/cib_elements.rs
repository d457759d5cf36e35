//! `cib.remove_elements`: resources, constraints, tags, ... by id, with all that depends on them.

use crate::resource::{references, tree};
use crate::work::{ForceFlags, Stop, Work};
use crate::{ids, sections};
use rhapsody_agents_catalog::check::quoted;
use rhapsody_api::Report;
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub ids: Vec<String>,
    pub force_flags: ForceFlags,
}

pub fn remove(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let mut wanted: Vec<Element> = Vec::new();
    for id in &request.ids {
        match ids::find(&work.cib, id) {
            Some(element) => wanted.push(element),
            None => work.error("ID_NOT_FOUND", format!("'{id}' does not exist")),
        }
    }
    work.check()?;
    let all = closure(&work.cib, &wanted);
    warn_not_stopped(work, &all);
    tell_dependants(work, &all, &request.ids);
    warn_no_fencing_left(work, &all, request.force_flags.force());
    work.check()?;
    // Inner elements go with the outer ones.
    let outer: Vec<Element> = all
        .iter()
        .copied()
        .filter(|element| !all.iter().any(|other| other != element && work.cib.is_within(*element, *other)))
        .collect();
    for element in outer {
        let parent = work.cib.parent(element);
        references::remove(&mut work.cib, element);
        tidy(&mut work.cib, parent);
    }
    Ok(())
}

/// A constraint without rules and node, a set without members: nothing is left of them.
fn tidy(doc: &mut Document, parent: Option<Element>) {
    let Some(parent) = parent else { return };
    let has = |names: &[&str]| doc.children(parent).any(|child| names.contains(&doc.name(child)));
    let empty = match doc.name(parent) {
        "rsc_location" => doc.attr(parent, "node").is_none() && !has(&["rule", "resource_set"]),
        "resource_set" | "tag" | "rsc_colocation" | "rsc_order" | "rsc_ticket" => {
            !has(&["resource_set", "resource_ref", "obj_ref"])
        }
        _ => false,
    };
    if empty {
        references::remove_with_empty_parents(doc, parent);
    }
}

/// Members of what is removed, and groups and clones that would be empty.
fn closure(doc: &Document, wanted: &[Element]) -> Vec<Element> {
    let mut all: Vec<Element> = wanted.to_vec();
    let mut at = 0;
    while at < all.len() {
        let element = all[at];
        at += 1;
        let mut more: Vec<Element> = Vec::new();
        if matches!(doc.name(element), "group" | "clone" | "master" | "bundle") {
            more.extend(tree::members(doc, element));
        }
        if let Some(parent) = tree::parent(doc, element)
            && doc.name(parent) != "bundle"
            && tree::members(doc, parent).iter().all(|member| all.contains(member))
        {
            more.push(parent);
        }
        for element in more {
            if !all.contains(&element) {
                all.push(element);
            }
        }
    }
    all
}

fn warn_not_stopped(work: &mut Work<'_>, all: &[Element]) {
    let mut resources: Vec<String> = all
        .iter()
        .filter(|element| tree::is_resource(&work.cib, **element) && !tree::is_stonith(&work.cib, **element))
        .map(|element| tree::id(&work.cib, *element))
        .collect();
    if resources.is_empty() || work.env.live {
        return;
    }
    resources.sort();
    work.warning(
        "STOPPING_RESOURCES_BEFORE_DELETING_SKIPPED",
        "Resources are not going to be stopped before deletion because the command does not run on a live cluster",
    );
    let (s, is) = if resources.len() == 1 { ("", "is") } else { ("s", "are") };
    work.warning(
        "CANNOT_CHECK_RESOURCES_STOPPED_BEFORE_DELETION",
        format!(
            "Not checking if resource{s} {} {is} stopped before deletion because the command does not run on a live cluster. \
             Deleting unstopped resources may result in orphaned resources being present in the cluster.",
            quoted(&resources)
        ),
    );
}

fn tell_dependants(work: &mut Work<'_>, all: &[Element], asked: &[String]) {
    let mut names: Vec<String> = all
        .iter()
        .map(|element| (tree::kind_of(&work.cib, *element), tree::id(&work.cib, *element)))
        .filter(|(_, id)| !asked.contains(id))
        .map(|(kind, id)| format!("{kind} '{id}'"))
        .collect();
    for element in all {
        let id = tree::id(&work.cib, *element);
        for constraint in references::constraints_naming(&work.cib, &id) {
            names.push(format!("constraint '{}'", tree::id(&work.cib, constraint)));
        }
    }
    names.sort();
    names.dedup();
    if !names.is_empty() {
        work.report(Report::info(
            "CIB_REMOVE_DEPENDANT_ELEMENTS",
            format!("Removing dependant elements: {}", names.join(", ")),
        ));
    }
}

/// Removing the last fence device switches off a promise; say so.
fn warn_no_fencing_left(work: &mut Work<'_>, all: &[Element], force: bool) {
    let doc = &work.cib;
    let removed = all.iter().any(|element| tree::is_stonith(doc, *element));
    let left = tree::primitives(doc)
        .into_iter()
        .any(|primitive| tree::is_stonith(doc, primitive) && !all.contains(&primitive));
    if !removed || left || fencing_off(doc) {
        return;
    }
    work.forceable(
        force,
        "NO_STONITH_MEANS_WOULD_BE_LEFT",
        "Requested action leaves the cluster with no enabled means to fence nodes, resulting in the cluster not being able to \
         recover from certain failure conditions",
    );
}

fn fencing_off(doc: &Document) -> bool {
    let Some(section) = sections::get(doc, "crm_config") else { return false };
    ["stonith-enabled", "fencing-enabled"].iter().any(|name| {
        crate::nvset::value(doc, section, "cluster_property_set", name).and_then(crate::values::boolean)
            == Some(false)
    })
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DescriptionRequest {
    pub element_id: String,
    pub description: String,
}

/// Elements that the schema lets carry a description.
const DESCRIBED: &[&str] = &[
    "acl_permission",
    "acl_role",
    "alert",
    "bundle",
    "clone",
    "group",
    "master",
    "node",
    "op",
    "primitive",
    "recipient",
];

fn described(work: &mut Work<'_>, id: &str) -> Result<Element, Stop> {
    match ids::find(&work.cib, id) {
        Some(found) if DESCRIBED.contains(&work.cib.name(found)) => Ok(found),
        Some(found) => {
            let name = work.cib.name(found).to_owned();
            work.stop(
                "CIB_ELEMENT_DESCRIPTION_NOT_SUPPORTED",
                format!("'{id}' is a {name}, which cannot have a description"),
            )
        }
        None => work.stop("ID_NOT_FOUND", format!("'{id}' does not exist")),
    }
}

/// `cib.element_description_set`; an empty text removes it.
pub fn describe(work: &mut Work<'_>, request: DescriptionRequest) -> Result<(), Stop> {
    let element = described(work, &request.element_id)?;
    if request.description.is_empty() {
        work.cib.remove_attr(element, "description");
    } else {
        work.cib.set_attr(element, "description", &request.description);
    }
    Ok(())
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GetDescriptionRequest {
    pub element_id: String,
}

/// `cib.element_description_get`.
pub fn description(work: &mut Work<'_>, request: GetDescriptionRequest) -> Result<String, Stop> {
    let element = described(work, &request.element_id)?;
    Ok(work.cib.attr(element, "description").unwrap_or_default().to_owned())
}
