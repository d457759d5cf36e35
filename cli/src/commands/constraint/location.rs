//! `constraint location`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_ops::constraint::location::{Preference, Request};
use rhapsody_ops::values;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    match words {
        [] => super::config::location(context, words),
        [resource, verb, rule @ ..] if verb == "rule" => super::rule::run(context, resource, rule),
        [resource, verb, nodes @ ..] if (verb == "prefers" || verb == "avoids") && !nodes.is_empty() => {
            prefers(context, resource, verb == "avoids", nodes)
        }
        _ => Err(usage()),
    }
}

/// `regexp%PATTERN`, `resource%ID` or an id.
pub fn target(word: &str) -> Result<(String, bool), Failure> {
    match word.split_once('%') {
        Some(("regexp", pattern)) => Ok((pattern.to_owned(), true)),
        Some(("resource" | "", id)) => Ok((id.to_owned(), false)),
        Some((other, _)) => Err(Failure::Message(format!(
            "'{other}' is not an allowed type for '{word}', use regexp, resource"
        ))),
        None => Ok((word.to_owned(), false)),
    }
}

fn prefers(context: &mut Context, resource: &str, avoids: bool, nodes: &[String]) -> Done {
    let mut preferences = Vec::new();
    for word in nodes {
        let (node, score) = word.split_once('=').unwrap_or((word, "INFINITY"));
        if node.is_empty() {
            return Err(Failure::Message(format!("missing node name in '{word}'")));
        }
        let score = match (avoids && values::is_score(score), score.strip_prefix('-')) {
            (false, _) => score.to_owned(),
            (true, Some(score)) => score.to_owned(),
            (true, None) => format!("-{score}"),
        };
        preferences.push(Preference { node: node.to_owned(), score });
    }
    let (resource, is_pattern) = target(resource)?;
    let request =
        Request { resource, is_pattern, preferences, force: context.options.force(), ..Request::default() };
    context.change("rhapsody.constraint.location_add", &request)?;
    Ok(())
}

pub fn add(context: &mut Context, words: &[String]) -> Done {
    let [id, resource, node, rest @ ..] = words else { return Err(usage()) };
    let mut score = "INFINITY".to_owned();
    let mut options = rest;
    if let Some((first, others)) = rest.split_first()
        && !first.contains('=')
    {
        eprintln!(
            "Deprecation Warning: Specifying score as a standalone value is deprecated and might be removed in a future release, use score=value instead"
        );
        score = first.clone();
        options = others;
    }
    let mut resource_discovery = None;
    for (name, value) in crate::grammar::pairs(options)? {
        match name.as_str() {
            "score" => score = value,
            "resource-discovery" => resource_discovery = Some(value),
            _ => {
                return Err(Failure::Message(format!(
                    "bad option '{name}', allowed options are: 'resource-discovery', 'score'"
                )));
            }
        }
    }
    let (resource, is_pattern) = target(resource)?;
    let request = Request {
        resource,
        is_pattern,
        preferences: vec![Preference { node: node.clone(), score }],
        id: Some(id.clone()),
        resource_discovery,
        force: context.options.force(),
    };
    context.change("rhapsody.constraint.location_add", &request)?;
    Ok(())
}
