//! `resource ban`, `move-with-constraint`, `clear`

use crate::Done;
use crate::commands::{usage, wait};
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar;
use rhapsody_ops::resource::moving::{ClearRequest, Request};
use serde_json::json;

fn promoted(context: &Context) -> bool {
    if context.options.has("--master") {
        eprintln!(
            "Deprecation Warning: option '--master' is the old spelling of '--promoted', please use that"
        );
    }
    context.options.has("--master") || context.options.has("--promoted")
}

fn request(context: &Context, words: &[String], verb: &str) -> Result<Request, Failure> {
    let Some((resource, rest)) = words.split_first() else {
        return Err(Failure::Message(format!("must specify a resource to {verb}")));
    };
    let (options, names): (Vec<String>, Vec<String>) =
        rest.iter().cloned().partition(|word| word.contains('='));
    let options = grammar::pairs(&options)?;
    if names.len() > 1 || options.keys().any(|name| name != "lifetime") {
        return Err(usage());
    }
    Ok(Request {
        resource_id: resource.clone(),
        node: names.first().cloned(),
        master: promoted(context),
        lifetime: options.get("lifetime").cloned(),
    })
}

pub fn ban(context: &mut Context, words: &[String]) -> Done {
    let request = request(context, words, "ban")?;
    wait::refuse_on_file(context)?;
    context.change("resource.ban", &request)?;
    Ok(())
}

/// Away, and nothing is left behind.
pub fn move_away(context: &mut Context, words: &[String]) -> Done {
    let (resource, node) = match words {
        [] => return Err(Failure::message("must specify a resource to move")),
        [resource] => (resource, None),
        [resource, node] if !node.contains('=') => (resource, Some(node)),
        _ => return Err(usage()),
    };
    let request = json!({
        "resource_id": resource,
        "node": node,
        "master": promoted(context),
        "wait_timeout": context.wait_seconds()?.unwrap_or(0),
        "strict": context.options.has("--strict"),
    });
    context.run("resource.move_autoclean", &request)?;
    Ok(())
}

pub fn restart(context: &mut Context, words: &[String]) -> Done {
    let (resource, node) = match words {
        [] => return Err(Failure::message("You must specify a resource to restart")),
        [resource] => (resource, None),
        [resource, node] => (resource, Some(node)),
        _ => return Err(usage()),
    };
    super::refuse_stonith(context, std::slice::from_ref(resource), None)?;
    let timeout = context.wait_seconds()?.filter(|seconds| *seconds > 0);
    let request = json!({ "resource_id": resource, "node": node, "timeout": timeout });
    context.run("resource.restart", &request)?;
    Ok(())
}

pub fn move_with_constraint(context: &mut Context, words: &[String]) -> Done {
    let request = request(context, words, "move")?;
    wait::refuse_on_file(context)?;
    context.change("resource.move", &request)?;
    Ok(())
}

pub fn clear(context: &mut Context, words: &[String]) -> Done {
    let (resource, node) = match words {
        [] => return Err(Failure::message("must specify a resource to clear")),
        [resource] => (resource, None),
        [resource, node] => (resource, Some(node.clone())),
        _ => return Err(usage()),
    };
    wait::refuse_on_file(context)?;
    let request = ClearRequest {
        resource_id: resource.clone(),
        node,
        master: promoted(context),
        expired: context.options.has("--expired"),
    };
    context.change("resource.unmove_unban", &request)?;
    Ok(())
}
