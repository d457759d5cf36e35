//! `constraint remove`, `order remove`, `location remove`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use rhapsody_ops::constraint::remove::{OrderRequest, Request};

pub fn by_id(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    context.change("rhapsody.constraint.remove", &Request { ids: words.to_vec() })?;
    Ok(())
}

pub fn location(context: &mut Context, words: &[String]) -> Done {
    eprintln!(
        "Deprecation Warning: This command is deprecated and will be removed. Please use 'rhapsody constraint delete' or \
         'rhapsody constraint remove' instead."
    );
    by_id(context, words)
}

pub fn order(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    context.change("rhapsody.constraint.order_remove", &OrderRequest { resources: words.to_vec() })?;
    Ok(())
}
