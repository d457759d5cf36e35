//! Texts of the configuration as values: scores, booleans, durations, times.

use crate::model::INFINITY;

/// A score; the health colours are given by the caller's options.
pub fn score(text: &str) -> Option<i32> {
    let text = text.trim();
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("INFINITY") || is("+INFINITY") {
        return Some(INFINITY);
    }
    if is("-INFINITY") {
        return Some(-INFINITY);
    }
    if is("red") {
        return Some(-INFINITY);
    }
    if is("yellow") || is("green") {
        return Some(0);
    }
    let number = leading_integer(text)?;
    Some(number.clamp(-i64::from(INFINITY), i64::from(INFINITY)) as i32)
}

/// The integer a text begins with (what follows is ignored, as users have come to rely on).
pub fn leading_integer(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let end = digits.bytes().position(|c| !c.is_ascii_digit()).unwrap_or(digits.len());
    if end == 0 {
        return None;
    }
    let mut value: i64 = 0;
    for digit in digits[..end].bytes() {
        value = value.saturating_mul(10).saturating_add(i64::from(digit - b'0'));
    }
    Some(if negative { -value } else { value })
}

pub fn boolean(text: &str) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|w| text.eq_ignore_ascii_case(w));
    if is(&["true", "yes", "on", "y", "1"]) {
        Some(true)
    } else if is(&["false", "no", "off", "n", "0"]) {
        Some(false)
    } else {
        None
    }
}

pub fn is_true(text: Option<&str>) -> bool {
    text.and_then(boolean).unwrap_or(false)
}

/// Milliseconds: `10`, `10s`, `500ms`, `2min`, `1h`, or an ISO 8601 duration.
pub fn milliseconds(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.starts_with('P') {
        return iso_duration(text).map(|d| d.fixed_seconds().max(0) as u64 * 1000);
    }
    let digits_end =
        text.bytes().position(|c| !c.is_ascii_digit() && c != b'+' && c != b'-').unwrap_or(text.len());
    let number = leading_integer(&text[..digits_end])?;
    if number < 0 {
        return None;
    }
    let number = number as u64;
    let unit = text[digits_end..].trim().to_ascii_lowercase();
    let ms = match unit.as_str() {
        "" | "s" | "sec" => number.saturating_mul(1000),
        "ms" | "msec" => number,
        "us" | "usec" => number / 1000,
        "m" | "min" => number.saturating_mul(60_000),
        "h" | "hr" => number.saturating_mul(3_600_000),
        _ => return None,
    };
    Some(ms)
}

/// An ISO 8601 duration by its parts; months and years have no fixed length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Duration {
    pub years: i64,
    pub months: i64,
    pub days: i64,
    pub seconds: i64,
}

impl Duration {
    /// With a month of 30 and a year of 365 days, where a fixed length is asked for.
    pub fn fixed_seconds(&self) -> i64 {
        let days = self.years.saturating_mul(365).saturating_add(self.months.saturating_mul(30));
        days.saturating_add(self.days).saturating_mul(86_400).saturating_add(self.seconds)
    }

    /// `start` moved by this much of calendar.
    pub fn after(&self, start: i64) -> i64 {
        let (mut y, mut m, d) = civil(start.div_euclid(86_400));
        y = y.saturating_add(self.years);
        let months = i64::from(m) - 1 + self.months;
        y = y.saturating_add(months.div_euclid(12));
        m = (months.rem_euclid(12) + 1) as u32;
        let d = d.min(month_days(y, m));
        let day = days_from_civil(y, m, d).saturating_add(self.days);
        day.saturating_mul(86_400).saturating_add(start.rem_euclid(86_400)).saturating_add(self.seconds)
    }
}

pub fn iso_duration(text: &str) -> Option<Duration> {
    let mut rest = text.strip_prefix('P')?;
    let mut out = Duration::default();
    let mut in_time = false;
    while !rest.is_empty() {
        if let Some(r) = rest.strip_prefix('T') {
            in_time = true;
            rest = r;
            continue;
        }
        let end = rest.bytes().position(|c| !c.is_ascii_digit())?;
        let n: i64 = rest[..end].parse().ok()?;
        if n > 1_000_000_000 {
            return None;
        }
        match (rest.as_bytes()[end], in_time) {
            (b'Y', false) => out.years += n,
            (b'M', false) => out.months += n,
            (b'W', false) => out.days += 7 * n,
            (b'D', false) => out.days += n,
            (b'H', _) => out.seconds += 3600 * n,
            (b'M', true) => out.seconds += 60 * n,
            (b'S', _) => out.seconds += n,
            _ => return None,
        }
        rest = &rest[end + 1..];
    }
    Some(out)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
pub fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let mp = i64::from((month + 9) % 12);
    let doy = (153 * mp + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// The inverse of [`days_from_civil`].
pub fn civil(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = (doy - (153 * mp + 2) / 5 + 1) as u32;
    let month = if mp < 10 { mp + 3 } else { mp - 9 } as u32;
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_days(year: i64, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// ISO weekday of a day number: Monday is 1.
pub fn weekday(days: i64) -> i64 {
    (days + 3).rem_euclid(7) + 1
}

/// ISO week year and week of a day number.
pub fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days + 4 - weekday(days);
    let (year, _, _) = civil(thursday);
    let first = days_from_civil(year, 1, 1);
    (year, (thursday - first) / 7 + 1)
}

/// An ISO 8601 date and time (UTC unless it has an offset) in seconds since 1970.
pub fn timestamp(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, time) = match text.find(['T', ' ']) {
        Some(at) => (&text[..at], text[at + 1..].trim()),
        None => (text, ""),
    };
    let days = date_days(date)?;
    let mut clock = time;
    let mut offset = 0;
    if let Some(t) = clock.strip_suffix('Z') {
        clock = t;
    } else if let Some(at) = clock.rfind(['+', '-']) {
        let sign = if clock.as_bytes()[at] == b'+' { 1 } else { -1 };
        offset = sign * clock_seconds(clock[at + 1..].trim())?;
        clock = &clock[..at];
    }
    let seconds = if clock.trim().is_empty() { 0 } else { clock_seconds(clock.trim())? };
    Some(days * 86_400 + seconds - offset)
}

fn clock_seconds(text: &str) -> Option<i64> {
    let digits: Vec<i64> = if text.contains(':') {
        text.split(':').map(|p| p.split('.').next()?.trim().parse().ok()).collect::<Option<_>>()?
    } else {
        text.as_bytes().chunks(2).map(|c| std::str::from_utf8(c).ok()?.parse().ok()).collect::<Option<_>>()?
    };
    let get = |i: usize| digits.get(i).copied().unwrap_or(0);
    let ok =
        digits.len() <= 3 && get(0) <= 24 && get(1) < 60 && get(2) <= 60 && digits.iter().all(|d| *d >= 0);
    ok.then(|| get(0) * 3600 + get(1) * 60 + get(2))
}

fn date_days(text: &str) -> Option<i64> {
    let year: i64 = text.get(..4)?.parse().ok()?;
    let rest = text[4..].strip_prefix('-').unwrap_or(&text[4..]);
    if let Some(week) = rest.strip_prefix('W') {
        let w: i64 = week.get(..2)?.parse().ok()?;
        let d: i64 = week[2..].trim_start_matches('-').parse().unwrap_or(1);
        let jan4 = days_from_civil(year, 1, 4);
        return Some(jan4 - weekday(jan4) + 1 + (w - 1) * 7 + d - 1);
    }
    let digits: String = rest.chars().filter(|c| *c != '-').collect();
    if digits.is_empty() {
        return Some(days_from_civil(year, 1, 1));
    }
    if !digits.bytes().all(|c| c.is_ascii_digit()) {
        return None;
    }
    match digits.len() {
        3 => Some(days_from_civil(year, 1, 1) + digits.parse::<i64>().ok()? - 1),
        2 => Some(days_from_civil(year, digits.parse().ok().filter(|m| (1..=12).contains(m))?, 1)),
        4 => {
            let month = digits[..2].parse().ok().filter(|m| (1..=12).contains(m))?;
            let day = digits[2..].parse().ok().filter(|d| (1..=31).contains(d))?;
            Some(days_from_civil(year, month, day))
        }
        _ => None,
    }
}

/// `2020-09-23 08:39:17Z`.
pub fn timestamp_text(when: i64) -> String {
    let (y, m, d) = civil(when.div_euclid(86_400));
    let s = when.rem_euclid(86_400);
    format!("{y:04}-{m:02}-{d:02} {:02}:{:02}:{:02}Z", s / 3600, s / 60 % 60, s % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_clamp_and_know_words() {
        assert_eq!(score("INFINITY"), Some(INFINITY));
        assert_eq!(score("-2000000"), Some(-INFINITY));
        assert_eq!(score("15"), Some(15));
        assert_eq!(score("x"), None);
    }

    #[test]
    fn times_in_several_spellings() {
        assert_eq!(timestamp("1970-01-02"), Some(86_400));
        assert_eq!(timestamp("2005-020"), timestamp("2005-01-20"));
        assert_eq!(timestamp("2005-020T11:30"), Some(1_106_220_600));
        assert_eq!(
            timestamp("2020-09-23 08:39:17Z").map(timestamp_text).as_deref(),
            Some("2020-09-23 08:39:17Z")
        );
        assert_eq!(timestamp("2020-01-01T02:00:00+02:00"), timestamp("2020-01-01"));
    }

    #[test]
    fn durations() {
        assert_eq!(milliseconds("2min"), Some(120_000));
        assert_eq!(milliseconds("PT1M"), Some(60_000));
        assert_eq!(milliseconds("10 s"), Some(10_000));
        assert_eq!(milliseconds("soon"), None);
        assert_eq!(
            iso_duration("P1M").unwrap().after(timestamp("2021-01-31").unwrap()),
            timestamp("2021-02-28").unwrap()
        );
    }
}
