//! `resource describe`, `list`, `standards`, `providers`, `agents`; `stonith describe`, `list`

use crate::Done;
use crate::commands::property::describe_lines;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_agents_catalog::{Action, Metadata, Parameter};
use rhapsody_ops::agents::{AgentsRequest, DescribeRequest, ListRequest, Listed};
use serde_json::json;

pub fn resource(context: &mut Context, words: &[String]) -> Done {
    let [agent] = words else { return Err(usage()) };
    let found: Metadata =
        context.get_local("resource_agent.describe_agent", &DescribeRequest { agent_name: agent.clone() })?;
    let name = found.name.clone();
    print(context, &found, &name, "Resource options")
}

pub fn stonith(context: &mut Context, words: &[String]) -> Done {
    let [agent] = words else { return Err(usage()) };
    let found: Metadata =
        context.get_local("stonith_agent.describe_agent", &DescribeRequest { agent_name: agent.clone() })?;
    print(context, &found, agent, "Stonith options")
}

fn print(context: &mut Context, found: &Metadata, name: &str, title: &str) -> Done {
    let full = context.options.has("--full");
    match &found.shortdesc {
        Some(text) => context.line(format!("{name} - {}", text.replace('\n', " "))),
        None => context.line(name),
    }
    if let Some(text) = &found.longdesc {
        context.line("");
        context.line(text);
    }
    let shown: Vec<&Parameter> = found
        .parameters
        .iter()
        .filter(|parameter| full || !(parameter.advanced || parameter.deprecated))
        .collect();
    if !shown.is_empty() {
        context.line("");
        context.line(format!("{title}:"));
        for parameter in shown {
            for line in describe_lines(parameter, &description(parameter)) {
                context.line(format!("  {line}"));
            }
        }
    }
    let operations = default_operations(found);
    if !operations.is_empty() {
        context.line("");
        context.line("Default operations:");
        for lines in operations {
            for line in lines {
                context.line(format!("  {line}"));
            }
        }
    }
    Ok(())
}

/// The long description where there is one; fence options have both.
fn description(parameter: &Parameter) -> String {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    match (&parameter.shortdesc, &parameter.longdesc) {
        (Some(short), Some(long)) if parameter.name.starts_with("pcmk_") => {
            let short = flat(short);
            let dot = if short.ends_with('.') { "" } else { "." };
            format!("{short}{dot} {}", flat(long))
        }
        (_, Some(long)) => flat(long),
        (Some(short), None) => flat(short),
        (None, None) => String::new(),
    }
}

fn default_operations(found: &Metadata) -> Vec<Vec<String>> {
    let hidden = ["meta-data", "metadata", "status", "validate-all"];
    let stonith = found.name.starts_with("stonith:");
    let wanted = |action: &&Action| match stonith {
        true => action.name == "monitor",
        false => !hidden.contains(&action.name.as_str()),
    };
    found
        .actions
        .iter()
        .filter(wanted)
        .map(|action| {
            let default = if action.name == "monitor" { "60s" } else { "0s" };
            let mut words = vec![format!("interval={}", action.interval.as_deref().unwrap_or(default))];
            let depth = action.depth.as_ref().filter(|depth| *depth != "0");
            for (name, value) in
                [("start-delay", &action.start_delay), ("timeout", &action.timeout), ("role", &action.role)]
            {
                if let Some(value) = value {
                    words.push(format!("{name}={value}"));
                }
            }
            if let Some(depth) = depth {
                words.push(format!("OCF_CHECK_LEVEL={depth}"));
            }
            vec![format!("{}:", action.name), format!("  {}", words.join(" "))]
        })
        .collect()
}

pub fn list(context: &mut Context, words: &[String]) -> Done {
    list_agents(context, words, "resource_agent.list_agents")
}

pub fn stonith_list(context: &mut Context, words: &[String]) -> Done {
    list_agents(context, words, "stonith_agent.list_agents")
}

fn list_agents(context: &mut Context, words: &[String], command: &str) -> Done {
    if words.len() > 1 {
        return Err(usage());
    }
    let describe = !context.options.has("--nodesc");
    let request = ListRequest { describe, search: words.first().cloned() };
    let found: Vec<Listed> = context.get_local(command, &request)?;
    if found.is_empty() {
        let hint = words.first().map(|search| format!(" matching '{search}'")).unwrap_or_default();
        return Err(Failure::Message(format!(
            "No agents{hint} available. Do you have resource agents installed?"
        )));
    }
    for agent in found {
        let name = agent.name.strip_prefix("stonith:").unwrap_or(&agent.name).to_owned();
        match agent.shortdesc {
            Some(text) => {
                context.line(format!("{name} - {}", text.split_whitespace().collect::<Vec<_>>().join(" ")))
            }
            None => context.line(name),
        }
    }
    Ok(())
}

fn lines(context: &mut Context, command: &str, request: &serde_json::Value) -> Done {
    let found: Vec<String> = context.get_local(command, request)?;
    for line in found {
        context.line(line);
    }
    Ok(())
}

pub fn standards(context: &mut Context, _words: &[String]) -> Done {
    lines(context, "resource_agent.list_standards", &json!({}))
}

pub fn providers(context: &mut Context, _words: &[String]) -> Done {
    lines(context, "resource_agent.list_ocf_providers", &json!({}))
}

pub fn agents(context: &mut Context, words: &[String]) -> Done {
    let request = AgentsRequest { standard_provider: words.first().cloned() };
    let found: Vec<String> =
        context.get_local("resource_agent.list_agents_for_standard_and_provider", &request)?;
    if found.is_empty() {
        let which = words.first().map(|word| format!(" for {word}")).unwrap_or_default();
        return Err(Failure::Message(format!("No agents found{which}")));
    }
    for line in found {
        context.line(line);
    }
    Ok(())
}
