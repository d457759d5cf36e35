//! Intervals and timeouts.

/// Milliseconds of `10`, `10s`, `1min`, `2h`, `100ms`, `5us` or an ISO 8601 duration (`PT10S`).
/// Plain numbers are seconds. Too large ones are clamped. A month counts 30 days, a year 365.
pub fn parse_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    if text.starts_with('P') {
        return iso(text).map(|d| d.approximate_seconds().saturating_mul(1000));
    }
    let digits = text.strip_prefix('+').unwrap_or(text);
    let end = digits.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, unit) = digits.split_at(end);
    if digits.is_empty() {
        return None;
    }
    let number: i64 = digits.parse().unwrap_or(i64::MAX);
    let unit = unit.trim().to_ascii_lowercase();
    let (multiply, divide) = match unit.as_str() {
        "" | "s" | "sec" => (1000, 1),
        "ms" | "msec" => (1, 1),
        "us" | "usec" => (1, 1000),
        "m" | "min" => (60_000, 1),
        "h" | "hr" => (3_600_000, 1),
        _ => return None,
    };
    Some(number.saturating_mul(multiply) / divide)
}

/// As [`parse_ms`], in whole seconds rounded down.
pub fn parse_seconds(text: &str) -> Option<i64> {
    parse_ms(text).map(|ms| ms / 1000)
}

/// A calendar duration. Months have no fixed length, so they stay apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Duration {
    pub months: i64,
    pub seconds: i64,
}

impl Duration {
    pub fn approximate_seconds(self) -> i64 {
        let years = self.months / 12;
        let months = self.months % 12;
        let days = years.saturating_mul(365).saturating_add(months * 30);
        days.saturating_mul(86400).saturating_add(self.seconds)
    }
}

/// `P1Y2M3W4DT5H6M7S`, any part may be missing, but not all.
pub fn iso(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('P')?;
    let mut duration = Duration::default();
    let mut in_time = false;
    let mut any = false;
    while let Some(c) = rest.chars().next() {
        if c == 'T' && !in_time {
            in_time = true;
            rest = &rest[1..];
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..end].parse().ok()?;
        let unit = rest[end..].chars().next()?;
        let (months, seconds) = match (in_time, unit) {
            (false, 'Y') => (12, 0),
            (false, 'M') => (1, 0),
            (false, 'W') => (0, 7 * 86400),
            (false, 'D') => (0, 86400),
            (true, 'H') => (0, 3600),
            (true, 'M') => (0, 60),
            (true, 'S') => (0, 1),
            _ => return None,
        };
        duration.months = duration.months.checked_add(number.checked_mul(months)?)?;
        duration.seconds = duration.seconds.checked_add(number.checked_mul(seconds)?)?;
        rest = &rest[end + unit.len_utf8()..];
        any = true;
    }
    any.then_some(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for (text, ms) in [
            ("10", 10_000),
            ("10s", 10_000),
            ("1min", 60_000),
            ("2h", 7_200_000),
            ("150ms", 150),
            ("2000us", 2),
            ("PT10S", 10_000),
            ("P1DT1M", 86_460_000),
            ("P1Y", 365 * 86_400_000),
            ("0", 0),
            (" 5 sec", 5000),
        ] {
            assert_eq!(parse_ms(text), Some(ms), "{text}");
        }
        for text in ["", "s", "-5", "1x", "P", "PT", "PT5", "P5H", "1d"] {
            assert_eq!(parse_ms(text), None, "{text}");
        }
        assert!(parse_ms("99999999999999999999h").is_some());
    }
}
