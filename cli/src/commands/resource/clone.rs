//! `resource clone`, `promotable`, `unclone`

use crate::Done;
use crate::commands::{usage, wait};
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar;
use rhapsody_ops::resource::clone::Request;
use rhapsody_ops::resource::unclone;

pub fn clone(context: &mut Context, words: &[String]) -> Done {
    run(context, words, false)
}

pub fn promotable(context: &mut Context, words: &[String]) -> Done {
    run(context, words, true)
}

fn run(context: &mut Context, words: &[String], promotable: bool) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    let (clone_id, rest) = match rest {
        [first, rest @ ..] if first != "meta" && !first.contains('=') => (Some(first.clone()), rest),
        _ => (None, rest),
    };
    let parts = grammar::Groups::split(rest, &["meta"]);
    let mut meta = grammar::Pairs::new();
    if !parts.head.is_empty() {
        let word = if promotable { "promotable" } else { "clone" };
        eprintln!(
            "Deprecation Warning: Configuring {word} meta attributes without specifying the 'meta' keyword is deprecated and \
             will be removed in a future release."
        );
        meta.extend(grammar::pairs(&parts.head)?);
    }
    meta.extend(grammar::pairs(&parts.flat("meta"))?);
    if promotable {
        if meta.contains_key("promotable") {
            return Err(Failure::message("you cannot specify both promotable option and promotable keyword"));
        }
        meta.insert("promotable".to_owned(), "true".to_owned());
    }
    wait::refuse_on_file(context)?;
    let request = Request {
        resource_id: id.clone(),
        clone_id,
        meta_attributes: meta,
        allow_incompatible_clone_meta_attributes: context.options.force(),
        promotable,
    };
    context.change("rhapsody.resource.clone", &request)?;
    Ok(())
}

pub fn unclone(context: &mut Context, words: &[String]) -> Done {
    let [id] = words else { return Err(usage()) };
    wait::refuse_on_file(context)?;
    context.change("rhapsody.resource.unclone", &unclone::Request { resource_id: id.clone() })?;
    Ok(())
}
