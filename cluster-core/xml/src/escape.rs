//! Which characters XML may hold, and how the special ones are written.

/// Characters that XML 1.0 can carry at all.
pub(crate) fn is_xml_char(c: char) -> bool {
    !matches!(c,
        '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

pub(crate) fn is_name_start(c: char) -> bool {
    matches!(c,
        'a'..='z' | 'A'..='Z' | '_' | ':'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

pub(crate) fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c,
            '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Can this be the name of an element or attribute?
pub fn is_name(text: &str) -> bool {
    text.starts_with(is_name_start) && text.chars().all(is_name_char)
}

pub(crate) fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

fn attr_escape(b: u8) -> Option<&'static str> {
    Some(match b {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&quot;",
        b'\n' => "&#10;",
        b'\t' => "&#9;",
        b'\r' => "&#13;",
        _ => return None,
    })
}

fn text_escape(b: u8) -> Option<&'static str> {
    Some(match b {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'\r' => "&#13;",
        _ => return None,
    })
}

pub(crate) fn push_attr_value(out: &mut String, value: &str) {
    push_escaped(out, value, attr_escape);
}

pub(crate) fn push_text(out: &mut String, text: &str) {
    push_escaped(out, text, text_escape);
}

/// Bytes that may need care: everything special is ASCII, U+FFFE and U+FFFF excepted.
static SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut i = 0;
    while i < 0x20 {
        special[i] = true;
        i += 1;
    }
    special[b'&' as usize] = true;
    special[b'<' as usize] = true;
    special[b'>' as usize] = true;
    special[b'"' as usize] = true;
    special[0xef] = true;
    special
};

fn push_escaped(out: &mut String, text: &str, escape: fn(u8) -> Option<&'static str>) {
    let bytes = text.as_bytes();
    let mut from = 0;
    let mut at = 0;
    while at < bytes.len() {
        let b = bytes[at];
        if !SPECIAL[b as usize] {
            at += 1;
            continue;
        }
        let (replacement, width) = match escape(b) {
            Some(r) => (r, 1),
            None if b < 0x20 && !is_space(b) => ("\u{fffd}", 1),
            None if b == 0xef && text[at..].starts_with(['\u{fffe}', '\u{ffff}']) => ("\u{fffd}", 3),
            None => {
                at += 1;
                continue;
            }
        };
        out.push_str(&text[from..at]);
        out.push_str(replacement);
        at += width;
        from = at;
    }
    out.push_str(&text[from..]);
}
