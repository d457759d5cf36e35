//! Start tags and their attributes.

use super::{Fail, MAX_ATTRIBUTES, Parser, span};
use crate::document::{Attr, Kind, NONE, Node, Span};

impl Parser<'_> {
    /// `<name a="b"` and `>` or `/>`; true for the latter.
    pub(super) fn start_tag(&mut self) -> Result<(Node, bool), Fail> {
        let from = self.pos;
        self.pos += 1;
        let name = self.name()?;
        let element_name = self.names.intern(name);
        let mut node = Node::new(Kind::Element, element_name);
        let mut last = NONE;
        let first = self.attrs.len();
        let mut guess = self.alike.get(element_name as usize).copied().unwrap_or(NONE);
        loop {
            let spaced = self.skip_space();
            match self.peek() {
                Some(b'>') => {
                    node.tag = span(from, self.pos - from);
                    self.pos += 1;
                    self.remember(element_name, node.attrs);
                    return Ok((node, false));
                }
                Some(b'/') => {
                    node.tag = span(from, self.pos - from);
                    self.pos += 1;
                    self.remember(element_name, node.attrs);
                    if self.peek() != Some(b'>') {
                        return self.fail("`>` is expected here");
                    }
                    self.pos += 1;
                    return Ok((node, true));
                }
                None => return self.fail("the document ends inside of a tag"),
                Some(_) if !spaced => return self.fail("white space, `>` or `/>` is expected here"),
                Some(_) => {}
            }
            let at = self.pos;
            let name = match self.guessed(guess) {
                // As long as the guesses hold, names are as different as those of the last one.
                Some((name, next)) => {
                    guess = next;
                    name
                }
                None => {
                    guess = NONE;
                    let raw_name = self.name()?;
                    let name = self.names.intern(raw_name);
                    if self.attrs[first..].iter().any(|a| a.name == name) {
                        return Err((at, format!("the attribute `{raw_name}` is there twice")));
                    }
                    name
                }
            };
            if self.attrs.len() - first == MAX_ATTRIBUTES {
                return self.fail(format!("more than {MAX_ATTRIBUTES} attributes"));
            }
            self.skip_space();
            if self.peek() != Some(b'=') {
                return self.fail("`=` is expected here");
            }
            self.pos += 1;
            self.skip_space();
            let value = self.attr_value()?;
            let index = self.attrs.len() as u32;
            self.attrs.push(Attr { name, next: NONE, value });
            if last == NONE {
                node.attrs = index;
            } else {
                self.attrs[last as usize].next = index;
            }
            last = index;
        }
    }

    /// The name and what follows it in the last element of the same name, if it stands here.
    fn guessed(&mut self, guess: u32) -> Option<(u32, u32)> {
        let attr = self.attrs.get(guess as usize)?;
        let name = self.names.get(attr.name).as_bytes();
        let rest = self.src.as_bytes().get(self.pos..)?;
        let found = rest.get(name.len()) == Some(&b'=') && rest.starts_with(name);
        found.then(|| {
            self.pos += name.len();
            (attr.name, attr.next)
        })
    }

    fn remember(&mut self, name: u32, attrs: u32) {
        let at = name as usize;
        if at >= self.alike.len() {
            self.alike.resize(at + 1, NONE);
        }
        self.alike[at] = attrs;
    }

    fn attr_value(&mut self) -> Result<Span, Fail> {
        let quote = match self.peek() {
            Some(q @ (b'"' | b'\'')) => q,
            _ => return self.fail("a quoted value is expected here"),
        };
        self.pos += 1;
        let from = self.pos;
        let bytes = self.rest().as_bytes();
        // `plain`: the value is its own source.
        let mut plain = true;
        let mut len = 0;
        loop {
            while bytes.get(len).is_some_and(|b| PLAIN[*b as usize]) {
                len += 1;
            }
            match bytes.get(len) {
                None => return self.fail("the value does not end"),
                Some(&b) if b == quote => break,
                Some(b'<') => {
                    self.pos += len;
                    return self.fail("`<` in a value must be written as `&lt;`");
                }
                Some(b'&' | b'\t' | b'\n' | b'\r') => plain = false,
                // The other quote.
                Some(_) => {}
            }
            len += 1;
        }
        self.pos = from + len + 1;
        if plain {
            return Ok(if len == 0 { Span::EMPTY } else { span(from, len) });
        }
        let off = self.extra.len();
        self.decode(from, len, true, true)?;
        let len = self.extra.len() - off;
        Ok(if len == 0 { Span::EMPTY } else { span(self.src.len() + off, len) })
    }
}

/// Bytes of a value that mean nothing but themselves.
static PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let special = b"\"'<&\t\n\r";
    let mut i = 0;
    while i < special.len() {
        plain[special[i] as usize] = false;
        i += 1;
    }
    plain
};
