//! Constraints as the commands that make them.

use super::cmd::{pair, quote};
use super::constraints_text::{Options, order_options, push, set_options};
use super::resources_cmd::Commands;
use rhapsody_ops::dto::constraints::{Constraints, Set};

/// Commands for all constraints; what cannot be said in a command is told and left out.
pub fn all(constraints: &Constraints) -> Commands {
    let mut out = Commands::default();
    for found in &constraints.location {
        location(&mut out, found);
    }
    for found in &constraints.location_set {
        let id = &found.attributes.constraint_id;
        out.warnings.push(format!(
            "Location set constraint with id '{id}' configured but it's not supported by this command. Command for creating the constraint is omitted."
        ));
    }
    for found in &constraints.colocation {
        colocation(&mut out, found);
    }
    for found in &constraints.colocation_set {
        let id = &found.attributes.constraint_id;
        let mut options: Options = Vec::new();
        push(&mut options, "id", Some(id.clone()));
        push(&mut options, "score", found.attributes.score.clone());
        if found.attributes.influence.is_some() {
            unsupported(&mut out, "Option 'influence'", id);
            continue;
        }
        if !found.attributes.lifetime.is_empty() {
            unsupported(&mut out, "Lifetime configuration", id);
            continue;
        }
        sets(&mut out, "rhapsody -- constraint colocation", &found.resource_sets, options);
    }
    for found in &constraints.order {
        order(&mut out, found);
    }
    for found in &constraints.order_set {
        let mut options: Options = Vec::new();
        push(&mut options, "id", Some(found.attributes.constraint_id.clone()));
        options.extend(order_options(&found.attributes));
        if found.attributes.require_all.is_some() {
            unsupported(&mut out, "Option 'require-all'", &found.attributes.constraint_id);
            continue;
        }
        sets(&mut out, "rhapsody -- constraint order", &found.resource_sets, options);
    }
    for found in &constraints.ticket {
        let role = found.role.as_ref().map(|role| format!("{} ", quote(role))).unwrap_or_default();
        let mut options: Options = Vec::new();
        push(&mut options, "id", Some(found.attributes.constraint_id.clone()));
        push(&mut options, "loss-policy", found.attributes.loss_policy.clone());
        out.commands.push(vec![
            format!(
                "rhapsody -- constraint ticket add {} {role}{}",
                quote(&found.attributes.ticket),
                quote(&found.resource_id)
            ),
            format!("  {}", line(&options)),
        ]);
    }
    for found in &constraints.ticket_set {
        let mut options: Options = Vec::new();
        push(&mut options, "id", Some(found.attributes.constraint_id.clone()));
        push(&mut options, "loss-policy", found.attributes.loss_policy.clone());
        push(&mut options, "ticket", Some(found.attributes.ticket.clone()));
        sets(&mut out, "rhapsody -- constraint ticket", &found.resource_sets, options);
    }
    out
}

fn line(options: &Options) -> String {
    options.iter().map(|(name, value)| pair(name, value)).collect::<Vec<_>>().join(" ")
}

fn unsupported(out: &mut Commands, what: &str, id: &str) {
    out.warnings.push(format!(
        "{what} detected in constraint '{id}' but not supported by this command. Command for creating the constraint is omitted."
    ));
}

fn location(out: &mut Commands, found: &rhapsody_ops::dto::constraints::Location) {
    let attributes = &found.attributes;
    let id = &attributes.constraint_id;
    let target = match (&found.resource_id, &found.resource_pattern) {
        (Some(id), _) => format!("resource%{id}"),
        (None, pattern) => format!("regexp%{}", pattern.as_deref().unwrap_or("")),
    };
    if !attributes.lifetime.is_empty() {
        return unsupported(out, "Lifetime configuration", id);
    }
    if found.role.is_some() {
        return unsupported(out, "Option 'role'", id);
    }
    if let Some(node) = &attributes.node {
        let score = attributes.score.as_deref().unwrap_or("INFINITY");
        let mut lines = vec![format!(
            "rhapsody -- constraint location add {} {} {} {}",
            quote(id),
            quote(&target),
            quote(node),
            pair("score", score)
        )];
        if let Some(discovery) = &attributes.resource_discovery {
            lines.push(format!("  {}", pair("resource-discovery", discovery)));
        }
        out.commands.push(lines);
        return;
    }
    if attributes.rules.len() > 1 {
        out.warnings.push(format!(
            "Constraint '{id}' contains more than one rule, which is no longer supported. Instead, each rule will be put in a separate constraint."
        ));
    }
    for (position, rule) in attributes.rules.iter().enumerate() {
        let mut options: Vec<String> = vec![pair("id", &rule.id)];
        // The constraint's own id is free for the first rule only.
        if position == 0 {
            options.push(pair("constraint-id", id));
        }
        if let Some(discovery) = &attributes.resource_discovery {
            options.push(pair("resource-discovery", discovery));
        }
        let mut more: Vec<_> = rule.options.iter().filter(|(name, _)| *name != "boolean-op").collect();
        more.sort();
        options.extend(more.iter().map(|(name, value)| pair(name, value)));
        out.commands.push(vec![
            format!("rhapsody -- constraint location {} rule", quote(&target)),
            format!("  {}", options.join(" ")),
            format!("  {}", quote(&rule.as_string)),
        ]);
    }
}

fn colocation(out: &mut Commands, found: &rhapsody_ops::dto::constraints::Colocation) {
    let id = &found.attributes.constraint_id;
    if found.attributes.influence.is_some() {
        return unsupported(out, "Option 'influence'", id);
    }
    if !found.attributes.lifetime.is_empty() {
        return unsupported(out, "Lifetime configuration", id);
    }
    if found.node_attribute.is_some() {
        return unsupported(out, "Option 'node-attribute'", id);
    }
    if found.resource_instance.is_some() || found.with_resource_instance.is_some() {
        return unsupported(out, "Resource instance", id);
    }
    let side = |role: &Option<String>, id: &str| match role {
        Some(role) => format!("{} {}", quote(role), quote(id)),
        None => quote(id),
    };
    let mut options: Options = Vec::new();
    push(&mut options, "id", Some(id.clone()));
    push(&mut options, "score", found.attributes.score.clone());
    out.commands.push(vec![
        format!(
            "rhapsody -- constraint colocation add {} with {}",
            side(&found.resource_role, &found.resource_id),
            side(&found.with_resource_role, &found.with_resource_id)
        ),
        format!("  {}", line(&options)),
    ]);
}

fn order(out: &mut Commands, found: &rhapsody_ops::dto::constraints::Order) {
    let id = &found.attributes.constraint_id;
    if found.first_resource_instance.is_some() || found.then_resource_instance.is_some() {
        return unsupported(out, "Resource instance", id);
    }
    let side = |action: &Option<String>, id: &str| match action {
        Some(action) => format!("{} {}", quote(action), quote(id)),
        None => quote(id),
    };
    let mut options: Options = Vec::new();
    push(&mut options, "id", Some(id.clone()));
    options.extend(order_options(&found.attributes));
    out.commands.push(vec![
        format!(
            "rhapsody -- constraint order {} then {}",
            side(&found.first_action, &found.first_resource_id),
            side(&found.then_action, &found.then_resource_id)
        ),
        format!("  {}", line(&options)),
    ]);
}

fn sets(out: &mut Commands, head: &str, sets: &[Set], options: Options) {
    if let Some(set) = sets.iter().find(|set| set.ordering.is_some()) {
        out.warnings.push(format!(
            "Option 'ordering' detected in resource set '{}' but not supported by this command. Command for creating the constraint is omitted.",
            set.set_id
        ));
        return;
    }
    let mut lines = vec![head.to_owned()];
    for set in sets {
        let mut words: Vec<String> = set.resources_ids.iter().map(|id| quote(id)).collect();
        words.extend(set_options(set).iter().map(|(name, value)| pair(name, value)));
        lines.push(format!("  set {}", words.join(" ")));
    }
    if !options.is_empty() {
        lines.push(format!("  setoptions {}", line(&options)));
    }
    out.commands.push(lines);
}
