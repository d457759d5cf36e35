//! Ids: which are taken, which are well formed, which is the next free one.

use crate::work::Work;
use rhapsody_xml::{Document, Element};
use std::collections::HashSet;

/// Elements whose `id` names another element, or, of an ACL user, somebody outside of the CIB.
const REFERENCES: &[&str] = &["role", "resource_ref", "obj_ref", "acl_target"];

fn is_reference(doc: &Document, element: Element) -> bool {
    match doc.name(element) {
        // An ACL role is defined directly below <acls>, and referred to anywhere else.
        "role" => doc.parent(element).is_some_and(|parent| doc.name(parent) != "acls"),
        name => REFERENCES.contains(&name),
    }
}

/// The element of the configuration with this id (never of the status section). The node element
/// of a remote node has the id of its resource: the resource is meant.
pub fn find(doc: &Document, id: &str) -> Option<Element> {
    let configuration = doc.child(doc.root(), "configuration")?;
    let mut named = doc
        .descendants(configuration)
        .filter(|element| doc.attr(*element, "id") == Some(id) && !is_reference(doc, *element));
    let first = named.next()?;
    if doc.name(first) == "node" { named.next().or(Some(first)) } else { Some(first) }
}

/// All ids of the configuration.
pub fn taken(doc: &Document) -> HashSet<String> {
    let Some(configuration) = doc.child(doc.root(), "configuration") else { return HashSet::new() };
    doc.descendants(configuration)
        .filter(|element| !is_reference(doc, *element))
        .filter_map(|element| doc.attr(element, "id"))
        .map(str::to_owned)
        .collect()
}

/// `base`, or with the first free number after it: `base-1`, `base-2`, ...
pub fn free(doc: &Document, base: &str) -> String {
    if find(doc, base).is_none() { base.to_owned() } else { free_among(&taken(doc), base) }
}

pub fn free_among(taken: &HashSet<String>, base: &str) -> String {
    if !taken.contains(base) {
        return base.to_owned();
    }
    (1..).map(|n| format!("{base}-{n}")).find(|id| !taken.contains(id)).unwrap_or_else(|| base.to_owned())
}

fn may_begin(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn may_follow(c: char) -> bool {
    may_begin(c) || c == '-' || c == '.' || c.is_numeric()
}

/// What remains of a text when only characters of an id are kept.
pub fn sanitized(text: &str, replacement: &str) -> String {
    let mut id = String::new();
    for c in text.chars() {
        let allowed = if id.is_empty() { may_begin(c) } else { may_follow(c) };
        if allowed {
            id.push(c);
        } else if !id.is_empty() {
            id.push_str(replacement);
        }
    }
    id
}

/// The same for the middle of an id, where digits may begin.
pub fn sanitized_part(text: &str) -> String {
    text.chars().filter(|c| may_follow(*c)).collect()
}

/// Why a text is no id; `what` is what it was meant to be.
pub fn problem(id: &str, what: &str) -> Option<(&'static str, String)> {
    let Some(first) = id.chars().next() else {
        return Some(("INVALID_ID_IS_EMPTY", format!("{what} cannot be empty")));
    };
    if !may_begin(first) {
        let text = format!("invalid {what} '{id}', '{first}' is not a valid first character for a {what}");
        return Some(("INVALID_ID_BAD_CHAR", text));
    }
    let bad = id.chars().find(|c| !may_follow(*c))?;
    Some((
        "INVALID_ID_BAD_CHAR",
        format!("invalid {what} '{id}', '{bad}' is not a valid character for a {what}"),
    ))
}

impl Work<'_> {
    /// Reports an id that is malformed or taken.
    pub fn check_new_id(&mut self, id: &str, what: &str) {
        if let Some((code, text)) = problem(id, what) {
            self.error(code, text);
        } else if find(&self.cib, id).is_some() {
            self.error("ID_ALREADY_EXISTS", format!("'{id}' already exists"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_status_take_no_ids() {
        let doc = Document::parse(
            "<cib><configuration><nodes><node id='n'/><node id='t'/></nodes><acls><acl_target id='u'><role id='r'/></acl_target></acls>\
             <tags><tag id='t'><obj_ref id='x'/></tag></tags></configuration>\
             <status><lrm_resource id='x'/></status></cib>",
        )
        .unwrap();
        assert!(find(&doc, "x").is_none() && find(&doc, "r").is_none() && find(&doc, "t").is_some());
        assert!(find(&doc, "u").is_none() && find(&doc, "n").is_some());
        assert_eq!(find(&doc, "t").map(|tag| doc.name(tag)), Some("tag"));
        assert_eq!(free(&doc, "t"), "t-1");
        assert_eq!(free(&doc, "x"), "x");
    }

    #[test]
    fn malformed_ids_are_explained() {
        assert!(problem("vip_1.a-b", "id").is_none());
        assert!(problem("", "id").unwrap().1.contains("empty"));
        assert!(problem("1a", "id").unwrap().1.contains("first character"));
        assert!(problem("a b", "id").unwrap().1.contains("' '"));
        assert_eq!(sanitized("1a b#c", ""), "abc");
    }
}
