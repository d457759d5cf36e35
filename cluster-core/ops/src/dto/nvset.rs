//! Blocks of name-value pairs as data.

use super::rule::{self, Expression, InEffect, Options};
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Nvpair {
    pub id: String,
    pub name: String,
    pub value: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Nvset {
    pub id: String,
    pub options: Options,
    pub rule: Option<Expression>,
    pub nvpairs: Vec<Nvpair>,
}

impl Nvset {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.nvpairs.iter().find(|pair| pair.name == name).map(|pair| pair.value.as_str())
    }
}

/// A rule about which nothing is known.
pub fn unknown(_: Element) -> Option<&'static str> {
    None
}

pub fn read(doc: &Document, block: Element, in_effect: InEffect<'_>) -> Nvset {
    let options = doc.attrs(block).filter(|(name, _)| *name != "id");
    let pair = |pair: Element| Nvpair {
        id: doc.attr(pair, "id").unwrap_or_default().to_owned(),
        name: doc.attr(pair, "name").unwrap_or_default().to_owned(),
        value: doc.attr(pair, "value").unwrap_or_default().to_owned(),
    };
    // In the order of their ids, whatever order they were set in: two dumps compare line by line.
    let mut nvpairs: Vec<Nvpair> = doc.children_named(block, "nvpair").map(pair).collect();
    nvpairs.sort_by(|left, right| left.id.cmp(&right.id));
    Nvset {
        id: doc.attr(block, "id").unwrap_or_default().to_owned(),
        options: options.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        rule: doc.child(block, "rule").map(|found| rule::read(doc, found, in_effect)),
        nvpairs,
    }
}

/// All blocks of a kind.
pub fn all(doc: &Document, owner: Element, kind: &str) -> Vec<Nvset> {
    doc.children_named(owner, kind).map(|block| read(doc, block, &unknown)).collect()
}
