//! `node attribute`, `node utilization`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar;
use crate::output::cmd::{self, quote};
use crate::output::json;
use crate::output::nvset_text::{self, indent};
use rhapsody_ops::dto::nvset::Nvset;
use rhapsody_ops::node::attribute::{Node, Nodes, Request};

pub fn attribute(context: &mut Context, words: &[String]) -> Done {
    run(context, words, false)
}

pub fn utilization(context: &mut Context, words: &[String]) -> Done {
    if context.format(&["cmd", "json", "text"])? == "text" {
        warn_placement(context)?;
    }
    run(context, words, true)
}

/// Utilization means nothing while placement does not look at it.
pub fn warn_placement(context: &mut Context) -> Done {
    let properties: rhapsody_ops::property::config::Properties =
        context.get("cluster_property.get_properties", &serde_json::json!({}))?;
    let strategy =
        properties.nvsets.iter().find_map(|block| block.get("placement-strategy")).unwrap_or("default");
    if strategy == "default" {
        eprintln!(
            "Warning: Utilization attributes configuration has no effect until cluster property option 'placement-strategy' is \
             set to one of the values: 'balanced', 'minimal', 'utilization'"
        );
    }
    Ok(())
}

fn run(context: &mut Context, words: &[String], utilization: bool) -> Done {
    let format = context.format(&["cmd", "json", "text"])?;
    let name = context.options.value("--name").map(str::to_owned);
    if let [node, pairs @ ..] = words
        && !pairs.is_empty()
    {
        if format != "text" {
            return Err(usage());
        }
        let request = Request {
            name: node.clone(),
            attributes: grammar::pairs(pairs)?,
            force: context.options.force(),
        };
        return change(context, &request, utilization);
    }
    if format != "text" && (name.is_some() || !words.is_empty()) {
        return Err(Failure::message("filtering is not supported with --output-format=cmd|json"));
    }
    let found: Nodes = context.get("rhapsody.node.config", &serde_json::json!({}))?;
    match format {
        "json" => context.line(json::line(&found)),
        "cmd" => context.commands(&commands(&found, utilization)),
        _ => print(context, &found, words.first(), name.as_deref(), utilization)?,
    }
    Ok(())
}

fn change(context: &mut Context, request: &Request, utilization: bool) -> Done {
    if utilization {
        context.change("rhapsody.node.utilization", request)?;
        return Ok(());
    }
    let answer = context.ask("rhapsody.node.attribute", request)?;
    let absent = answer.reports.iter().any(|report| report.message.code == "ATTRIBUTE_DOES_NOT_EXIST");
    crate::output::reports::tell(&answer.reports, false);
    match (answer.done, absent) {
        (true, _) => Ok(()),
        (false, true) => Err(Failure::Code(2)),
        (false, false) => Err(Failure::Told),
    }
}

fn blocks(node: &Node, utilization: bool) -> &[Nvset] {
    if utilization { &node.utilization } else { &node.instance_attributes }
}

/// What nodes have, as the commands that give it to them.
pub fn commands(found: &Nodes, utilization: bool) -> Vec<Vec<String>> {
    found.nodes.iter().filter_map(|node| as_command(node, utilization)).map(|line| vec![line]).collect()
}

fn as_command(node: &Node, utilization: bool) -> Option<String> {
    let pairs: Vec<String> = blocks(node, utilization)
        .first()?
        .nvpairs
        .iter()
        .map(|found| cmd::pair(&found.name, &found.value))
        .collect();
    let verb = if utilization { "utilization" } else { "attribute" };
    (!pairs.is_empty()).then(|| format!("rhapsody -- node {verb} {} {}", quote(&node.uname), pairs.join(" ")))
}

fn print(
    context: &mut Context,
    found: &Nodes,
    only: Option<&String>,
    name: Option<&str>,
    utilization: bool,
) -> Done {
    if let Some(only) = only
        && !found.nodes.iter().any(|node| node.uname == *only)
    {
        return Err(Failure::Message(format!("Unable to find a node: {only}")));
    }
    let title = if utilization { "Utilization" } else { "Attributes" };
    let mut nodes: Vec<&Node> =
        found.nodes.iter().filter(|node| only.is_none_or(|only| node.uname == *only)).collect();
    nodes.sort_by(|left, right| left.uname.cmp(&right.uname));
    for node in nodes {
        let mut lines = Vec::new();
        for block in blocks(node, utilization) {
            let mut block = block.clone();
            block.nvpairs.retain(|pair| name.is_none_or(|name| pair.name == name));
            if !block.nvpairs.is_empty() {
                lines.extend(nvset_text::block(title, &block));
            }
        }
        if !lines.is_empty() {
            context.line(format!("Node: {}", node.uname));
            for line in indent(lines) {
                context.line(line);
            }
        }
    }
    Ok(())
}
