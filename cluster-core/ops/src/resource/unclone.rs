//! `resource unclone`, `resource ungroup` and `group remove`: back to where a resource stands alone.

use super::{references, tree};
use crate::sections;
use crate::work::{Stop, Work};
use rhapsody_api::Report;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub resource_id: String,
}

pub fn unclone(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let id = &request.resource_id;
    let Some(found) = tree::find(&work.cib, id) else {
        return work.stop("ID_NOT_FOUND", format!("could not find resource: {id}"));
    };
    let mut clone = Some(found);
    while let Some(element) = clone.filter(|element| !tree::is_clone(&work.cib, *element)) {
        clone = tree::parent(&work.cib, element);
    }
    let Some(clone) = clone else {
        return work.stop("NOT_A_CLONE", format!("'{id}' is not a clone resource"));
    };
    let parent = work.cib.parent(clone);
    // A member of a cloned group leaves the group, the rest stays a clone.
    let inner = tree::members(&work.cib, clone);
    let leaves = work.cib.name(found) == "primitive"
        && tree::parent(&work.cib, found).is_some_and(|group| work.cib.name(group) == "group");
    let Some(parent) = parent else { return Err(Stop) };
    if leaves && let Some(group) = tree::parent(&work.cib, found) {
        if tree::members(&work.cib, group).len() > 1 {
            work.cib.move_to(found, parent, usize::MAX);
            return Ok(());
        }
        work.cib.move_to(found, parent, usize::MAX);
        references::remove(&mut work.cib, clone);
        return Ok(());
    }
    for member in inner {
        work.cib.move_to(member, parent, usize::MAX);
    }
    references::remove(&mut work.cib, clone);
    Ok(())
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UngroupRequest {
    pub group_id: String,
    /// Empty: all of them.
    pub resource_ids: Vec<String>,
}

pub fn ungroup(work: &mut Work<'_>, request: UngroupRequest) -> Result<(), Stop> {
    let id = &request.group_id;
    let Some(group) = tree::find(&work.cib, id).filter(|found| work.cib.name(*found) == "group") else {
        return work.stop("ID_NOT_FOUND", format!("Group '{id}' does not exist"));
    };
    let members = tree::members(&work.cib, group);
    let mut leaving: Vec<Element> = Vec::new();
    for name in &request.resource_ids {
        match members.iter().find(|member| work.cib.attr(**member, "id") == Some(name)) {
            Some(member) => leaving.push(*member),
            None => {
                return work.stop(
                    "RESOURCE_NOT_IN_GROUP",
                    format!("Resource '{name}' does not exist in group '{id}'"),
                );
            }
        }
    }
    if request.resource_ids.is_empty() {
        leaving = members.clone();
    }
    let whole = leaving.len() == members.len();
    let clone = tree::parent(&work.cib, group).filter(|parent| tree::is_clone(&work.cib, *parent));
    if whole && leaving.len() > 1 && clone.is_some() {
        return work
            .stop("CANNOT_REMOVE_ALL_FROM_CLONED_GROUP", "Cannot remove all resources from a cloned group");
    }
    let home = match clone {
        Some(clone) if whole => clone,
        _ => sections::make(&mut work.cib, "resources"),
    };
    for member in leaving {
        work.cib.move_to(member, home, usize::MAX);
    }
    if whole {
        for constraint in dependent_constraints(work, id) {
            let id = tree::id(&work.cib, constraint);
            work.report(Report::info("CIB_REMOVE_DEPENDANT_ELEMENTS", format!("Removing Constraint - {id}")));
        }
        references::remove(&mut work.cib, group);
    }
    Ok(())
}

/// Constraints that go when the group goes, tags that hold only it included.
fn dependent_constraints(work: &Work<'_>, id: &str) -> Vec<Element> {
    let doc = &work.cib;
    let mut found = Vec::new();
    for member in references::members_naming(doc, id) {
        if let Some(tag) =
            doc.parent(member).filter(|tag| doc.name(*tag) == "tag" && doc.children(*tag).count() == 1)
        {
            found.extend(references::constraints_naming(doc, &tree::id(doc, tag)));
        }
    }
    found.extend(references::constraints_naming(doc, id));
    found
}
