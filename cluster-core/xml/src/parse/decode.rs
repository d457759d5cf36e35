//! What a range of the source means: references resolved, line ends made one.

use super::{Fail, Parser};
use crate::escape::is_xml_char;

impl Parser<'_> {
    /// Appends the meaning of a source range to `extra`.
    pub(super) fn decode(
        &mut self,
        from: usize,
        len: usize,
        references: bool,
        value: bool,
    ) -> Result<(), Fail> {
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
