//! From a [`Document`] to text, without recursion.

use crate::document::{Document, Element, Kind, NONE, Node, Span};
use crate::escape::{is_blank, push_attr_value, push_text};

#[derive(Clone, Copy, PartialEq)]
enum Style {
    /// As the user wrote it.
    Kept,
    /// Two spaces per level, whatever was there.
    Pretty,
    /// No white space between elements.
    Compact,
}

impl Document {
    /// The whole document; what was not edited is written as it was read.
    pub fn to_xml(&self) -> String {
        let mut out = String::with_capacity(self.text.len() + 256);
        out.push_str(&self.prolog);
        self.write_tree(&mut out, self.root(), Style::Kept);
        out.push_str(&self.epilog);
        out
    }

    /// `e` and what is below it, indented by two, for people; ends with a line end.
    pub fn write(&self, e: Element) -> String {
        let mut out = String::new();
        self.write_tree(&mut out, e, Style::Pretty);
        out.push('\n');
        out
    }

    /// `e` and what is below it without white space between elements, for the wire.
    pub fn compact(&self, e: Element) -> String {
        let whole = e == self.root();
        let mut out = String::with_capacity(if whole { self.text.len() } else { 0 });
        self.write_tree(&mut out, e, Style::Compact);
        out
    }

    fn write_tree(&self, out: &mut String, top: Element, style: Style) {
        let mut at = top.0;
        let mut depth = 0;
        loop {
            let node = &self.nodes[at as usize];
            self.open(out, at, style);
            if node.kind == Kind::Element && node.first != NONE {
                depth += 1;
                at = node.first;
                self.write_before(out, at, depth, style);
                continue;
            }
            // Up until something is to the right.
            loop {
                if at == top.0 {
                    return;
                }
                let node = &self.nodes[at as usize];
                if node.next != NONE {
                    at = node.next;
                    self.write_before(out, at, depth, style);
                    break;
                }
                at = node.parent;
                depth -= 1;
                let node = &self.nodes[at as usize];
                match style {
                    Style::Kept if node.tail.is_auto() => self.push_line(out, &self.indent(at)),
                    Style::Kept => self.push_kept(out, node.tail),
                    Style::Pretty if self.is_mixed(node) => push_text(out, self.span(node.tail)),
                    Style::Pretty => push_pretty_line(out, depth),
                    Style::Compact if is_blank(self.span(node.tail)) => {}
                    Style::Compact => push_text(out, self.span(node.tail)),
                }
                self.push_end(out, at, style);
            }
        }
    }

    fn push_line(&self, out: &mut String, indent: &str) {
        out.push_str(self.line_end);
        out.push_str(indent);
    }

    fn push_kept(&self, out: &mut String, text: Span) {
        match self.source(text) {
            Some(source) => out.push_str(source),
            None => push_text(out, self.span(text)),
        }
    }

    fn push_end(&self, out: &mut String, at: u32, style: Style) {
        if let Some(end) = self.raw.ends.get(&at).filter(|_| style == Style::Kept) {
            return out.push_str(self.span(*end));
        }
        out.push_str("</");
        out.push_str(self.names.get(self.nodes[at as usize].name));
        out.push('>');
    }

    /// The start tag; for a node without children the whole node.
    fn open(&self, out: &mut String, at: u32, style: Style) {
        let node = &self.nodes[at as usize];
        let content = || match style {
            Style::Kept => self.source(node.tail).unwrap_or(self.span(node.tail)),
            Style::Pretty | Style::Compact => self.span(node.tail),
        };
        match node.kind {
            Kind::Free => return,
            Kind::Comment => {
                out.push_str("<!--");
                out.push_str(content());
                return out.push_str("-->");
            }
            Kind::Instruction => {
                out.push_str("<?");
                out.push_str(content());
                return out.push_str("?>");
            }
            Kind::Element => {}
        }
        let text = self.span(node.tail);
        let has_content = node.first != NONE
            || (!text.is_empty() && (style == Style::Kept || !is_blank(text)))
            || (node.explicit_end && style == Style::Kept);
        if style == Style::Kept && node.tag != Span::EMPTY {
            out.push_str(self.span(node.tag));
        } else {
            out.push('<');
            out.push_str(self.names.get(node.name));
            let mut next = node.attrs;
            while let Some(attr) = self.attrs.get(next as usize) {
                out.push(' ');
                out.push_str(self.names.get(attr.name));
                out.push_str("=\"");
                push_attr_value(out, self.span(attr.value));
                out.push('"');
                next = attr.next;
            }
        }
        if !has_content {
            return out.push_str("/>");
        }
        out.push('>');
        if node.first == NONE {
            match style {
                Style::Kept => self.push_kept(out, node.tail),
                Style::Pretty | Style::Compact => push_text(out, text),
            }
            self.push_end(out, at, style);
        }
    }

    fn write_before(&self, out: &mut String, at: u32, depth: usize, style: Style) {
        let node = &self.nodes[at as usize];
        let before = self.span(node.before);
        match style {
            Style::Kept if node.before.is_auto() => self.push_line(out, &self.indent(at)),
            Style::Kept => self.push_kept(out, node.before),
            Style::Compact if is_blank(before) => {}
            Style::Compact => push_text(out, before),
            Style::Pretty => {
                if self.is_mixed(&self.nodes[node.parent as usize]) {
                    push_text(out, before);
                } else {
                    push_pretty_line(out, depth);
                }
            }
        }
    }

    /// Has it text beside its children? Only the ends are looked at, to stay linear.
    fn is_mixed(&self, node: &Node) -> bool {
        let ends = [node.first, node.last];
        !is_blank(self.span(node.tail))
            || ends
                .iter()
                .any(|&n| self.nodes.get(n as usize).is_some_and(|n| !is_blank(self.span(n.before))))
    }

    /// The indentation of a node's own line.
    fn indent(&self, at: u32) -> String {
        let mut levels = 0;
        let mut at = at;
        while at != NONE {
            let node = &self.nodes[at as usize];
            if node.parent == NONE {
                break;
            }
            if !node.before.is_auto()
                && let Some((_, line)) = self.span(node.before).rsplit_once('\n')
                && is_blank(line)
            {
                return line.to_owned() + &"  ".repeat(levels);
            }
            levels += 1;
            at = node.parent;
        }
        "  ".repeat(levels)
    }
}

fn push_pretty_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}
