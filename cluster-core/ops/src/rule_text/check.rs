//! What is wrong with the dates, numbers and places of a [`Rule`].

use super::{Pairs, Rule};
use crate::values;
use rhapsody_agents_catalog::check::{invalid_text, quoted};
use rhapsody_api::Report;
use rhapsody_cib::time;
use std::cmp::Ordering;

/// Which expressions a place takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Takes {
    pub attributes: bool,
    pub resources: bool,
    pub operations: bool,
}

const DURATION: &[&str] = &["days", "hours", "minutes", "months", "seconds", "weeks", "years"];
const DATE_SPEC: &[(&str, u32, u32)] = &[
    ("hours", 0, 23),
    ("minutes", 0, 59),
    ("monthdays", 1, 31),
    ("months", 1, 12),
    ("seconds", 0, 59),
    ("weekdays", 1, 7),
    ("weeks", 1, 53),
    ("weekyears", 0, u32::MAX),
    ("yeardays", 1, 366),
    ("years", 0, u32::MAX),
];

impl Rule {
    /// Everything that is wrong with the values.
    pub fn check(&self, takes: Takes) -> Vec<Report> {
        let mut reports = Vec::new();
        if !takes.attributes && self.asks_for_attribute() {
            let words = "s 'defined', 'not_defined', 'eq', 'ne', 'gte', 'gt', 'lte' and 'lt'";
            reports.push(not_allowed(words));
        }
        self.check_into(takes, &mut reports);
        reports
    }

    fn asks_for_attribute(&self) -> bool {
        match self {
            Rule::All(parts) | Rule::Any(parts) => parts.iter().any(Rule::asks_for_attribute),
            rule => matches!(rule, Rule::Defined { .. } | Rule::Compare { .. }),
        }
    }

    fn check_into(&self, takes: Takes, reports: &mut Vec<Report>) {
        let invalid = |value: &str, name: &str, hint: &str| {
            Report::error("INVALID_OPTION_VALUE", values::invalid_value(value, name, hint))
        };
        match self {
            Rule::All(parts) | Rule::Any(parts) => {
                for part in parts {
                    part.check_into(takes, reports);
                }
            }
            Rule::Defined { .. } => {}
            Rule::Compare { attribute, kind, value, .. } => {
                let valid = match kind.as_deref() {
                    Some("integer") => values::is_integer(value),
                    Some("number") => value.parse::<f64>().is_ok(),
                    Some("version") => value.split('.').all(|part| part.parse::<u64>().is_ok()),
                    _ => true,
                };
                if !valid {
                    let hint = match kind.as_deref() {
                        Some("integer") => "an integer",
                        Some("number") => "a floating-point number",
                        _ => "a version number (e.g. 1, 1.2, 1.23.45, ...)",
                    };
                    reports.push(invalid(value, attribute, hint));
                }
            }
            Rule::Date { start, end, duration, .. } => {
                for value in [start, end].into_iter().flatten() {
                    if time::parse(value, 0).is_none() {
                        reports.push(invalid(value, "date", "ISO 8601 date"));
                    }
                }
                if let (Some(start), Some(end)) = (start, end)
                    && let (Some(from), Some(to)) = (time::parse(start, 0), time::parse(end, 0))
                    && from.cmp(&to) != Ordering::Less
                {
                    reports.push(Report::error(
                        "RULE_EXPRESSION_SINCE_GREATER_THAN_UNTIL",
                        format!("Since '{start}' is not sooner than until '{end}'"),
                    ));
                }
                if let Some(duration) = duration {
                    check_pairs(duration, DURATION, "duration", reports);
                    for (name, value) in duration.iter().filter(|(name, _)| DURATION.contains(&name.as_str()))
                    {
                        if value.parse::<u64>().is_ok_and(|number| number > 0) {
                            continue;
                        }
                        reports.push(invalid(value, name, "a positive integer"));
                    }
                }
            }
            Rule::DateSpec(pairs) => {
                let names: Vec<&str> = DATE_SPEC.iter().map(|(name, ..)| *name).collect();
                check_pairs(pairs, &names, "datespec", reports);
                for (name, value) in pairs {
                    if let Some((_, low, high)) = DATE_SPEC.iter().find(|(known, ..)| known == name)
                        && !in_range(value, *low, *high)
                    {
                        let hint = match *high {
                            u32::MAX => "an integer or integer-integer".to_owned(),
                            high => format!("{low}..{high} or {low}..{}-{}..{high}", high - 1, low + 1),
                        };
                        reports.push(invalid(value, name, &hint));
                    }
                }
            }
            Rule::Resource { .. } => {
                if !takes.resources {
                    reports.push(not_allowed(" 'resource'"));
                }
            }
            Rule::Op { interval, .. } => {
                if !takes.operations {
                    reports.push(not_allowed(" 'op'"));
                }
                if let Some(interval) = interval
                    && values::interval_ms(interval).is_none()
                {
                    reports.push(invalid(interval, "interval", values::INTERVAL_HINT));
                }
            }
        }
    }
}

fn not_allowed(what: &str) -> Report {
    Report::error(
        "RULE_EXPRESSION_NOT_ALLOWED",
        format!("Keyword{what} cannot be used in a rule in this command"),
    )
}

fn check_pairs(pairs: &Pairs, known: &[&str], what: &str, reports: &mut Vec<Report>) {
    let invalid: Vec<String> = pairs
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .map(|(name, _)| name.clone())
        .collect();
    if !invalid.is_empty() {
        let allowed: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
        reports.push(Report::error("INVALID_OPTIONS", invalid_text(what, &invalid, &allowed)));
    }
    let twice: Vec<&String> = pairs
        .iter()
        .map(|(name, _)| name)
        .filter(|name| pairs.iter().filter(|(other, _)| other == *name).count() > 1)
        .collect();
    if !twice.is_empty() {
        reports.push(Report::error(
            "RULE_EXPRESSION_OPTIONS_DUPLICATION",
            format!("Duplicate options in a single (sub)expression: {}", quoted(twice)),
        ));
    }
}

/// `5`, `1-3`, `2020-`.
fn in_range(text: &str, low: u32, high: u32) -> bool {
    let number = |text: &str| text.parse::<u32>().ok().filter(|number| (low..=high).contains(number));
    match text.split_once('-') {
        None => number(text).is_some(),
        Some((from, to)) => matches!((number(from), number(to)), (Some(from), Some(to)) if from < to),
    }
}
