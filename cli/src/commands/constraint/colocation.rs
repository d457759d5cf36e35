//! `constraint colocation`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar;
use rhapsody_ops::constraint::colocation::{RemoveRequest, Request};
use rhapsody_ops::values;

pub fn add(context: &mut Context, words: &[String]) -> Done {
    if words.len() < 3 {
        return Err(usage());
    }
    let with = words.iter().position(|word| word == "with").ok_or_else(usage)?;
    let (left, right) = (&words[..with], &words[with + 1..]);
    if right.iter().any(|word| word == "with") {
        return Err(Failure::Usage {
            problem: Some(
                "Multiple 'with's cannot be specified.\nHint: Use the 'constraint colocation set' command for more than two resources."
                    .to_owned(),
            ),
            usage: String::new(),
        });
    }
    let (role, resource) = match left {
        [id] => (None, id.clone()),
        [role, id] => (Some(role.clone()), id.clone()),
        _ => return Err(usage()),
    };
    let (with_role, with, rest) = match right {
        [role, id, rest @ ..] if !id.contains('=') && !values::is_score(id) => {
            (Some(role.clone()), id.clone(), rest)
        }
        [id, rest @ ..] => (None, id.clone(), rest),
        [] => return Err(usage()),
    };
    let mut options: Vec<String> = rest.to_vec();
    if let Some(first) = rest.first().filter(|first| !first.contains('=')) {
        eprintln!(
            "Deprecation Warning: Specifying score as a standalone value is deprecated and might be removed in a future release, use score=value instead"
        );
        options[0] = format!("score={first}");
    }
    let request = Request {
        resource,
        role,
        with,
        with_role,
        options: grammar::pairs(&options)?,
        force: context.options.force(),
    };
    context.change("rhapsody.constraint.colocation_add", &request)?;
    Ok(())
}

pub fn remove(context: &mut Context, words: &[String]) -> Done {
    let [resource, with] = words else { return Err(usage()) };
    let request = RemoveRequest { resource: resource.clone(), with: with.clone() };
    context.change("rhapsody.constraint.colocation_remove", &request)?;
    Ok(())
}
