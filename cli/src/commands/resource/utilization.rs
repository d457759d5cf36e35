//! `resource utilization`

use crate::Done;
use crate::commands::node;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar;
use crate::output::nvset_text::{self, indent};
use rhapsody_ops::node::attribute::Request;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    node::warn_placement(context)?;
    if let [resource, pairs @ ..] = words
        && !pairs.is_empty()
    {
        let request = Request {
            name: resource.clone(),
            attributes: grammar::pairs(pairs)?,
            force: context.options.force(),
        };
        context.change("rhapsody.resource.utilization", &request)?;
        return Ok(());
    }
    let all = super::configured(context)?;
    if let Some(only) = words.first()
        && !all.primitives.iter().any(|primitive| primitive.id == *only)
    {
        return Err(Failure::Message(format!("Unable to find a resource: {only}")));
    }
    for primitive in &all.primitives {
        if words.first().is_some_and(|only| primitive.id != *only) {
            continue;
        }
        let mut lines = Vec::new();
        for block in primitive.utilization.iter().filter(|block| !block.nvpairs.is_empty()) {
            lines.extend(nvset_text::block("Utilization", block));
        }
        if !lines.is_empty() {
            context.line(format!("Resource: {}", primitive.id));
            for line in indent(lines) {
                context.line(line);
            }
        }
    }
    Ok(())
}
