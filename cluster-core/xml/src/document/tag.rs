//! Start tags as the user wrote them: an attribute is changed in its place, the others keep their
//! quotes, references and line breaks.

use super::{Document, Element, Span};
use crate::escape::{is_space, push_attr_value};
use std::ops::Range;

impl Document {
    /// Writes the new value (None: nothing) over the old one in the source of the start tag.
    pub(super) fn retag(&mut self, e: Element, name: &str, value: Option<&str>) {
        let tag = self.node(e).tag;
        if tag == Span::EMPTY {
            return;
        }
        let new = edited(self.span(tag), name, value);
        self.garbage += tag.len as usize;
        self.node_mut(e).tag = match new {
            Some(new) => self.push_text(&new),
            None => Span::EMPTY,
        };
    }
}

/// None where the place is not found.
fn edited(tag: &str, name: &str, value: Option<&str>) -> Option<String> {
    let found = attributes(tag).find(|found| &tag[found.name.clone()] == name);
    let (before, written, after) = match (found, value) {
        (Some(found), Some(value)) => {
            let quote = tag[..found.value.start].chars().next_back()?;
            let mut written = String::new();
            push_attr_value(&mut written, value);
            if quote == '\'' {
                written = written.replace('\'', "&apos;");
            }
            (&tag[..found.value.start], written, &tag[found.value.end..])
        }
        (Some(found), None) => {
            let before = tag[..found.name.start].trim_end();
            (before, String::new(), &tag[found.value.end + 1..])
        }
        (None, Some(value)) => {
            let mut written = format!(" {name}=\"");
            push_attr_value(&mut written, value);
            written.push('"');
            (tag.trim_end(), written, "")
        }
        (None, None) => return None,
    };
    Some([before, &written, after.trim_end()].concat())
}

struct Found {
    name: Range<usize>,
    /// Without the quotes.
    value: Range<usize>,
}

/// The attributes of `<name a="b"`; the tag was parsed, so that it is well formed.
fn attributes(tag: &str) -> impl Iterator<Item = Found> {
    let bytes = tag.as_bytes();
    let past = |from: usize, is: fn(u8) -> bool| {
        bytes[from..].iter().position(|b| !is(*b)).map_or(bytes.len(), |n| from + n)
    };
    let is_part_of_name = |b: u8| !is_space(b) && b != b'=';
    let mut at = past(0, |b| !is_space(b));
    std::iter::from_fn(move || {
        let name = past(at, is_space);
        let name = name..past(name, is_part_of_name);
        let quote = past(name.end, |b| is_space(b) || b == b'=');
        let close = *bytes.get(quote)?;
        let value = quote + 1;
        let len = bytes.get(value..)?.iter().position(|b| *b == close)?;
        at = value + len + 1;
        Some(Found { name, value: value..value + len })
    })
}

#[cfg(test)]
mod tests {
    use super::edited;

    fn check(tag: &str, name: &str, value: Option<&str>, expected: &str) {
        assert_eq!(edited(tag, name, value).as_deref(), Some(expected), "{tag}");
    }

    #[test]
    fn only_the_attribute_is_another_one() {
        let tag = "<cib  a='1'\n  b = \"&#65;'\" ab='x>=y'";
        check(tag, "a", Some("2"), "<cib  a='2'\n  b = \"&#65;'\" ab='x>=y'");
        check(tag, "b", Some("\"&"), "<cib  a='1'\n  b = \"&quot;&amp;\" ab='x>=y'");
        check(tag, "ab", Some("it's\n"), "<cib  a='1'\n  b = \"&#65;'\" ab='it&apos;s&#10;'");
        check(tag, "b", None, "<cib  a='1' ab='x>=y'");
        check(tag, "a", None, "<cib\n  b = \"&#65;'\" ab='x>=y'");
        check(tag, "c", Some("<"), "<cib  a='1'\n  b = \"&#65;'\" ab='x>=y' c=\"&lt;\"");
        check("<a ", "b", Some(""), "<a b=\"\"");
        check("<é è='1'", "è", Some("ü"), "<é è='ü'");
        assert_eq!(edited("<a", "b", None), None);
    }
}
