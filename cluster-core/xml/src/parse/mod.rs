//! From text to a [`Document`], in one pass and without recursion.

mod decode;
mod tag;
mod tree;

use crate::document::{Attr, Document, NONE, Names, Node, Raw, Span};
use crate::error::ParseError;
use crate::escape::{is_name_char, is_name_start, is_space};
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
            raw: Raw::default(),
        };
        let (prolog, epilog) = match parser.document() {
            Ok(ends) => ends,
            Err((offset, message)) => return Err(ParseError::at(&source, offset, message)),
        };
        let Parser { extra, mut nodes, mut attrs, names, raw, .. } = parser;
        nodes.shrink_to_fit();
        attrs.shrink_to_fit();
        let line_end = match source.find('\n') {
            Some(at) if source[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        let mut text = source;
        text.push_str(&extra);
        Ok(Document {
            text,
            nodes,
            attrs,
            names,
            prolog,
            epilog,
            line_end,
            raw,
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
    raw: Raw,
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
        if self.rest().starts_with("<?xml") && self.rest()[5..].starts_with([' ', '\t', '\n', '\r']) {
            match self.rest().find("?>") {
                Some(end) => {
                    if let Some(other) = other_encoding(&self.rest()[..end]) {
                        return self.fail(format!("the encoding `{other}` is not read here, only UTF-8"));
                    }
                    self.pos += end + 2;
                }
                None => return self.fail("the XML declaration does not end"),
            }
        }
        self.misc()?;
        let prolog = SmolStr::new(&self.src[..self.pos]);
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
}

fn span(off: usize, len: usize) -> Span {
    // Source and decoded text together stay below twice MAX_BYTES, far from 4 GiB.
    Span { off: off as u32, len: len as u32 }
}

/// The encoding that an XML declaration names, if the text cannot be in it: it has come as UTF-8,
/// and others would read what we write in the encoding that is named.
fn other_encoding(declaration: &str) -> Option<&str> {
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = value[1..].split(quote).next()?;
    let fits = ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|known| name.eq_ignore_ascii_case(known));
    (!fits).then_some(name)
}
