//! Deep copies, within a document and between two.

use super::{Document, Element, Kind, Node};
use crate::escape;

impl Document {
    /// A deep copy of `e` of another document as the `position`-th element child of `parent`.
    pub fn copy_from(&mut self, parent: Element, position: usize, other: &Document, e: Element) -> Element {
        let next = self.slot(parent, position);
        self.copy_before(parent, next, other, e)
    }

    /// A deep copy of `e` of another document in front of `next` (which may be a comment) or last.
    pub fn copy_before(
        &mut self,
        parent: Element,
        next: Option<Element>,
        other: &Document,
        e: Element,
    ) -> Element {
        let top = self.copy_node(other, e);
        self.link(top, parent, next);
        self.copy_below(other, e, top);
        top
    }

    /// A deep copy of `e` within this document.
    pub fn duplicate(&mut self, e: Element, parent: Element, position: usize) -> Element {
        let source = self.extract(e);
        self.copy_from(parent, position, &source, source.root())
    }

    /// A document whose root is a copy of `e`.
    pub fn extract(&self, e: Element) -> Document {
        let mut doc = Document::new(self.name(e));
        let root = doc.root();
        for (name, value) in self.attrs(e) {
            doc.set_attr(root, name, value);
        }
        let tail = self.span(self.node(e).tail);
        if !escape::is_blank(tail) {
            doc.set_text(root, tail);
        }
        for child in self.nodes(e) {
            let copy = doc.copy_from(root, usize::MAX, self, child);
            let before = self.span(self.node(child).before);
            if !escape::is_blank(before) {
                doc.node_mut(copy).before = doc.push_text(before);
            }
        }
        doc
    }

    fn copy_below(&mut self, other: &Document, e: Element, top: Element) {
        // Explicit stack: a tree built by hand may be deeper than a parsed one.
        let mut todo = vec![(e, top)];
        while let Some((from, to)) = todo.pop() {
            for child in other.nodes(from) {
                let copy = self.copy_node(other, child);
                self.link(copy, to, None);
                let before = other.span(other.node(child).before);
                if !escape::is_blank(before) {
                    self.node_mut(copy).before = self.push_text(before);
                }
                todo.push((child, copy));
            }
        }
    }

    fn copy_node(&mut self, other: &Document, e: Element) -> Element {
        let from = *other.node(e);
        let name = if from.kind == Kind::Element {
            self.names.intern(other.names.get(from.name))
        } else {
            from.name
        };
        let mut node = Node::new(from.kind, name);
        let tail = other.span(from.tail);
        if from.kind != Kind::Element || !escape::is_blank(tail) {
            node.tail = self.push_text(tail);
        }
        let new = self.allocate(node);
        for (name, value) in other.attrs(e) {
            self.set_attr(new, name, value);
        }
        new
    }
}
