//! `resource relocate`: resources back to their best nodes.

use crate::Done;
use crate::commands::status;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_scheduler::effects;
use rhapsody_status::relocation;
use serde_json::json;

pub fn show(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let cib = status::cib(context)?;
    let planned = effects::of(&effects::without_stickiness(cib.document()), status::now());
    let text = planned.map_err(Failure::Message)?.text;
    context.line(text.trim_end());
    Ok(())
}

pub fn dry_run(context: &mut Context, words: &[String]) -> Done {
    check(context, words)?;
    let cib = status::cib(context)?;
    let plan = relocation::plan(&cib, status::now(), words).map_err(Failure::Message)?;
    let list =
        |nodes: &std::collections::BTreeSet<String>| nodes.iter().cloned().collect::<Vec<_>>().join(" ");
    for found in plan {
        context.line(format!("{}: {} -> {}", found.resource, list(&found.from), list(&found.to)));
    }
    Ok(())
}

pub fn run(context: &mut Context, words: &[String]) -> Done {
    check(context, words)?;
    context.run("rhapsody.resource.relocate_run", &json!({ "resource_ids": words }))?;
    Ok(())
}

pub fn clear(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    context.run("rhapsody.resource.relocate_clear", &json!({}))?;
    Ok(())
}

fn check(context: &mut Context, words: &[String]) -> Done {
    super::refuse_stonith(context, words, None)?;
    let all = super::configured(context)?;
    match words.iter().find(|word| !super::ids(&all).any(|id| id == word.as_str())) {
        Some(unknown) => Err(Failure::Message(format!("resource '{unknown}' does not exist"))),
        None => Ok(()),
    }
}
