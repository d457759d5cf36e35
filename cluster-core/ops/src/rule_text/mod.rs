//! Rules as users write them: `#uname eq n1 and (date gt 2030-01-01 or defined ping)`.
//!
//! [`parse`] reads the words, [`Rule::check`] judges dates and numbers, [`Rule::write`] makes the
//! elements.

mod check;
mod parse;
mod write;

pub use check::Takes;
pub use parse::parse;
use rhapsody_api::Report;

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

impl Rule {
    /// Does it ask about the resource? Such rules limit what a default applies to.
    pub fn asks_for_resource(&self) -> bool {
        match self {
            Rule::All(parts) | Rule::Any(parts) => parts.iter().any(Rule::asks_for_resource),
            Rule::Resource { .. } => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_judged() {
        let rule = parse("date in_range 2020-01-02 to 2020-01-01").unwrap();
        assert_eq!(rule.check(Takes::default()).len(), 1);
        let rule = parse("date-spec hours=8-17 weekdays=9 x=1").unwrap();
        assert_eq!(rule.check(Takes::default()).len(), 2);
        assert!(parse("date gt 2030-01-01").unwrap().check(Takes::default()).is_empty());
    }
}
