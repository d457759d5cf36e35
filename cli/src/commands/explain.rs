//! `explain CODE`: what a report means and what to do about it.

use super::{Noun, Verb, usage};
use crate::Done;
use crate::context::Context;
use crate::explain::{self, Explanation};
use crate::failure::Failure;
use crate::output::json;
use crate::suggest;
use serde_json::json;

pub const NOUN: Noun = Noun {
    name: "explain",
    about: "Say what the code of a report means",
    verbs: &[Verb {
        words: "",
        usage: "<code>... | --list [--output-format text|json]
            Say what happened when a report has this code, why, and what to do.",
        options: &["--list", "--output-format"],
        run,
    }],
};

fn run(context: &mut Context, words: &[String]) -> Done {
    let list = context.options.has("--list");
    if list != words.is_empty() {
        return Err(usage());
    }
    let mut shown: Vec<Explanation> = explain::all().collect();
    if !list {
        shown = words.iter().map(|word| find(word)).collect::<Result<_, _>>()?;
    }
    shown.sort_by_key(|found| found.code);
    if context.format(&["json", "text"])? == "json" {
        let all: Vec<_> = shown
            .iter()
            .map(|found| json!({"code": found.code, "what": found.what, "why": found.why, "do": found.todo}))
            .collect();
        context.line(json::pretty(&all));
        return Ok(());
    }
    for (at, found) in shown.iter().enumerate() {
        if list {
            context.line(format!("{:<58} {}", found.code, found.what));
            continue;
        }
        if at > 0 {
            context.line("");
        }
        context.line(found.code);
        for (title, text) in [("What", found.what), ("Why", found.why), ("Do", found.todo)] {
            context.line(format!("  {title:<5} {text}"));
        }
    }
    Ok(())
}

fn find(word: &str) -> Result<Explanation, Failure> {
    let code = word.to_ascii_uppercase().replace('-', "_");
    explain::find(&code).ok_or_else(|| {
        let near = suggest::nearest(&code, explain::all().map(|found| found.code));
        let near = near.map(|near| format!(", did you mean '{near}'?")).unwrap_or_default();
        Failure::Message(format!(
            "there is no report code '{word}'{near}\nHint: 'rhapsody explain --list' shows all"
        ))
    })
}
