//! `resource create ... group`, `resource group add`: where a resource goes in a group.

use super::{create, references, tree};
use crate::work::{Stop, Work};
use crate::{ids, sections};
use rhapsody_agents_catalog::check::quoted;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AddRequest {
    pub group_id: String,
    pub resource_id_list: Vec<String>,
    pub adjacent_resource_id: Option<String>,
    pub put_after_adjacent: Option<bool>,
}

/// `resource.group_add`.
pub fn add(work: &mut Work<'_>, request: AddRequest) -> Result<(), Stop> {
    let group = find_or_check(work, &request.group_id, &request.resource_id_list);
    let mut elements = Vec::new();
    let mut found = Vec::new();
    for id in &request.resource_id_list {
        if found.contains(id) {
            continue;
        }
        match tree::find(&work.cib, id) {
            None => match ids::find(&work.cib, id) {
                None => work.error("ID_NOT_FOUND", format!("'{id}' does not exist")),
                Some(_) => work.error("ID_BELONGS_TO_UNEXPECTED_TYPE", format!("'{id}' is not a resource")),
            },
            Some(element) => {
                found.push(id.clone());
                check_member(work, element);
                elements.push(element);
            }
        }
    }
    let mut told: Vec<&String> = Vec::new();
    for id in &request.resource_id_list {
        if request.resource_id_list.iter().filter(|other| *other == id).count() > 1 && !told.contains(&id) {
            told.push(id);
        }
    }
    if !told.is_empty() {
        work.error(
            "ADD_REMOVE_ITEMS_DUPLICATION",
            format!("Resources specified more than once: {}", quoted(told)),
        );
    }
    if let Some(group) = group.flatten() {
        let inside: Vec<String> = elements
            .iter()
            .filter(|element| {
                request.adjacent_resource_id.is_none() && work.cib.parent(**element) == Some(group)
            })
            .map(|element| tree::id(&work.cib, *element))
            .collect();
        if !inside.is_empty() {
            work.error(
                "ADD_REMOVE_CANNOT_ADD_ITEMS_ALREADY_IN_THE_CONTAINER",
                format!("Cannot add resources already in group '{}': {}", request.group_id, quoted(inside)),
            );
        }
    }
    let adjacent = check_adjacent(
        work,
        group.flatten(),
        &request.group_id,
        request.adjacent_resource_id.as_deref(),
        &request.resource_id_list,
    );
    if elements.is_empty() {
        work.error(
            "ADD_REMOVE_ITEMS_NOT_SPECIFIED",
            format!("Cannot modify group '{}', no resources to add or remove specified", request.group_id),
        );
    }
    check_left_behind(work, group.flatten(), &elements);
    work.check()?;
    let group = match group.flatten() {
        Some(group) => group,
        None => new(work, &request.group_id, None),
    };
    place(work, group, &elements, adjacent, request.put_after_adjacent.unwrap_or(true));
    Ok(())
}

/// The group, or None for one to be made; reports what else has this id.
fn find_or_check(work: &mut Work<'_>, id: &str, members: &[String]) -> Option<Option<Element>> {
    if let Some(found) = ids::find(&work.cib, id) {
        if work.cib.name(found) == "group" {
            return Some(Some(found));
        }
        work.error("ID_BELONGS_TO_UNEXPECTED_TYPE", format!("'{id}' is not a group"));
        return None;
    }
    if let Some((code, text)) = ids::problem(id, "group name") {
        work.error(code, text);
    } else if members.iter().any(|member| member == id) {
        work.error("ID_ALREADY_EXISTS", format!("'{id}' already exists"));
    }
    Some(None)
}

fn check_member(work: &mut Work<'_>, element: Element) {
    let id = tree::id(&work.cib, element);
    let doc = &work.cib;
    if doc.name(element) != "primitive" {
        let kind = tree::kind_of(doc, element);
        work.error(
            "CANNOT_GROUP_RESOURCE_WRONG_TYPE",
            format!("'{id}' is a {kind} resource, {kind} resources cannot be put into a group"),
        );
    } else if tree::is_stonith(doc, element) {
        work.error(
            "CANNOT_GROUP_RESOURCE_WRONG_TYPE",
            format!("'{id}' is a stonith resource, stonith resources cannot be put into a group"),
        );
    } else if let Some(parent) = tree::parent(doc, element)
        && doc.name(parent) != "group"
    {
        let (kind, parent) = (tree::kind_of(doc, parent), tree::id(doc, parent));
        work.error(
            "CANNOT_GROUP_RESOURCE_WRONG_TYPE",
            format!("'{id}' cannot be put into a group because its parent '{parent}' is a {kind} resource"),
        );
    }
}

/// The member next to which others are put.
fn check_adjacent(
    work: &mut Work<'_>,
    group: Option<Element>,
    group_id: &str,
    adjacent: Option<&str>,
    moving: &[String],
) -> Option<Element> {
    let id = adjacent?;
    let found = tree::find(&work.cib, id).filter(|found| group.is_some() && work.cib.parent(*found) == group);
    if found.is_none() {
        match ids::find(&work.cib, id) {
            Some(_) => work.error(
                "ADD_REMOVE_ADJACENT_ITEM_NOT_IN_THE_CONTAINER",
                format!(
                    "There is no resource '{id}' in the group '{group_id}', cannot add resources next to it"
                ),
            ),
            None => work.error("ID_NOT_FOUND", format!("'{id}' does not exist")),
        }
    }
    if moving.iter().any(|other| other == id) && tree::find(&work.cib, id).is_some() {
        work.error(
            "ADD_REMOVE_CANNOT_PUT_ITEM_NEXT_TO_ITSELF",
            format!("Cannot put resource '{id}' next to itself"),
        );
        return None;
    }
    found
}

/// A group that constraints or permissions speak of does not vanish by losing its members.
fn check_left_behind(work: &mut Work<'_>, target: Option<Element>, moving: &[Element]) {
    let doc = &work.cib;
    let mut groups: Vec<Element> = Vec::new();
    for element in moving {
        if let Some(group) = doc.parent(*element).filter(|parent| doc.name(*parent) == "group")
            && Some(group) != target
            && !groups.contains(&group)
        {
            groups.push(group);
        }
    }
    let mut texts: Vec<String> = Vec::new();
    for group in groups {
        let id = tree::id(doc, group);
        let clone = tree::parent(doc, group).map(|clone| tree::id(doc, clone));
        let (gone, left): (Vec<Element>, Vec<Element>) =
            tree::members(doc, group).into_iter().partition(|member| moving.contains(member));
        let named =
            references::is_needed(doc, &id) || clone.is_some_and(|id| references::is_needed(doc, &id));
        if left.is_empty() && named {
            let s = if gone.len() == 1 { "" } else { "s" };
            let gone: Vec<String> = gone.iter().map(|member| tree::id(doc, *member)).collect();
            texts.push(format!(
                "Unable to move resource{s} {} as it would leave group '{id}' empty. Please, use the \
                 'rhapsody resource ungroup {id}' command first.",
                quoted(gone)
            ));
        }
    }
    for text in texts {
        work.error("CANNOT_LEAVE_GROUP_EMPTY_AFTER_MOVE", text);
    }
}

fn new(work: &mut Work<'_>, id: &str, position: Option<usize>) -> Element {
    let section = sections::make(&mut work.cib, "resources");
    let doc = &mut work.cib;
    let position = position.unwrap_or_else(|| doc.children(section).count());
    let group = doc.insert(section, position, "group");
    doc.set_attr(group, "id", id);
    group
}

/// Moves resources into a group; groups that become empty go away.
fn place(work: &mut Work<'_>, group: Element, elements: &[Element], adjacent: Option<Element>, after: bool) {
    let doc = &mut work.cib;
    let mut last = adjacent;
    for (n, element) in elements.iter().enumerate() {
        let old_parent = doc.parent(*element);
        let position = match last {
            Some(neighbour) => {
                let at = doc.position(neighbour);
                // Taking the element out of the same group first moves what follows it.
                let shift = usize::from(old_parent == Some(group) && doc.position(*element) < at);
                at - shift + usize::from(after || n > 0)
            }
            None => {
                let end = doc.children(group).count();
                end - usize::from(old_parent == Some(group))
            }
        };
        doc.move_to(*element, group, position);
        if adjacent.is_some() {
            last = Some(*element);
        }
        if let Some(old) = old_parent
            && old != group
            && doc.name(old) == "group"
            && tree::members(doc, old).is_empty()
        {
            dissolve(doc, old);
        }
    }
}

/// Removes an empty group, and the clone that held only it.
fn dissolve(doc: &mut rhapsody_xml::Document, group: Element) {
    let parent = tree::parent(doc, group);
    references::forget(doc, group);
    doc.remove(group);
    if let Some(clone) = parent
        && tree::members(doc, clone).is_empty()
    {
        references::forget(doc, clone);
        doc.remove(clone);
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CreateRequest {
    pub resource_id: String,
    pub resource_agent_name: String,
    pub group_id: String,
    pub operation_list: Vec<super::operations::Operation>,
    pub meta_attributes: create::Attributes,
    pub instance_attributes: create::Attributes,
    pub allow_absent_agent: bool,
    pub allow_invalid_operation: bool,
    pub allow_invalid_instance_attributes: bool,
    pub allow_not_suitable_command: bool,
    pub use_default_operations: Option<bool>,
    pub ensure_disabled: bool,
    pub adjacent_resource_id: Option<String>,
    pub put_after_adjacent: Option<bool>,
    pub enable_agent_self_validation: bool,
}

/// `resource.create_in_group`.
pub fn create(work: &mut Work<'_>, request: CreateRequest) -> Result<(), Stop> {
    let primitive = create::Request {
        resource_id: request.resource_id.clone(),
        resource_agent_name: request.resource_agent_name.clone(),
        operation_list: request.operation_list.clone(),
        meta_attributes: request.meta_attributes.clone(),
        instance_attributes: request.instance_attributes.clone(),
        allow_absent_agent: request.allow_absent_agent,
        allow_invalid_operation: request.allow_invalid_operation,
        allow_invalid_instance_attributes: request.allow_invalid_instance_attributes,
        allow_not_suitable_command: request.allow_not_suitable_command,
        use_default_operations: request.use_default_operations,
        ensure_disabled: request.ensure_disabled,
        enable_agent_self_validation: request.enable_agent_self_validation,
    };
    let prepared = create::prepare(work, &primitive, create::Kind::Resource);
    let group = find_or_check(work, &request.group_id, std::slice::from_ref(&request.resource_id));
    let adjacent = check_adjacent(
        work,
        group.flatten(),
        &request.group_id,
        request.adjacent_resource_id.as_deref(),
        std::slice::from_ref(&request.resource_id),
    );
    let prepared = prepared?;
    work.check()?;
    let group = match group.flatten() {
        Some(group) => group,
        None => new(work, &request.group_id, None),
    };
    let element = create::append(work, group, None, &primitive, &prepared);
    if adjacent.is_some() {
        place(work, group, &[element], adjacent, request.put_after_adjacent.unwrap_or(true));
    }
    Ok(())
}
