//! `--dry-run`: a command on a copy of the CIB, then what it would have changed, and what the
//! scheduler would have done about it.

use crate::Done;
use crate::commands::Verb;
use crate::context::Context;
use crate::output::cib_diff;
use crate::target_file;
use rhapsody_cib::Cib;
use rhapsody_scheduler::simulate::{self, Request, Text};

/// Runs `verb` on a copy and shows the difference; nothing is written.
pub fn run(context: &mut Context, verb: &Verb, words: &[String]) -> Done {
    context.hold()?;
    (verb.run)(context, words)?;
    for line in consequences(context) {
        context.line(line);
    }
    Ok(())
}

/// The difference between the copy and what it was made from, and the scheduler's moves.
pub fn consequences(context: &Context) -> Vec<String> {
    let Some((before, after)) = context.held().filter(|_| context.has_changed()) else {
        return vec!["Nothing would change.".to_owned()];
    };
    let mut lines = vec!["The configuration would change:".to_owned()];
    lines.extend(cib_diff::lines(before, after));
    lines.push(String::new());
    lines.push("Transition Summary:".to_owned());
    lines.extend(moves(after));
    lines
}

/// The scheduler's moves for a CIB, as `rhapsody simulate` lists them.
pub fn moves(cib: &Cib) -> Vec<String> {
    let request = Request { now: target_file::now(), plan: true, ..Request::default() };
    let mut out = Text::default();
    if let Err(problem) = simulate::simulate(cib.document(), &request, &mut out) {
        return vec![format!("  * not known: {problem}")];
    }
    let moves: Vec<String> = out
        .text
        .lines()
        .skip_while(|line| *line != "Transition Summary:")
        .skip(1)
        .map(str::to_owned)
        .collect();
    if !moves.is_empty() {
        return moves;
    }
    let running = cib.status().is_some_and(|status| {
        cib.children_named(status, "node_state").any(|node| cib.attr(node, "join") == Some("member"))
    });
    vec![match running {
        true => "  * Nothing to do".to_owned(),
        false => "  * Nothing to do: no node is running".to_owned(),
    }]
}
