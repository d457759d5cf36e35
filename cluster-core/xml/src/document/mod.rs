//! The arena: nodes, attributes and one string that all texts are ranges of.
//!
//! Text is kept as in lxml: what stands before a node belongs to that node (`before`), what stands
//! before an end tag belongs to the element (`tail`). So white space costs no nodes.

mod arena;
mod copy;
mod edit;
mod links;
mod read;
mod tag;

pub(crate) use arena::{Attr, Kind, NONE, Names, Node, Raw, Span};
pub use read::{Children, Descendants};
use smol_str::SmolStr;

/// A handle into one [`Document`]; meaningless in any other, and dead once removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Element(pub(crate) u32);

const ROOT: u32 = 0;

#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) text: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) attrs: Vec<Attr>,
    pub(crate) names: Names,
    /// What stands before and after the root element, as written.
    pub(crate) prolog: SmolStr,
    pub(crate) epilog: SmolStr,
    /// How the first line ends, and so every one that is added.
    pub(crate) line_end: &'static str,
    pub(crate) raw: Raw,
    pub(crate) free_nodes: u32,
    pub(crate) free_attrs: u32,
    /// Bytes of `text` that nothing refers to any more.
    pub(crate) garbage: usize,
}

impl Document {
    /// A document of one empty element.
    pub fn new(root: &str) -> Document {
        let mut names = Names::default();
        let name = names.intern(root);
        Document {
            text: String::new(),
            nodes: vec![Node::new(Kind::Element, name)],
            attrs: Vec::new(),
            names,
            prolog: SmolStr::default(),
            epilog: SmolStr::new("\n"),
            line_end: "\n",
            raw: Raw::default(),
            free_nodes: NONE,
            free_attrs: NONE,
            garbage: 0,
        }
    }

    /// Bytes held, without what the allocator adds.
    pub fn memory(&self) -> usize {
        self.text.capacity()
            + self.nodes.capacity() * size_of::<Node>()
            + self.attrs.capacity() * size_of::<Attr>()
    }

    pub fn root(&self) -> Element {
        Element(ROOT)
    }

    pub(crate) fn node(&self, e: Element) -> &Node {
        let node = &self.nodes[e.0 as usize];
        debug_assert!(node.kind != Kind::Free, "use of a removed element");
        node
    }

    pub(crate) fn node_mut(&mut self, e: Element) -> &mut Node {
        let node = &mut self.nodes[e.0 as usize];
        debug_assert!(node.kind != Kind::Free, "use of a removed element");
        node
    }

    /// A text as it was written.
    pub(crate) fn source(&self, text: Span) -> Option<&str> {
        self.raw.texts.get(&text.off).filter(|_| text.len > 0).map(|source| self.span(*source))
    }

    pub(crate) fn span(&self, span: Span) -> &str {
        let from = span.off as usize;
        self.text.get(from..from + span.len as usize).unwrap_or("")
    }
}
