//! What is wrong with a CIB, in words for the person who wrote it.
//!
//! An error is what Pacemaker's schemas refuse: unknown or misplaced elements and attributes,
//! missing ones, values of the wrong kind, ids used twice, references to nothing. A warning is what
//! is accepted but cannot work, such as a fencing level whose device is not there. Comments, processing
//! instructions and everything below `<status>` are not looked at.

mod references;
mod vocabulary;

use crate::Cib;
use rhapsody_xml::Element;
use rustc_hash::FxHashMap;
use std::fmt;
use vocabulary::{Kind, Word};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Warning,
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// The element, such as "primitive `vip`".
    pub place: String,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// More problems than this are not listed.
const MAX_PROBLEMS: usize = 200;

impl Cib {
    /// Everything that is wrong, in document order. With `validate-with="none"` only ids and
    /// references are looked at.
    pub fn problems(&self) -> Vec<Problem> {
        let by_schema = self.schema() != Some("none");
        let mut checker = Checker { cib: self, by_schema, problems: Vec::new(), ids: FxHashMap::default() };
        checker.schema_name();
        checker.element(self.root());
        references::check(&mut checker);
        checker.problems
    }

    /// The errors alone; empty means that this CIB can be used.
    pub fn errors(&self) -> Vec<Problem> {
        let mut problems = self.problems();
        problems.retain(|p| p.severity == Severity::Error);
        problems
    }
}

struct Checker<'a> {
    cib: &'a Cib,
    by_schema: bool,
    problems: Vec<Problem>,
    /// Where each id was met first.
    ids: FxHashMap<&'a str, Element>,
}

impl<'a> Checker<'a> {
    fn error(&mut self, e: Element, message: impl Into<String>) {
        self.add(Severity::Error, e, message.into());
    }

    fn warn(&mut self, e: Element, message: impl Into<String>) {
        self.add(Severity::Warning, e, message.into());
    }

    /// A reference to nothing, which Pacemaker's schemas refuse too.
    fn dangling(&mut self, e: Element, message: String) {
        let severity = if self.by_schema { Severity::Error } else { Severity::Warning };
        self.add(severity, e, message);
    }

    fn add(&mut self, severity: Severity, e: Element, message: String) {
        if self.problems.len() < MAX_PROBLEMS {
            let place = self.place(e);
            self.problems.push(Problem { severity, place, message });
        }
    }

    fn place(&self, e: Element) -> String {
        let cib = self.cib;
        let name = short(cib.name(e));
        match cib.attr(e, "id") {
            Some(id) => format!("{name} `{}`", short(id)),
            None => match cib.parent(e).and_then(|p| Some((cib.name(p), cib.attr(p, "id")?))) {
                Some((parent, id)) => format!("{name} in {parent} `{}`", short(id)),
                None => name,
            },
        }
    }

    fn schema_name(&mut self) {
        let root = self.cib.root();
        match self.cib.schema() {
            None => self.warn(root, "it does not say by which schema it is valid (`validate-with`)"),
            Some("none" | "transitional-0.6" | "pacemaker-next") => {}
            Some(schema) => match self.cib.schema_number() {
                Some((1..=4, _)) => {}
                _ => {
                    let schema = short(schema);
                    self.error(
                        root,
                        format!("the schema `{schema}` is not known, the newest is pacemaker-4.0"),
                    );
                }
            },
        }
    }

    /// An element with all below it. Depth is bounded by the parser; here it is an explicit stack.
    fn element(&mut self, top: Element) {
        let (cib, by_schema) = (self.cib, self.by_schema);
        let mut todo = vec![top];
        while let Some(e) = todo.pop() {
            let name = cib.name(e);
            if name == "status" && cib.parent(e) == Some(cib.root()) {
                continue;
            }
            let word = vocabulary::find(name);
            if by_schema && let Some(word) = word {
                self.attributes(e, word);
                self.children(e, word);
                self.choices(e, word);
                if !cib.text(e).trim().is_empty() {
                    let text = cib.text(e);
                    self.error(e, format!("the text `{}` has no place here", short(text.trim())));
                }
            }
            self.id(e, word);
            let from = todo.len();
            // What is not known is reported by its parent; nothing below it can be judged.
            todo.extend(cib.children(e).filter(|c| !by_schema || vocabulary::find(cib.name(*c)).is_some()));
            todo[from..].reverse();
        }
    }

    fn id(&mut self, e: Element, word: Option<&Word>) {
        let is_id = match word {
            Some(word) => word.attr("id").is_some_and(|rule| rule.kind == Kind::Id),
            None => false,
        };
        if let Some(id) = self.cib.attr(e, "id").filter(|_| is_id) {
            if let Some(first) = self.ids.get(id).copied() {
                let name = self.cib.name(first);
                self.error(e, format!("the id is used already, by a {name}"));
            } else {
                self.ids.insert(id, e);
            }
        }
    }

    fn attributes(&mut self, e: Element, word: &Word) {
        let cib = self.cib;
        for rule in word.attrs.iter().filter(|r| r.required) {
            if !cib.has_attr(e, rule.name) {
                self.error(e, format!("the attribute `{}` is missing", rule.name));
            }
        }
        for (name, value) in cib.attrs(e) {
            let Some(rule) = word.attr(name) else {
                if !name.starts_with("xmlns") && !name.contains(':') {
                    let names: Vec<&str> = word.attrs.iter().map(|r| r.name).collect();
                    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                    self.error(
                        e,
                        format!("the attribute `{}` is not known here; known: {names}", short(name)),
                    );
                }
                continue;
            };
            let fits = match rule.kind {
                Kind::Text => continue,
                Kind::Id | Kind::Ref => is_name(value),
                Kind::Bool => matches!(value.trim(), "true" | "false" | "1" | "0"),
                Kind::Int => {
                    let digits = value.trim();
                    let digits = digits.strip_prefix(['+', '-']).unwrap_or(digits);
                    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
                }
                Kind::Score => {
                    crate::Score::parse(value).is_some() || matches!(value, "red" | "yellow" | "green")
                }
                Kind::OneOf(words) => words.split('|').any(|w| w == value),
            };
            if fits {
                continue;
            }
            let wanted = match rule.kind {
                Kind::Id | Kind::Ref => "an id (letters, digits, `.`, `-`, `_`; no digit first)".to_owned(),
                Kind::Bool => "`true` or `false`".to_owned(),
                Kind::Int => "a whole number".to_owned(),
                Kind::Score => "a score (a whole number, INFINITY or -INFINITY)".to_owned(),
                Kind::OneOf(words) => format!("one of {}", words.replace('|', ", ")),
                Kind::Text => continue,
            };
            self.error(e, format!("`{name}` is `{}`, it must be {wanted}", short(value)));
        }
    }

    fn children(&mut self, e: Element, word: &Word) {
        let cib = self.cib;
        let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
        for child in cib.children(e) {
            let name = cib.name(child);
            let count = counts.entry(name).or_default();
            *count += 1;
            match word.child(name) {
                // Elements of other namespaces are nobody's business.
                None if name.contains(':') || cib.has_attr(child, "xmlns") => {}
                None if *count > 1 => {}
                None if vocabulary::find(name).is_some() => {
                    self.error(child, format!("it has no place in {}", cib.name(e)));
                }
                None => self.error(child, "the element is not known"),
                Some(rule) if *count == rule.most.saturating_add(1) => {
                    self.error(child, format!("there may be only one in {}", cib.name(e)));
                }
                Some(_) => {}
            }
        }
        for rule in &word.children {
            if counts.get(rule.name).copied().unwrap_or(0) < rule.least {
                self.error(e, format!("there is no `{}` in it", rule.name));
            }
        }
    }

    /// What a table cannot say.
    fn choices(&mut self, e: Element, word: &Word) {
        let cib = self.cib;
        let has = |name| cib.has_attr(e, name);
        let count = |names: &[&str]| cib.children(e).filter(|c| names.contains(&cib.name(*c))).count();
        let sets = || count(&["resource_set"]) > 0;
        match cib.name(e) {
            "primitive" if has("template") && has("class") => {
                self.error(e, "it has both a template and an agent");
            }
            "primitive" | "template" => self.agent(e),
            "clone" | "master" if count(&["primitive", "group"]) != 1 => {
                self.error(e, "it must have exactly one primitive or group in it");
            }
            "bundle" if count(&["docker", "podman", "rkt"]) != 1 => {
                self.error(e, "it must have exactly one of docker, podman and rkt in it");
            }
            "port-mapping" if has("port") == has("range") => {
                self.error(e, "it must have either `port` or `range`");
            }
            "storage-mapping" if has("source-dir") == has("source-dir-root") => {
                self.error(e, "it must have either `source-dir` or `source-dir-root`");
            }
            "rsc_location" => {
                let who = [has("rsc"), has("rsc-pattern"), sets()].iter().filter(|x| **x).count();
                if who != 1 {
                    self.error(e, "it must have one of `rsc`, `rsc-pattern` and resource sets");
                }
                let rules = count(&["rule"]) > 0;
                if rules == has("node") {
                    self.error(e, "it must have either a `node` with a `score`, or rules");
                } else if has("node") && !has("score") {
                    self.error(e, "the attribute `score` is missing");
                }
            }
            "rsc_colocation" => self.pair_or_sets(e, "rsc", "with-rsc", sets()),
            "rsc_order" => self.pair_or_sets(e, "first", "then", sets()),
            "rsc_ticket" if has("rsc") == sets() => {
                self.error(e, "it must have either `rsc` or resource sets");
            }
            "resource_set" if !has("id-ref") && count(&["resource_ref"]) == 0 => {
                self.error(e, "there is no resource in it");
            }
            "rule" if !has("id-ref") && cib.children(e).next().is_none() => {
                self.error(e, "there is no condition in it");
            }
            "date_expression" => self.date(e),
            "nvpair" if !has("id-ref") && !has("name") => {
                self.error(e, "the attribute `name` is missing");
            }
            "fencing-level" => {
                let by_attribute = has("target-attribute") && has("target-value");
                let ways = [has("target"), has("target-pattern"), by_attribute];
                if ways.iter().filter(|x| **x).count() != 1 {
                    let known = "`target`, `target-pattern`, or `target-attribute` with `target-value`";
                    self.error(e, format!("it must have one of {known}"));
                }
                if cib.attr(e, "index").and_then(|i| i.parse::<i64>().ok()).is_some_and(|i| i < 1) {
                    self.error(e, "`index` counts from 1");
                }
            }
            "acl_permission" => {
                let ways = [has("xpath"), has("reference"), has("object-type")];
                if ways.iter().filter(|x| **x).count() != 1 {
                    self.error(e, "it must have one of `xpath`, `reference` and `object-type`");
                }
            }
            _ => {}
        }
        let may_refer = word.attr("id-ref").is_some();
        if may_refer && has("id") && has("id-ref") {
            self.error(e, "it has both `id` and `id-ref`");
        }
        if may_refer && !has("id") && !has("id-ref") && cib.name(e) != "operations" {
            self.error(e, "the attribute `id` is missing");
        }
    }

    fn agent(&mut self, e: Element) {
        let cib = self.cib;
        if cib.has_attr(e, "template") {
            return;
        }
        const CLASSES: [&str; 8] =
            ["ocf", "lsb", "heartbeat", "stonith", "upstart", "service", "systemd", "nagios"];
        match cib.attr(e, "class") {
            None => self.error(e, "the attribute `class` is missing (or a `template`)"),
            Some("ocf") if !cib.has_attr(e, "provider") => {
                self.error(e, "an agent of class ocf needs a `provider`");
            }
            Some(class) if !CLASSES.contains(&class) => {
                self.error(
                    e,
                    format!("`class` is `{}`, it must be one of {}", short(class), CLASSES.join(", ")),
                );
            }
            Some(_) => {}
        }
        if !cib.has_attr(e, "type") {
            self.error(e, "the attribute `type` is missing");
        }
    }

    fn pair_or_sets(&mut self, e: Element, one: &str, other: &str, sets: bool) {
        let (a, b) = (self.cib.has_attr(e, one), self.cib.has_attr(e, other));
        if a != b || a == sets {
            self.error(e, format!("it must have either `{one}` and `{other}`, or resource sets"));
        }
    }

    fn date(&mut self, e: Element) {
        let cib = self.cib;
        let (start, end) = (cib.has_attr(e, "start"), cib.has_attr(e, "end"));
        let message = match cib.attr(e, "operation").unwrap_or("in_range") {
            "in_range" if !start && !end => "`in_range` needs `start`, `end` or both",
            "gt" if !start => "`gt` needs a `start`",
            "lt" if !end => "`lt` needs an `end`",
            "date_spec" if cib.child(e, "date_spec").is_none() => "there is no `date_spec` in it",
            _ => return,
        };
        self.error(e, message);
    }
}

/// As XML wants ids: a letter or `_` first, then letters, digits, `.`, `-`, `_`.
fn is_name(text: &str) -> bool {
    let mut chars = text.trim().chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_') || (c as u32) >= 0xb7)
}

/// Enough of a text to recognise it.
fn short(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let start: String = text.chars().take(MOST).collect();
    format!("{start}...")
}

#[cfg(test)]
mod tests;
