//! Rules as users write them: `#uname eq n1 and (date gt 2030-01-01 or defined ping)`.
//!
//! [`parse`] reads the words, [`Rule::check`] judges dates and numbers, [`Rule::write`] makes the
//! elements. `and` binds more than `or`.

use crate::{ids, values};
use rhapsody_agents_catalog::check::{invalid_text, quoted};
use rhapsody_api::Report;
use rhapsody_cib::time;
use rhapsody_xml::{Document, Element};
use std::cmp::Ordering;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    All(Vec<Rule>),
    Any(Vec<Rule>),
    /// `defined` or `not_defined`.
    Defined {
        attribute: String,
        negated: bool,
    },
    Compare {
        attribute: String,
        operation: String,
        kind: Option<String>,
        value: String,
    },
    Date {
        operation: String,
        start: Option<String>,
        end: Option<String>,
        duration: Option<Pairs>,
    },
    DateSpec(Pairs),
    Resource {
        class: String,
        provider: String,
        kind: String,
    },
    Op {
        name: String,
        interval: Option<String>,
    },
}

type Pairs = Vec<(String, String)>;

/// Where the words stop making sense (columns begin at 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    pub column: usize,
}

impl ParseError {
    /// The message, with the rule and a mark below the place.
    pub fn report(&self, text: &str) -> Report {
        Report::error(
            "RULE_EXPRESSION_PARSE_ERROR",
            format!(
                "'{text}' is not a valid rule expression, parse error near or after line 1 column {}\n  {text}\n  {}^",
                self.column,
                "-".repeat(self.column.saturating_sub(1))
            ),
        )
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    text: String,
    column: usize,
    quoted: bool,
}

fn tokens(text: &str) -> Result<Vec<Token>, ParseError> {
    let mut found: Vec<Token> = Vec::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some(&(at, c)) = chars.peek() {
        let column = at + 1;
        match c {
            c if c.is_whitespace() => {
                chars.next();
            }
            '(' | ')' => {
                chars.next();
                found.push(Token { text: c.to_string(), column, quoted: false });
            }
            '"' | '\'' => {
                chars.next();
                let mut word = String::new();
                loop {
                    match chars.next() {
                        Some((_, end)) if end == c => break,
                        Some((_, inner)) => word.push(inner),
                        None => return Err(ParseError { column }),
                    }
                }
                found.push(Token { text: word, column, quoted: true });
            }
            _ => {
                let mut word = String::new();
                while let Some(&(_, inner)) = chars.peek() {
                    if inner.is_whitespace() || inner == '(' || inner == ')' {
                        break;
                    }
                    word.push(inner);
                    chars.next();
                    // `name="a b"`: the quoted part belongs to the word.
                    if inner == '=' && chars.peek().is_some_and(|(_, next)| *next == '"' || *next == '\'') {
                        let quote = chars.next().map_or('"', |(_, quote)| quote);
                        for (_, inner) in chars.by_ref() {
                            if inner == quote {
                                break;
                            }
                            word.push(inner);
                        }
                    }
                }
                found.push(Token { text: word, column, quoted: false });
            }
        }
    }
    Ok(found)
}

/// Nesting beyond this is nobody's rule.
const DEPTH_MAX: usize = 64;

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    end: usize,
}

const COMPARISONS: &[&str] = &["lt", "gt", "lte", "gte", "eq", "ne"];

/// Reads a rule.
pub fn parse(text: &str) -> Result<Rule, ParseError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.chars().count() + 1 };
    let rule = parser.any(0)?;
    match parser.tokens.get(parser.at) {
        Some(token) => Err(ParseError { column: token.column }),
        None => Ok(match rule {
            Rule::All(_) | Rule::Any(_) => rule,
            single => Rule::All(vec![single]),
        }),
    }
}

impl Parser {
    fn fail<T>(&self) -> Result<T, ParseError> {
        Err(ParseError { column: self.tokens.get(self.at).map_or(self.end, |token| token.column) })
    }

    fn peek(&self) -> Option<&str> {
        self.tokens.get(self.at).filter(|token| !token.quoted).map(|token| token.text.as_str())
    }

    fn word(&mut self) -> Result<String, ParseError> {
        match self.tokens.get(self.at) {
            Some(token) if token.quoted || !matches!(token.text.as_str(), "(" | ")") => {
                self.at += 1;
                Ok(token.text.clone())
            }
            _ => self.fail(),
        }
    }

    fn joined(
        &mut self,
        depth: usize,
        word: &str,
        part: fn(&mut Self, usize) -> Result<Rule, ParseError>,
    ) -> Result<Vec<Rule>, ParseError> {
        let mut parts = vec![part(self, depth)?];
        while self.peek() == Some(word) {
            self.at += 1;
            parts.push(part(self, depth)?);
        }
        Ok(parts)
    }

    fn any(&mut self, depth: usize) -> Result<Rule, ParseError> {
        if depth > DEPTH_MAX {
            return self.fail();
        }
        let mut parts = self.joined(depth, "or", Parser::all)?;
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        Ok(Rule::Any(flat(parts, |part| match part {
            Rule::Any(inner) => Ok(inner),
            other => Err(other),
        })))
    }

    fn all(&mut self, depth: usize) -> Result<Rule, ParseError> {
        let mut parts = self.joined(depth, "and", Parser::single)?;
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        Ok(Rule::All(flat(parts, |part| match part {
            Rule::All(inner) => Ok(inner),
            other => Err(other),
        })))
    }

    fn single(&mut self, depth: usize) -> Result<Rule, ParseError> {
        match self.peek() {
            Some("(") => {
                self.at += 1;
                let inner = self.any(depth + 1)?;
                if self.peek() != Some(")") {
                    return self.fail();
                }
                self.at += 1;
                Ok(inner)
            }
            Some(word @ ("defined" | "not_defined")) if !self.next_is_comparison() => {
                let negated = word == "not_defined";
                self.at += 1;
                Ok(Rule::Defined { attribute: self.word()?, negated })
            }
            Some("date") if !self.next_is_comparison_of_attribute() => {
                self.at += 1;
                self.date()
            }
            Some("date-spec") => {
                self.at += 1;
                Ok(Rule::DateSpec(self.pairs()?))
            }
            Some("resource") if !self.next_is_comparison() => {
                self.at += 1;
                self.resource()
            }
            Some("op") if !self.next_is_comparison() => {
                self.at += 1;
                let name = self.word()?;
                let interval = self.peek().and_then(|word| word.strip_prefix("interval=")).map(str::to_owned);
                if interval.is_some() {
                    self.at += 1;
                }
                Ok(Rule::Op { name, interval })
            }
            _ => self.compare(),
        }
    }

    fn next_is_comparison(&self) -> bool {
        self.tokens
            .get(self.at + 1)
            .is_some_and(|token| !token.quoted && COMPARISONS.contains(&token.text.as_str()))
    }

    /// `date gt ...` is a date, `date eq ...` an attribute of that name.
    fn next_is_comparison_of_attribute(&self) -> bool {
        self.tokens
            .get(self.at + 1)
            .is_some_and(|token| matches!(token.text.as_str(), "eq" | "ne" | "lte" | "gte"))
    }

    fn compare(&mut self) -> Result<Rule, ParseError> {
        let attribute = self.word()?;
        let operation = match self.peek() {
            Some(word) if COMPARISONS.contains(&word) => word.to_owned(),
            _ => return self.fail(),
        };
        self.at += 1;
        let kind = match self.peek() {
            Some(word @ ("string" | "integer" | "number" | "version"))
                if self.tokens.get(self.at + 1).is_some_and(|next| {
                    next.quoted || !matches!(next.text.as_str(), "and" | "or" | "(" | ")")
                }) =>
            {
                Some(word.to_owned())
            }
            _ => None,
        };
        if kind.is_some() {
            self.at += 1;
        }
        let value = self.word()?;
        Ok(Rule::Compare { attribute, operation, kind, value })
    }

    fn date(&mut self) -> Result<Rule, ParseError> {
        let operation = self.peek().map(str::to_owned);
        match operation.as_deref() {
            Some("gt") => {
                self.at += 1;
                let start = Some(self.word()?);
                Ok(Rule::Date { operation: "gt".to_owned(), start, end: None, duration: None })
            }
            Some("lt") => {
                self.at += 1;
                let end = Some(self.word()?);
                Ok(Rule::Date { operation: "lt".to_owned(), start: None, end, duration: None })
            }
            Some("in_range") => {
                self.at += 1;
                let start = if self.peek() == Some("to") { None } else { Some(self.word()?) };
                if self.peek() != Some("to") {
                    return self.fail();
                }
                self.at += 1;
                if self.peek() == Some("duration") {
                    self.at += 1;
                    let duration = Some(self.pairs()?);
                    return Ok(Rule::Date { operation: "in_range".to_owned(), start, end: None, duration });
                }
                let end = Some(self.word()?);
                Ok(Rule::Date { operation: "in_range".to_owned(), start, end, duration: None })
            }
            _ => self.fail(),
        }
    }

    fn pairs(&mut self) -> Result<Pairs, ParseError> {
        let mut pairs = Pairs::new();
        while let Some((name, value)) = self.peek().and_then(|word| word.split_once('=')) {
            if name.is_empty() || value.is_empty() {
                return self.fail();
            }
            pairs.push((name.to_owned(), value.to_owned()));
            self.at += 1;
        }
        if pairs.is_empty() { self.fail() } else { Ok(pairs) }
    }

    fn resource(&mut self) -> Result<Rule, ParseError> {
        let begin = self.at;
        let name = self.word()?;
        let mut parts = name.splitn(3, ':');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(class), Some(provider), Some(kind)) => Ok(Rule::Resource {
                class: class.to_owned(),
                provider: provider.to_owned(),
                kind: kind.to_owned(),
            }),
            _ => {
                self.at = begin;
                self.fail()
            }
        }
    }
}

/// Joins nested lists of the same operator.
fn flat(parts: Vec<Rule>, same: fn(Rule) -> Result<Vec<Rule>, Rule>) -> Vec<Rule> {
    let mut all = Vec::new();
    for part in parts {
        match same(part) {
            Ok(inner) => all.extend(inner),
            Err(other) => all.push(other),
        }
    }
    all
}

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
        self.check_into(takes, &mut reports);
        reports
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
            Rule::Defined { attribute, negated } => {
                if !takes.attributes {
                    let word = if *negated { "not_defined" } else { "defined" };
                    reports.push(not_allowed(&format!("'{word}'")));
                }
                let _ = attribute;
            }
            Rule::Compare { attribute, kind, value, operation } => {
                if !takes.attributes {
                    reports.push(not_allowed(&format!("'{}'", operation)));
                }
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
                    reports.push(not_allowed("'resource'"));
                }
            }
            Rule::Op { interval, .. } => {
                if !takes.operations {
                    reports.push(not_allowed("'op'"));
                }
                if let Some(interval) = interval
                    && values::interval_ms(interval).is_none()
                {
                    reports.push(invalid(interval, "interval", values::INTERVAL_HINT));
                }
            }
        }
    }

    /// Does it ask about the resource? Such rules limit what a default applies to.
    pub fn asks_for_resource(&self) -> bool {
        match self {
            Rule::All(parts) | Rule::Any(parts) => parts.iter().any(Rule::asks_for_resource),
            Rule::Resource { .. } => true,
            _ => false,
        }
    }

    /// Writes the rule below `parent`; without an id one is made from `base`.
    pub fn write(
        &self,
        doc: &mut Document,
        parent: Element,
        position: usize,
        id: Option<&str>,
        base: &str,
    ) -> Element {
        let rule = doc.insert(parent, position, "rule");
        let id = id.map_or_else(|| ids::free(doc, &format!("{base}-rule")), str::to_owned);
        doc.set_attr(rule, "id", &id);
        let (operator, parts) = match self {
            Rule::All(parts) => ("and", parts.as_slice()),
            Rule::Any(parts) => ("or", parts.as_slice()),
            single => ("and", std::slice::from_ref(single)),
        };
        doc.set_attr(rule, "boolean-op", operator);
        for part in parts {
            part.write_part(doc, rule, &id);
        }
        rule
    }

    fn write_part(&self, doc: &mut Document, rule: Element, base: &str) {
        let end = doc.children(rule).count();
        match self {
            Rule::All(_) | Rule::Any(_) => {
                self.write(doc, rule, end, None, base);
            }
            Rule::Defined { attribute, negated } => {
                let element = new(doc, rule, "expression", &format!("{base}-expr"));
                doc.set_attr(element, "attribute", attribute);
                doc.set_attr(element, "operation", if *negated { "not_defined" } else { "defined" });
            }
            Rule::Compare { attribute, operation, kind, value } => {
                let element = new(doc, rule, "expression", &format!("{base}-expr"));
                doc.set_attr(element, "attribute", attribute);
                doc.set_attr(element, "operation", operation);
                doc.set_attr(element, "value", value);
                if let Some(kind) = kind {
                    doc.set_attr(element, "type", kind);
                }
            }
            Rule::Date { operation, start, end, duration } => {
                let element = new(doc, rule, "date_expression", &format!("{base}-expr"));
                doc.set_attr(element, "operation", operation);
                for (name, value) in [("start", start), ("end", end)] {
                    if let Some(value) = value {
                        doc.set_attr(element, name, value);
                    }
                }
                if let Some(duration) = duration {
                    write_pairs(doc, element, "duration", "duration", duration);
                }
            }
            Rule::DateSpec(pairs) => {
                let element = new(doc, rule, "date_expression", &format!("{base}-expr"));
                doc.set_attr(element, "operation", "date_spec");
                write_pairs(doc, element, "date_spec", "datespec", pairs);
            }
            Rule::Resource { class, provider, kind } => {
                let parts: Vec<&str> = [class, provider, kind]
                    .into_iter()
                    .map(String::as_str)
                    .filter(|part| !part.is_empty())
                    .collect();
                let id = ids::sanitized_part(&format!("{base}-rsc-{}", parts.join("-")));
                let element = new(doc, rule, "rsc_expression", &id);
                for (name, value) in [("class", class), ("provider", provider), ("type", kind)] {
                    if !value.is_empty() {
                        doc.set_attr(element, name, value);
                    }
                }
            }
            Rule::Op { name, interval } => {
                let tail = interval.as_ref().map(|interval| format!("-{interval}")).unwrap_or_default();
                let element = new(doc, rule, "op_expression", &format!("{base}-op-{name}{tail}"));
                doc.set_attr(element, "name", name);
                if let Some(interval) = interval {
                    doc.set_attr(element, "interval", interval);
                }
            }
        }
    }
}

fn new(doc: &mut Document, parent: Element, name: &str, base: &str) -> Element {
    let id = ids::free(doc, base);
    let element = doc.append(parent, name);
    doc.set_attr(element, "id", &id);
    element
}

fn write_pairs(doc: &mut Document, parent: Element, name: &str, suffix: &str, pairs: &Pairs) {
    let base = format!("{}-{suffix}", doc.attr(parent, "id").unwrap_or_default());
    let element = new(doc, parent, name, &base);
    for (name, value) in pairs {
        doc.set_attr(element, name, value);
    }
}

fn not_allowed(what: &str) -> Report {
    Report::error(
        "RULE_EXPRESSION_NOT_ALLOWED",
        format!("Keyword {what} cannot be used in a rule in this command"),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn column(text: &str) -> usize {
        parse(text).unwrap_err().column
    }

    #[test]
    fn precedence_and_flattening() {
        let rule = parse("a eq 1 and (b eq 2 or c eq 3) and defined d").unwrap();
        let Rule::All(parts) = rule else { panic!("{rule:?}") };
        assert_eq!(parts.len(), 3);
        assert!(matches!(&parts[1], Rule::Any(inner) if inner.len() == 2));
        assert!(matches!(parse("(a eq 1 or b eq 2)").unwrap(), Rule::Any(_)));
    }

    #[test]
    fn errors_point_at_the_word() {
        assert_eq!(column("bogus expr"), 7);
        assert_eq!(column("a eq 1 and"), 11);
        assert_eq!(column("(a eq 1"), 8);
        assert_eq!(column(""), 1);
        assert!(parse(&"(".repeat(10_000)).is_err());
    }

    #[test]
    fn dates_are_judged() {
        let rule = parse("date in_range 2020-01-02 to 2020-01-01").unwrap();
        assert_eq!(rule.check(Takes::default()).len(), 1);
        let rule = parse("date-spec hours=8-17 weekdays=9 x=1").unwrap();
        assert_eq!(rule.check(Takes::default()).len(), 2);
        assert!(parse("date gt 2030-01-01").unwrap().check(Takes::default()).is_empty());
    }
}
