//! Walking a document and reading its elements.

use super::{Document, Element, Kind, NONE};
use crate::escape;

impl Document {
    pub fn name(&self, e: Element) -> &str {
        self.names.get(self.node(e).name)
    }

    pub fn attr(&self, e: Element, name: &str) -> Option<&str> {
        let mut at = self.node(e).attrs;
        while let Some(attr) = self.attrs.get(at as usize) {
            if self.names.get(attr.name) == name {
                return Some(self.span(attr.value));
            }
            at = attr.next;
        }
        None
    }

    pub fn has_attr(&self, e: Element, name: &str) -> bool {
        self.attr(e, name).is_some()
    }

    /// Attributes in the order in which they were written or set.
    pub fn attrs(&self, e: Element) -> impl Iterator<Item = (&str, &str)> {
        let mut at = self.node(e).attrs;
        std::iter::from_fn(move || {
            let attr = self.attrs.get(at as usize)?;
            at = attr.next;
            Some((self.names.get(attr.name), self.span(attr.value)))
        })
    }

    /// Child elements in order (comments are not elements).
    pub fn children(&self, e: Element) -> Children<'_> {
        Children { doc: self, next: self.node(e).first }
    }

    pub fn children_named<'a>(&'a self, e: Element, name: &str) -> impl Iterator<Item = Element> + use<'a> {
        let wanted = self.names.find(name);
        self.children(e).filter(move |c| Some(self.node(*c).name) == wanted)
    }

    pub fn child(&self, e: Element, name: &str) -> Option<Element> {
        self.children_named(e, name).next()
    }

    pub fn parent(&self, e: Element) -> Option<Element> {
        let parent = self.node(e).parent;
        (parent != NONE).then_some(Element(parent))
    }

    pub fn next_sibling(&self, e: Element) -> Option<Element> {
        Children { doc: self, next: self.node(e).next }.next()
    }

    pub fn previous_sibling(&self, e: Element) -> Option<Element> {
        let mut at = self.node(e).prev;
        while at != NONE {
            let node = &self.nodes[at as usize];
            if node.kind == Kind::Element {
                return Some(Element(at));
            }
            at = node.prev;
        }
        None
    }

    /// Index among the element children of its parent.
    pub fn position(&self, e: Element) -> usize {
        let mut count = 0;
        let mut at = e;
        while let Some(previous) = self.previous_sibling(at) {
            count += 1;
            at = previous;
        }
        count
    }

    /// Elements below `e` in document order, `e` first.
    pub fn descendants(&self, e: Element) -> Descendants<'_> {
        Descendants { doc: self, top: e.0, next: e.0 }
    }

    /// Is `e` inside of `ancestor` (or the same)?
    pub fn is_within(&self, e: Element, ancestor: Element) -> bool {
        let mut at = Some(e);
        while let Some(x) = at {
            if x == ancestor {
                return true;
            }
            at = self.parent(x);
        }
        false
    }

    /// The first element in document order whose `id` is this.
    pub fn by_id(&self, id: &str) -> Option<Element> {
        let id_name = self.names.find("id")?;
        self.descendants(self.root()).find(|e| self.attr_by(*e, id_name) == Some(id))
    }

    fn attr_by(&self, e: Element, name: u32) -> Option<&str> {
        let mut at = self.node(e).attrs;
        while let Some(attr) = self.attrs.get(at as usize) {
            if attr.name == name {
                return Some(self.span(attr.value));
            }
            at = attr.next;
        }
        None
    }

    /// All character data directly in `e`, in order.
    pub fn text(&self, e: Element) -> String {
        let node = self.node(e);
        let mut out = String::new();
        let mut at = node.first;
        while at != NONE {
            let child = &self.nodes[at as usize];
            out.push_str(self.span(child.before));
            at = child.next;
        }
        out.push_str(self.span(node.tail));
        out
    }

    /// Is there more than white space directly in `e`?
    pub fn has_text(&self, e: Element) -> bool {
        let node = self.node(e);
        if node.kind == Kind::Element && !escape::is_blank(self.span(node.tail)) {
            return true;
        }
        self.nodes(e).any(|c| !escape::is_blank(self.span(self.nodes[c.0 as usize].before)))
    }

    /// Children including comments and processing instructions, in order.
    pub fn nodes(&self, e: Element) -> impl Iterator<Item = Element> {
        let mut at = self.node(e).first;
        std::iter::from_fn(move || {
            let here = (at != NONE).then_some(Element(at))?;
            at = self.nodes[at as usize].next;
            Some(here)
        })
    }

    /// The content of a comment met in [`Document::nodes`].
    pub fn comment(&self, e: Element) -> Option<&str> {
        let node = self.node(e);
        (node.kind == Kind::Comment).then(|| self.span(node.tail))
    }

    pub fn is_element(&self, e: Element) -> bool {
        self.node(e).kind == Kind::Element
    }

    /// The node that follows, comments included.
    pub fn next_node(&self, e: Element) -> Option<Element> {
        let next = self.node(e).next;
        (next != NONE).then_some(Element(next))
    }
}

/// See [`Document::children`].
#[derive(Debug, Clone)]
pub struct Children<'a> {
    doc: &'a Document,
    next: u32,
}

impl Iterator for Children<'_> {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        while self.next != NONE {
            let here = self.next;
            let node = &self.doc.nodes[here as usize];
            self.next = node.next;
            if node.kind == Kind::Element {
                return Some(Element(here));
            }
        }
        None
    }
}

/// See [`Document::descendants`].
#[derive(Debug, Clone)]
pub struct Descendants<'a> {
    doc: &'a Document,
    top: u32,
    next: u32,
}

impl Iterator for Descendants<'_> {
    type Item = Element;

    fn next(&mut self) -> Option<Element> {
        while self.next != NONE {
            let here = self.next;
            let nodes = &self.doc.nodes;
            let node = &nodes[here as usize];
            // Preorder by links: down, else right, else up until something is to the right.
            self.next = if node.first != NONE {
                node.first
            } else {
                let mut at = here;
                loop {
                    if at == self.top {
                        break NONE;
                    }
                    let next = nodes[at as usize].next;
                    if next != NONE {
                        break next;
                    }
                    at = nodes[at as usize].parent;
                    if at == NONE {
                        break NONE;
                    }
                }
            };
            if node.kind == Kind::Element {
                return Some(Element(here));
            }
        }
        None
    }
}
