//! `resource utilization`

use crate::Done;
use crate::commands::node;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar;
use crate::output::nvset_text::pair;
use rhapsody_ops::dto::resources::Primitive;
use rhapsody_ops::node::attribute::Request;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    super::refuse_stonith(context, &words[..words.len().min(1)], None)?;
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
    context.line("Resource Utilization:");
    for primitive in &all.primitives {
        let named = words.first().is_some_and(|only| primitive.id == *only);
        if (words.is_empty() && !primitive.utilization.is_empty()) || named {
            context.line(format!(" {}: {}", primitive.id, values(primitive)));
        }
    }
    Ok(())
}

fn values(primitive: &Primitive) -> String {
    let mut pairs: Vec<_> = primitive.utilization.iter().flat_map(|block| &block.nvpairs).collect();
    pairs.sort_by(|left, right| left.name.cmp(&right.name));
    pairs.iter().map(|found| pair(&found.name, &found.value)).collect::<Vec<_>>().join(" ")
}
