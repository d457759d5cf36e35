//! Blocks of name/value pairs: `meta_attributes`, `instance_attributes`, `utilization`,
//! `cluster_property_set`.

use crate::rules::{self, RuleContext};
use crate::{Score, ids};
use indexmap::IndexMap;
use rhapsody_xml::{Document, Element};
use rustc_hash::FxBuildHasher;
use smol_str::SmolStr;

/// Names and values in the order in which they were found.
pub type Values = IndexMap<SmolStr, SmolStr, FxBuildHasher>;

/// The values that the blocks `kind` directly in `parent` give: blocks by descending score, the
/// first value of a name stays, blocks whose rule fails do not count.
pub fn resolve(doc: &Document, parent: Element, kind: &str, ctx: &RuleContext) -> Values {
    let mut values = Values::default();
    resolve_into(doc, parent, kind, None, ctx, &mut values, &mut None);
    values
}

/// As [`resolve`], adding to what is known. The block with the id `first` goes before all others.
/// `next` becomes the earliest time at which a rule may change.
pub fn resolve_into(
    doc: &Document,
    parent: Element,
    kind: &str,
    first: Option<&str>,
    ctx: &RuleContext,
    values: &mut Values,
    next: &mut Option<i64>,
) {
    for block in blocks(doc, parent, kind, first) {
        if rules::all_pass(doc, block, ctx, next) {
            add_pairs(doc, block, values);
        }
    }
}

/// The blocks in the order in which they count; references are followed.
pub fn blocks(doc: &Document, parent: Element, kind: &str, first: Option<&str>) -> Vec<Element> {
    let mut found: Vec<Element> =
        doc.children_named(parent, kind).filter_map(|b| rules::referenced(doc, b)).collect();
    if found.len() > 1 {
        found.sort_by_cached_key(|b| {
            let is_first = first.is_some() && doc.attr(*b, "id") == first;
            let score = doc.attr(*b, "score").and_then(Score::parse).unwrap_or_default();
            std::cmp::Reverse((is_first, score))
        });
    }
    found
}

/// The pairs of one block, rules not looked at.
pub fn add_pairs(doc: &Document, block: Element, values: &mut Values) {
    for pair in doc.children_named(block, "nvpair") {
        // A reference may carry a name of its own.
        let Some(target) = rules::referenced(doc, pair) else { continue };
        let name = doc.attr(pair, "name").or_else(|| doc.attr(target, "name"));
        if let (Some(name), Some(value)) = (name, doc.attr(target, "value")) {
            if !values.contains_key(name) {
                values.insert(SmolStr::new(name), SmolStr::new(value));
            }
        }
    }
}

// ---- one block, by name

pub fn find(doc: &Document, block: Element, name: &str) -> Option<Element> {
    doc.children_named(block, "nvpair").find(|p| doc.attr(*p, "name") == Some(name))
}

pub fn get<'a>(doc: &'a Document, block: Element, name: &str) -> Option<&'a str> {
    doc.attr(find(doc, block, name)?, "value")
}

/// Sets or adds; a new pair gets the id `BLOCK-NAME`.
pub fn set(doc: &mut Document, block: Element, name: &str, value: &str) {
    if let Some(pair) = find(doc, block, name) {
        doc.set_attr(pair, "value", value);
        return;
    }
    let base = format!("{}-{name}", doc.attr(block, "id").unwrap_or("nvpair"));
    let id = ids::unique(doc, &ids::sanitize(&base, ""));
    let pair = doc.append(block, "nvpair");
    doc.set_attr(pair, "id", &id);
    doc.set_attr(pair, "name", name);
    doc.set_attr(pair, "value", value);
}

/// Removes all pairs of the name; true when there was one.
pub fn remove(doc: &mut Document, block: Element, name: &str) -> bool {
    let mut found = false;
    while let Some(pair) = find(doc, block, name) {
        doc.remove(pair);
        found = true;
    }
    found
}

/// As in pcs: an empty value removes.
pub fn update(doc: &mut Document, block: Element, name: &str, value: &str) {
    if value.is_empty() {
        remove(doc, block, name);
    } else {
        set(doc, block, name, value);
    }
}

/// The first block of this kind in `parent`, or a new one with the id `PARENT-KIND`.
pub fn block_mut(doc: &mut Document, parent: Element, kind: &str) -> Element {
    if let Some(block) = doc.child(parent, kind) {
        return block;
    }
    let base = format!("{}-{kind}", doc.attr(parent, "id").unwrap_or(doc.name(parent)));
    new_block(doc, parent, kind, &base)
}

/// A new block whose id is made from `base`.
pub fn new_block(doc: &mut Document, parent: Element, kind: &str, base: &str) -> Element {
    let id = ids::unique(doc, &ids::sanitize(base, ""));
    let block = doc.append(parent, kind);
    doc.set_attr(block, "id", &id);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(xml: &str) -> String {
        let doc = Document::parse(xml).unwrap();
        let found = resolve(&doc, doc.root(), "meta_attributes", &RuleContext::at(0));
        found.iter().map(|(n, v)| format!("{n}={v} ")).collect()
    }

    #[test]
    fn higher_scores_and_first_values_win() {
        let xml = "<p>
          <meta_attributes id='a'><nvpair name='x' value='1'/><nvpair name='x' value='2'/></meta_attributes>
          <meta_attributes id='b' score='INFINITY'><nvpair name='y' value='3'/></meta_attributes>
          <meta_attributes id='c' score='5'><rule><expression attribute='z' operation='defined'/></rule>
            <nvpair name='x' value='4'/></meta_attributes>
          <meta_attributes id='d'><nvpair name='y' value='5'/><nvpair name='z' value='6'/></meta_attributes></p>";
        assert_eq!(values(xml), "y=3 x=1 z=6 ");
    }

    #[test]
    fn references_are_followed() {
        let xml = "<p><meta_attributes id-ref='s'/><other>
            <meta_attributes id='s'><nvpair id='n' name='x' value='1'/><nvpair id-ref='n' name='y'/></meta_attributes>
            </other><meta_attributes id-ref='missing'/></p>";
        assert_eq!(values(xml), "x=1 y=1 ");
    }

    #[test]
    fn the_named_set_goes_first() {
        let doc = Document::parse(
            "<c><s id='a' score='9'><nvpair name='x' value='a'/></s><s id='b'><nvpair name='x' value='b'/></s></c>",
        )
        .unwrap();
        let mut found = Values::default();
        resolve_into(&doc, doc.root(), "s", Some("b"), &RuleContext::at(0), &mut found, &mut None);
        assert_eq!(found["x"], "b");
    }

    #[test]
    fn pairs_are_edited_with_ids_as_pcs_makes_them() {
        let mut doc = Document::parse("<primitive id='vip'/>").unwrap();
        let root = doc.root();
        let block = block_mut(&mut doc, root, "meta_attributes");
        set(&mut doc, block, "target-role", "Stopped");
        set(&mut doc, block, "target-role", "Started");
        update(&mut doc, block, "a b", "1");
        assert_eq!(
            doc.compact(root),
            "<primitive id=\"vip\"><meta_attributes id=\"vip-meta_attributes\">\
             <nvpair id=\"vip-meta_attributes-target-role\" name=\"target-role\" value=\"Started\"/>\
             <nvpair id=\"vip-meta_attributes-ab\" name=\"a b\" value=\"1\"/></meta_attributes></primitive>"
        );
        update(&mut doc, block, "a b", "");
        assert!(!remove(&mut doc, block, "a b"));
        assert_eq!(get(&doc, block, "target-role"), Some("Started"));
    }
}
