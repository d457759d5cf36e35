//! Looking around among the resources.

use crate::ids;
use crate::sections;
use rhapsody_xml::{Document, Element};

pub const KINDS: &[&str] = &["primitive", "group", "clone", "master", "bundle"];

pub fn is_resource(doc: &Document, element: Element) -> bool {
    KINDS.contains(&doc.name(element))
        && sections::get(doc, "resources").is_some_and(|section| doc.is_within(element, section))
}

pub fn is_clone(doc: &Document, element: Element) -> bool {
    matches!(doc.name(element), "clone" | "master")
}

/// The resource with this id.
pub fn find(doc: &Document, id: &str) -> Option<Element> {
    let section = sections::get(doc, "resources")?;
    doc.descendants(section)
        .find(|element| doc.attr(*element, "id") == Some(id) && KINDS.contains(&doc.name(*element)))
}

/// All primitives.
pub fn primitives(doc: &Document) -> Vec<Element> {
    let Some(section) = sections::get(doc, "resources") else { return Vec::new() };
    doc.descendants(section).filter(|element| doc.name(*element) == "primitive").collect()
}

/// The clone or bundle (or group) directly around a resource.
pub fn parent(doc: &Document, resource: Element) -> Option<Element> {
    doc.parent(resource).filter(|parent| KINDS.contains(&doc.name(*parent)))
}

/// The primitives and groups inside of a group, clone or bundle.
pub fn members(doc: &Document, resource: Element) -> Vec<Element> {
    doc.children(resource).filter(|child| matches!(doc.name(*child), "primitive" | "group")).collect()
}

/// The outermost resource around this one (itself when it stands alone).
pub fn top(doc: &Document, resource: Element) -> Element {
    let mut top = resource;
    while let Some(parent) = parent(doc, top) {
        top = parent;
    }
    top
}

/// All primitives inside of a resource, itself included.
pub fn primitives_in(doc: &Document, resource: Element) -> Vec<Element> {
    doc.descendants(resource).filter(|element| doc.name(*element) == "primitive").collect()
}

pub fn is_stonith(doc: &Document, element: Element) -> bool {
    doc.name(element) == "primitive" && doc.attr(element, "class") == Some("stonith")
}

pub fn is_promotable(doc: &Document, clone: Element) -> bool {
    doc.name(clone) == "master"
        || crate::nvset::value(doc, clone, "meta_attributes", "promotable")
            .is_some_and(crate::values::is_true)
}

/// The full agent name of a primitive.
pub fn agent_of(doc: &Document, primitive: Element) -> String {
    let part = |name: &str| doc.attr(primitive, name);
    match part("provider") {
        Some(provider) => {
            format!("{}:{provider}:{}", part("class").unwrap_or(""), part("type").unwrap_or(""))
        }
        None => format!("{}:{}", part("class").unwrap_or(""), part("type").unwrap_or("")),
    }
}

/// The id of an element for messages.
pub fn id(doc: &Document, element: Element) -> String {
    doc.attr(element, "id").unwrap_or_default().to_owned()
}

/// What an id names, in words: `resource`, `group`, `clone`, ...
pub fn kind_of(doc: &Document, element: Element) -> String {
    match doc.name(element) {
        "primitive" if is_stonith(doc, element) => "stonith resource".to_owned(),
        "primitive" => "resource".to_owned(),
        "master" => "clone".to_owned(),
        other => other.to_owned(),
    }
}

/// The element with this id, whatever it is.
pub fn any(doc: &Document, id: &str) -> Option<Element> {
    ids::find(doc, id)
}
