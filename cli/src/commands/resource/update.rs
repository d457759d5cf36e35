//! `resource update`, `resource meta`, `resource op add`, `op delete`

use crate::Done;
use crate::commands::{usage, wait};
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups, Pairs};
use rhapsody_ops::resource::op::{AddRequest, RemoveRequest};
use rhapsody_ops::resource::update::{MetaRequest, Request};
use rhapsody_ops::work::ForceFlags;

pub fn update(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    super::refuse_stonith(context, &words[..1], Some("update"))?;
    run(context, words)
}

/// The same for resources and fence devices.
pub fn run(context: &mut Context, words: &[String]) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    if rest.is_empty() {
        return Err(usage());
    }
    let parts = Groups::split(rest, &["op", "meta"]);
    let mut operations: Vec<Pairs> = Vec::new();
    for words in parts.each("op") {
        operations.extend(loose_operations(words)?);
    }
    wait::refuse_on_file(context)?;
    let request = Request {
        resource_id: id.clone(),
        instance_attributes: grammar::pairs(&parts.head)?,
        meta_attributes: grammar::pairs(&parts.flat("meta"))?,
        operations,
        enable_agent_self_validation: context.options.has("--agent-validation"),
        force: context.options.force(),
    };
    context.change("rhapsody.resource.update", &request)?;
    Ok(())
}

/// Operations of `update`: those without options change nothing.
fn loose_operations(words: &[String]) -> Result<Vec<Pairs>, Failure> {
    let mut operations = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let name = &words[at];
        let end =
            words[at + 1..].iter().position(|word| !word.contains('=')).map_or(words.len(), |n| at + 1 + n);
        if end > at + 1 {
            operations.push(operation(name, &words[at + 1..end])?);
        }
        at = end;
    }
    Ok(operations)
}

fn operation(name: &str, options: &[String]) -> Result<Pairs, Failure> {
    let mut operation = Pairs::new();
    operation.insert("name".to_owned(), name.to_owned());
    let given = grammar::pairs(options)?;
    if given.contains_key("name") {
        eprintln!(
            "Deprecation Warning: Specifying an operation name with 'name=<value>' syntax is deprecated and might be removed in \
             a future release. Use the operation name as the first argument instead."
        );
    }
    operation.extend(given);
    Ok(operation)
}

pub fn meta(context: &mut Context, words: &[String]) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    super::refuse_stonith(context, std::slice::from_ref(id), Some("meta"))?;
    if rest.is_empty() {
        return Err(usage());
    }
    change_meta(context, id, rest)
}

/// The same for resources and fence devices.
pub fn change_meta(context: &mut Context, id: &str, words: &[String]) -> Done {
    wait::refuse_on_file(context)?;
    let request = MetaRequest {
        resource_id: id.to_owned(),
        meta_attrs: grammar::pairs(words)?,
        force_flags: ForceFlags::from(context.force_flags()),
    };
    context.change("resource.update_meta", &request)?;
    Ok(())
}

pub fn op_add(context: &mut Context, words: &[String]) -> Done {
    if let Some(id) = words.first() {
        super::refuse_stonith(context, std::slice::from_ref(id), Some("op add"))?;
    }
    add_operation(context, words)
}

pub fn add_operation(context: &mut Context, words: &[String]) -> Done {
    let [id, name, options @ ..] = words else { return Err(usage()) };
    if name.contains('=') {
        return Err(Failure::Message(format!("{name} does not appear to be a valid operation action")));
    }
    let request = AddRequest {
        resource_id: id.clone(),
        operation: operation(name, options)?,
        force: context.options.force(),
    };
    context.change("rhapsody.resource.op_add", &request)?;
    Ok(())
}

pub fn op_remove(context: &mut Context, words: &[String]) -> Done {
    if let Some(id) = words.first() {
        super::refuse_stonith(context, std::slice::from_ref(id), Some("op delete"))?;
    }
    remove_operation(context, words)
}

pub fn remove_operation(context: &mut Context, words: &[String]) -> Done {
    let request = match words {
        [] => return Err(usage()),
        [id] => RemoveRequest { id: id.clone(), operation: None },
        [id, name, options @ ..] => {
            let mut operation = Pairs::new();
            operation.insert("name".to_owned(), name.clone());
            operation.extend(grammar::pairs(options)?);
            RemoveRequest { id: id.clone(), operation: Some(operation) }
        }
    };
    context.change("rhapsody.resource.op_remove", &request)?;
    Ok(())
}
