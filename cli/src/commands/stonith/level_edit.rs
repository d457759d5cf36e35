//! `stonith level add`, `clear`, `delete`, `verify`, `config`

use super::level;
use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::json;
use rhapsody_ops::stonith::level::{AddRequest, Nothing, RemoveRequest, Target};

/// `node`, `node%name`, `regexp%pattern`, `attrib%name=value`.
fn target(word: &str) -> Result<Target, Failure> {
    match word.split_once('%') {
        Some(("regexp", pattern)) => Ok(Target::Pattern(pattern.to_owned())),
        Some(("attrib", pair)) => match pair.split_once('=') {
            Some((name, value)) => Ok(Target::Attribute(name.to_owned(), value.to_owned())),
            None => Err(Failure::Message(format!("missing value of '{pair}' option"))),
        },
        Some(("node" | "", name)) => Ok(Target::Node(name.to_owned())),
        Some((other, _)) => Err(Failure::Message(format!(
            "'{other}' is not an allowed type for '{word}', use attrib, node, regexp"
        ))),
        None => Ok(Target::Node(word.to_owned())),
    }
}

/// Devices separated by blanks.
fn devices(words: &[String]) -> Vec<String> {
    words.to_vec()
}

pub fn add(context: &mut Context, words: &[String]) -> Done {
    let [index, goal, rest @ ..] = words else { return Err(usage()) };
    let (ids, rest): (Vec<String>, Vec<String>) =
        rest.iter().cloned().partition(|word| word.starts_with("id="));
    if rest.is_empty() {
        return Err(usage());
    }
    let request = AddRequest {
        level: index.clone(),
        target: target(goal)?,
        devices: devices(&rest),
        level_id: ids.first().and_then(|id| id.split_once('=')).map(|(_, id)| id.to_owned()),
        force: context.options.force(),
    };
    context.change("rhapsody.stonith.level_add", &request)?;
    Ok(())
}

pub fn config(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let format = context.format(&["cmd", "json", "text"])?;
    match format {
        "json" => {
            let found = level::get(context)?;
            context.line(json::line(&found));
        }
        "cmd" => {
            let found = level::get(context)?;
            context.commands(&level::commands(&found));
        }
        _ => {
            for line in level::text(&level::get(context)?) {
                context.line(line);
            }
        }
    }
    Ok(())
}

/// `target X` and `stonith A B` in either order.
fn selection(words: &[String]) -> Result<(Option<Target>, Vec<String>), Failure> {
    let parts = crate::grammar::Groups::split(words, &["target", "stonith"]);
    if !parts.head.is_empty() {
        return Err(usage());
    }
    parts.once(&["target", "stonith"])?;
    let missing: Vec<String> = ["target", "stonith"]
        .iter()
        .filter(|word| parts.has(word) && parts.flat(word).is_empty())
        .map(|word| format!("'{word}'"))
        .collect();
    if !missing.is_empty() {
        return Err(Failure::Message(format!("Missing value after {}", missing.join(" and "))));
    }
    let goals = parts.flat("target");
    if goals.len() > 1 {
        return Err(usage());
    }
    Ok((goals.first().map(|goal| target(goal)).transpose()?, devices(&parts.flat("stonith"))))
}

pub fn clear(context: &mut Context, words: &[String]) -> Done {
    let legacy = words.first().is_some_and(|word| word != "target" && word != "stonith");
    if legacy {
        return clear_legacy(context, words);
    }
    if words.is_empty() {
        context.change("fencing_topology.remove_all_levels", &Nothing {})?;
        return Ok(());
    }
    let (target, devices) = selection(words)?;
    if target.is_some() && !devices.is_empty() {
        return Err(Failure::message("Only one of 'target' and 'stonith' can be used"));
    }
    let request = RemoveRequest { level: None, target, devices, ignore_missing: false };
    context.change("rhapsody.stonith.level_remove", &request)?;
    Ok(())
}

/// Older versions took a node or devices without a keyword.
fn clear_legacy(_context: &mut Context, _words: &[String]) -> Done {
    Err(usage())
}

pub fn delete(context: &mut Context, words: &[String]) -> Done {
    let [index, rest @ ..] = words else { return Err(usage()) };
    let (target, devices) = selection(rest)?;
    let request = RemoveRequest { level: Some(index.clone()), target, devices, ignore_missing: false };
    context.change("rhapsody.stonith.level_remove", &request)?;
    Ok(())
}

pub fn verify(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    context.run("fencing_topology.verify", &Nothing {})?;
    Ok(())
}
