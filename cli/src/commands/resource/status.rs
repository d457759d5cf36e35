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
    if words.is_empty() {
        crate::commands::stonith::print_levels_after(context)?;
    }
    Ok(())
}

fn text(context: &mut Context, words: &[String], stonith: bool) -> Result<String, Failure> {
    // One word is the id, wherever it stands; everything else has a name.
    let mut named: Vec<String> = words.to_vec();
    let id = named.iter().position(|word| !word.contains('=')).map(|at| named.remove(at));
    let mut pairs = grammar::pairs(&named)?;
    let node = pairs.shift_remove("node");
    if !pairs.is_empty() {
        return Err(usage());
    }
    let node = match node {
        Some(node) if node.is_empty() => return Err(Failure::message("missing value of 'node' option")),
        node => node,
    };
    let hide = context.options.has("--hide-inactive");
    let mut model = status::model(context)?;
    if let Some(id) = &id {
        return about(context, &model, id, hide, node.as_deref());
    }
    let filtered = hide || node.is_some();
    if filtered && nothing(&model.pcs_resources_text(hide, None, node.as_deref())) {
        return Ok(NOTHING_ACTIVE.to_owned());
    }
    model.resources.retain(|entry| is_stonith(entry) == stonith);
    let text = model.pcs_resources_text(hide, None, node.as_deref());
    if nothing(&text) {
        let none = if stonith { "NO stonith devices configured" } else { "NO resources configured" };
        return Ok(none.to_owned());
    }
    Ok(text)
}

const NOTHING_ACTIVE: &str = "No active resources";

/// A status that shows no resource at all.
fn nothing(text: &str) -> bool {
    let sentence = text.trim().trim_start_matches("* ");
    matches!(sentence, "" | NOTHING_ACTIVE | "No resources" | "NO resources configured")
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
        let text = model.pcs_resources_text(hide, Some(id), node);
        return Ok(if nothing(&text) { NOTHING_ACTIVE.to_owned() } else { text });
    }
    let tags: Tags = context.get("tag.get_config_dto", &ConfigRequest::default())?;
    let Some(tag) = tags.tags.iter().find(|tag| tag.id == id) else {
        return Err(Failure::Message(format!("resource or tag id '{id}' not found")));
    };
    let mut text = String::new();
    for entry in &model.resources {
        for member in tag.idref_list.iter().filter(|member| holds(entry, member)) {
            let part = model.pcs_resources_text(hide, Some(member), node);
            if !nothing(&part) {
                text.push_str(&part);
            }
        }
    }
    Ok(if text.is_empty() { NOTHING_ACTIVE.to_owned() } else { text })
}

fn holds(entry: &Entry, id: &str) -> bool {
    entry.id() == id || entry.primitives().iter().any(|resource| resource.id == id || resource.instance == id)
}
