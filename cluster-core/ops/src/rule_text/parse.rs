//! From the words to a [`Rule`].

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
