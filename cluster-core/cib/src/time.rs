//! Points in time: seconds since 1970 and ISO 8601 texts. Nothing here asks a clock.

use jiff::civil::{Date, DateTime, ISOWeekDate, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp};

use crate::duration::Duration;

/// `YYYY-MM-DD`, `YYYYMMDD`, `YYYY-DDD`, `YYYY-Www-D`, each with or without a time after `T` or a
/// space (`HH[:MM[:SS]]`, colons may be missing) and `Z` or an offset; or seconds since the epoch
/// as `epoch[+N]` or a number of more than eight digits. Without an offset, `utc_offset_s` counts.
pub fn parse(text: &str, utc_offset_s: i32) -> Option<i64> {
    let text = text.trim();
    if text == "epoch" {
        return Some(0);
    }
    if text.len() > 8 && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    if !text.is_ascii() {
        return None;
    }
    let (date, rest) = match text.find(['T', ' ']) {
        Some(i) => (&text[..i], text[i + 1..].trim()),
        None => (text, ""),
    };
    let date = parse_date(date)?;
    let (clock, offset) = match rest.find(['Z', '+', '-']) {
        Some(i) => (rest[..i].trim(), parse_offset(&rest[i..])?),
        None => (rest, utc_offset_s),
    };
    let seconds = parse_clock(clock)?;
    let midnight = DateTime::from_parts(date, jiff::civil::Time::midnight());
    let utc = midnight.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    Some(utc + seconds - i64::from(offset))
}

fn number(text: &str) -> Option<i64> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

fn parse_date(text: &str) -> Option<Date> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let year = number(digits.get(..4)?)? as i16;
    let rest = digits.get(4..)?;
    if let Some(week) = rest.strip_prefix('W') {
        let day = match week.get(2..)? {
            "" => 1,
            d => number(d)?,
        };
        let weekday = Weekday::from_monday_one_offset(i8::try_from(day).ok()?).ok()?;
        let week = number(week.get(..2)?)? as i8;
        return Some(ISOWeekDate::new(year, week, weekday).ok()?.date());
    }
    match rest.len() {
        4 => Date::new(year, number(&rest[..2])? as i8, number(&rest[2..])? as i8).ok(),
        3 => Date::new(year, 1, 1).ok()?.with().day_of_year(number(rest)? as i16).build().ok(),
        2 => Date::new(year, number(rest)? as i8, 1).ok(),
        0 => Date::new(year, 1, 1).ok(),
        _ => None,
    }
}

fn parse_clock(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    // Fractions of a second are read and dropped.
    let text = text.split(['.', ',']).next()?;
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    let part = |from: usize| match digits.get(from..from + 2) {
        Some(d) => number(d),
        None if digits.len() <= from => Some(0),
        None => None,
    };
    let (h, m, s) = (part(0)?, part(2)?, part(4)?);
    let valid = digits.len() <= 6 && m < 60 && s <= 60 && (h < 24 || (h == 24 && m == 0 && s == 0));
    valid.then_some(h * 3600 + m * 60 + s)
}

fn parse_offset(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    let minutes = match digits.len() {
        2 => 0,
        4 => number(&digits[2..])?,
        _ => return None,
    };
    let hours = number(&digits[..2])?;
    // Two digits each, so that it fits.
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60) as i32)
}

/// The calendar at a time, as a clock with this offset shows it.
pub fn civil(seconds: i64, utc_offset_s: i32) -> Option<DateTime> {
    let offset = Offset::from_seconds(utc_offset_s).ok()?;
    Some(offset.to_datetime(Timestamp::from_second(seconds).ok()?))
}

/// `2026-11-20 09:30:00Z`, as crm_simulate and crm_mon print times.
pub fn format_utc(seconds: i64) -> String {
    match civil(seconds, 0) {
        Some(t) => t.strftime("%Y-%m-%d %H:%M:%SZ").to_string(),
        None => seconds.to_string(),
    }
}

/// `Fri Nov 20 09:30:00 2026`, as in `cib-last-written`.
pub fn format_ctime(seconds: i64, utc_offset_s: i32) -> String {
    match civil(seconds, utc_offset_s) {
        Some(t) => t.strftime("%a %b %e %H:%M:%S %Y").to_string(),
        None => seconds.to_string(),
    }
}

/// `2026-11-20 09:30:00` in the zone of this machine.
pub fn format_local(seconds: i64) -> String {
    match Timestamp::from_second(seconds) {
        Ok(t) => t.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => seconds.to_string(),
    }
}

/// `2026-1-2 3:04:05` (also without seconds, or a day alone) in the zone of this machine.
pub fn parse_local(text: &str) -> Option<i64> {
    let (date, time) = text.trim().split_once([' ', 'T']).unwrap_or((text.trim(), "0:0:0"));
    let mut date = date.splitn(3, '-');
    let mut time = time.trim().splitn(3, ':');
    let (year, month, day) =
        (date.next()?.parse().ok()?, date.next()?.parse().ok()?, date.next()?.parse().ok()?);
    let (hour, minute) = (time.next()?.parse().ok()?, time.next()?.parse().ok()?);
    let second = time.next().map_or(Ok(0), str::parse).ok()?;
    let civil = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    Some(civil.to_zoned(TimeZone::system()).ok()?.timestamp().as_second())
}

/// Months are added on the calendar (the last day of a month stays in the month).
pub fn add(seconds: i64, duration: Duration) -> Option<i64> {
    let mut sum = seconds;
    if duration.months != 0 {
        let months = Span::new().try_months(duration.months).ok()?;
        let date = civil(seconds, 0)?.checked_add(months).ok()?;
        sum = date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    }
    sum.checked_add(duration.seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_iso_8601() {
        for (text, seconds) in [
            ("1970-01-01", 0),
            ("19700102", 86400),
            ("1970-01-01T01:00:00Z", 3600),
            ("1970-01-01 01:00", 3600),
            ("19700101T010000+0100", 0),
            ("1970-01-01 00:00:00 -01:30", 5400),
            ("2024-366", 1_735_603_200),
            ("2004-W53-6", 1_104_537_600),
            ("1970-01-01T24:00", 86400),
            ("epoch", 0),
            ("1700000000", 1_700_000_000),
        ] {
            assert_eq!(parse(text, 0), Some(seconds), "{text}");
        }
        assert_eq!(parse("1970-01-01 02:00", 7200), Some(0));
        for text in
            ["", "x", "2020-13-01", "2020-02-30", "2021-366", "2020-01-01T25:00", "2020-01-01T10:00+x", "é"]
        {
            assert_eq!(parse(text, 0), None, "{text}");
        }
    }

    #[test]
    fn months_are_added_on_the_calendar() {
        let start = parse("2024-01-31", 0).unwrap();
        let sum = add(start, Duration { months: 1, seconds: 60 }).unwrap();
        assert_eq!(format_utc(sum), "2024-02-29 00:01:00Z");
        assert_eq!(format_ctime(0, 3600), "Thu Jan  1 01:00:00 1970");
    }
}
