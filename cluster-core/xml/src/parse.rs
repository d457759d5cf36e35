//! From text to a [`Document`], in one pass and without recursion.

use crate::document::{Attr, Document, Kind, NONE, Names, Node, Span};
use crate::error::ParseError;
use crate::escape::{is_blank, is_name_char, is_name_start, is_space, is_xml_char};
use smol_str::SmolStr;

/// Elements nested deeper than this are refused.
pub const MAX_DEPTH: usize = 256;
/// Longer texts are refused.
pub const MAX_BYTES: usize = 512 << 20;
/// More attributes in one element are refused (looking for duplicates costs their square).
pub const MAX_ATTRIBUTES: usize = 1024;

impl Document {
    pub fn parse(source: &str) -> Result<Document, ParseError> {
        Document::from_string(source.to_owned())
    }

    /// As [`Document::parse`], but the text becomes part of the document instead of being copied.
    pub fn from_string(source: String) -> Result<Document, ParseError> {
        if source.len() > MAX_BYTES {
            let message = format!("{} bytes are more than the {MAX_BYTES} that are accepted", source.len());
            return Err(ParseError { line: 1, column: 1, message });
        }
        let mut parser = Parser {
            src: &source,
            pos: 0,
            extra: String::new(),
            nodes: Vec::new(),
            attrs: Vec::new(),
            alike: Vec::new(),
            names: Names::default(),
        };
        let (prolog, epilog) = match parser.document() {
            Ok(ends) => ends,
            Err((offset, message)) => return Err(ParseError::at(&source, offset, message)),
        };
        let Parser { extra, mut nodes, mut attrs, names, .. } = parser;
        nodes.shrink_to_fit();
        attrs.shrink_to_fit();
        let mut text = source;
        text.push_str(&extra);
        Ok(Document {
            text,
            nodes,
            attrs,
            names,
            prolog,
            epilog,
            free_nodes: NONE,
            free_attrs: NONE,
            garbage: 0,
        })
    }
}

/// Offset and message; line and column are only counted when needed.
type Fail = (usize, String);

struct Parser<'a> {
    src: &'a str,
    pos: usize,
    /// Texts that differ from their source (entities, line ends); its offsets begin at `src.len()`.
    extra: String,
    nodes: Vec<Node>,
    attrs: Vec<Attr>,
    names: Names,
    /// The first attribute of the last element of each name: elements of one name mostly have the
    /// same attributes in the same order.
    alike: Vec<u32>,
}

impl<'a> Parser<'a> {
    fn fail<T>(&self, message: impl Into<String>) -> Result<T, Fail> {
        Err((self.pos, message.into()))
    }

    fn rest(&self) -> &'a str {
        self.src.get(self.pos..).unwrap_or("")
    }

    fn peek(&self) -> Option<u8> {
        self.src.as_bytes().get(self.pos).copied()
    }

    fn skip_space(&mut self) -> bool {
        let from = self.pos;
        while self.peek().is_some_and(is_space) {
            self.pos += 1;
        }
        self.pos > from
    }

    fn document(&mut self) -> Result<(SmolStr, SmolStr), Fail> {
        self.check_characters()?;
        if self.rest().starts_with('\u{feff}') {
            self.pos = 3;
        }
        let start = self.pos;
        if self.rest().starts_with("<?xml") && self.rest()[5..].starts_with([' ', '\t', '\n', '\r']) {
            match self.rest().find("?>") {
                Some(end) => self.pos += end + 2,
                None => return self.fail("the XML declaration does not end"),
            }
        }
        self.misc()?;
        let prolog = SmolStr::new(&self.src[start..self.pos]);
        match self.peek() {
            Some(b'<') => {}
            Some(_) => return self.fail("text before the first element"),
            None => return self.fail("no element at all"),
        }
        self.tree()?;
        let end = self.pos;
        self.misc()?;
        if self.pos < self.src.len() {
            return self.fail("something follows the end of the root element");
        }
        Ok((prolog, SmolStr::new(&self.src[end..])))
    }

    fn check_characters(&mut self) -> Result<(), Fail> {
        let bytes = self.src.as_bytes();
        let bad = |i: usize, b: u8| {
            (b < 0x20 && !is_space(b))
                || (b == 0xef && matches!(bytes.get(i + 1..i + 3), Some([0xbf, 0xbe | 0xbf])))
        };
        // A quick look without branches decides whether the exact one is needed, and counts what
        // there can be at most, so that nothing has to grow later.
        let (mut suspicious, mut tags, mut equals) = (false, 0, 0);
        for chunk in bytes.chunks(128) {
            let (mut odd, mut less, mut equal) = (0u8, 0u8, 0u8);
            for &b in chunk {
                odd |= u8::from(b == 0xef) | u8::from(b < 0x20 && b != b'\n' && b != b'\t' && b != b'\r');
                less += u8::from(b == b'<');
                equal += u8::from(b == b'=');
            }
            suspicious |= odd != 0;
            tags += usize::from(less);
            equals += usize::from(equal);
        }
        if suspicious && let Some(i) = bytes.iter().enumerate().position(|(i, &b)| bad(i, b)) {
            self.pos = i;
            return self.fail("a character that XML does not allow");
        }
        // A hostile text may consist of these two alone; a real one has a value with each.
        self.nodes.reserve_exact(tags.min(bytes.len() / 16));
        self.attrs.reserve_exact(equals.min(bytes.len() / 8));
        Ok(())
    }

    /// White space, comments and processing instructions outside of the root.
    fn misc(&mut self) -> Result<(), Fail> {
        loop {
            self.skip_space();
            if self.rest().starts_with("<!--") {
                self.comment()?;
            } else if self.rest().starts_with("<!") {
                return self.fail("document type declarations are not accepted");
            } else if self.rest().starts_with("<?") {
                self.instruction()?;
            } else {
                return Ok(());
            }
        }
    }

    /// Past `<!-- ... -->`; gives the content.
    fn comment(&mut self) -> Result<Span, Fail> {
        let from = self.pos + 4;
        match self.src.get(from..).and_then(|s| s.find("--")) {
            Some(len) if self.src[from + len..].starts_with("-->") => {
                self.pos = from + len + 3;
                Ok(span(from, len))
            }
            Some(len) => {
                self.pos = from + len;
                self.fail("`--` inside of a comment")
            }
            None => self.fail("the comment does not end"),
        }
    }

    /// Past `<? ... ?>`; gives the content.
    fn instruction(&mut self) -> Result<Span, Fail> {
        let from = self.pos + 2;
        let rest = self.src.get(from..).unwrap_or("");
        if !rest.starts_with(is_name_start) {
            return self.fail("a processing instruction without a name");
        }
        if rest.get(..3).is_some_and(|t| t.eq_ignore_ascii_case("xml"))
            && !rest[3..].starts_with(is_name_char)
        {
            return self.fail("an XML declaration that is not at the very beginning");
        }
        match rest.find("?>") {
            Some(len) => {
                self.pos = from + len + 2;
                Ok(span(from, len))
            }
            None => self.fail("the processing instruction does not end"),
        }
    }

    fn name(&mut self) -> Result<&'a str, Fail> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut end = 0;
        while end < bytes.len()
            && matches!(bytes[end], b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b':')
        {
            end += 1;
        }
        if bytes.get(end).is_some_and(|b| *b >= 0x80) {
            end = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
        }
        if !rest.starts_with(is_name_start) {
            return self.fail("a name is expected here");
        }
        self.pos += end;
        Ok(&rest[..end])
    }

    /// The root element with everything in it. `open` is implied by the parents of the nodes.
    fn tree(&mut self) -> Result<(), Fail> {
        let mut current = NONE;
        let mut depth = 0;
        let mut pending = Span::EMPTY;
        loop {
            if current != NONE {
                pending = self.character_data(pending)?;
            }
            let rest = self.rest();
            let bytes = rest.as_bytes();
            match bytes.get(1) {
                Some(b'/') if current != NONE => {
                    self.pos += 2;
                    let from = self.pos;
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
                    current = node.parent;
                    depth -= 1;
                    self.skip_space();
                    if self.peek() != Some(b'>') {
                        return self.fail("`>` is expected here");
                    }
                    self.pos += 1;
                    if current == NONE {
                        return Ok(());
                    }
                }
                Some(b'!') if rest.starts_with("<!--") => {
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
                    let content = self.instruction()?;
                    let node = Node { tail: self.lines(content), ..Node::new(Kind::Instruction, 0) };
                    self.link(node, current, pending);
                    pending = Span::EMPTY;
                }
                _ => {
                    if depth == MAX_DEPTH {
                        return self.fail(format!("elements nested deeper than {MAX_DEPTH}"));
                    }
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
        span(self.src.len() + off, self.extra.len() - off)
    }

    /// `<name a="b"` and `>` or `/>`; true for the latter.
    fn start_tag(&mut self) -> Result<(Node, bool), Fail> {
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

    /// Appends the meaning of a source range to `extra`.
    fn decode(&mut self, from: usize, len: usize, references: bool, value: bool) -> Result<(), Fail> {
        let raw = &self.src[from..from + len];
        let mut done = 0;
        let bytes = raw.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            match bytes[i] {
                b'&' if references => {
                    self.extra.push_str(&raw[done..i]);
                    let Some(end) = raw[i..].find(';') else {
                        return Err((from + i, "`&` must be written as `&amp;`".into()));
                    };
                    let body = &raw[i + 1..i + end];
                    let Some(c) = reference(body) else {
                        let shown: String = body.chars().take(20).collect();
                        return Err((from + i, format!("`&{shown};` is not known")));
                    };
                    self.extra.push(c);
                    i += end + 1;
                    done = i;
                }
                b'\r' => {
                    self.extra.push_str(&raw[done..i]);
                    i += if bytes.get(i + 1) == Some(&b'\n') { 2 } else { 1 };
                    self.extra.push(if value { ' ' } else { '\n' });
                    done = i;
                }
                b'\n' | b'\t' if value => {
                    self.extra.push_str(&raw[done..i]);
                    self.extra.push(' ');
                    i += 1;
                    done = i;
                }
                _ => i += 1,
            }
        }
        self.extra.push_str(&raw[done..]);
        Ok(())
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

fn span(off: usize, len: usize) -> Span {
    // Source and decoded text together stay below twice MAX_BYTES, far from 4 GiB.
    Span { off: off as u32, len: len as u32 }
}

fn reference(body: &str) -> Option<char> {
    Some(match body {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let digits = body.strip_prefix('#')?;
            let (digits, radix) = match digits.strip_prefix('x') {
                Some(hex) => (hex, 16),
                None => (digits, 10),
            };
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            let c = char::from_u32(u32::from_str_radix(digits, radix).ok()?)?;
            return is_xml_char(c).then_some(c);
        }
    })
}
