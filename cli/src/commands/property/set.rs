//! `property set`, `property unset`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::grammar;
use rhapsody_ops::property::set::Request;
use rhapsody_ops::work::ForceFlags;

pub fn set(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    run(context, grammar::pairs(words)?)
}

pub fn unset(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    let mut names = grammar::Pairs::new();
    for word in words {
        if names.insert(word.clone(), String::new()).is_some() {
            return Err(crate::failure::Failure::Message(format!("duplicate property: '{word}'")));
        }
    }
    run(context, names)
}

fn run(context: &mut Context, cluster_properties: grammar::Pairs) -> Done {
    let force_flags = ForceFlags::from(context.force_flags());
    context.change("cluster_property.set_properties", &Request { cluster_properties, force_flags })?;
    Ok(())
}
