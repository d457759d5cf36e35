//! What refers to a resource, and must go or change when the resource goes.

use crate::sections;
use rhapsody_xml::{Document, Element};

/// Attributes of constraints (and others) that name resources.
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

/// Removes everything that refers to an element which is about to go, and what becomes empty by that.
pub fn forget(doc: &mut Document, element: Element) {
    let Some(id) = doc.attr(element, "id").map(str::to_owned) else { return };
    for constraint in constraints_naming(doc, &id) {
        doc.remove(constraint);
    }
    for member in members_naming(doc, &id) {
        remove_with_empty_parents(doc, member);
    }
}

/// Removes an element, then its set, constraint or tag when nothing is left in it.
pub fn remove_with_empty_parents(doc: &mut Document, element: Element) {
    let parent = doc.parent(element);
    doc.remove(element);
    let Some(parent) = parent else { return };
    let container = matches!(
        doc.name(parent),
        "resource_set" | "tag" | "rsc_colocation" | "rsc_order" | "rsc_ticket" | "rsc_location"
    );
    if container
        && !doc
            .children(parent)
            .any(|child| matches!(doc.name(child), "resource_set" | "resource_ref" | "obj_ref"))
    {
        remove_with_empty_parents(doc, parent);
    }
}
