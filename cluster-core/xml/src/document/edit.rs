//! Changing a document in place.

use super::{Attr, Document, Element, Kind, NONE, Node, ROOT, Span};

impl Document {
    /// Sets or adds; a new attribute goes last.
    pub fn set_attr(&mut self, e: Element, name: &str, value: &str) {
        let text = name;
        let name = self.names.intern(name);
        let mut at = self.node(e).attrs;
        let mut last = NONE;
        while at != NONE {
            let attr = self.attrs[at as usize];
            if attr.name == name {
                if self.span(attr.value) != value {
                    // Before the value, whose place may be a part of the tag.
                    self.retag(e, text, Some(value));
                    self.attrs[at as usize].value = self.replace_text(attr.value, value);
                    self.compact_if_worth();
                }
                return;
            }
            last = at;
            at = attr.next;
        }
        let attr = Attr { name, next: NONE, value: self.push_text(value) };
        let new = if self.free_attrs != NONE {
            let slot = self.free_attrs;
            self.free_attrs = self.attrs[slot as usize].next;
            self.attrs[slot as usize] = attr;
            slot
        } else {
            self.attrs.push(attr);
            (self.attrs.len() - 1) as u32
        };
        if last == NONE {
            self.node_mut(e).attrs = new;
        } else {
            self.attrs[last as usize].next = new;
        }
        self.retag(e, text, Some(value));
    }

    /// True when there was one.
    pub fn remove_attr(&mut self, e: Element, name: &str) -> bool {
        let text = name;
        let Some(name) = self.names.find(name) else {
            return false;
        };
        let mut at = self.node(e).attrs;
        let mut last = NONE;
        while at != NONE {
            let attr = self.attrs[at as usize];
            if attr.name == name {
                if last == NONE {
                    self.node_mut(e).attrs = attr.next;
                } else {
                    self.attrs[last as usize].next = attr.next;
                }
                self.free_attr(at);
                self.retag(e, text, None);
                return true;
            }
            last = at;
            at = attr.next;
        }
        false
    }

    pub fn rename(&mut self, e: Element, name: &str) {
        let name = self.names.intern(name);
        let node = self.node_mut(e);
        if node.name != name {
            node.name = name;
            node.tag = Span::EMPTY;
            self.raw.ends.remove(&e.0);
        }
    }

    /// Replaces the character data of an element that has no child elements; with children the
    /// text goes before the end tag.
    pub fn set_text(&mut self, e: Element, text: &str) {
        let old = self.node(e).tail;
        let new = self.replace_text(old, text);
        self.node_mut(e).tail = new;
        self.compact_if_worth();
    }

    /// A new last child.
    pub fn append(&mut self, parent: Element, name: &str) -> Element {
        let name = self.names.intern(name);
        let new = self.allocate(Node::new(Kind::Element, name));
        self.link(new, parent, None);
        new
    }

    /// A new child that is the `position`-th element child (at the end when there are fewer).
    pub fn insert(&mut self, parent: Element, position: usize, name: &str) -> Element {
        let name = self.names.intern(name);
        let new = self.allocate(Node::new(Kind::Element, name));
        let next = self.slot(parent, position);
        self.link(new, parent, next);
        new
    }

    /// Takes `e` and all below out of the document. The root stays, but loses its content.
    pub fn remove(&mut self, e: Element) {
        if e.0 == ROOT {
            self.clear(e);
            return;
        }
        self.unlink(e);
        self.free_tree(e);
        self.compact_if_worth();
    }

    /// Removes all children, comments and text of `e`.
    pub fn clear(&mut self, e: Element) {
        let mut at = self.node(e).first;
        while at != NONE {
            let next = self.nodes[at as usize].next;
            self.free_tree(Element(at));
            at = next;
        }
        let tail = self.node(e).tail;
        self.garbage += tail.len as usize;
        let node = self.node_mut(e);
        node.first = NONE;
        node.last = NONE;
        node.tail = Span::EMPTY;
        self.compact_if_worth();
    }

    /// Makes `e` the `position`-th element child of `parent`, counted without `e`. Moving an
    /// element into itself does nothing.
    pub fn move_to(&mut self, e: Element, parent: Element, position: usize) {
        if self.is_within(parent, e) {
            debug_assert!(false, "an element cannot be moved into itself");
            return;
        }
        self.unlink(e);
        self.reindent(e);
        let next = self.slot(parent, position);
        self.link(e, parent, next);
    }

    /// As [`Document::move_to`], in front of `next` (which may be a comment) or last.
    pub fn move_before(&mut self, e: Element, parent: Element, next: Option<Element>) {
        if next == Some(e) || self.is_within(parent, e) {
            debug_assert!(next == Some(e), "an element cannot be moved into itself");
            return;
        }
        self.unlink(e);
        self.reindent(e);
        self.link(e, parent, next);
    }
}
