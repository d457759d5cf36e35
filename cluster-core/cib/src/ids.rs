//! Identifiers: what may be one, which are taken, and new ones in pcs's manner.

use rhapsody_xml::{Document, Element};
use rustc_hash::FxHashSet;

/// Elements whose `id` refers to another element.
const REFERENCES: [&str; 3] = ["obj_ref", "resource_ref", "role"];

/// Everything with an id of its own, and the names of guest nodes. `<status>` is left out: it may
/// still tell of resources that are gone.
fn defined(doc: &Document) -> impl Iterator<Item = (&str, Element)> {
    let root = doc.root();
    let is_cib = doc.name(root) == "cib";
    doc.children(root)
        .filter(move |e| !(is_cib && doc.name(*e) == "status"))
        .flat_map(|top| doc.descendants(top))
        .filter_map(|e| {
            let id = match doc.name(e) {
                name if REFERENCES.contains(&name) => return None,
                _ => doc.attr(e, "id")?,
            };
            Some((id, e))
        })
}

fn guests(doc: &Document) -> impl Iterator<Item = &str> {
    defined(doc).filter_map(|(_, e)| {
        let is_guest = doc.name(e) == "nvpair"
            && doc.attr(e, "name") == Some("remote-node")
            && doc.parent(e).is_some_and(|p| doc.name(p) == "meta_attributes");
        is_guest.then(|| doc.attr(e, "value")).flatten()
    })
}

/// The element that carries this id in the configuration.
pub fn find(doc: &Document, id: &str) -> Option<Element> {
    defined(doc).find(|(i, _)| *i == id).map(|(_, e)| e)
}

pub fn exists(doc: &Document, id: &str) -> bool {
    find(doc, id).is_some() || guests(doc).any(|g| g == id)
}

/// All ids in use, for many questions in a row.
pub fn all(doc: &Document) -> FxHashSet<&str> {
    defined(doc).map(|(id, _)| id).chain(guests(doc)).collect()
}

/// `base`, or `base-1`, `base-2`, ... if that is taken.
pub fn unique(doc: &Document, base: &str) -> String {
    unique_with(doc, base, &[])
}

/// The same, avoiding also ids that are about to be used.
pub fn unique_with(doc: &Document, base: &str, reserved: &[&str]) -> String {
    let free = |id: &str| !reserved.contains(&id) && !exists(doc, id);
    if free(base) {
        return base.to_owned();
    }
    let used = all(doc);
    let mut counter = 1u64;
    loop {
        // Ends: there are only as many taken ids as elements.
        let id = format!("{base}-{counter}");
        if !used.contains(id.as_str()) && !reserved.contains(&id.as_str()) {
            return id;
        }
        counter += 1;
    }
}

fn may_begin(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn may_follow(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// What cannot stand in an id is replaced.
pub fn sanitize(text: &str, replacement: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (i, c) in text.chars().enumerate() {
        if if i == 0 { may_begin(c) } else { may_follow(c) } {
            out.push(c);
        } else {
            out.push_str(replacement);
        }
    }
    out
}

/// The first character that keeps `text` from being an id, and whether it is the first of all.
/// None: it is one. An empty text gives a space.
pub fn invalid_character(text: &str) -> Option<(char, bool)> {
    if text.is_empty() {
        return Some((' ', true));
    }
    text.chars()
        .enumerate()
        .find(|(i, c)| if *i == 0 { !may_begin(*c) } else { !may_follow(*c) })
        .map(|(i, c)| (c, i == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOC: &str = "<cib><configuration>
      <resources><primitive id='a'><meta_attributes id='a-meta'>
        <nvpair id='x' name='remote-node' value='guest'/></meta_attributes></primitive>
        <primitive id='a-1'/></resources>
      <tags><tag id='t'><obj_ref id='ghost'/></tag></tags>
      </configuration><status><node_state id='b'/></status></cib>";

    #[test]
    fn taken_ids_are_counted_up() {
        let doc = Document::parse(DOC).unwrap();
        assert_eq!(unique(&doc, "a"), "a-2");
        assert_eq!(unique(&doc, "b"), "b");
        assert_eq!(unique(&doc, "ghost"), "ghost");
        assert_eq!(unique(&doc, "guest"), "guest-1");
        assert_eq!(unique_with(&doc, "n", &["n", "n-1"]), "n-2");
        assert_eq!(find(&doc, "a-1").map(|e| doc.name(e)), Some("primitive"));
    }

    #[test]
    fn ids_are_cleaned() {
        assert_eq!(sanitize("1a b/c", ""), "abc");
        assert_eq!(sanitize("a:b", "-"), "a-b");
        assert_eq!(invalid_character("a/b"), Some(('/', false)));
        assert_eq!(invalid_character("1b"), Some(('1', true)));
        assert_eq!(invalid_character("_b.c-1"), None);
    }
}
