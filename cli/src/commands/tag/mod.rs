//! `rhapsody tag ...`

use super::{Noun, Verb, usage};
use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{cmd, json};
use rhapsody_ops::tag::{ConfigRequest, CreateRequest, RemoveRequest, Tag, Tags, UpdateRequest};

const CONFIG: &[&str] = &["-f", "--output-format"];

pub const NOUN: Noun = Noun {
    name: "tag",
    about: "manage tags, names for sets of resources",
    verbs: &[
        Verb { words: "", usage: "\nShow tags.", options: CONFIG, run: config },
        Verb {
            words: "config",
            usage: "[<tag id>]... [--output-format text|cmd|json]\nShow tags.",
            options: CONFIG,
            run: config,
        },
        Verb { words: "list", usage: "[<tag id>]...\nShow tags.", options: CONFIG, run: config },
        Verb {
            words: "create",
            usage: "<tag id> <id> [<id>]...\nMake a tag.",
            options: &["-f", "--dry-run"],
            run: create,
        },
        Verb {
            words: "delete",
            usage: "<tag id>...\nRemove tags.",
            options: &["-f", "--dry-run"],
            run: remove,
        },
        Verb {
            words: "remove",
            usage: "<tag id>...\nRemove tags.",
            options: &["-f", "--dry-run"],
            run: remove,
        },
        Verb {
            words: "update",
            usage: "<tag id> [add <id>... [--before <id> | --after <id>]] [remove <id>...]\nChange the members of a tag.",
            options: &["-f", "--after", "--before", "--dry-run"],
            run: update,
        },
    ],
};

fn config(context: &mut Context, words: &[String]) -> Done {
    let format = context.format(&["cmd", "json", "text"])?;
    let found: Tags = context.get("tag.get_config_dto", &ConfigRequest { tag_filter: words.to_vec() })?;
    match format {
        "json" => context.line(json::pretty(&found)),
        // Without tags there is one empty line, as pcs prints it.
        "cmd" => context.line(cmd::join_commands(&commands(&found))),
        _ => lines(&found).iter().for_each(|line| context.line(line)),
    }
    Ok(())
}

/// Tags for people.
pub fn lines(found: &Tags) -> Vec<String> {
    let tag = |tag: &Tag| {
        let members = tag.idref_list.iter().map(|id| format!("  {id}"));
        std::iter::once(tag.id.clone()).chain(members).collect::<Vec<_>>()
    };
    found.tags.iter().flat_map(tag).collect()
}

/// Tags as the commands that make them.
pub fn commands(found: &Tags) -> Vec<Vec<String>> {
    let command = |tag: &Tag| {
        let members: Vec<String> = tag.idref_list.iter().map(|id| cmd::quote(id)).collect();
        vec![format!("rhapsody -- tag create {} {}", cmd::quote(&tag.id), members.join(" "))]
    };
    found.tags.iter().map(command).collect()
}

fn create(context: &mut Context, words: &[String]) -> Done {
    let [id, members @ ..] = words else { return Err(usage()) };
    if members.is_empty() {
        return Err(usage());
    }
    let request = CreateRequest { tag_id: id.clone(), idref_list: members.to_vec() };
    context.change("rhapsody.tag.create", &request)?;
    Ok(())
}

fn remove(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    context.change("rhapsody.tag.remove", &RemoveRequest { tag_ids: words.to_vec() })?;
    Ok(())
}

fn update(context: &mut Context, words: &[String]) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    let parts = crate::grammar::Groups::split(rest, &["add", "remove"]);
    if !parts.head.is_empty() || parts.groups.is_empty() {
        return Err(usage());
    }
    parts.once(&["add", "remove"])?;
    if parts.groups.iter().any(|(_, ids)| ids.is_empty()) {
        return Err(Failure::Usage {
            problem: Some("Specify at least one id for 'add' or 'remove' arguments.".to_owned()),
            usage: String::new(),
        });
    }
    let (adjacent, after) = super::resource::adjacent(context)?;
    if let Some(adjacent) = adjacent.as_ref().filter(|_| !parts.has("add")) {
        return Err(Failure::Message(format!("Cannot specify adjacent id '{adjacent}' without ids to add")));
    }
    let request = UpdateRequest {
        tag_id: id.clone(),
        idref_add: parts.flat("add"),
        idref_remove: parts.flat("remove"),
        adjacent_idref: adjacent,
        put_after_adjacent: after,
    };
    context.change("rhapsody.tag.update", &request)?;
    Ok(())
}
