//! `property config`, `defaults`, `describe`

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::nvset_text::pair;
use crate::output::{cmd, json};
use rhapsody_agents_catalog::Parameter;
use rhapsody_ops::property::config::{Metadata, Nothing, Properties, Request};
use serde_json::{Value, json};

/// Properties whose values come from the cluster are not written as commands.
pub const NOT_IN_COMMANDS: &[&str] =
    &["cluster-infrastructure", "cluster-name", "dc-version", "have-watchdog", "last-lrm-refresh"];

pub(super) fn metadata(context: &mut Context) -> Result<Metadata, Failure> {
    context.get_local("cluster_property.get_properties_metadata", &Nothing {})
}

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let format = context.format(&["cmd", "json", "text"])?;
    if format != "text" && !words.is_empty() {
        return Err(Failure::Message(format!(
            "Cannot specify properties when using '--output-format={format}'"
        )));
    }
    if context.options.has("--defaults") {
        eprintln!(
            "Deprecation Warning: Option --defaults is deprecated and will be removed. Please use command 'rhapsody property defaults' instead."
        );
        let known = metadata(context)?;
        let all: Vec<&Parameter> = known.properties_metadata.iter().collect();
        return print_defaults(context, &all);
    }
    let mut properties: Properties = context.get("cluster_property.get_properties", &Request::default())?;
    // Others belong to rules and tools; this command reads and writes the first.
    properties.nvsets.truncate(1);
    for block in &mut properties.nvsets {
        block.nvpairs.sort_by(|left, right| left.name.cmp(&right.name));
    }
    match format {
        "json" => context.line(json::line(&properties)),
        "cmd" => context.commands(&commands(&properties)),
        _ => print_text(context, &properties, words)?,
    }
    Ok(())
}

/// The first set as the command that makes it.
pub fn commands(properties: &Properties) -> Vec<Vec<String>> {
    let pairs = properties.nvsets.first().map(|block| block.nvpairs.as_slice()).unwrap_or_default();
    let mut pairs: Vec<String> = pairs
        .iter()
        .filter(|found| !NOT_IN_COMMANDS.contains(&found.name.as_str()))
        .map(|found| format!("  {}", cmd::pair(&found.name, &found.value)))
        .collect();
    if pairs.is_empty() {
        return Vec::new();
    }
    pairs.sort();
    let mut lines = vec!["rhapsody property set --force --".to_owned()];
    lines.extend(pairs);
    vec![lines]
}

fn print_text(context: &mut Context, properties: &Properties, words: &[String]) -> Done {
    let all = context.options.has("--all");
    let known = if all || !words.is_empty() { Some(metadata(context)?) } else { None };
    let mut first = true;
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    let default = |name: &str| {
        let found = known.as_ref()?.properties_metadata.iter().find(|parameter| parameter.name == name)?;
        found.default.clone()
    };
    let mut defaults: Vec<(String, String)> = Vec::new();
    if let Some(known) = &known {
        let set = |name: &str| properties.nvsets.first().is_some_and(|block| block.get(name).is_some());
        for parameter in known.properties_metadata.iter().filter(|parameter| all || wanted(&parameter.name)) {
            if let Some(value) = default(&parameter.name).filter(|_| !set(&parameter.name)) {
                defaults.push((parameter.name.clone(), value));
            }
        }
    }
    let empty = properties.nvsets.is_empty();
    for block in &properties.nvsets {
        let mut lines: Vec<(String, String)> = block
            .nvpairs
            .iter()
            .filter(|found| wanted(&found.name))
            .map(|found| (found.name.clone(), pair(&found.name, &found.value)))
            .collect();
        if first {
            lines.extend(
                defaults
                    .iter()
                    .map(|(name, value)| (name.clone(), format!("{} (default)", pair(name, value)))),
            );
        }
        first = false;
        lines.sort();
        let score = block.options.get("score").map(|score| format!(" score={score}")).unwrap_or_default();
        context.line(format!("Cluster Properties: {}{score}", block.id));
        for (_, line) in lines {
            context.line(format!("  {line}"));
        }
        if let Some(rule) = &block.rule {
            for line in crate::output::nvset_text::rule(rule, false) {
                context.line(format!("  {line}"));
            }
        }
    }
    if empty && !defaults.is_empty() {
        context.line("Cluster Properties:");
        defaults.sort();
        for (name, value) in defaults {
            context.line(format!("  {} (default)", pair(&name, &value)));
        }
    }
    Ok(())
}

fn print_defaults(context: &mut Context, parameters: &[&Parameter]) -> Done {
    let mut sorted: Vec<&&Parameter> = parameters.iter().collect();
    sorted.sort_by(|left, right| left.name.cmp(&right.name));
    for parameter in sorted {
        if let Some(value) = &parameter.default {
            context.line(pair(&parameter.name, value));
        }
    }
    Ok(())
}

pub fn defaults(context: &mut Context, words: &[String]) -> Done {
    let full = context.options.has("--full");
    let known = metadata(context)?;
    if words.is_empty() {
        let shown: Vec<&Parameter> =
            known.properties_metadata.iter().filter(|parameter| full || !parameter.advanced).collect();
        return print_defaults(context, &shown);
    }
    let mut shown: Vec<&Parameter> = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    for word in words {
        match known
            .properties_metadata
            .iter()
            .find(|parameter| parameter.name == *word && parameter.default.is_some())
        {
            Some(found) => shown.push(found),
            None => unknown.push(format!("'{word}'")),
        }
    }
    if !unknown.is_empty() {
        unknown.sort();
        let what = if unknown.len() == 1 { "property" } else { "properties" };
        return Err(Failure::Message(format!("No default value for {what}: {}", unknown.join(", "))));
    }
    print_defaults(context, &shown)
}

/// Short and long description in one; none where the long one only says the short one again.
pub(super) fn long_description(parameter: &Parameter) -> Option<String> {
    let long = parameter.longdesc.as_ref()?;
    let Some(short) = parameter.shortdesc.as_ref() else { return Some(long.clone()) };
    if short == long {
        return None;
    }
    let dot = if short.ends_with('.') { "" } else { "." };
    Some(format!("{short}{dot}\n{long}"))
}

/// One option, as `describe` shows it.
pub fn describe_lines(parameter: &Parameter, description: &str) -> Vec<String> {
    let mut notes: Vec<String> = Vec::new();
    if parameter.advanced {
        notes.push("advanced use only".to_owned());
    }
    if parameter.required {
        notes.push("required".to_owned());
    }
    let mut head = parameter.name.clone();
    if parameter.deprecated {
        notes.push("deprecated".to_owned());
    }
    if let Some(group) = parameter.unique_group.as_ref().filter(|group| !group.starts_with("__pcs")) {
        notes.push(format!("unique group: {group}"));
    }
    if !notes.is_empty() {
        head.push_str(&format!(" ({})", notes.join("; ")));
    }
    let mut lines = vec![head];
    if !description.is_empty() {
        lines.push(format!("  Description: {}", description.replace('\n', " ")));
    }
    match &parameter.enum_values {
        Some(values) => {
            let values: Vec<String> = values.iter().map(|value| format!("'{value}'")).collect();
            lines.push(format!("  Allowed values: {}", values.join(", ")));
        }
        None => lines.push(format!("  Type: {}", parameter.kind)),
    }
    if let Some(default) = parameter.default.as_ref().filter(|default| !default.is_empty()) {
        lines.push(format!("  Default: {default}"));
    }
    lines
}

pub fn describe(context: &mut Context, words: &[String]) -> Done {
    let format = context.format(&["json", "text"])?;
    if format == "json" && !words.is_empty() {
        return Err(Failure::message("property filtering is not supported with --output-format=json"));
    }
    let full = context.options.has("--full");
    let mut known = metadata(context)?;
    for parameter in &mut known.properties_metadata {
        parameter.longdesc = long_description(parameter);
    }
    if format == "json" {
        let list: Vec<Value> = known.properties_metadata.iter().map(parameter_json).collect();
        context.line(json::line(
            &json!({"properties_metadata": list, "readonly_properties": known.readonly_properties}),
        ));
        return Ok(());
    }
    let mut shown: Vec<&Parameter> = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    if words.is_empty() {
        shown.extend(known.properties_metadata.iter().filter(|parameter| full || !parameter.advanced));
    }
    for word in words {
        match known.properties_metadata.iter().find(|parameter| parameter.name == *word) {
            Some(found) => shown.push(found),
            None => unknown.push(format!("'{word}'")),
        }
    }
    if !unknown.is_empty() {
        unknown.sort();
        let what = if unknown.len() == 1 { "property" } else { "properties" };
        return Err(Failure::Message(format!("No description for {what}: {}", unknown.join(", "))));
    }
    shown.sort_by(|left, right| left.name.cmp(&right.name));
    shown.dedup_by(|left, right| left.name == right.name);
    for parameter in shown {
        let description = parameter.longdesc.as_deref().or(parameter.shortdesc.as_deref());
        for line in describe_lines(parameter, description.unwrap_or("")) {
            context.line(line);
        }
    }
    Ok(())
}

/// One option as pcs prints it in JSON.
pub fn parameter_json(parameter: &Parameter) -> Value {
    let mut value = serde_json::to_value(parameter).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("generated");
    }
    value
}
