//! What is configured, for commands that must know what a word names.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_ops::dto::resources::Resources;
use rhapsody_ops::resource::tree;

/// Ids of everything that is a resource.
pub fn ids(all: &Resources) -> impl Iterator<Item = &str> {
    let primitives = all.primitives.iter().map(|found| found.id.as_str());
    let groups = all.groups.iter().map(|found| found.id.as_str());
    let clones = all.clones.iter().map(|found| found.id.as_str());
    let bundles = all.bundles.iter().map(|found| found.id.as_str());
    primitives.chain(groups).chain(clones).chain(bundles)
}

/// Is this the id of a fence device?
pub fn is_stonith(all: &Resources, id: &str) -> bool {
    all.primitives.iter().any(|found| found.id == id && found.agent_name.standard == "stonith")
}

pub fn configured(context: &mut Context) -> Result<Resources, Failure> {
    // The CIB at hand is read as it is: as JSON and back it would take longer than all the rest.
    if let Some(cib) = context.cib()? {
        return Ok(rhapsody_ops::dto::resources::read(cib));
    }
    context.get("resource.get_configured_resources", &serde_json::json!({}))
}

/// Fence devices have their own commands.
pub(super) fn refuse_stonith(context: &mut Context, words: &[String], instead: Option<&str>) -> Done {
    let any = match context.cib()? {
        Some(cib) => words.iter().any(|id| tree::find(cib, id).is_some_and(|r| tree::is_stonith(cib, r))),
        None => {
            let all = configured(context)?;
            words.iter().any(|word| is_stonith(&all, word))
        }
    };
    if !any {
        return Ok(());
    }
    Err(Failure::Message(match instead {
        Some(verb) => {
            format!(
                "This command does not accept stonith resources. Please use 'rhapsody stonith {verb}' instead."
            )
        }
        None => "This command does not accept stonith resources.".to_owned(),
    }))
}
