//! Booleans as Pacemaker reads them.

/// `true`, `yes`, `on`, `y`, `1` and their opposites, in any case.
pub fn parse(text: &str) -> Option<bool> {
    const TRUE: [&str; 5] = ["true", "on", "yes", "y", "1"];
    const FALSE: [&str; 5] = ["false", "off", "no", "n", "0"];
    if TRUE.iter().any(|t| t.eq_ignore_ascii_case(text)) {
        Some(true)
    } else if FALSE.iter().any(|t| t.eq_ignore_ascii_case(text)) {
        Some(false)
    } else {
        None
    }
}

/// Anything that does not say yes means no.
pub fn is_true(text: &str) -> bool {
    parse(text) == Some(true)
}

#[test]
fn all_spellings() {
    for (text, value) in [("TRUE", Some(true)), ("y", Some(true)), ("Off", Some(false)), ("0", Some(false))] {
        assert_eq!(parse(text), value);
    }
    assert_eq!(parse("maybe"), None);
    assert!(is_true("on") && !is_true("2"));
}
