//! `constraint order`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar;
use rhapsody_ops::constraint::order::Request;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return super::config::order(context, words);
    }
    let then = words.iter().position(|word| word == "then").ok_or_else(usage)?;
    let (first, rest) = words.split_at(then);
    let rest = &rest[1..];
    if rest.iter().any(|word| word == "then") {
        return Err(Failure::Usage {
            problem: Some(
                "Multiple 'then's cannot be specified.\nHint: Use the 'constraint order set' command for more than two resources."
                    .to_owned(),
            ),
            usage: String::new(),
        });
    }
    let (first_action, first, extra) = side(first)?;
    if !extra.is_empty() {
        return Err(usage());
    }
    let (then_action, then, options) = side(rest)?;
    let request = Request {
        first,
        first_action,
        then,
        then_action,
        options: grammar::pairs(options)?,
        force: context.options.force(),
    };
    context.change("rhapsody.constraint.order_add", &request)?;
    Ok(())
}

/// `[action] resource` and what follows.
fn side(words: &[String]) -> Result<(Option<String>, String, &[String]), Failure> {
    match words {
        [action, id, rest @ ..] if !id.contains('=') => Ok((Some(action.clone()), id.clone(), rest)),
        [id, rest @ ..] => Ok((None, id.clone(), rest)),
        [] => Err(usage()),
    }
}
