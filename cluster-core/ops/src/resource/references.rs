//! What refers to an element, and must go or change when the element goes.

use crate::sections;
use rhapsody_xml::{Document, Element};

/// Attributes of constraints that name resources or tags.
const NAMING: &[&str] = &["rsc", "with-rsc", "first", "then"];

/// Constraints that name this id directly.
pub fn constraints_naming(doc: &Document, id: &str) -> Vec<Element> {
    let Some(section) = sections::get(doc, "constraints") else { return Vec::new() };
    doc.children(section)
        .filter(|constraint| NAMING.iter().any(|name| doc.attr(*constraint, name) == Some(id)))
        .collect()
}

/// `resource_ref` and tags' `obj_ref` elements that name this id.
pub fn members_naming(doc: &Document, id: &str) -> Vec<Element> {
    let Some(configuration) = doc.child(doc.root(), "configuration") else { return Vec::new() };
    doc.descendants(configuration)
        .filter(|element| {
            matches!(doc.name(*element), "resource_ref" | "obj_ref") && doc.attr(*element, "id") == Some(id)
        })
        .collect()
}

/// ACL permissions about exactly this element.
fn permissions_naming(doc: &Document, id: &str) -> Vec<Element> {
    let Some(section) = sections::get(doc, "acls") else { return Vec::new() };
    doc.descendants(section)
        .filter(|element| {
            doc.name(*element) == "acl_permission" && doc.attr(*element, "reference") == Some(id)
        })
        .collect()
}

/// Do constraints (sets too) or ACL permissions name this id?
pub fn is_needed(doc: &Document, id: &str) -> bool {
    !constraints_naming(doc, id).is_empty()
        || !permissions_naming(doc, id).is_empty()
        || members_naming(doc, id).iter().any(|member| doc.name(*member) == "resource_ref")
}

/// Removes everything that refers to an element which is about to go, and what becomes empty by that.
pub fn forget(doc: &mut Document, element: Element) {
    let Some(id) = doc.attr(element, "id").map(str::to_owned) else { return };
    forget_id(doc, &id);
}

/// As [`forget`], by id.
pub fn forget_id(doc: &mut Document, id: &str) {
    for constraint in constraints_naming(doc, id) {
        remove(doc, constraint);
    }
    for member in members_naming(doc, id) {
        remove_with_empty_parents(doc, member);
    }
    for permission in permissions_naming(doc, id) {
        doc.remove(permission);
    }
    forget_device(doc, id);
}

/// Takes a device out of the fencing levels; levels without devices go.
pub fn forget_device(doc: &mut Document, id: &str) {
    let Some(section) = sections::get(doc, "fencing-topology") else { return };
    let levels: Vec<Element> = doc.children_named(section, "fencing-level").collect();
    for level in levels {
        let devices = crate::dto::levels::devices(doc, level);
        if !devices.iter().any(|device| device == id) {
            continue;
        }
        let left: Vec<String> = devices.into_iter().filter(|device| device != id).collect();
        if left.is_empty() {
            doc.remove(level);
        } else {
            doc.set_attr(level, "devices", &left.join(","));
        }
    }
}

/// Removes an element and all that refers to it or to anything inside of it.
pub fn remove(doc: &mut Document, element: Element) {
    let inside: Vec<String> =
        doc.descendants(element).filter_map(|inner| doc.attr(inner, "id")).map(str::to_owned).collect();
    let is_reference = matches!(doc.name(element), "resource_ref" | "obj_ref");
    doc.remove(element);
    if !is_reference {
        for id in inside {
            forget_id(doc, &id);
        }
    }
}

/// Removes an element, then its set, constraint or tag when nothing is left in it.
pub fn remove_with_empty_parents(doc: &mut Document, element: Element) {
    let parent = doc.parent(element);
    remove(doc, element);
    let Some(parent) = parent else { return };
    let container = matches!(
        doc.name(parent),
        "resource_set" | "tag" | "rsc_colocation" | "rsc_order" | "rsc_ticket" | "rsc_location"
    );
    let holds = |child: Element| matches!(doc.name(child), "resource_set" | "resource_ref" | "obj_ref");
    if container && !doc.children(parent).any(holds) {
        remove_with_empty_parents(doc, parent);
    }
}
