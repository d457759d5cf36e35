//! `constraint order set`, `colocation set`, `ticket set`, `ticket add`, `ticket remove`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups};
use rhapsody_ops::constraint::set::{Request, Set};
use rhapsody_ops::constraint::ticket;

/// `set A B role=Started set C setoptions id=x`: the word `set` has been taken already.
fn parse(context: &Context, words: &[String]) -> Result<Request, Failure> {
    let parts = Groups::split(words, &["setoptions"]);
    parts.once(&["setoptions"])?;
    let constraint_options = grammar::pairs(&parts.flat("setoptions"))?;
    let mut all = vec!["set".to_owned()];
    all.extend(parts.head);
    let parts = Groups::split(&all, &["set"]);
    let mut sets = Vec::new();
    for words in parts.each("set") {
        let (options, ids): (Vec<String>, Vec<String>) =
            words.iter().cloned().partition(|word| word.contains('='));
        if ids.is_empty() {
            return Err(usage());
        }
        sets.push(Set { ids, options: grammar::pairs(&options)? });
    }
    let force = context.options.force();
    Ok(Request {
        resource_set_list: sets,
        constraint_options,
        resource_in_clone_alowed: force,
        duplication_alowed: force,
    })
}

fn run(context: &mut Context, words: &[String], command: &str) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    let request = parse(context, words)?;
    context.change(command, &request)?;
    Ok(())
}

pub fn order(context: &mut Context, words: &[String]) -> Done {
    run(context, words, "constraint.order.create_with_set")
}

pub fn colocation(context: &mut Context, words: &[String]) -> Done {
    run(context, words, "constraint.colocation.create_with_set")
}

pub fn ticket(context: &mut Context, words: &[String]) -> Done {
    run(context, words, "constraint.ticket.create_with_set")
}

pub fn ticket_add(context: &mut Context, words: &[String]) -> Done {
    let (options, names): (Vec<String>, Vec<String>) =
        words.iter().cloned().partition(|word| word.contains('='));
    let (ticket_key, role, resource_id) = match names.as_slice() {
        [] => return Err(Failure::message("Ticket not specified")),
        [_] => return Err(Failure::message("Resource not specified")),
        [ticket, id] => (ticket.clone(), None, id.clone()),
        [ticket, role, id] => (ticket.clone(), Some(role.clone()), id.clone()),
        _ => return Err(usage()),
    };
    let mut options = grammar::pairs(&options)?;
    if options.contains_key("rsc-role") {
        return Err(Failure::message(
            "Resource role must not be specified among options, specify it before resource id",
        ));
    }
    if let Some(role) = role {
        options.insert("rsc-role".to_owned(), role);
    }
    let force = context.options.force();
    let request = ticket::Request {
        ticket_key,
        resource_id,
        options,
        resource_in_clone_alowed: force,
        duplication_alowed: force,
    };
    context.change("constraint.ticket.create", &request)?;
    Ok(())
}

pub fn ticket_remove(context: &mut Context, words: &[String]) -> Done {
    let [ticket, resource] = words else { return Err(usage()) };
    let request = ticket::RemoveRequest { ticket_key: ticket.clone(), resource_id: resource.clone() };
    let found = context.change("constraint.ticket.remove", &request)?;
    match found.as_bool() {
        Some(false) => Err(Failure::message("no matching ticket constraint found")),
        _ => Ok(()),
    }
}
