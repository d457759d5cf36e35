//! From the words to a [`Rule`]. Keywords are taken in any case; `and` and `or` bind alike, from the left.

use super::{Pairs, ParseError, Rule};

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Joint {
    And,
    Or,
}

fn joined(word: Joint, parts: Vec<Rule>) -> Rule {
    match word {
        Joint::And => Rule::All(parts),
        Joint::Or => Rule::Any(parts),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    end: usize,
}

/// Types of values; a value with the name of one needs its type before it.
const KINDS: &[&str] = &["string", "integer", "number", "version"];

const COMPARISONS: &[&str] = &["lt", "gt", "lte", "gte", "eq", "ne"];

/// Reads a rule.
pub fn parse(text: &str) -> Result<Rule, ParseError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, end: text.chars().count() + 1 };
    let rule = parser.chain(0)?;
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

    /// The next word as a keyword would be spelled.
    fn peek(&self) -> Option<String> {
        self.keyword(self.at)
    }

    fn keyword(&self, at: usize) -> Option<String> {
        self.tokens.get(at).filter(|token| !token.quoted).map(|token| token.text.to_ascii_lowercase())
    }

    fn is_next(&self, keyword: &str) -> bool {
        self.peek().as_deref() == Some(keyword)
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

    /// `a or b and c` is `(a or b) and c`; what stands in parentheses stays a rule of its own.
    fn chain(&mut self, depth: usize) -> Result<Rule, ParseError> {
        if depth > DEPTH_MAX {
            return self.fail();
        }
        let first = self.single(depth)?;
        let Some(mut word) = self.joint() else { return Ok(first) };
        let mut parts = vec![first];
        let mut left = 0;
        while let Some(next) = self.joint() {
            if next != word {
                left += 1;
                if left > DEPTH_MAX {
                    return self.fail();
                }
                parts = vec![joined(word, parts)];
                word = next;
            }
            self.at += 1;
            parts.push(self.single(depth)?);
        }
        Ok(joined(word, parts))
    }

    fn joint(&self) -> Option<Joint> {
        match self.peek().as_deref() {
            Some("and") => Some(Joint::And),
            Some("or") => Some(Joint::Or),
            _ => None,
        }
    }

    fn single(&mut self, depth: usize) -> Result<Rule, ParseError> {
        match self.peek().as_deref() {
            Some("(") => {
                self.at += 1;
                let inner = self.chain(depth + 1)?;
                if self.peek().as_deref() != Some(")") {
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
                Ok(Rule::Op { name, interval: self.interval()? })
            }
            _ => self.compare(),
        }
    }

    /// `interval=10s`, which begins with a digit; other words are not part of the expression.
    fn interval(&mut self) -> Result<Option<String>, ParseError> {
        match self.peek().as_deref().and_then(|word| word.strip_prefix("interval=")) {
            Some(interval) if !interval.starts_with(|c: char| c.is_ascii_digit()) => self.fail(),
            Some(interval) => {
                let interval = interval.to_owned();
                self.at += 1;
                Ok(Some(interval))
            }
            None => Ok(None),
        }
    }

    fn next_is_comparison(&self) -> bool {
        self.keyword(self.at + 1).is_some_and(|word| COMPARISONS.contains(&word.as_str()))
    }

    /// `date gt ...` is a date, `date eq ...` an attribute of that name.
    fn next_is_comparison_of_attribute(&self) -> bool {
        matches!(self.keyword(self.at + 1).as_deref(), Some("eq" | "ne" | "lte" | "gte"))
    }

    fn compare(&mut self) -> Result<Rule, ParseError> {
        let attribute = self.word()?;
        let Some(operation) = self.peek().filter(|word| COMPARISONS.contains(&word.as_str())) else {
            return self.fail();
        };
        self.at += 1;
        let kind = self.peek().filter(|word| KINDS.contains(&word.as_str()));
        if kind.is_some() {
            self.at += 1;
        }
        let value = self.word()?;
        Ok(Rule::Compare { attribute, operation, kind, value })
    }

    fn date(&mut self) -> Result<Rule, ParseError> {
        match self.peek().as_deref() {
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
                let start = if self.is_next("to") { None } else { Some(self.word()?) };
                if !self.is_next("to") {
                    return self.fail();
                }
                self.at += 1;
                let pairs = self.keyword(self.at + 1).is_some_and(|word| word.contains('='));
                if self.is_next("duration") && pairs {
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
        while let Some(token) = self.tokens.get(self.at).filter(|token| !token.quoted)
            && let Some((name, value)) = token.text.split_once('=')
        {
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
            (Some(class), Some(provider), Some(kind)) if !kind.contains(':') => Ok(Rule::Resource {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn column(text: &str) -> usize {
        parse(text).unwrap_err().column
    }

    /// The shape of a rule: letters of the attributes, `&` and `|` around what they join.
    fn shape(text: &str) -> String {
        fn of(rule: &Rule) -> String {
            let list = |joint: &str, parts: &[Rule]| {
                format!("({})", parts.iter().map(of).collect::<Vec<_>>().join(joint))
            };
            match rule {
                Rule::All(parts) => list("&", parts),
                Rule::Any(parts) => list("|", parts),
                Rule::Defined { attribute, .. } => attribute.clone(),
                other => format!("{other:?}"),
            }
        }
        let spelled: String = text
            .chars()
            .map(|c| match c {
                '&' => " and ".to_owned(),
                '|' => " or ".to_owned(),
                c if c.is_alphabetic() => format!("defined {c}"),
                c => c.to_string(),
            })
            .collect();
        of(&parse(&spelled).unwrap())
    }

    #[test]
    fn and_and_or_bind_alike_from_the_left() {
        for (text, expected) in [
            ("a", "(a)"),
            ("a&b&c", "(a&b&c)"),
            ("a|b&c", "((a|b)&c)"),
            ("a&b|c&d", "(((a&b)|c)&d)"),
            ("a&(b|c)&d", "(a&(b|c)&d)"),
            ("(a&b)&c", "((a&b)&c)"),
            ("((a|b))", "(a|b)"),
        ] {
            assert_eq!(shape(text), expected, "{text}");
        }
        assert!(parse(&"a eq 1 and b eq 2 or ".repeat(1000)).is_err());
    }

    #[test]
    fn keywords_are_taken_in_any_case() {
        let small = "a eq 1 and defined b or date in_range 2020-01-01 to duration weeks=1";
        let big = "a EQ 1 AND DEFINED b Or DATE In_Range 2020-01-01 TO DURATION weeks=1";
        assert_eq!(parse(big).unwrap(), parse(small).unwrap());
    }

    #[test]
    fn errors_point_at_the_word() {
        assert_eq!(column("bogus expr"), 7);
        assert_eq!(column("a eq 1 and"), 11);
        assert_eq!(column("(a eq 1"), 8);
        assert_eq!(column("a eq string"), 12);
        assert_eq!(column("resource ocf:a:b:c"), 10);
        assert_eq!(column("op monitor interval=soon"), 12);
        assert_eq!(column(""), 1);
        assert!(parse(&"(".repeat(10_000)).is_err());
    }
}
