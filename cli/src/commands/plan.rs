//! `plan FILE`, `apply FILE`: from the configuration there is to the one in a file.

use super::{Noun, Verb, usage};
use crate::Done;
use crate::context::Context;
use crate::output::{cib_diff, json};
use crate::{dry_run, plan};
use serde_json::json;

pub const PLAN: Noun = Noun {
    name: "plan",
    about: "Show how to come to the configuration in a file",
    verbs: &[Verb {
        words: "",
        usage: "<file> [--output-format text|json]
            Compare the configuration with the file (- is standard input), which is written as
            'config --output-format json' writes it; sections that it does not have are left alone.
            Shows the commands that lead there, what they change and what the scheduler would do.",
        options: &["-f", "--output-format"],
        run: show,
    }],
};

pub const APPLY: Noun = Noun {
    name: "apply",
    about: "Bring the configuration to what a file says",
    verbs: &[Verb {
        words: "",
        usage: "<file> [--dry-run] [--force] [--wait[=<n>]] [--output-format text|json]
            Do what 'plan' shows, at once or not at all. The second time there is nothing to do.",
        options: &["-f", "--dry-run", "--force", "--output-format", "--wait"],
        run: apply,
    }],
};

fn show(context: &mut Context, words: &[String]) -> Done {
    run(context, words, false)
}

fn apply(context: &mut Context, words: &[String]) -> Done {
    run(context, words, true)
}

fn run(context: &mut Context, words: &[String], write: bool) -> Done {
    let [path] = words else { return Err(usage()) };
    let format = context.format(&["json", "text"])?;
    let wanted = plan::file::read(path)?;
    context.hold()?;
    let commands = plan::carry_out(context, &wanted)?;
    let changed = context.has_changed();
    // A dry run shows its consequences itself.
    let dry = context.options.has("--dry-run");
    let consequences = if write && !dry { Vec::new() } else { dry_run::consequences(context) };
    let (mut changes, mut moves) = (Vec::new(), Vec::new());
    if format == "json"
        && let Some((before, after)) = context.held().filter(|_| changed)
    {
        changes = cib_diff::lines(before, after);
        moves = dry_run::moves(after);
    }
    if write {
        context.commit()?;
    }
    if format == "json" {
        let moves: Vec<&str> = moves.iter().map(|line| line.trim_start_matches([' ', '*'])).collect();
        let answer = json!({"changed": changed, "commands": commands, "changes": changes, "moves": moves});
        context.line(json::pretty(&answer));
        return Ok(());
    }
    if !changed {
        context.line("Nothing to change: the configuration is what the file says.");
        return Ok(());
    }
    for command in &commands {
        context.line(command);
    }
    if !write || dry {
        context.line("");
    }
    for line in consequences.into_iter().filter(|_| !dry) {
        context.line(line);
    }
    Ok(())
}
