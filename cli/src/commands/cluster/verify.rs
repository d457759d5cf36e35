//! `cluster verify`: what the scheduler thinks of a configuration.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_cib::Cib;
use rhapsody_scheduler::Options;
use std::fmt::Write;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let text = super::cib::text(context, None)?;
    let cib = Cib::parse(&text).map_err(|error| Failure::Message(format!("invalid cib: {error}")))?;
    let found = problems(&cib);
    if found.is_empty() {
        return Ok(());
    }
    let mut told = String::from("invalid cib:");
    if context.options.has("--full") {
        for (severity, text) in found {
            let _ = write!(told, "\n{severity}: {text}");
        }
    } else {
        let errors = found.iter().filter(|(severity, _)| *severity == "error").count();
        let warnings = found.len() - errors;
        let _ = write!(told, "\n{errors} errors, {warnings} warnings\nUse --full for more details.");
    }
    Err(Failure::Message(told))
}

/// Severity and text of everything that is wrong or doubtful.
fn problems(cib: &Cib) -> Vec<(&'static str, String)> {
    let now = super::super::status::now();
    let outcome = rhapsody_scheduler::schedule(
        &cib.upgraded(),
        &Options { now, show_scores: false, show_utilization: false },
    );
    let mut found: Vec<(&str, String)> =
        cib.errors().into_iter().map(|problem| ("error", problem.to_string())).collect();
    for issue in outcome.issues {
        found.push((if issue.is_error { "error" } else { "warning" }, issue.text));
    }
    found
}
