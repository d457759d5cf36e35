//! What a document is made of: nodes and attributes by number, names stored once, ranges of one string.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

pub(crate) const NONE: u32 = u32::MAX;

/// A range of the document's string. 32 bits bound a document to 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub off: u32,
    pub len: u32,
}

impl Span {
    pub const EMPTY: Span = Span { off: 0, len: 0 };
    /// "A new line and the indentation that fits here", decided when written.
    pub const AUTO: Span = Span { off: NONE, len: 0 };

    pub fn is_auto(self) -> bool {
        self.off == NONE
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Element,
    /// Content in `tail`.
    Comment,
    /// Processing instruction, content in `tail`.
    Instruction,
    /// In the free list, linked by `next`.
    Free,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub name: u32,
    pub parent: u32,
    pub prev: u32,
    pub next: u32,
    pub first: u32,
    pub last: u32,
    pub attrs: u32,
    pub before: Span,
    pub tail: Span,
    /// `<name a="b"` as the user wrote it, as long as nothing in it changed.
    pub tag: Span,
    pub kind: Kind,
    /// Written as `<a></a>` although empty.
    pub explicit_end: bool,
}

impl Node {
    pub fn new(kind: Kind, name: u32) -> Node {
        Node {
            name,
            parent: NONE,
            prev: NONE,
            next: NONE,
            first: NONE,
            last: NONE,
            attrs: NONE,
            before: Span::EMPTY,
            tail: Span::EMPTY,
            tag: Span::EMPTY,
            kind,
            explicit_end: false,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Attr {
    pub name: u32,
    pub next: u32,
    pub value: Span,
}

/// How the user wrote what would be written otherwise: CDATA, references, line ends, `</a >`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Raw {
    /// The sources of texts, by the offset of the text.
    pub texts: FxHashMap<u32, Span>,
    /// End tags, by the number of the node.
    pub ends: FxHashMap<u32, Span>,
}

/// Element and attribute names, each stored once.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    list: Vec<SmolStr>,
    map: FxHashMap<SmolStr, u32>,
}

impl Names {
    pub fn intern(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.map.get(name) {
            return id;
        }
        let id = self.list.len() as u32;
        let name = SmolStr::new(name);
        self.list.push(name.clone());
        self.map.insert(name, id);
        id
    }

    pub fn get(&self, id: u32) -> &str {
        self.list.get(id as usize).map_or("", SmolStr::as_str)
    }

    pub fn find(&self, name: &str) -> Option<u32> {
        self.map.get(name).copied()
    }
}
