//! The arena: nodes, attributes and one string that all texts are ranges of.
//!
//! Text is kept as in lxml: what stands before a node belongs to that node (`before`), what stands
//! before an end tag belongs to the element (`tail`). So white space costs no nodes.

use crate::escape;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// A handle into one [`Document`]; meaningless in any other, and dead once removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Element(pub(crate) u32);

pub(crate) const NONE: u32 = u32::MAX;
const ROOT: u32 = 0;

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

#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) text: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) attrs: Vec<Attr>,
    pub(crate) names: Names,
    /// What stands before and after the root element, as written.
    pub(crate) prolog: SmolStr,
    pub(crate) epilog: SmolStr,
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

    pub(crate) fn span(&self, span: Span) -> &str {
        let from = span.off as usize;
        self.text.get(from..from + span.len as usize).unwrap_or("")
    }

    // ---- reading

    pub fn name(&self, e: Element) -> &str {
        self.names.get(self.node(e).name)
    }

    pub fn attr(&self, e: Element, name: &str) -> Option<&str> {
        self.attrs(e).find(|(n, _)| *n == name).map(|(_, v)| v)
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

    // ---- editing

    /// Sets or adds; a new attribute goes last.
    pub fn set_attr(&mut self, e: Element, name: &str, value: &str) {
        let name = self.names.intern(name);
        let mut at = self.node(e).attrs;
        let mut last = NONE;
        while at != NONE {
            let attr = self.attrs[at as usize];
            if attr.name == name {
                if self.span(attr.value) != value {
                    self.node_mut(e).tag = Span::EMPTY;
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
        self.node_mut(e).tag = Span::EMPTY;
    }

    /// True when there was one.
    pub fn remove_attr(&mut self, e: Element, name: &str) -> bool {
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
                self.node_mut(e).tag = Span::EMPTY;
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

    /// A deep copy of `e` of another document as the `position`-th element child of `parent`.
    pub fn copy_from(&mut self, parent: Element, position: usize, other: &Document, e: Element) -> Element {
        let next = self.slot(parent, position);
        self.copy_before(parent, next, other, e)
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

    /// The node that follows, comments included.
    pub fn next_node(&self, e: Element) -> Option<Element> {
        let next = self.node(e).next;
        (next != NONE).then_some(Element(next))
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

    // ---- inside

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

    /// The node before which the `position`-th element child goes: directly behind the element
    /// before it, so that a comment stays with the element it precedes.
    fn slot(&self, parent: Element, position: usize) -> Option<Element> {
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

    fn allocate(&mut self, node: Node) -> Element {
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
    fn link(&mut self, e: Element, parent: Element, next: Option<Element>) {
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

    fn unlink(&mut self, e: Element) {
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
    fn reindent(&mut self, top: Element) {
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

    fn free_tree(&mut self, top: Element) {
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
            self.free_nodes = at;
        }
    }

    fn free_attr(&mut self, at: u32) {
        self.garbage += self.attrs[at as usize].value.len as usize;
        self.attrs[at as usize] = Attr { name: NONE, next: self.free_attrs, value: Span::EMPTY };
        self.free_attrs = at;
    }

    fn push_text(&mut self, text: &str) -> Span {
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
    fn replace_text(&mut self, old: Span, new: &str) -> Span {
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
    fn compact_if_worth(&mut self) {
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
        self.garbage = 0;
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
