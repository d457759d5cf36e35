//! Tags: names for sets of resources.

use crate::resource::{references, tree};
use crate::work::{Stop, Work};
use crate::{ids, sections};
use rhapsody_agents_catalog::check::quoted;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tag {
    pub id: String,
    pub idref_list: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Tags {
    pub tags: Vec<Tag>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfigRequest {
    /// Empty: all.
    pub tag_filter: Vec<String>,
}

fn all(work: &Work<'_>) -> Vec<Element> {
    let doc = &work.cib;
    sections::get(doc, "tags").map(|section| doc.children_named(section, "tag").collect()).unwrap_or_default()
}

fn members(work: &Work<'_>, tag: Element) -> Vec<String> {
    let doc = &work.cib;
    doc.children_named(tag, "obj_ref")
        .filter_map(|member| doc.attr(member, "id"))
        .map(str::to_owned)
        .collect()
}

pub fn config(work: &mut Work<'_>, request: ConfigRequest) -> Result<Tags, Stop> {
    let read =
        |work: &Work<'_>, tag: Element| Tag { id: tree::id(&work.cib, tag), idref_list: members(work, tag) };
    if request.tag_filter.is_empty() {
        return Ok(Tags { tags: all(work).into_iter().map(|tag| read(work, tag)).collect() });
    }
    let mut tags = Vec::new();
    for id in &request.tag_filter {
        if let Some(tag) = find(work, id) {
            tags.push(read(work, tag));
        }
    }
    work.check()?;
    Ok(Tags { tags })
}

fn find(work: &mut Work<'_>, id: &str) -> Option<Element> {
    match ids::find(&work.cib, id) {
        Some(found) if work.cib.name(found) == "tag" => Some(found),
        Some(_) => {
            work.error("ID_BELONGS_TO_UNEXPECTED_TYPE", format!("'{id}' is not a tag"));
            None
        }
        None => {
            work.error("ID_NOT_FOUND", format!("tag '{id}' does not exist"));
            None
        }
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CreateRequest {
    pub tag_id: String,
    pub idref_list: Vec<String>,
}

pub fn create(work: &mut Work<'_>, request: CreateRequest) -> Result<(), Stop> {
    work.check_new_id(&request.tag_id, "id");
    if request.idref_list.contains(&request.tag_id) {
        work.error("TAG_CANNOT_CONTAIN_ITSELF", "Tag cannot contain itself");
    }
    check_unique(work, &request.idref_list, "add");
    for id in &request.idref_list {
        check_member(work, id);
    }
    work.check()?;
    let section = sections::make(&mut work.cib, "tags");
    let tag = work.cib.append(section, "tag");
    work.cib.set_attr(tag, "id", &request.tag_id);
    for id in &request.idref_list {
        let member = work.cib.append(tag, "obj_ref");
        work.cib.set_attr(member, "id", id);
    }
    Ok(())
}

fn check_unique(work: &mut Work<'_>, list: &[String], verb: &str) {
    let mut twice: Vec<&String> = Vec::new();
    for (n, id) in list.iter().enumerate() {
        if list[..n].contains(id) && !twice.contains(&id) {
            twice.push(id);
        }
    }
    if !twice.is_empty() {
        work.error(
            "TAG_ADD_REMOVE_IDS_DUPLICATION",
            format!("Ids to {verb} must be unique, duplicate ids: {}", quoted(twice)),
        );
    }
}

fn check_member(work: &mut Work<'_>, id: &str) {
    match ids::find(&work.cib, id) {
        None => {
            work.error("ID_NOT_FOUND", format!("bundle / clone / group / resource '{id}' does not exist"))
        }
        Some(found) if !tree::is_resource(&work.cib, found) => {
            work.error(
                "ID_BELONGS_TO_UNEXPECTED_TYPE",
                format!("'{id}' is not a bundle / clone / group / resource"),
            );
        }
        Some(_) => {}
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveRequest {
    pub tag_ids: Vec<String>,
}

pub fn remove(work: &mut Work<'_>, request: RemoveRequest) -> Result<(), Stop> {
    let mut found = Vec::new();
    for id in &request.tag_ids {
        found.extend(find(work, id).filter(|tag| !found.contains(tag)));
    }
    for tag in &found {
        let id = tree::id(&work.cib, *tag);
        let named: Vec<String> = references::constraints_naming(&work.cib, &id)
            .into_iter()
            .map(|constraint| tree::id(&work.cib, constraint))
            .collect();
        if !named.is_empty() {
            work.error(
                "TAG_CANNOT_REMOVE_TAG_REFERENCED_IN_CONSTRAINTS",
                format!(
                    "Tag '{id}' cannot be removed because it is referenced in constraints {}",
                    quoted(named)
                ),
            );
        }
    }
    work.check()?;
    for tag in found {
        work.cib.remove(tag);
    }
    Ok(())
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpdateRequest {
    pub tag_id: String,
    pub idref_add: Vec<String>,
    pub idref_remove: Vec<String>,
    pub adjacent_idref: Option<String>,
    pub put_after_adjacent: bool,
}

pub fn update(work: &mut Work<'_>, request: UpdateRequest) -> Result<(), Stop> {
    let tag = find(work, &request.tag_id);
    let both: Vec<&String> =
        request.idref_add.iter().filter(|id| request.idref_remove.contains(id)).collect();
    if !both.is_empty() {
        work.error(
            "TAG_CANNOT_ADD_AND_REMOVE_IDS_AT_THE_SAME_TIME",
            format!("Ids cannot be added and removed at the same time: {}", quoted(both)),
        );
    }
    check_unique(work, &request.idref_add, "add");
    check_unique(work, &request.idref_remove, "remove");
    for id in &request.idref_add {
        check_member(work, id);
    }
    if let Some(adjacent) = &request.adjacent_idref {
        if request.idref_add.contains(adjacent) {
            work.error(
                "TAG_CANNOT_PUT_ID_NEXT_TO_ITSELF",
                format!("Cannot put id '{adjacent}' next to itself."),
            );
        }
        if request.idref_remove.contains(adjacent) {
            work.error(
                "TAG_CANNOT_REMOVE_ADJACENT_ID",
                format!("Cannot remove id '{adjacent}' next to which ids are being added"),
            );
        }
    }
    let Some(tag) = tag else { return Err(Stop) };
    check_against_tag(work, &request, tag);
    work.check()?;
    apply(work, &request, tag);
    Ok(())
}

fn check_against_tag(work: &mut Work<'_>, request: &UpdateRequest, tag: Element) {
    let now = members(work, tag);
    let id = &request.tag_id;
    let missing: Vec<&String> = request.idref_remove.iter().filter(|member| !now.contains(member)).collect();
    if !missing.is_empty() {
        let word = if missing.len() == 1 { "id" } else { "ids" };
        work.error(
            "TAG_IDS_NOT_IN_THE_TAG",
            format!("Tag '{id}' does not contain {word}: {}", quoted(missing)),
        );
    }
    let there: Vec<&String> = request.idref_add.iter().filter(|member| now.contains(member)).collect();
    if !there.is_empty() && request.adjacent_idref.is_none() {
        let word = if there.len() == 1 { "id" } else { "ids" };
        work.error(
            "TAG_CANNOT_ADD_REFERENCE_IDS_ALREADY_IN_THE_TAG",
            format!("Cannot add reference {word} already in the tag '{id}': {}", quoted(there)),
        );
    }
    if let Some(adjacent) = request.adjacent_idref.as_ref().filter(|adjacent| !now.contains(adjacent)) {
        work.error(
            "TAG_ADJACENT_REFERENCE_ID_NOT_IN_THE_TAG",
            format!("There is no reference id '{adjacent}' in the tag '{id}', cannot put reference ids next to it in the tag"),
        );
    }
    if request.idref_add.is_empty()
        && !now.is_empty()
        && now.iter().all(|member| request.idref_remove.contains(member))
    {
        work.error(
            "TAG_CANNOT_REMOVE_REFERENCES_WITHOUT_REMOVING_TAG",
            format!("There would be no references left in the tag '{id}', please remove the whole tag using the 'rhapsody tag remove {id}' command"),
        );
    }
}

fn apply(work: &mut Work<'_>, request: &UpdateRequest, tag: Element) {
    let find = |work: &Work<'_>, id: &String| {
        let doc = &work.cib;
        doc.children_named(tag, "obj_ref").find(|member| doc.attr(*member, "id") == Some(id))
    };
    for id in request.idref_remove.iter().chain(&request.idref_add) {
        if let Some(member) = find(work, id) {
            work.cib.remove(member);
        }
    }
    let adjacent = request.adjacent_idref.as_ref().and_then(|id| find(work, id));
    let position = match adjacent {
        Some(adjacent) => work.cib.position(adjacent) + usize::from(request.put_after_adjacent),
        None => work.cib.children(tag).count(),
    };
    for (n, id) in request.idref_add.iter().enumerate() {
        let member = work.cib.insert(tag, position + n, "obj_ref");
        work.cib.set_attr(member, "id", id);
    }
}
