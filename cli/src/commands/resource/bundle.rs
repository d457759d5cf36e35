//! `resource bundle ...`

use crate::Done;
use crate::commands::{usage, wait};
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups, Pairs};
use rhapsody_ops::resource::bundle_config::Request;

const KEYWORDS: &[&str] = &["container", "network", "port-map", "storage-map", "meta"];

fn base(context: &Context, id: &str) -> Request {
    Request {
        bundle_id: id.to_owned(),
        ensure_disabled: context.options.has("--disabled"),
        force_options: context.options.force(),
        ..Request::default()
    }
}

fn parts(words: &[String]) -> Result<Groups, Failure> {
    let parts = Groups::split(words, KEYWORDS);
    if !parts.head.is_empty() {
        return Err(usage());
    }
    match parts.groups.iter().find(|(_, words)| words.is_empty()) {
        Some((keyword, _)) => Err(Failure::Message(format!("No {keyword} options specified"))),
        None => Ok(parts),
    }
}

fn maps(parts: &Groups, keyword: &str) -> Result<Vec<Pairs>, Failure> {
    parts.each(keyword).map(grammar::pairs).collect()
}

pub fn create(context: &mut Context, words: &[String]) -> Done {
    make(context, words, "rhapsody.resource.bundle_create", true)
}

pub fn reset(context: &mut Context, words: &[String]) -> Done {
    make(context, words, "rhapsody.resource.bundle_reset", false)
}

fn make(context: &mut Context, words: &[String], command: &str, new: bool) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    let parts = parts(rest)?;
    let mut container = parts.flat("container");
    let mut request = base(context, id);
    if new {
        request.container_type = Some(match container.first().filter(|word| !word.contains('=')).cloned() {
            Some(kind) => {
                container.remove(0);
                kind
            }
            None => String::new(),
        });
    }
    request.container_options = grammar::pairs(&container)?;
    request.network_options = grammar::pairs(&parts.flat("network"))?;
    request.port_map_add = maps(&parts, "port-map")?;
    request.storage_map_add = maps(&parts, "storage-map")?;
    request.meta_attributes = grammar::pairs(&parts.flat("meta"))?;
    wait::refuse_on_file(context)?;
    context.change(command, &request)?;
    Ok(())
}

pub fn update(context: &mut Context, words: &[String]) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    let parts = parts(rest)?;
    let mut request = base(context, id);
    request.container_options = grammar::pairs(&parts.flat("container"))?;
    request.network_options = grammar::pairs(&parts.flat("network"))?;
    request.meta_attributes = grammar::pairs(&parts.flat("meta"))?;
    (request.port_map_add, request.port_map_remove) = changes(&parts, "port-map")?;
    (request.storage_map_add, request.storage_map_remove) = changes(&parts, "storage-map")?;
    wait::refuse_on_file(context)?;
    context.change("rhapsody.resource.bundle_update", &request)?;
    Ok(())
}

/// `port-map add ...` and `port-map remove|delete ID...`.
fn changes(parts: &Groups, keyword: &str) -> Result<(Vec<Pairs>, Vec<String>), Failure> {
    let mut add = Vec::new();
    let mut remove = Vec::new();
    for words in parts.each(keyword) {
        match words.split_first() {
            Some((verb, options)) if verb == "add" && !options.is_empty() => {
                add.push(grammar::pairs(options)?)
            }
            Some((verb, ids)) if (verb == "remove" || verb == "delete") && !ids.is_empty() => {
                remove.extend(ids.iter().cloned());
            }
            _ => {
                return Err(Failure::Message(format!(
                    "When using '{keyword}' you must specify either 'add' and options or either of 'delete' or 'remove' and id(s)"
                )));
            }
        }
    }
    Ok((add, remove))
}
