//! Blocks of name-value pairs: `meta_attributes`, `instance_attributes`, `cluster_property_set`, ...

use crate::ids;
use rhapsody_xml::{Document, Element};

/// Value of a name in one block.
pub fn get<'a>(doc: &'a Document, block: Element, name: &str) -> Option<&'a str> {
    doc.children_named(block, "nvpair")
        .find(|pair| doc.attr(*pair, "name") == Some(name))
        .and_then(|pair| doc.attr(pair, "value"))
}

/// Value of a name in the first block of this kind that has it.
pub fn value<'a>(doc: &'a Document, owner: Element, kind: &str, name: &str) -> Option<&'a str> {
    doc.children_named(owner, kind).find_map(|block| get(doc, block, name))
}

pub fn pairs(doc: &Document, block: Element) -> Vec<(String, String)> {
    doc.children_named(block, "nvpair")
        .filter_map(|pair| {
            Some((doc.attr(pair, "name")?.to_owned(), doc.attr(pair, "value").unwrap_or("").to_owned()))
        })
        .collect()
}

/// Sets a name, or with an empty value removes it.
pub fn set(doc: &mut Document, block: Element, name: &str, value: &str) {
    let found: Vec<Element> =
        doc.children_named(block, "nvpair").filter(|pair| doc.attr(*pair, "name") == Some(name)).collect();
    if value.is_empty() {
        for pair in found {
            doc.remove(pair);
        }
        return;
    }
    match found.split_first() {
        Some((first, rest)) => {
            doc.set_attr(*first, "value", value);
            for pair in rest {
                doc.remove(*pair);
            }
        }
        None => add(doc, block, name, value),
    }
}

/// As [`set`], in cluster properties and defaults.
pub fn set_short(doc: &mut Document, block: Element, name: &str, value: &str) {
    if value.is_empty() || get(doc, block, name).is_some() {
        set(doc, block, name, value);
    } else {
        add_short(doc, block, name, value);
    }
}

/// Adds a pair with an id made of the block's id and the name.
pub fn add(doc: &mut Document, block: Element, name: &str, value: &str) {
    add_with_id(doc, block, name, name, value);
}

/// The same, where ids carry only the beginning of a name: in cluster properties and defaults.
pub fn add_short(doc: &mut Document, block: Element, name: &str, value: &str) {
    const NAME_MAX: usize = 20;
    let short: String = name.chars().take(NAME_MAX).collect();
    add_with_id(doc, block, &short, name, value);
}

fn add_with_id(doc: &mut Document, block: Element, part: &str, name: &str, value: &str) {
    let base = format!("{}-{}", doc.attr(block, "id").unwrap_or("nvset"), ids::sanitized_part(part));
    let id = ids::free(doc, &base);
    let pair = doc.append(block, "nvpair");
    doc.set_attr(pair, "id", &id);
    doc.set_attr(pair, "name", name);
    doc.set_attr(pair, "value", value);
}

/// A new block at a position among the owner's children (or last), with the pairs sorted by name.
pub fn create(
    doc: &mut Document,
    owner: Element,
    kind: &str,
    position: Option<usize>,
    pairs: &[(String, String)],
) -> Element {
    let pairs: Vec<_> = pairs.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
    create_with_empty(doc, owner, kind, position, &pairs)
}

/// The same, where an empty value is a value.
pub fn create_with_empty(
    doc: &mut Document,
    owner: Element,
    kind: &str,
    position: Option<usize>,
    pairs: &[(String, String)],
) -> Element {
    let owner_id = doc.attr(owner, "id").unwrap_or_default().to_owned();
    let id = ids::free(doc, &format!("{owner_id}-{kind}"));
    let position = position.unwrap_or_else(|| doc.children(owner).count());
    let block = doc.insert(owner, position, kind);
    doc.set_attr(block, "id", &id);
    let mut pairs: Vec<_> = pairs.iter().collect();
    pairs.sort();
    for (name, value) in pairs {
        add(doc, block, name, value);
    }
    block
}

/// Sets pairs in the owner's first block of a kind, making one when anything is to be set.
pub fn update(doc: &mut Document, owner: Element, kind: &str, pairs: &[(String, String)]) {
    let block = doc.child(owner, kind);
    match block {
        Some(block) => {
            let mut pairs: Vec<_> = pairs.iter().collect();
            pairs.sort();
            for (name, value) in pairs {
                set(doc, block, name, value);
            }
        }
        None if pairs.iter().any(|(_, value)| !value.is_empty()) => {
            create(doc, owner, kind, None, pairs);
        }
        None => {}
    }
}

/// Removes a pair from every block of this kind.
pub fn unset(doc: &mut Document, owner: Element, kind: &str, name: &str) {
    let blocks: Vec<Element> = doc.children_named(owner, kind).collect();
    for block in blocks {
        set(doc, block, name, "");
    }
}
