//! Elements in elements, with the text between them.

use super::{Fail, MAX_DEPTH, Parser, span};
use crate::document::{Kind, NONE, Node, Span};
use crate::escape::is_blank;

impl Parser<'_> {
    /// The root element with everything in it. `open` is implied by the parents of the nodes.
    pub(super) fn tree(&mut self) -> Result<(), Fail> {
        let mut current = NONE;
        let mut depth = 0;
        let mut pending = Span::EMPTY;
        // Where the source of `pending` begins; later than `pending` itself never.
        let mut source = None;
        loop {
            if current != NONE {
                source = source.or(Some(self.pos));
                pending = self.character_data(pending)?;
            }
            let rest = self.rest();
            let bytes = rest.as_bytes();
            match bytes.get(1) {
                Some(b'/') if current != NONE => {
                    self.pos += 2;
                    let from = self.pos;
                    self.keep(pending, source.take(), from - 2);
                    let name = self.name()?;
                    let node = &mut self.nodes[current as usize];
                    let expected = self.names.get(node.name);
                    if name != expected {
                        let message = format!("`</{name}>` where `</{expected}>` is expected");
                        return Err((from - 2, message));
                    }
                    node.tail = pending;
                    node.explicit_end = node.first == NONE && pending.len == 0;
                    pending = Span::EMPTY;
                    let closed = std::mem::replace(&mut current, node.parent);
                    depth -= 1;
                    let spaced = self.skip_space();
                    if self.peek() != Some(b'>') {
                        return self.fail("`>` is expected here");
                    }
                    self.pos += 1;
                    if spaced {
                        self.raw.ends.insert(closed, span(from - 2, self.pos - (from - 2)));
                    }
                    if current == NONE {
                        return Ok(());
                    }
                }
                Some(b'!') if rest.starts_with("<!--") => {
                    self.keep(pending, source.take(), self.pos);
                    let content = self.comment()?;
                    let node = Node { tail: self.lines(content), ..Node::new(Kind::Comment, 0) };
                    self.link(node, current, pending);
                    pending = Span::EMPTY;
                }
                Some(b'!') if rest.starts_with("<![CDATA[") => {
                    let from = self.pos + 9;
                    let Some(len) = self.src[from..].find("]]>") else {
                        return self.fail("the CDATA section does not end");
                    };
                    pending = self.join(pending, from, len, false)?;
                    self.pos = from + len + 3;
                }
                Some(b'!') => return self.fail("declarations are not accepted here"),
                Some(b'?') => {
                    self.keep(pending, source.take(), self.pos);
                    let content = self.instruction()?;
                    let node = Node { tail: self.lines(content), ..Node::new(Kind::Instruction, 0) };
                    self.link(node, current, pending);
                    pending = Span::EMPTY;
                }
                _ => {
                    if depth == MAX_DEPTH {
                        return self.fail(format!("elements nested deeper than {MAX_DEPTH}"));
                    }
                    self.keep(pending, source.take(), self.pos);
                    let (node, empty) = self.start_tag()?;
                    let index = self.link(node, current, pending);
                    pending = Span::EMPTY;
                    if !empty {
                        current = index;
                        depth += 1;
                    } else if current == NONE {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Remembers how a text was written, where it would be written otherwise.
    fn keep(&mut self, text: Span, from: Option<usize>, end: usize) {
        let Some(from) = from.filter(|_| text.len > 0) else { return };
        let plain = text == span(from, end - from);
        if !plain || self.src[from..end].contains('>') {
            self.raw.texts.insert(text.off, span(from, end - from));
        }
    }

    /// Adds a node as the last child of `parent`.
    fn link(&mut self, mut node: Node, parent: u32, before: Span) -> u32 {
        let index = self.nodes.len() as u32;
        node.parent = parent;
        node.before = before;
        if parent != NONE {
            let last = self.nodes[parent as usize].last;
            node.prev = last;
            if last == NONE {
                self.nodes[parent as usize].first = index;
            } else {
                self.nodes[last as usize].next = index;
            }
            self.nodes[parent as usize].last = index;
        }
        self.nodes.push(node);
        index
    }

    /// Text up to the next `<`, joined to what is already pending.
    fn character_data(&mut self, pending: Span) -> Result<Span, Fail> {
        let from = self.pos;
        let Some(len) = self.rest().find('<') else {
            self.pos = self.src.len();
            return self.fail("the document ends inside of an element");
        };
        self.pos = from + len;
        if len == 0 {
            return Ok(pending);
        }
        let raw = &self.src[from..from + len];
        if let Some(at) = raw.find("]]>") {
            return Err((from + at, "`]]>` in character data".into()));
        }
        if pending.len == 0 && (is_blank(raw) || !raw.contains('&')) && !raw.contains('\r') {
            return Ok(span(from, len));
        }
        self.join(pending, from, len, true)
    }

    fn join(&mut self, pending: Span, from: usize, len: usize, references: bool) -> Result<Span, Fail> {
        if len == 0 {
            return Ok(pending);
        }
        let base = self.src.len();
        let start = pending.off as usize;
        let at_end = start >= base && start - base + pending.len as usize == self.extra.len();
        let off = if pending.len > 0 && at_end {
            start - base
        } else {
            let off = self.extra.len();
            let text = if start < base { &self.src[start..start + pending.len as usize] } else { "" };
            self.extra.push_str(text);
            off
        };
        self.decode(from, len, references, false)?;
        Ok(span(base + off, self.extra.len() - off))
    }

    /// Line ends of a comment or instruction.
    fn lines(&mut self, content: Span) -> Span {
        let from = content.off as usize;
        let raw = &self.src[from..from + content.len as usize];
        if !raw.contains('\r') {
            return content;
        }
        let off = self.extra.len();
        self.extra.push_str(&raw.replace("\r\n", "\n").replace('\r', "\n"));
        let decoded = span(self.src.len() + off, self.extra.len() - off);
        self.raw.texts.insert(decoded.off, content);
        decoded
    }
}
