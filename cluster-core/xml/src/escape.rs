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

fn push_escaped(out: &mut String, text: &str, escape: fn(u8) -> Option<&'static str>) {
    // Everything that needs care is ASCII, control characters and U+FFFE/F excepted.
    let mut from = 0;
    for (i, &b) in text.as_bytes().iter().enumerate() {
        // Cheap first: letters, digits and most punctuation pass with two comparisons.
        if b > b'>' && b != 0xef {
            continue;
        }
        let replacement = match escape(b) {
            Some(r) => r,
            None if b < 0x20 && !is_space(b) => "\u{fffd}",
            None if b == 0xef && text[i..].starts_with(['\u{fffe}', '\u{ffff}']) => {
                out.push_str(&text[from..i]);
                out.push('\u{fffd}');
                from = i + 3;
                continue;
            }
            None => continue,
        };
        out.push_str(&text[from..i]);
        out.push_str(replacement);
        from = i + 1;
    }
    out.push_str(&text[from..]);
}
