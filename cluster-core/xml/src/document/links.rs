//! The bookkeeping below an edit: slots, links between nodes, free lists, the text that is shared.

use super::{Attr, Document, Element, Kind, NONE, Node, Raw, Span};
use crate::escape;

impl Document {
    /// The node before which the `position`-th element child goes: directly behind the element
    /// before it, so that a comment stays with the element it precedes.
    pub(super) fn slot(&self, parent: Element, position: usize) -> Option<Element> {
        let at = if position == 0 {
            self.node(parent).first
        } else if position == usize::MAX {
            NONE
        } else {
            match self.children(parent).nth(position - 1) {
                Some(previous) => self.node(previous).next,
                None => NONE,
            }
        };
        (at != NONE).then_some(Element(at))
    }

    pub(super) fn allocate(&mut self, node: Node) -> Element {
        if self.free_nodes != NONE {
            let slot = self.free_nodes;
            self.free_nodes = self.nodes[slot as usize].next;
            self.nodes[slot as usize] = node;
            Element(slot)
        } else {
            self.nodes.push(node);
            Element((self.nodes.len() - 1) as u32)
        }
    }

    /// Hangs a free node in, before `next` or last, and chooses its white space.
    pub(super) fn link(&mut self, e: Element, parent: Element, next: Option<Element>) {
        let prev = match next {
            Some(n) => self.node(n).prev,
            None => self.node(parent).last,
        };
        let beside = if prev != NONE { prev } else { next.map_or(NONE, |n| n.0) };
        let inline = if beside != NONE {
            let before = self.nodes[beside as usize].before;
            !before.is_auto() && !self.span(before).contains('\n')
        } else {
            !escape::is_blank(self.span(self.node(parent).tail))
        };
        let node = self.node_mut(e);
        node.parent = parent.0;
        node.prev = prev;
        node.next = next.map_or(NONE, |n| n.0);
        node.before = if inline { Span::EMPTY } else { Span::AUTO };
        if prev == NONE {
            self.node_mut(parent).first = e.0;
        } else {
            self.nodes[prev as usize].next = e.0;
        }
        match next {
            Some(n) => self.node_mut(n).prev = e.0,
            None => self.node_mut(parent).last = e.0,
        }
        if beside == NONE {
            // `<a />` that gets content becomes `<a>`.
            let tag = self.node(parent).tag;
            self.node_mut(parent).tag.len = self.span(tag).trim_end().len() as u32;
        }
        let tail = self.node(parent).tail;
        if !inline && beside == NONE {
            self.garbage += tail.len as usize;
            self.node_mut(parent).tail = Span::AUTO;
        }
    }

    pub(super) fn unlink(&mut self, e: Element) {
        let Node { parent, prev, next, before, .. } = *self.node(e);
        if parent == NONE {
            return;
        }
        // Text in front of the element is not part of it.
        if !escape::is_blank(self.span(before)) {
            let kept = self.span(before).to_owned();
            let heir = if next == NONE {
                self.nodes[parent as usize].tail
            } else {
                self.nodes[next as usize].before
            };
            let joined = kept + self.span(heir);
            let joined = self.push_text(&joined);
            if next == NONE {
                self.nodes[parent as usize].tail = joined;
            } else {
                self.nodes[next as usize].before = joined;
            }
        }
        if prev == NONE {
            self.nodes[parent as usize].first = next;
        } else {
            self.nodes[prev as usize].next = next;
        }
        if next == NONE {
            self.nodes[parent as usize].last = prev;
        } else {
            self.nodes[next as usize].prev = prev;
        }
        let tail = self.nodes[parent as usize].tail;
        if self.nodes[parent as usize].first == NONE && escape::is_blank(self.span(tail)) {
            self.nodes[parent as usize].tail = Span::EMPTY;
        }
        let node = self.node_mut(e);
        node.parent = NONE;
        node.prev = NONE;
        node.next = NONE;
        node.before = Span::EMPTY;
    }

    /// Forgets the white space of a subtree, because its depth may have changed.
    pub(super) fn reindent(&mut self, top: Element) {
        let mut todo = vec![top.0];
        while let Some(at) = todo.pop() {
            let mut child = self.nodes[at as usize].first;
            while child != NONE {
                let before = self.nodes[child as usize].before;
                if before.len > 0 && escape::is_blank(self.span(before)) {
                    self.nodes[child as usize].before = Span::AUTO;
                }
                todo.push(child);
                child = self.nodes[child as usize].next;
            }
            let node = self.nodes[at as usize];
            if node.kind == Kind::Element
                && node.tail.len > 0
                && node.first != NONE
                && escape::is_blank(self.span(node.tail))
            {
                self.nodes[at as usize].tail = Span::AUTO;
            }
        }
    }

    pub(super) fn free_tree(&mut self, top: Element) {
        let mut todo = vec![top.0];
        while let Some(at) = todo.pop() {
            let node = self.nodes[at as usize];
            let mut child = node.first;
            while child != NONE {
                todo.push(child);
                child = self.nodes[child as usize].next;
            }
            let mut attr = node.attrs;
            while attr != NONE {
                let next = self.attrs[attr as usize].next;
                self.free_attr(attr);
                attr = next;
            }
            self.garbage += (node.before.len + node.tail.len) as usize;
            let mut free = Node::new(Kind::Free, 0);
            free.next = self.free_nodes;
            self.nodes[at as usize] = free;
            self.raw.ends.remove(&at);
            self.free_nodes = at;
        }
    }

    pub(super) fn free_attr(&mut self, at: u32) {
        self.garbage += self.attrs[at as usize].value.len as usize;
        self.attrs[at as usize] = Attr { name: NONE, next: self.free_attrs, value: Span::EMPTY };
        self.free_attrs = at;
    }

    pub(super) fn push_text(&mut self, text: &str) -> Span {
        if text.is_empty() {
            return Span::EMPTY;
        }
        let off = self.text.len();
        debug_assert!(off + text.len() < NONE as usize, "a document of 4 GiB");
        self.text.push_str(text);
        Span { off: off as u32, len: text.len() as u32 }
    }

    /// Reuses the place of the old text when the new one fits: counters and stamps that change
    /// for ever must not make the document grow.
    pub(super) fn replace_text(&mut self, old: Span, new: &str) -> Span {
        self.raw.texts.remove(&old.off);
        let from = old.off as usize;
        let fits =
            !new.is_empty() && new.len() <= old.len as usize && self.text.is_char_boundary(from + new.len());
        self.garbage += old.len as usize;
        if fits {
            self.garbage -= new.len();
            self.text.replace_range(from..from + new.len(), new);
            Span { off: old.off, len: new.len() as u32 }
        } else {
            self.push_text(new)
        }
    }

    /// Rebuilds the string when more than half of a large one is unused.
    pub(super) fn compact_if_worth(&mut self) {
        if self.garbage < 1 << 20 || self.garbage * 2 < self.text.len() {
            return;
        }
        let old = std::mem::take(&mut self.text);
        let mut text = String::with_capacity(old.len() / 2);
        let mut keep = |span: &mut Span| {
            if span.len == 0 {
                return;
            }
            let from = span.off as usize;
            let off = text.len() as u32;
            text.push_str(old.get(from..from + span.len as usize).unwrap_or(""));
            span.off = off;
        };
        for node in self.nodes.iter_mut().filter(|n| n.kind != Kind::Free) {
            keep(&mut node.before);
            keep(&mut node.tail);
            node.tag = Span::EMPTY;
        }
        for attr in self.attrs.iter_mut().filter(|a| a.name != NONE) {
            keep(&mut attr.value);
        }
        self.text = text;
        self.raw = Raw::default();
        self.garbage = 0;
    }
}
