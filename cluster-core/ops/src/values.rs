//! Values: is this a time, a score, a boolean?

/// `10`, `10s`, `3min`, `PT1M`: milliseconds. Words as pcs takes them.
pub fn interval_ms(text: &str) -> Option<u64> {
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number: u64 = digits.parse().ok()?;
    let factor = match unit {
        "" | "s" | "sec" => 1000,
        "ms" | "msec" => 1,
        "us" | "usec" => return Some(number / 1000),
        "m" | "min" => 60_000,
        "h" | "hr" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// Also ISO 8601 durations.
pub fn is_duration(text: &str) -> bool {
    interval_ms(text).is_some() || is_iso_duration(text)
}

fn is_iso_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let mut seen = false;
    let mut digits = false;
    for c in rest.chars() {
        match c {
            '0'..='9' => digits = true,
            'T' if !digits => {}
            'Y' | 'M' | 'W' | 'D' | 'H' | 'S' if digits => {
                seen = true;
                digits = false;
            }
            _ => return false,
        }
    }
    seen && !digits
}

/// `1`, `-5`, `INFINITY`, `+INFINITY`.
pub fn is_score(text: &str) -> bool {
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    rest == "INFINITY" || (!rest.is_empty() && rest.len() < 19 && rest.chars().all(|c| c.is_ascii_digit()))
}

/// Truth as the CIB spells it.
pub fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "yes" | "y" | "1" => Some(true),
        "false" | "off" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

pub fn is_true(text: &str) -> bool {
    boolean(text) == Some(true)
}

pub fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// A role in today's word; the old words are taken too. None when it is no role.
pub fn role(text: &str) -> Option<&'static str> {
    Some(match text.to_ascii_lowercase().as_str() {
        "started" => "Started",
        "stopped" => "Stopped",
        "promoted" | "master" => "Promoted",
        "unpromoted" | "slave" => "Unpromoted",
        _ => return None,
    })
}

/// A role in the words of a schema.
pub fn role_for_schema(role: &str, schema: Option<&str>) -> String {
    let version = schema
        .and_then(|schema| schema.strip_prefix("pacemaker-"))
        .and_then(|version| version.split_once('.'));
    let version =
        version.and_then(|(major, minor)| Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?)));
    let old = version.is_some_and(|version| version < (3, 7));
    match (role, old) {
        ("Promoted", true) => "Master",
        ("Unpromoted", true) => "Slave",
        _ => role,
    }
    .to_owned()
}

/// Is this one of the words of Pacemaker 2.0?
pub fn is_old_role(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "master" | "slave")
}

pub const INTERVAL_HINT: &str = "time interval (e.g. 1, 2s, 3m, 4h, ...)";

/// "'x' is not a valid NAME value, use HINT".
pub fn invalid_value(value: &str, name: &str, hint: &str) -> String {
    format!("'{value}' is not a valid {name} value, use {hint}")
}

/// A word as it is shown to people: quoted when it has blanks or an equals sign.
pub fn quoted_word(text: &str) -> String {
    let needs = text.contains(|c: char| c.is_whitespace() || c == '=');
    match needs {
        false => text.to_owned(),
        true if text.contains('"') && !text.contains('\'') => format!("'{text}'"),
        true => format!("\"{}\"", text.replace('"', "\\\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_scores_and_truths() {
        assert_eq!(interval_ms("2min"), Some(120_000));
        assert_eq!(interval_ms("1x"), None);
        assert_eq!(interval_ms(""), None);
        assert!(is_duration("PT1H30M") && !is_duration("P") && !is_duration("PT1"));
        assert!(is_score("-INFINITY") && is_score("+5") && !is_score("1.5") && !is_score(""));
        assert_eq!((boolean("YES"), boolean("maybe")), (Some(true), None));
        assert_eq!(role("master"), Some("Promoted"));
    }
}
