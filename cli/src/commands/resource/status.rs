//! `resource status`, `stonith status`, `status resources`

use crate::Done;
use crate::commands::{status, usage};
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar;
use rhapsody_ops::tag::{ConfigRequest, Tags};
use rhapsody_status::{Entry, Status};

pub fn resources(context: &mut Context, words: &[String]) -> Done {
    let text = text(context, words, false)?;
    context.line(text.trim_end());
    Ok(())
}

pub fn stonith(context: &mut Context, words: &[String]) -> Done {
    let text = text(context, words, true)?;
    context.line(text.trim_end());
    let named = words.iter().any(|word| !word.contains('='));
    if !named {
        crate::commands::stonith::print_levels_after(context)?;
    }
    Ok(())
}

fn text(context: &mut Context, words: &[String], stonith: bool) -> Result<String, Failure> {
    let (named, ids): (Vec<String>, Vec<String>) = words.iter().cloned().partition(|word| word.contains('='));
    let mut pairs = grammar::pairs(&named)?;
    let node = pairs.shift_remove("node");
    if ids.len() > 1 || !pairs.is_empty() {
        return Err(usage());
    }
    let node = match node {
        Some(node) if node.is_empty() => return Err(Failure::message("missing value of 'node' option")),
        node => node,
    };
    let hide = context.options.has("--hide-inactive");
    let mut model = status::model(context)?;
    if let Some(id) = ids.first() {
        return about(context, &model, id, hide, node.as_deref());
    }
    model.resources.retain(|entry| is_stonith(entry) == stonith);
    if model.resources.is_empty() {
        return Ok(
            if stonith { "NO stonith devices configured" } else { "NO resources configured" }.to_owned()
        );
    }
    let text = model.pcs_resources_text(hide, None, node.as_deref());
    Ok(match stonith {
        true => text.replace("No active resources", "No active stonith devices"),
        false => text,
    })
}

fn is_stonith(entry: &Entry) -> bool {
    matches!(entry, Entry::Resource(resource) if resource.agent.starts_with("stonith:"))
}

/// One resource, or all that a tag names.
fn about(
    context: &mut Context,
    model: &Status,
    id: &str,
    hide: bool,
    node: Option<&str>,
) -> Result<String, Failure> {
    if !model.find(id).is_empty() || model.resources.iter().any(|entry| entry.id() == id) {
        return Ok(model.pcs_resources_text(hide, Some(id), node));
    }
    let tags: Tags = context.get("tag.get_config_dto", &ConfigRequest::default())?;
    let Some(tag) = tags.tags.iter().find(|tag| tag.id == id) else {
        return Err(Failure::Message(format!("resource or tag id '{id}' not found")));
    };
    let mut text = String::new();
    for entry in &model.resources {
        for member in tag.idref_list.iter().filter(|member| holds(entry, member)) {
            let part = model.pcs_resources_text(hide, Some(member), node);
            if !part.contains("No active resources") && !part.contains("No resources") {
                text.push_str(&part);
            }
        }
    }
    if text.is_empty() {
        text = model.pcs_resources_text(hide, Some(id), node);
    }
    Ok(text)
}

fn holds(entry: &Entry, id: &str) -> bool {
    entry.id() == id || entry.primitives().iter().any(|resource| resource.id == id || resource.instance == id)
}
