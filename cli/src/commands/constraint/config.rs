//! `constraint config` and the listings of each kind

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::constraints_text::{self, Full};
use crate::output::{cmd, constraints_cmd, json};
use crate::settings;
use rhapsody_ops::constraint::config::Request;
use rhapsody_ops::dto::constraints::Constraints;

fn get(context: &mut Context) -> Result<Constraints, Failure> {
    let evaluate_rules = settings::rules_are_evaluated();
    context.get("constraint.get_config", &Request { evaluate_rules })
}

pub fn all(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(crate::commands::usage());
    }
    print(context, |_| {})
}

pub fn list(context: &mut Context, words: &[String]) -> Done {
    all(context, words)
}

pub fn location(context: &mut Context, words: &[String]) -> Done {
    match words {
        [] => print(context, |found| {
            let location = std::mem::take(&mut found.location);
            let location_set = std::mem::take(&mut found.location_set);
            *found = Constraints { location, location_set, ..Constraints::default() };
        }),
        [by, ids @ ..] if by == "resources" || by == "nodes" => grouped(context, by == "nodes", ids),
        _ => Err(crate::commands::usage()),
    }
}

pub fn order(context: &mut Context, words: &[String]) -> Done {
    only(context, words, |found| Constraints {
        order: std::mem::take(&mut found.order),
        order_set: std::mem::take(&mut found.order_set),
        ..Constraints::default()
    })
}

pub fn colocation(context: &mut Context, words: &[String]) -> Done {
    only(context, words, |found| Constraints {
        colocation: std::mem::take(&mut found.colocation),
        colocation_set: std::mem::take(&mut found.colocation_set),
        ..Constraints::default()
    })
}

pub fn ticket(context: &mut Context, words: &[String]) -> Done {
    only(context, words, |found| Constraints {
        ticket: std::mem::take(&mut found.ticket),
        ticket_set: std::mem::take(&mut found.ticket_set),
        ..Constraints::default()
    })
}

fn only(context: &mut Context, words: &[String], pick: fn(&mut Constraints) -> Constraints) -> Done {
    if !words.is_empty() {
        return Err(crate::commands::usage());
    }
    print(context, |found| *found = pick(found))
}

/// Leaves out constraints whose rules are all expired.
fn without_expired(found: &mut Constraints) {
    found.location.retain(|location| {
        let rules = &location.attributes.rules;
        rules.is_empty() || rules.iter().any(|rule| rule.in_effect != "EXPIRED")
    });
}

fn print(context: &mut Context, pick: impl FnOnce(&mut Constraints)) -> Done {
    let format = context.format(&["cmd", "json", "text"])?;
    if format != "text" && context.options.has("--full") {
        return Err(Failure::Message(format!(
            "option '--full' is not compatible with '{format}' output format."
        )));
    }
    let mut found = get(context)?;
    pick(&mut found);
    if !context.options.has("--all") && format == "text" {
        without_expired(&mut found);
    }
    match format {
        "json" => {
            if !context.options.has("--all") {
                without_expired(&mut found);
            }
            context.line(json::pretty(&found));
        }
        "cmd" => {
            if !context.options.has("--all") {
                without_expired(&mut found);
            }
            let commands = constraints_cmd::all(&found);
            for warning in &commands.warnings {
                eprintln!("Warning: {warning}");
            }
            context.line(cmd::join_commands(&commands.commands));
        }
        _ => {
            let full = Full(context.options.has("--full"));
            for line in constraints_text::all(&found, full) {
                context.line(line);
            }
        }
    }
    Ok(())
}

/// `location config resources|nodes [ID...]`.
fn grouped(context: &mut Context, nodes: bool, ids: &[String]) -> Done {
    let mut found = get(context)?;
    if !context.options.has("--all") {
        without_expired(&mut found);
    }
    let full = Full(context.options.has("--full"));
    let (lines, warn) = match nodes {
        true => constraints_text::by_node(&found, ids, full),
        false => (constraints_text::by_resource(&found, ids, full), false),
    };
    if warn {
        eprintln!("Warning: Constraints with rules are not displayed.");
    }
    for line in lines {
        context.line(line);
    }
    Ok(())
}
