//! What may stand where somebody is typing: commands, options, names, each with what it is.

use super::{kinds, live, names};
use crate::commands::{NOUNS, Verb};
use crate::options::{LETTERS, OPTIONS, Takes};
use rhapsody_cib::Cib;

/// What the program takes before its options are read.
const OTHERS: &[(&str, &str)] = &[
    ("completion", "completion scripts for shells"),
    ("help", "how commands are written"),
    ("lab", "a cluster on this machine, for trying and testing"),
    ("man", "the manual page"),
    ("simulate", "what the scheduler would do"),
];

/// A word, and a few words about it.
type Candidate = (String, String);

/// Prints candidates for the last word, a line each; `@files` asks the shell for file names.
pub fn print(words: &[&str]) {
    let (current, before) = words.split_last().unwrap_or((&"", &[]));
    let line = Line::read(before);
    if line.wants_file {
        say!("@files");
        return;
    }
    let mut found = if current.starts_with('-') { options(&line) } else { next(&line) };
    if !current.starts_with('-') && !line.wants_value {
        for kind in line.kinds() {
            if kind == "files" {
                say!("@files");
                continue;
            }
            let cib = line.file.map_or_else(live, |path| std::fs::read_to_string(path).ok());
            let cib = cib.and_then(|text| Cib::parse(&text).ok());
            let about = kind.trim_end_matches('s').to_owned();
            found.extend(cib.iter().flat_map(|cib| names(cib, kind)).map(|name| (name, about.clone())));
        }
    }
    found.sort();
    found.dedup();
    for (word, about) in found.iter().filter(|(word, _)| word.starts_with(current)) {
        say!("{word}\t{about}");
    }
}

/// What has been typed before the word in question.
#[derive(Default)]
struct Line<'a> {
    words: Vec<&'a str>,
    file: Option<&'a str>,
    /// The word is the value of an option.
    wants_value: bool,
    wants_file: bool,
}

impl<'a> Line<'a> {
    fn read(before: &[&'a str]) -> Line<'a> {
        let mut line = Line::default();
        let mut before = before.iter().copied();
        while let Some(word) = before.next() {
            if !word.starts_with('-') {
                line.words.push(word);
                continue;
            }
            let long = OPTIONS.iter().any(|(name, _, takes, _)| *name == word && *takes == Takes::Value);
            let short = LETTERS.iter().any(|(letter, takes)| {
                *takes == Takes::Value && word.strip_prefix('-') == Some(letter.to_string().as_str())
            });
            if !long && !short {
                continue;
            }
            let value = before.next();
            if word == "-f" {
                line.file = value;
            }
            line.wants_value = value.is_none();
            line.wants_file = value.is_none()
                && matches!(word, "-f" | "--corosync_conf" | "--booth-conf" | "--booth-key" | "--token");
        }
        line
    }

    /// Verbs that begin with the words typed, and how many of those words are theirs.
    fn verbs(&self) -> impl Iterator<Item = (&'static Verb, Vec<&'static str>)> {
        let noun = NOUNS.iter().find(|noun| Some(&noun.name) == self.words.first());
        noun.into_iter()
            .flat_map(|noun| noun.verbs)
            .map(|verb| (verb, verb.words.split_whitespace().collect()))
    }

    /// The command that is there already, the longest one.
    fn verb(&self) -> Option<&'static Verb> {
        let typed = self.words.get(1..)?;
        let fits =
            |words: &[&str]| words.len() <= typed.len() && words.iter().zip(typed).all(|(a, b)| a == b);
        self.verbs()
            .filter(|(_, words)| fits(words))
            .max_by_key(|(_, words)| words.len())
            .map(|(verb, _)| verb)
    }

    /// Kinds of names that the command wants.
    fn kinds(&self) -> Vec<&'static str> {
        self.verb().map(|verb| kinds(verb.usage)).unwrap_or_default()
    }
}

/// The words that commands go on with.
fn next(line: &Line<'_>) -> Vec<Candidate> {
    if line.wants_value {
        return Vec::new();
    }
    if line.words.is_empty() {
        let nouns = NOUNS.iter().map(|noun| (noun.name, noun.about));
        return nouns
            .chain(OTHERS.iter().copied())
            .map(|(word, about)| (word.to_owned(), about.to_owned()))
            .collect();
    }
    let typed = &line.words[1..];
    line.verbs()
        .filter(|(_, words)| words.len() > typed.len() && words.iter().zip(typed).all(|(a, b)| a == b))
        .map(|(verb, words)| {
            let last = words.len() == typed.len() + 1;
            let about = verb.usage.lines().nth(1).map_or("", str::trim);
            (words[typed.len()].to_owned(), if last { about.to_owned() } else { "...".to_owned() })
        })
        .collect()
}

fn options(line: &Line<'_>) -> Vec<Candidate> {
    const EVERYWHERE: &[&str] = &["--help", "--host", "--debug"];
    let of_verb = line.verb().map_or(&[][..], |verb| verb.options);
    let known = OPTIONS.iter().filter(|(name, ..)| of_verb.contains(name) || EVERYWHERE.contains(name));
    let mut found: Vec<Candidate> =
        known.map(|(name, _, _, about)| ((*name).to_owned(), (*about).to_owned())).collect();
    found.push(("-f".to_owned(), "act on the CIB in this file".to_owned()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(found: Vec<Candidate>) -> Vec<String> {
        found.into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn words_go_on_as_commands_do() {
        let line = |text: &'static str| Line::read(&text.split_whitespace().collect::<Vec<_>>());
        assert!(words(next(&line(""))).contains(&"resource".to_owned()));
        let after_group = words(next(&line("-f x.xml resource group")));
        assert!(after_group.contains(&"add".to_owned()) && !after_group.contains(&"create".to_owned()));
        assert_eq!(line("-f x.xml resource delete").kinds(), ["resources"]);
        assert!(line("-f").wants_file && line("--name").wants_value && !line("--force").wants_value);
        assert!(words(options(&line("property set"))).contains(&"--dry-run".to_owned()));
        assert!(!words(options(&line("property config"))).contains(&"--dry-run".to_owned()));
    }
}
