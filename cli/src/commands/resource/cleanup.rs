//! `resource cleanup` and `resource refresh`: forget failures, forget everything.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar;
use serde_json::json;

pub fn cleanup(context: &mut Context, words: &[String]) -> Done {
    let (resource, mut named) = parse(words)?;
    let node = named.shift_remove("node");
    let operation = named.shift_remove("operation");
    let interval = named.shift_remove("interval");
    if !named.is_empty() {
        return Err(usage());
    }
    if interval.is_some() && operation.is_none() {
        return Err(Failure::message("operation must be specified when interval is specified"));
    }
    let strict = context.options.has("--strict");
    let request = json!({
        "resource": resource, "node": node, "operation": operation, "interval": interval, "strict": strict,
    });
    context.run("rhapsody.resource.cleanup", &request).map(|_| ())
}

pub fn refresh(context: &mut Context, words: &[String]) -> Done {
    let (resource, mut named) = parse(words)?;
    let node = named.shift_remove("node");
    if !named.is_empty() {
        return Err(usage());
    }
    let strict = context.options.has("--strict");
    let request = json!({ "resource": resource, "node": node, "strict": strict });
    context.run("rhapsody.resource.refresh", &request).map(|_| ())
}

fn parse(words: &[String]) -> Result<(Option<String>, grammar::Pairs), Failure> {
    let (named, ids): (Vec<String>, Vec<String>) = words.iter().cloned().partition(|w| w.contains('='));
    if ids.len() > 1 {
        return Err(usage());
    }
    Ok((ids.into_iter().next(), grammar::pairs(&named)?))
}
