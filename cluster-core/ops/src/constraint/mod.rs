//! Operations on constraints.

pub mod colocation;
pub mod config;
pub mod location;
pub mod order;
pub mod remove;
pub mod rule;
pub mod set;
pub mod ticket;

use crate::resource::tree;
use crate::work::Work;
use crate::{ids, sections, values};
use rhapsody_xml::{Document, Element};

/// A score, or the report that it is none.
pub(crate) fn check_score(work: &mut Work<'_>, score: &str) {
    if !values::is_score(score) {
        work.error("INVALID_SCORE", format!("invalid score '{score}', use integer or INFINITY or -INFINITY"));
    }
}

/// A resource that a constraint may name; the members of clones and bundles only by force.
pub(crate) fn check_resource(work: &mut Work<'_>, id: &str, force: bool, as_command: bool) {
    let doc = &work.cib;
    let Some(resource) = tree::find(doc, id) else {
        work.error("ID_NOT_FOUND", format!("Resource '{id}' does not exist"));
        return;
    };
    let Some(outer) = clone_around(doc, resource) else { return };
    let kind = if doc.name(outer) == "bundle" { "bundle" } else { "clone" };
    let text = format!(
        "{id} is a {kind} resource, you should use the {kind} id: {} when adding constraints",
        tree::id(doc, outer)
    );
    match (force, as_command) {
        (true, true) => {}
        (true, false) => work.warning("RESOURCE_FOR_CONSTRAINT_IS_MULTIINSTANCE", text),
        _ => work.forceable(false, "RESOURCE_FOR_CONSTRAINT_IS_MULTIINSTANCE", text),
    }
}

/// The clone or bundle around a resource that is inside of one.
pub(crate) fn clone_around(doc: &Document, resource: Element) -> Option<Element> {
    let top = tree::top(doc, resource);
    (top != resource && (tree::is_clone(doc, top) || doc.name(top) == "bundle")).then_some(top)
}

/// A new constraint element with an id that is free.
pub(crate) fn append(work: &mut Work<'_>, name: &str, id: &str) -> Element {
    let section = sections::make(&mut work.cib, "constraints");
    let element = work.cib.append(section, name);
    work.cib.set_attr(element, "id", id);
    element
}

/// Checks an id that a user chose for a constraint.
pub(crate) fn check_id(work: &mut Work<'_>, id: &str) {
    if let Some((code, text)) = ids::problem(id, "constraint id") {
        work.error(code, text);
    } else if ids::find(&work.cib, id).is_some() {
        work.error("ID_ALREADY_EXISTS", format!("id '{id}' is already in use, please specify another one"));
    }
}
