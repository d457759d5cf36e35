//! `constraint ref`: where a resource occurs

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use rhapsody_ops::constraint::config::Request;
use rhapsody_ops::dto::constraints::{Constraints, Set};

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    let all: Constraints = context.get("constraint.get_config", &Request { evaluate_rules: false })?;
    for id in words {
        context.line(format!("Resource: {id}"));
        let mut found = ids(&all, id);
        found.sort();
        found.dedup();
        if found.is_empty() {
            context.line("  No Matches");
        }
        for constraint in found {
            context.line(format!("  {constraint}"));
        }
    }
    Ok(())
}

fn ids(all: &Constraints, id: &str) -> Vec<String> {
    let in_sets = |sets: &[Set]| sets.iter().any(|set| set.resources_ids.iter().any(|member| member == id));
    let mut found: Vec<String> = Vec::new();
    let mut add = |wanted: bool, name: &str| {
        if wanted {
            found.push(name.to_owned());
        }
    };
    for one in &all.location {
        add(one.resource_id.as_deref() == Some(id), &one.attributes.constraint_id);
    }
    for one in &all.location_set {
        add(in_sets(&one.resource_sets), &one.attributes.constraint_id);
    }
    for one in &all.colocation {
        add(one.resource_id == id || one.with_resource_id == id, &one.attributes.constraint_id);
    }
    for one in &all.colocation_set {
        add(in_sets(&one.resource_sets), &one.attributes.constraint_id);
    }
    for one in &all.order {
        add(one.first_resource_id == id || one.then_resource_id == id, &one.attributes.constraint_id);
    }
    for one in &all.order_set {
        add(in_sets(&one.resource_sets), &one.attributes.constraint_id);
    }
    for one in &all.ticket {
        add(one.resource_id == id, &one.attributes.constraint_id);
    }
    for one in &all.ticket_set {
        add(in_sets(&one.resource_sets), &one.attributes.constraint_id);
    }
    found
}
