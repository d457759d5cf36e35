//! The file: sections, `key: value` lines, and everything else kept as it is.

use thiserror::Error;

/// Longer files are refused; a real one has a few kilobytes.
const MAX_BYTES: usize = 1 << 20;
/// Corosync itself needs two.
const MAX_DEPTH: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("corosync.conf line {line}: {message}")]
pub struct ConfError {
    pub line: usize,
    pub message: String,
}

/// A whole corosync.conf.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conf {
    root: Section,
    /// The text did not end with a line end.
    unterminated: bool,
}

/// `name { ... }`. The file itself is one without a name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    name: String,
    items: Vec<Item>,
    /// The lines with the braces as the user wrote them.
    open: Option<String>,
    close: Option<String>,
    line: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Item {
    Pair {
        key: String,
        value: String,
        /// As the user wrote it; None for what we made or changed.
        raw: Option<String>,
        line: usize,
    },
    Section(Section),
    /// A comment or an empty line.
    Other(String),
}

impl Conf {
    /// Takes what Corosync takes: one thing a line, comments only at the beginning of a line.
    pub fn parse(text: &str) -> Result<Conf, ConfError> {
        let fail = |line: usize, message: String| Err(ConfError { line, message });
        if text.len() > MAX_BYTES {
            return fail(1, format!("{} bytes are more than the {MAX_BYTES} that are accepted", text.len()));
        }
        let mut stack = vec![Section::default()];
        for (index, raw) in text.lines().enumerate() {
            let number = index + 1;
            let line = raw.trim();
            if let Some(bad) = line.chars().find(|c| c.is_control() && *c != '\t') {
                return fail(number, format!("the control character {:?}", bad));
            }
            if line.is_empty() || line.starts_with('#') {
                push(&mut stack, Item::Other(raw.to_owned()));
            } else if let Some((name, rest)) = line.split_once('{') {
                let name = name.trim();
                if !rest.trim().is_empty() {
                    return fail(number, "something follows `{`; begin a new line after it".into());
                }
                if name.is_empty() {
                    return fail(number, "a section needs a name in front of `{`".into());
                }
                if stack.len() > MAX_DEPTH {
                    return fail(number, format!("sections nested deeper than {MAX_DEPTH}"));
                }
                stack.push(Section {
                    name: name.to_owned(),
                    open: Some(raw.to_owned()),
                    line: number,
                    ..Section::default()
                });
            } else if let Some((key, value)) = line.split_once(':') {
                let key = key.trim();
                if key.is_empty() {
                    return fail(number, "a key is missing in front of `:`".into());
                }
                if stack.len() == 1 {
                    return fail(number, format!("`{key}` stands outside of any section"));
                }
                push(
                    &mut stack,
                    Item::Pair {
                        key: key.to_owned(),
                        value: value.trim().to_owned(),
                        raw: Some(raw.to_owned()),
                        line: number,
                    },
                );
            } else if line == "}" {
                match (stack.pop(), stack.last_mut()) {
                    (Some(mut section), Some(parent)) => {
                        section.close = Some(raw.to_owned());
                        parent.items.push(Item::Section(section));
                    }
                    _ => return fail(number, "`}` closes a section that was never opened".into()),
                }
            } else if line.contains('}') {
                return fail(number, "`}` must stand alone on its line".into());
            } else {
                return fail(number, "neither a section nor `key: value`".into());
            }
        }
        // There is always the file itself; more than that was left open.
        match stack.pop() {
            Some(root) if stack.is_empty() => {
                let unterminated = !text.is_empty() && !text.ends_with('\n');
                Ok(Conf { root, unterminated })
            }
            last => {
                let (name, line) = last.map(|s| (s.name, s.line)).unwrap_or_default();
                fail(line, format!("the section `{name}` is not closed"))
            }
        }
    }

    pub fn new() -> Conf {
        Conf::default()
    }

    pub fn root(&self) -> &Section {
        &self.root
    }

    pub fn root_mut(&mut self) -> &mut Section {
        &mut self.root
    }

    /// A value of a top level section; the last one counts, wherever the section is repeated.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        self.root.sections(section).filter_map(|s| s.get(key)).last()
    }

    /// Sets a value in the last section of that name (where it counts); makes the section if needed.
    pub fn set(&mut self, section: &str, key: &str, value: &str) {
        let holder = self.root.sections(section).filter(|s| s.get(key).is_some()).count();
        let all = self.root.sections(section).count();
        if all == 0 {
            self.root.add_section(section);
        }
        // The last one that has the key, else the last of all.
        let mut left = if holder > 0 { holder } else { all.max(1) };
        for s in self.root.sections_mut(section) {
            if holder == 0 || s.get(key).is_some() {
                left -= 1;
                if left == 0 {
                    return s.set(key, value);
                }
            }
        }
    }

    /// Removes a key from all top level sections of that name.
    pub fn remove(&mut self, section: &str, key: &str) -> bool {
        let mut found = false;
        for s in self.root.sections_mut(section) {
            found |= s.remove(key);
        }
        found
    }

    /// The file; what was not edited as it was read.
    pub fn to_text(&self) -> String {
        let mut out = String::new();
        self.root.write_kept(&mut out, 0);
        if self.unterminated {
            out.pop();
        }
        out
    }

    /// The file in pcs's layout: values before sections, four spaces, no comments.
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        self.root.write_canonical(&mut out, 0);
        out
    }
}

impl Conf {
    /// What an edited file is written as: in pcs's layout, unless somebody has put comments into it.
    pub fn tidy(&self) -> String {
        if self.root.has_comments() { self.to_text() } else { self.canonical() }
    }
}

fn push(stack: &mut [Section], item: Item) {
    if let Some(section) = stack.last_mut() {
        section.items.push(item);
    }
}

impl Section {
    pub fn new(name: &str) -> Section {
        Section { name: name.to_owned(), ..Section::default() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it begins in the file; 0 if it is new.
    pub fn line(&self) -> usize {
        self.line
    }

    pub fn is_empty(&self) -> bool {
        !self.items.iter().any(|i| !matches!(i, Item::Other(_)))
    }

    /// The last of duplicates counts, as for Corosync.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.pairs().rev().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    pub fn pairs(&self) -> impl DoubleEndedIterator<Item = (&str, &str)> {
        self.pairs_with_lines().map(|(k, v, _)| (k, v))
    }

    pub(crate) fn pairs_with_lines(&self) -> impl DoubleEndedIterator<Item = (&str, &str, usize)> {
        self.items.iter().filter_map(|i| match i {
            Item::Pair { key, value, line, .. } => Some((key.as_str(), value.as_str(), *line)),
            _ => None,
        })
    }

    pub fn sections<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Section> + use<'a> {
        let name = name.to_owned();
        self.all_sections().filter(move |s| s.name == name)
    }

    pub fn all_sections(&self) -> impl Iterator<Item = &Section> {
        self.items.iter().filter_map(|i| match i {
            Item::Section(s) => Some(s),
            _ => None,
        })
    }

    pub fn sections_mut<'a>(&'a mut self, name: &str) -> impl Iterator<Item = &'a mut Section> + use<'a> {
        let name = name.to_owned();
        self.items.iter_mut().filter_map(move |i| match i {
            Item::Section(s) if s.name == name => Some(s),
            _ => None,
        })
    }

    /// Sets a value and removes older duplicates; a new key goes behind the last one.
    pub fn set(&mut self, key: &str, value: &str) {
        let key = one_line(key);
        let value = one_line(value);
        let is_key = |i: &Item| matches!(i, Item::Pair { key: k, .. } if *k == key);
        match self.items.iter().rposition(is_key) {
            Some(last) => {
                if let Item::Pair { value: old, raw, .. } = &mut self.items[last]
                    && *old != value
                {
                    *old = value;
                    *raw = None;
                }
                let mut index = 0;
                self.items.retain(|i| {
                    index += 1;
                    index > last || !is_key(i)
                });
            }
            None => {
                let at = self.items.iter().rposition(|i| matches!(i, Item::Pair { .. })).map_or(0, |i| i + 1);
                self.items.insert(at, Item::Pair { key, value, raw: None, line: 0 });
            }
        }
    }

    /// Can this be a value? There is no quoting in this format.
    pub fn can_hold(value: &str) -> bool {
        !value.contains(|c: char| c.is_control() || matches!(c, '{' | '}'))
    }

    /// Removes all lines with this key.
    pub fn remove(&mut self, key: &str) -> bool {
        let before = self.items.len();
        self.items.retain(|i| !matches!(i, Item::Pair { key: k, .. } if k == key));
        self.items.len() < before
    }

    pub fn add_section(&mut self, name: &str) -> &mut Section {
        self.push_section(Section::new(&one_line(name)))
    }

    pub fn push_section(&mut self, section: Section) -> &mut Section {
        // pcs's layout: an empty line in front of a section, unless it is the first thing.
        let blank = |i: &Item| matches!(i, Item::Other(text) if text.trim().is_empty());
        if self.items.last().is_some_and(|i| !blank(i)) {
            self.items.push(Item::Other(String::new()));
        }
        self.items.push(Item::Section(section));
        match self.items.last_mut() {
            Some(Item::Section(s)) => s,
            // It was pushed two lines above.
            _ => unreachable!("the last item is the section"),
        }
    }

    /// Removes the sections of this name for which `gone` holds; how many there were.
    pub fn remove_sections(&mut self, name: &str, mut gone: impl FnMut(&Section) -> bool) -> usize {
        let mut removed = 0;
        let mut index = 0;
        while index < self.items.len() {
            match &self.items[index] {
                Item::Section(s) if s.name == name && gone(s) => {
                    self.items.remove(index);
                    removed += 1;
                    // With it goes the empty line that set it apart.
                    let blank = |i: &Item| matches!(i, Item::Other(text) if text.trim().is_empty());
                    if index > 0 && blank(&self.items[index - 1]) && self.items.get(index).is_none_or(blank) {
                        self.items.remove(index - 1);
                        index -= 1;
                    }
                }
                _ => index += 1,
            }
        }
        removed
    }

    fn has_comments(&self) -> bool {
        self.items.iter().any(|item| match item {
            Item::Other(text) => !text.trim().is_empty(),
            Item::Section(section) => section.has_comments(),
            Item::Pair { .. } => false,
        })
    }

    fn write_kept(&self, out: &mut String, depth: usize) {
        let indent = "    ".repeat(depth);
        for item in &self.items {
            match item {
                Item::Other(text) => {
                    out.push_str(text);
                    out.push('\n');
                }
                Item::Pair { raw: Some(raw), .. } => {
                    out.push_str(raw);
                    out.push('\n');
                }
                Item::Pair { key, value, .. } => {
                    out.push_str(&format!("{indent}{key}: {value}\n"));
                }
                Item::Section(s) => {
                    match &s.open {
                        Some(open) => out.push_str(open),
                        None => out.push_str(&format!("{indent}{} {{", s.name)),
                    }
                    out.push('\n');
                    s.write_kept(out, depth + 1);
                    match &s.close {
                        Some(close) => out.push_str(close),
                        None => out.push_str(&format!("{indent}}}")),
                    }
                    out.push('\n');
                }
            }
        }
    }

    fn write_canonical(&self, out: &mut String, depth: usize) {
        let indent = "    ".repeat(depth);
        let mut first = true;
        for (key, value) in self.pairs() {
            out.push_str(&format!("{indent}{key}: {value}\n"));
            first = false;
        }
        for section in self.all_sections() {
            if !first {
                out.push('\n');
            }
            first = false;
            out.push_str(&format!("{indent}{} {{\n", section.name));
            section.write_canonical(out, depth + 1);
            out.push_str(&format!("{indent}}}\n"));
        }
    }
}

/// What would break the structure of the file (line ends, braces) becomes a space, so that no value
/// can smuggle in a section. Callers that want to refuse such values use [`Section::can_hold`].
fn one_line(text: &str) -> String {
    let text = text.replace(|c: char| c.is_control() || matches!(c, '{' | '}'), " ");
    text.trim().to_owned()
}
