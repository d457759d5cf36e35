//! The part of XPath 1.0 that patches, ACLs and queries of a CIB use: absolute paths of child and
//! `//` steps with `*` or names, predicates `[@a='v']`, `[@a]`, `[n]`, `[position()=n]`,
//! `[a or b]`, `[a and b]`, and unions with `|`. A trailing `/@attr` selects the elements that
//! have it.

use crate::{Document, Element};
use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("XPath `{path}`: {message} at character {position}")]
pub struct XpathError {
    pub path: String,
    pub position: usize,
    pub message: &'static str,
}

/// What an element must fulfil.
#[derive(Debug, Clone, PartialEq)]
enum Test {
    HasAttr(String),
    AttrIs(String, String),
    AttrIsNot(String, String),
    Position(usize),
    Last,
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    /// `//` before it.
    deep: bool,
    /// None is `*`.
    name: Option<String>,
    tests: Vec<Test>,
}

/// A parsed expression, for repeated use.
#[derive(Debug, Clone)]
pub struct Xpath {
    paths: Vec<Vec<Step>>,
}

/// The selected elements in document order.
pub fn select(doc: &Document, path: &str) -> Result<Vec<Element>, XpathError> {
    Ok(Xpath::parse(path)?.select(doc))
}

/// The path by which Pacemaker names an element: `/cib/configuration/resources/primitive[@id='x']`.
pub fn path_of(doc: &Document, e: Element) -> String {
    let mut parts = Vec::new();
    let mut at = Some(e);
    while let Some(x) = at {
        parts.push(match doc.attr(x, "id") {
            Some(id) => format!("{}[@id='{id}']", doc.name(x)),
            None => doc.name(x).to_owned(),
        });
        at = doc.parent(x);
    }
    parts.reverse();
    format!("/{}", parts.join("/"))
}

impl Xpath {
    pub fn parse(path: &str) -> Result<Xpath, XpathError> {
        let mut parser = Parser { path, pos: 0, depth: 0 };
        let mut paths = vec![parser.path_expr()?];
        while parser.eat("|") {
            paths.push(parser.path_expr()?);
        }
        parser.space();
        if parser.pos < path.len() {
            return parser.fail("something unexpected");
        }
        Ok(Xpath { paths })
    }

    pub fn select(&self, doc: &Document) -> Vec<Element> {
        let mut found: Vec<Element> = Vec::new();
        for path in &self.paths {
            found.extend(select_path(doc, path));
        }
        if self.paths.len() > 1 || self.paths[0].iter().filter(|s| s.deep).count() > 1 {
            let wanted: std::collections::BTreeSet<Element> = found.into_iter().collect();
            return doc.descendants(doc.root()).filter(|e| wanted.contains(e)).collect();
        }
        found
    }
}

fn select_path(doc: &Document, path: &[Step]) -> Vec<Element> {
    // None is the document above the root element.
    let mut current: Vec<Option<Element>> = vec![None];
    for step in path {
        let mut next: Vec<Option<Element>> = Vec::new();
        for &context in &current {
            // `//x[1]` is the first x of each parent: the step is taken below each descendant.
            let parents: Vec<Option<Element>> = match (step.deep, context) {
                (false, c) => vec![c],
                (true, None) => std::iter::once(None).chain(doc.descendants(doc.root()).map(Some)).collect(),
                (true, Some(c)) => doc.descendants(c).map(Some).collect(),
            };
            for parent in parents {
                take_step(doc, parent, step, &mut next);
            }
        }
        if step.deep {
            // Nested contexts reach the same element more than once.
            let mut seen = std::collections::BTreeSet::new();
            next.retain(|e| seen.insert(*e));
        }
        current = next;
    }
    current.into_iter().flatten().collect()
}

fn take_step(doc: &Document, parent: Option<Element>, step: &Step, next: &mut Vec<Option<Element>>) {
    let named = |e: &Element| step.name.as_deref().is_none_or(|n| doc.name(*e) == n);
    let mut found: Vec<Element> = match parent {
        None => Some(doc.root()).filter(named).into_iter().collect(),
        Some(p) => doc.children(p).filter(named).collect(),
    };
    for test in &step.tests {
        let last = found.len();
        found = found
            .into_iter()
            .enumerate()
            .filter(|(i, e)| holds(doc, *e, test, i + 1, last))
            .map(|(_, e)| e)
            .collect();
    }
    next.extend(found.into_iter().map(Some));
}

fn holds(doc: &Document, e: Element, test: &Test, position: usize, last: usize) -> bool {
    match test {
        Test::HasAttr(a) => doc.has_attr(e, a),
        Test::AttrIs(a, v) => doc.attr(e, a) == Some(v),
        Test::AttrIsNot(a, v) => doc.attr(e, a).is_some_and(|x| x != v),
        Test::Position(n) => position == *n,
        Test::Last => position == last,
        Test::All(tests) => tests.iter().all(|t| holds(doc, e, t, position, last)),
        Test::Any(tests) => tests.iter().any(|t| holds(doc, e, t, position, last)),
        Test::Not(test) => !holds(doc, e, test, position, last),
    }
}

struct Parser<'a> {
    path: &'a str,
    pos: usize,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn fail<T>(&self, message: &'static str) -> Result<T, XpathError> {
        Err(XpathError { path: self.path.to_owned(), position: self.pos + 1, message })
    }

    fn rest(&self) -> &'a str {
        &self.path[self.pos..]
    }

    fn space(&mut self) {
        self.pos += self.rest().len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.pos += token.len();
        }
        found
    }

    fn word(&mut self) -> Result<String, XpathError> {
        self.space();
        let rest = self.rest();
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':')))
            .unwrap_or(rest.len());
        if end == 0 {
            return self.fail("a name is expected");
        }
        self.pos += end;
        Ok(rest[..end].to_owned())
    }

    fn path_expr(&mut self) -> Result<Vec<Step>, XpathError> {
        let mut steps = Vec::new();
        loop {
            let deep = if self.eat("//") {
                true
            } else if self.eat("/") {
                false
            } else if steps.is_empty() {
                return self.fail("only absolute paths are known, `/` or `//` is expected");
            } else {
                return Ok(steps);
            };
            if self.eat("@") {
                let name = self.word()?;
                let test = Test::HasAttr(name);
                match steps.last_mut() {
                    Some(Step { tests, .. }) if !deep => tests.push(test),
                    _ => steps.push(Step { deep, name: None, tests: vec![test] }),
                }
                return Ok(steps);
            }
            let name = if self.eat("*") { None } else { Some(self.word()?) };
            let mut tests = Vec::new();
            while self.eat("[") {
                tests.push(self.any()?);
                if !self.eat("]") {
                    return self.fail("`]` is expected");
                }
            }
            steps.push(Step { deep, name, tests });
        }
    }

    fn any(&mut self) -> Result<Test, XpathError> {
        let mut tests = vec![self.all()?];
        while self.keyword("or") {
            tests.push(self.all()?);
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::Any(tests) })
    }

    fn all(&mut self) -> Result<Test, XpathError> {
        let mut tests = vec![self.one()?];
        while self.keyword("and") {
            tests.push(self.one()?);
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::All(tests) })
    }

    fn keyword(&mut self, word: &str) -> bool {
        self.space();
        let follows = self.rest().strip_prefix(word);
        let found = follows.is_some_and(|r| !r.starts_with(|c: char| c.is_alphanumeric() || c == '-'));
        if found {
            self.pos += word.len();
        }
        found
    }

    fn one(&mut self) -> Result<Test, XpathError> {
        if self.depth == 32 {
            return self.fail("nested too deep");
        }
        self.depth += 1;
        let test = self.one_inner();
        self.depth -= 1;
        test
    }

    fn one_inner(&mut self) -> Result<Test, XpathError> {
        if self.eat("@") {
            let name = self.word()?;
            if self.eat("!=") {
                return Ok(Test::AttrIsNot(name, self.literal()?));
            }
            if self.eat("=") {
                return Ok(Test::AttrIs(name, self.literal()?));
            }
            return Ok(Test::HasAttr(name));
        }
        if self.eat("(") {
            let test = self.any()?;
            return if self.eat(")") { Ok(test) } else { self.fail("`)` is expected") };
        }
        if self.eat("last()") {
            return Ok(Test::Last);
        }
        if self.keyword("not") {
            if !self.eat("(") {
                return self.fail("`(` is expected");
            }
            let test = self.any()?;
            return if self.eat(")") { Ok(Test::Not(Box::new(test))) } else { self.fail("`)` is expected") };
        }
        if self.eat("position()") && !self.eat("=") {
            return self.fail("`=` is expected");
        }
        match self.word()?.parse() {
            Ok(n) => Ok(Test::Position(n)),
            Err(_) => self.fail("a predicate that is not known"),
        }
    }

    fn literal(&mut self) -> Result<String, XpathError> {
        self.space();
        let rest = self.rest();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return self.fail("a quoted text is expected");
        };
        let Some(end) = rest[1..].find(quote) else {
            return self.fail("the text does not end");
        };
        self.pos += end + 2;
        Ok(rest[1..=end].to_owned())
    }
}
