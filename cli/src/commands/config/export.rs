//! `config`, and the whole as JSON and as commands

use crate::Done;
use crate::commands::resource::defaults::{self, Of};
use crate::commands::{acl, alert, node, property, stonith, tag, usage};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::resources_cmd::{self, Commands};
use crate::output::{constraints_cmd, json};
use rhapsody_ops::configuration::{Configuration, Nothing};

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    match context.format(&["cmd", "json", "text"])? {
        "json" => {
            let found = get(context)?;
            context.line(json::pretty(&found));
        }
        "cmd" => {
            let found = get(context)?;
            let all = commands(&found);
            for warning in &all.warnings {
                eprintln!("Warning: {warning}");
            }
            context.commands(&all.commands);
        }
        _ => super::show::run(context)?,
    }
    Ok(())
}

pub fn get(context: &mut Context) -> Result<Configuration, Failure> {
    context.get("rhapsody.configuration.get", &Nothing::default())
}

/// Commands that make a configuration, in an order in which they can be run.
pub fn commands(all: &Configuration) -> Commands {
    let mut out = Commands::default();
    if let Some(found) = &all.properties {
        out.commands.extend(property::config::commands(found));
    }
    if let Some(found) = &all.resource_defaults {
        out.commands.extend(defaults::commands(found, Of::Resources));
    }
    if let Some(found) = &all.operation_defaults {
        out.commands.extend(defaults::commands(found, Of::Operations));
    }
    if let Some(found) = &all.nodes {
        out.commands.extend(node::attribute::commands(found, false));
        out.commands.extend(node::attribute::commands(found, true));
    }
    if let Some(found) = &all.resources {
        for device in found.primitives.iter().filter(|found| found.agent_name.standard == "stonith") {
            out.primitive(device, None);
        }
        out.extend(resources_cmd::all(found));
    }
    if let Some(found) = &all.fencing_levels {
        out.commands.extend(stonith::level::commands(found));
    }
    // A constraint may name a tag.
    if let Some(found) = &all.tags {
        out.commands.extend(tag::commands(found));
    }
    if let Some(found) = &all.constraints {
        out.extend(constraints_cmd::all(found));
    }
    if let Some(found) = &all.alerts {
        out.commands.extend(alert::config::commands(found));
    }
    // A permission may name anything.
    if let Some(found) = &all.acls {
        out.commands.extend(acl::config::commands(found));
    }
    out
}
