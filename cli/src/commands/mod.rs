//! The command tables: a noun is a module, a verb is a line of its table.
//!
//! [`dispatch`] finds the longest match (`resource op defaults update`), checks the options, and
//! makes one call. Help, completion and the answer to unknown words come from the same tables.

pub mod acl;
pub mod alert;
pub mod batch;
pub mod booth;
pub mod cib;
pub mod client;
pub mod cluster;
pub mod config;
mod confirm;
pub mod constraint;
pub mod dr;
pub mod explain;
pub mod host;
pub mod lab;
pub mod missing;
pub mod node;
pub mod pcsd;
pub mod plan;
pub mod property;
pub mod quorum;
pub mod resource;
pub mod simulate;
pub mod status;
pub mod stonith;
pub mod tag;
pub mod wait;

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::suggest;
use std::fmt::Write;

/// One command.
pub struct Verb {
    /// The words after the noun, separated by blanks; empty for the noun alone.
    pub words: &'static str,
    /// What follows the words, and after a newline what it does.
    pub usage: &'static str,
    /// Options that mean something here, besides those that mean something everywhere.
    pub options: &'static [&'static str],
    pub run: fn(&mut Context, &[String]) -> Done,
}

/// All commands that begin with one word.
pub struct Noun {
    pub name: &'static str,
    pub about: &'static str,
    pub verbs: &'static [Verb],
}

/// Every noun that has commands.
pub const NOUNS: &[Noun] = &[
    acl::NOUN,
    alert::NOUN,
    plan::APPLY,
    batch::NOUN,
    booth::NOUN,
    cib::NOUN,
    client::NOUN,
    cluster::NOUN,
    config::NOUN,
    constraint::NOUN,
    dr::NOUN,
    explain::NOUN,
    host::NOUN,
    node::NOUN,
    pcsd::NOUN,
    plan::PLAN,
    property::NOUN,
    quorum::NOUN,
    resource::NOUN,
    status::NOUN,
    stonith::NOUN,
    tag::NOUN,
];

/// Nouns that are whole commands: what follows them is their arguments.
const WHOLE: &[&str] = &["apply", "batch", "explain", "plan"];

/// Runs the command that the words name.
pub fn dispatch(context: &mut Context, words: &[String]) -> Done {
    if context.options.has("--version") {
        context.line(env!("CARGO_PKG_VERSION"));
        return Ok(());
    }
    let help = context.options.has("--help") || words.first().is_some_and(|word| word == "help");
    if help {
        let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| *word != "help").collect();
        context.line(usage_of(&words).trim_end());
        return Ok(());
    }
    let Some(name) = words.first() else {
        return Err(Failure::Usage { problem: None, usage: usage_of(&[]) });
    };
    let Some(noun) = NOUNS.iter().find(|noun| noun.name == name) else {
        return Err(missing::answer(words));
    };
    let Some((verb, used)) = longest(noun, &words[1..]) else {
        return Err(missing::answer(words));
    };
    let beyond: Vec<String> =
        context.options.beyond(verb.options).map(|option| format!("'{option}'")).collect();
    if !beyond.is_empty() {
        let (s, are) = if beyond.len() == 1 { ("", "is") } else { ("s", "are") };
        let text = format!("Specified option{s} {} {are} not supported in this command", beyond.join(", "));
        return Err(Failure::Message(text));
    }
    let words = &words[1 + used..];
    // What changes corosync.conf shows by itself what would change in it.
    let result = match context.options.has("--dry-run") && verb.options.contains(&"-f") {
        true => crate::dry_run::run(context, verb, words),
        false => (verb.run)(context, words),
    };
    result.map_err(|failure| match failure {
        Failure::Usage { problem, usage } if usage.is_empty() => {
            let problem = problem.or_else(|| missing::nearly_another(noun, verb, words));
            Failure::Usage { problem, usage: usage_line(noun.name, verb) }
        }
        other => other,
    })
}

/// The words make no sense to this command: its usage is shown.
pub fn usage() -> Failure {
    Failure::Usage { problem: None, usage: String::new() }
}

/// The verb that the words name, if there is one.
pub fn find(words: &[String]) -> Option<&'static Verb> {
    let noun = NOUNS.iter().find(|noun| Some(noun.name) == words.first().map(String::as_str))?;
    longest(noun, &words[1..]).map(|(verb, _)| verb)
}

fn longest<'a>(noun: &'a Noun, words: &[String]) -> Option<(&'a Verb, usize)> {
    noun.verbs
        .iter()
        .filter_map(|verb| {
            let verb_words: Vec<&str> = verb.words.split_whitespace().collect();
            let fits = verb_words.len() <= words.len()
                && verb_words.iter().zip(words).all(|(verb, word)| verb == word);
            // The noun alone is no catch-all for verbs that do not exist.
            let fits = fits && (!verb_words.is_empty() || words.is_empty() || WHOLE.contains(&noun.name));
            fits.then_some((verb, verb_words.len()))
        })
        .max_by_key(|(_, used)| *used)
}

fn usage_line(noun: &str, verb: &Verb) -> String {
    let mut lines = verb.usage.lines();
    let mut text = format!("Usage: rhapsody {noun}");
    for part in [verb.words, lines.next().unwrap_or("")] {
        if !part.is_empty() {
            let _ = write!(text, " {part}");
        }
    }
    text.push('\n');
    for line in lines {
        let _ = writeln!(text, "    {}", line.trim());
    }
    text
}

/// Help for everything, for a noun, or for a verb.
pub fn usage_of(words: &[&str]) -> String {
    let noun = words.first().and_then(|name| NOUNS.iter().find(|noun| noun.name == *name));
    let Some(noun) = noun else {
        let mut text = String::from("Usage: rhapsody [-f file] [-h] [commands]...\n\nCommands:\n");
        for noun in NOUNS {
            let _ = writeln!(text, "    {:<12}{}", noun.name, noun.about);
        }
        text.push_str("    lab         a cluster on this machine, for trying and testing\n");
        text.push_str("    simulate    what the scheduler would do\n\nOptions:\n");
        text.push_str("    -f FILE              act on the CIB in this file, without a cluster\n");
        text.push_str("    -u USER, -p PASSWORD\n");
        for (name, _, takes, about) in crate::options::OPTIONS.iter().take(12) {
            let name = match takes {
                crate::options::Takes::Nothing => (*name).to_owned(),
                crate::options::Takes::Value => format!("{name} VALUE"),
                crate::options::Takes::Maybe => format!("{name}[=n]"),
            };
            let _ = writeln!(text, "    {name:<24} {about}");
        }
        return text;
    };
    let rest: Vec<String> = words[1..].iter().map(|word| (*word).to_owned()).collect();
    if !rest.is_empty()
        && let Some((verb, _)) = longest(noun, &rest)
    {
        return usage_line(noun.name, verb);
    }
    let mut text = format!("Usage: rhapsody {} ...\n{}\n\n", noun.name, noun.about);
    for verb in noun.verbs {
        let usage = usage_line(noun.name, verb);
        let _ = writeln!(text, "{}", usage.trim_start_matches("Usage: rhapsody ").trim_end());
    }
    text
}

/// The known first words after a noun, nearest to what was typed.
fn nearest_verb(noun: &Noun, word: &str) -> Option<&'static str> {
    suggest::nearest(word, noun.verbs.iter().filter_map(|verb| verb.words.split_whitespace().next()))
}
