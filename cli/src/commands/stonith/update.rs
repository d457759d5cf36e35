//! `stonith update`, `meta`, `enable`, `disable`

use crate::Done;
use crate::commands::{resource, usage, wait};
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_ops::resource::switch::Request;
use rhapsody_ops::work::ForceFlags;

/// Resources have their own commands.
fn refuse_resources(context: &mut Context, words: &[String], verb: &str) -> Done {
    let all = resource::configured(context)?;
    let wrong = words
        .iter()
        .any(|word| resource::ids(&all).any(|id| id == word) && !resource::is_stonith(&all, word));
    match wrong {
        true => Err(Failure::Message(format!(
            "This command does not accept resources. Please use 'rhapsody resource {verb}' instead."
        ))),
        false => Ok(()),
    }
}

pub fn update(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    refuse_resources(context, &words[..1], "update")?;
    resource::update::run(context, words)
}

pub fn meta(context: &mut Context, words: &[String]) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    refuse_resources(context, std::slice::from_ref(id), "meta")?;
    if rest.is_empty() {
        return Err(usage());
    }
    resource::update::change_meta(context, id, rest)
}

pub fn op_add(context: &mut Context, words: &[String]) -> Done {
    refuse_resources(context, words.get(..1).unwrap_or_default(), "op add")?;
    resource::update::add_operation(context, words)
}

pub fn op_remove(context: &mut Context, words: &[String]) -> Done {
    refuse_resources(context, words.get(..1).unwrap_or_default(), "op delete")?;
    resource::update::remove_operation(context, words)
}

pub fn switch(context: &mut Context, words: &[String], verb: &str) -> Done {
    if words.is_empty() {
        return Err(Failure::Message(format!("You must specify stonith resource(s) to {verb}")));
    }
    refuse_resources(context, words, verb)?;
    wait::refuse_on_file(context)?;
    let request =
        Request { resource_or_tag_ids: words.to_vec(), force_flags: ForceFlags::from(context.force_flags()) };
    context.change(&format!("resource.{verb}"), &request)?;
    Ok(())
}
