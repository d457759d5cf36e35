//! `batch`: many commands from standard input, all or nothing.

use super::{Noun, Verb, find};
use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::options::Options;
use crate::{dialect, shell};
use std::io::Read;

/// More is no batch but a mistake.
const BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Options that say where the whole batch acts.
const OF_THE_BATCH: &[&str] = &["-f", "--host", "--dry-run", "--wait", "--request-timeout"];

pub const NOUN: Noun = Noun {
    name: "batch",
    about: "Run many commands, all or nothing",
    verbs: &[Verb {
        words: "",
        usage: "[--dry-run] [--force] [--wait[=<n>]] < <file>
            Run the commands on standard input, one a line, quoted as in a shell; # begins a comment.
            The configuration changes when all of them have succeeded, at once; otherwise not at all.
            What 'config --output-format cmd' prints can be given to it.",
        options: &["-f", "--dry-run", "--force", "--wait"],
        run,
    }],
};

fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::usage());
    }
    let mut text = String::new();
    std::io::stdin()
        .take(BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Failure::Message(format!("unable to read the commands: {error}")))?;
    let at = |number: usize, text: &str| Failure::Message(format!("line {number}: {text}"));
    let lines = shell::commands(&text).map_err(|(number, problem)| at(number, &problem))?;
    context.hold()?;
    for line in lines {
        let shown = line.words.join(" ");
        command(context, line.words).map_err(|failure| {
            if let Failure::Message(text) = failure {
                return at(line.number, &format!("{text}\nNothing was changed"));
            }
            failure.tell();
            at(line.number, &format!("'{shown}' did not succeed, nothing was changed"))
        })?;
    }
    context.commit()?;
    Ok(())
}

/// One command on the held copy; used by `apply` too.
pub fn command(context: &mut Context, mut words: Vec<String>) -> Done {
    if words.first().is_some_and(|word| word == "rhapsody" || word == "pcs") {
        words.remove(0);
    }
    let (options, words) = Options::parse(words).map_err(Failure::Message)?;
    if let Some(option) = OF_THE_BATCH.iter().find(|option| options.has(option)) {
        return Err(Failure::Message(format!("option {option} belongs to the whole batch")));
    }
    let words = dialect::today(words);
    if let Some(verb) = find(&words) {
        let configures = verb.options.contains(&"-f");
        if !configures || super::WHOLE.contains(&words[0].as_str()) {
            let text = format!(
                "'{}' does not act on the configuration alone, it cannot be in a batch",
                words.join(" ")
            );
            return Err(Failure::Message(text));
        }
    }
    let outer = std::mem::replace(&mut context.options, options);
    if outer.has("-f") {
        context.options.set("-f", outer.value("-f"));
    }
    let result = super::dispatch(context, &words);
    context.options = outer;
    result
}
