//! Conditions on the date.

use super::{RuleContext, note_change, referenced};
use crate::duration::Duration;
use crate::time;
use rhapsody_xml::{Document, Element};

pub(super) fn evaluate(doc: &Document, e: Element, ctx: &RuleContext, next: &mut Option<i64>) -> bool {
    let at = |name| doc.attr(e, name).and_then(|t| time::parse(t, ctx.utc_offset_s));
    let now = ctx.now;
    match doc.attr(e, "operation").unwrap_or("in_range") {
        "in_range" => {
            let (start, end) = (at("start"), end(doc, e, ctx));
            if start.is_none() && end.is_none() {
                return false;
            }
            if let Some(start) = start
                && now < start
            {
                note_change(next, start);
                return false;
            }
            match end {
                Some(end) if now > end => false,
                Some(end) => {
                    // The end still belongs to the range.
                    note_change(next, end + 1);
                    true
                }
                None => true,
            }
        }
        "gt" => match at("start") {
            Some(start) if now > start => true,
            Some(start) => {
                note_change(next, start + 1);
                false
            }
            None => false,
        },
        "lt" => match at("end") {
            Some(end) if now < end => {
                note_change(next, end);
                true
            }
            _ => false,
        },
        "date_spec" => {
            let mut specs = doc.children_named(e, "date_spec");
            specs.next().and_then(|s| referenced(doc, s)).is_some_and(|spec| matches(doc, spec, ctx))
        }
        _ => false,
    }
}

/// The given end, or the start plus the duration.
fn end(doc: &Document, e: Element, ctx: &RuleContext) -> Option<i64> {
    if let Some(end) = doc.attr(e, "end") {
        return time::parse(end, ctx.utc_offset_s);
    }
    let start = time::parse(doc.attr(e, "start")?, ctx.utc_offset_s)?;
    let spec = referenced(doc, doc.child(e, "duration")?)?;
    time::add(start, duration(doc, spec))
}

/// What a `<duration>` says; parts that are no numbers count nothing.
pub(crate) fn duration(doc: &Document, e: Element) -> Duration {
    let part = |name| {
        let number = doc.attr(e, name).and_then(|v| v.trim().parse::<i32>().ok());
        i64::from(number.unwrap_or(0))
    };
    Duration {
        months: part("years") * 12 + part("months"),
        seconds: part("weeks") * 7 * 86400
            + part("days") * 86400
            + part("hours") * 3600
            + part("minutes") * 60
            + part("seconds"),
    }
}

fn matches(doc: &Document, spec: Element, ctx: &RuleContext) -> bool {
    let Some(now) = time::civil(ctx.now, ctx.utc_offset_s) else { return false };
    let week = now.date().iso_week_date();
    let fields: [(&str, i64); 10] = [
        ("years", now.year().into()),
        ("months", now.month().into()),
        ("monthdays", now.day().into()),
        ("hours", now.hour().into()),
        ("minutes", now.minute().into()),
        ("seconds", now.second().into()),
        ("yeardays", now.date().day_of_year().into()),
        ("weekyears", week.year().into()),
        ("weeks", week.week().into()),
        ("weekdays", now.weekday().to_monday_one_offset().into()),
    ];
    fields.iter().all(|(name, value)| doc.attr(spec, name).is_none_or(|range| in_range(range, *value)))
}

/// `a`, `a-b`, `a-`, `-b`
fn in_range(range: &str, value: i64) -> bool {
    let bound = |text: &str| text.trim().parse::<i64>().ok();
    match range.split_once('-') {
        None => bound(range) == Some(value),
        Some((low, high)) => {
            let low_ok = low.is_empty() || bound(low).is_some_and(|b| b <= value);
            let high_ok = high.is_empty() || bound(high).is_some_and(|b| value <= b);
            low_ok && high_ok && !(low.is_empty() && high.is_empty())
        }
    }
}

/// A rule is over when its dates can never be true again: with `and` any one, with `or` all.
pub(super) fn expired(doc: &Document, rule: Element, ctx: &RuleContext) -> bool {
    let any = doc.attr(rule, "boolean-op").is_some_and(|op| op.eq_ignore_ascii_case("or"));
    let mut over = doc.children(rule).map(|c| match doc.name(c) {
        "rule" => expired(doc, c, ctx),
        "date_expression" => match doc.attr(c, "operation").unwrap_or("in_range") {
            "in_range" => end(doc, c, ctx).is_some_and(|end| ctx.now > end),
            "lt" => {
                let end = doc.attr(c, "end").and_then(|t| time::parse(t, ctx.utc_offset_s));
                end.is_some_and(|end| ctx.now >= end)
            }
            _ => false,
        },
        _ => false,
    });
    if any { doc.children(rule).next().is_some() && over.all(|o| o) } else { over.any(|o| o) }
}
