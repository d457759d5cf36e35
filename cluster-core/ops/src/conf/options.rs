//! Checks of `name=value` options against a table: which there are, and what values they have.

use crate::reports::Reports;
use indexmap::IndexMap;
use rhapsody_agents_catalog::check::{invalid_text, quoted};
use rhapsody_conf::Section;

pub type Options = IndexMap<String, String>;

/// What a value must be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    OneOf(&'static [&'static str]),
    NonNegative,
    Positive,
    Range(u64, u64),
    Port,
    IpAddress,
    /// Anything but nothing; says what it should be.
    Text(&'static str),
    /// As `Text`, and it cannot be taken away either.
    Required(&'static str),
}

pub type Table = [(&'static str, Kind)];

/// What the options are for, and how strict the check is.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    /// `totem`, `quorum device model`: in front of the word "option".
    pub kind: &'a str,
    pub table: &'a Table,
    /// An empty value takes the option away; otherwise it is a wrong value.
    pub update: bool,
    /// Some: errors can be forced, and are (true) or are not.
    pub force: Option<bool>,
}

/// corosync's booleans as pcs takes them.
pub const FLAG: Kind = Kind::OneOf(&["0", "1"]);
pub const ON_OFF: Kind = Kind::OneOf(&["off", "on"]);

impl Check<'_> {
    /// Names that are in no table, then values, in the order of the table.
    pub fn run(&self, options: &Options, reports: &mut Reports) {
        self.run_with_pattern(options, None, reports);
    }

    /// As [`Check::run`]; the pattern is told beside the names that are allowed.
    pub fn run_with_pattern(&self, options: &Options, pattern: Option<&str>, reports: &mut Reports) {
        let unknown = options.keys().filter(|name| !self.table.iter().any(|(known, _)| known == name));
        let (writable, odd): (Vec<String>, Vec<String>) = unknown.cloned().partition(|name| is_name(name));
        self.odd_names(odd, reports);
        if !writable.is_empty() {
            let known: Vec<String> = self.table.iter().map(|(name, _)| (*name).to_owned()).collect();
            let mut text = invalid_text(self.kind, &writable, &known);
            if let Some(pattern) = pattern {
                text.push_str(&format!(" and options matching patterns: '{pattern}'"));
            }
            self.tell("INVALID_OPTIONS", text, reports);
        }
        for (name, kind) in self.table {
            if let Some(value) = options.get(*name) {
                self.value(name, *kind, value, reports);
            }
        }
        one_line_values(options, reports);
    }

    /// Options whose names are the user's own.
    pub fn user_defined(&self, options: &Options, kind: Kind, reports: &mut Reports) {
        self.odd_names(options.keys().filter(|name| !is_name(name)).cloned().collect(), reports);
        for (name, value) in options {
            self.value(name, kind, value, reports);
        }
        one_line_values(options, reports);
    }

    fn odd_names(&self, odd: Vec<String>, reports: &mut Reports) {
        if odd.is_empty() {
            return;
        }
        let (s, colon) = if odd.len() == 1 { ("", "") } else { ("s", ":") };
        let kind = self.kind;
        let text = format!(
            "invalid {kind} option{s}{colon} {}, {kind} options may contain a-z A-Z 0-9 /_- characters only",
            quoted(odd)
        );
        reports.error("INVALID_USERDEFINED_OPTIONS", text);
    }

    /// One value, for options that have no fixed name too.
    pub fn value(&self, name: &str, kind: Kind, value: &str, reports: &mut Reports) {
        if let (true, Kind::Text(hint) | Kind::Required(hint)) = (value.is_empty(), kind) {
            if !self.update || matches!(kind, Kind::Required(_)) {
                reports.error("INVALID_OPTION_VALUE", format!("{name} cannot be empty, use {hint}"));
            }
            return;
        }
        if self.update && value.is_empty() {
            return;
        }
        if let Some(hint) = wanted_instead(kind, value) {
            let text = format!("'{value}' is not a valid {name} value, use {hint}");
            self.tell("INVALID_OPTION_VALUE", text, reports);
        }
    }

    pub fn tell(&self, code: &str, text: String, reports: &mut Reports) {
        match self.force {
            None => reports.error(code, text),
            Some(force) => reports.forceable(force, code, text),
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_-".contains(&b))
}

/// A value must not end its line or its section.
fn one_line_values(options: &Options, reports: &mut Reports) {
    for (name, _) in options.iter().filter(|(_, value)| !Section::can_hold(value)) {
        let text = format!("{name} cannot contain {{}}\\n\\r characters");
        reports.error("INVALID_OPTION_VALUE", text);
    }
}

/// What it should be; `None` when it is.
fn wanted_instead(kind: Kind, value: &str) -> Option<String> {
    let number = || value.parse::<u64>().ok().filter(|_| value.bytes().all(|b| b.is_ascii_digit()));
    let good = match kind {
        Kind::OneOf(values) => values.contains(&value),
        Kind::NonNegative => number().is_some(),
        Kind::Positive => number().is_some_and(|number| number > 0),
        Kind::Range(from, to) => number().is_some_and(|number| (from..=to).contains(&number)),
        Kind::Port => number().is_some_and(|number| (1..=65535).contains(&number)),
        Kind::IpAddress => value.parse::<std::net::IpAddr>().is_ok(),
        Kind::Text(_) | Kind::Required(_) => !value.is_empty(),
    };
    if good {
        return None;
    }
    Some(match kind {
        Kind::OneOf(values) => quoted(values),
        Kind::NonNegative => "a non-negative integer".to_owned(),
        Kind::Positive => "a positive integer".to_owned(),
        Kind::Range(from, to) => format!("{from}..{to}"),
        Kind::Port => "a port number (1..65535)".to_owned(),
        Kind::IpAddress => "an IP address".to_owned(),
        Kind::Text(hint) | Kind::Required(hint) => hint.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &Table = &[
        ("hold", Kind::NonNegative),
        ("mode", Kind::OneOf(&["off", "on"])),
        ("model", Kind::Text("a model")),
        ("port", Kind::Port),
    ];

    fn told(update: bool, pairs: &[(&str, &str)]) -> Vec<String> {
        let options = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let mut reports = Reports::default();
        Check { kind: "test", table: TABLE, update, force: None }.run(&options, &mut reports);
        reports.into_list().into_iter().map(|report| report.message.message).collect()
    }

    #[test]
    fn names_and_values_are_checked() {
        let none: Vec<String> = Vec::new();
        assert_eq!(told(false, &[("hold", "0"), ("mode", "on"), ("port", "65535"), ("model", "x")]), none);
        assert_eq!(told(true, &[("hold", ""), ("mode", ""), ("port", ""), ("model", "")]), none);
        assert_eq!(
            told(false, &[("b", "1"), ("a", "1")]),
            ["invalid test options: 'a', 'b', allowed options are: 'hold', 'mode', 'model', 'port'"]
        );
        for (name, value, word) in [
            ("hold", "-1", "non-negative"),
            ("hold", "0x10", "non-negative"),
            ("hold", "", "non-negative"),
            ("mode", "maybe", "'off', 'on'"),
            ("port", "0", "1..65535"),
            ("port", "65536", "1..65535"),
            ("port", "99999999999999999999999", "1..65535"),
            ("model", "", "cannot be empty"),
            ("model", "a}b", "cannot contain"),
            ("model", "a\nb", "cannot contain"),
        ] {
            let told = told(false, &[(name, value)]);
            assert!(told.len() == 1 && told[0].contains(word), "{name}={value}: {told:?}");
        }
    }
}
