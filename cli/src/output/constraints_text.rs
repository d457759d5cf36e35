//! Constraints as text, as `constraint config` shows them.

use super::nvset_text::{indent, pair, rule};
use rhapsody_ops::dto::constraints::{
    Colocation, Constraints, Location, LocationAttributes, Order, OrderAttributes, Set, Ticket,
};

/// Shows ids too.
#[derive(Clone, Copy)]
pub struct Full(pub bool);

impl Full {
    fn id(self, id: &str) -> String {
        if self.0 { format!(" (id: {id})") } else { String::new() }
    }
}

fn truth(value: bool) -> String {
    if value { "1" } else { "0" }.to_owned()
}

/// All sections that are not empty.
pub fn all(constraints: &Constraints, full: Full) -> Vec<String> {
    let mut lines = Vec::new();
    let mut section = |title: &str, items: Vec<Vec<String>>| {
        if !items.is_empty() {
            lines.push(format!("{title}:"));
            lines.extend(indent(items.into_iter().flatten().collect()));
        }
    };
    section("Location Constraints", constraints.location.iter().map(|found| location(found, full)).collect());
    section(
        "Location Set Constraints",
        constraints
            .location_set
            .iter()
            .map(|found| {
                set_constraint(
                    &found.attributes.constraint_id,
                    location_options(&found.attributes),
                    &found.resource_sets,
                    full,
                )
            })
            .collect(),
    );
    section(
        "Colocation Constraints",
        constraints.colocation.iter().map(|found| colocation(found, full)).collect(),
    );
    section(
        "Colocation Set Constraints",
        constraints
            .colocation_set
            .iter()
            .map(|found| {
                let mut options = Vec::new();
                push(&mut options, "score", found.attributes.score.clone());
                push(&mut options, "influence", found.attributes.influence.clone());
                // Without a score there is an empty line where options would be.
                let blank = options.is_empty();
                let mut lines =
                    set_constraint(&found.attributes.constraint_id, options, &found.resource_sets, full);
                if blank {
                    lines.insert(1, String::new());
                }
                lines.extend(indent(lifetime(&found.attributes.lifetime, full)));
                lines
            })
            .collect(),
    );
    section("Order Constraints", constraints.order.iter().map(|found| order(found, full)).collect());
    section(
        "Order Set Constraints",
        constraints
            .order_set
            .iter()
            .map(|found| {
                set_constraint(
                    &found.attributes.constraint_id,
                    order_options(&found.attributes),
                    &found.resource_sets,
                    full,
                )
            })
            .collect(),
    );
    section("Ticket Constraints", constraints.ticket.iter().map(|found| ticket(found, full)).collect());
    section(
        "Ticket Set Constraints",
        constraints
            .ticket_set
            .iter()
            .map(|found| {
                let mut options = Vec::new();
                push(&mut options, "ticket", Some(found.attributes.ticket.clone()));
                push(&mut options, "loss-policy", found.attributes.loss_policy.clone());
                set_constraint(&found.attributes.constraint_id, options, &found.resource_sets, full)
            })
            .collect(),
    );
    lines
}

pub type Options = Vec<(&'static str, String)>;

pub fn push(options: &mut Options, name: &'static str, value: Option<String>) {
    if let Some(value) = value {
        options.push((name, value));
    }
}

fn options_line(options: &Options) -> Vec<String> {
    if options.is_empty() {
        return Vec::new();
    }
    vec![options.iter().map(|(name, value)| pair(name, value)).collect::<Vec<_>>().join(" ")]
}

fn location_options(attributes: &LocationAttributes) -> Options {
    let mut options = Vec::new();
    push(&mut options, "resource-discovery", attributes.resource_discovery.clone());
    options
}

pub fn location(location: &Location, full: Full) -> Vec<String> {
    let role = location.role.as_ref().map(|role| format!("{role} ")).unwrap_or_default();
    let what = match (&location.resource_id, &location.resource_pattern) {
        (Some(id), _) => format!("{role}resource '{id}'"),
        (None, pattern) => format!("{role}resource pattern '{}'", pattern.as_deref().unwrap_or("")),
    };
    let attributes = &location.attributes;
    let id = full.id(&attributes.constraint_id);
    let head = match (&attributes.node, &attributes.score) {
        (Some(node), Some(score)) => {
            let (word, score) = preference(score);
            format!("{what} {word} node '{node}' with score {score}{id}")
        }
        (Some(node), None) => format!("{what} node '{node}'{id}"),
        _ => format!("{what}{id}"),
    };
    let mut lines = vec![head];
    let mut options = Vec::new();
    push(&mut options, "resource-discovery", attributes.resource_discovery.clone());
    lines.extend(indent(options_line(&options)));
    if !attributes.rules.is_empty() {
        lines.push("  Rules:".to_owned());
        for found in &attributes.rules {
            lines.extend(indent(indent(rule(found, full.0))));
        }
    }
    lines.extend(indent(lifetime(&attributes.lifetime, full)));
    lines
}

/// `prefers` or `avoids`, and how much.
pub fn preference(score: &str) -> (&'static str, String) {
    match score.strip_prefix('-') {
        Some(score) => ("avoids", score.to_owned()),
        None => ("prefers", score.strip_prefix('+').unwrap_or(score).to_owned()),
    }
}

fn lifetime(rules: &[rhapsody_ops::dto::rule::Expression], full: Full) -> Vec<String> {
    if rules.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["Lifetime:".to_owned()];
    for found in rules {
        lines.extend(indent(rule(found, full.0)));
    }
    lines
}

pub fn colocation(colocation: &Colocation, full: Full) -> Vec<String> {
    let what = |role: &Option<String>, id: &str, instance: Option<i64>| {
        let role = role.as_ref().map(|role| format!("{role} ")).unwrap_or_default();
        let instance = instance.map(|n| format!(":{n}")).unwrap_or_default();
        format!("{role}resource '{id}{instance}'")
    };
    let left = what(&colocation.resource_role, &colocation.resource_id, colocation.resource_instance);
    let right =
        what(&colocation.with_resource_role, &colocation.with_resource_id, colocation.with_resource_instance);
    let mut lines = vec![format!("{left} with {right}{}", full.id(&colocation.attributes.constraint_id))];
    let mut options = Vec::new();
    push(&mut options, "score", colocation.attributes.score.clone());
    push(&mut options, "influence", colocation.attributes.influence.clone());
    push(&mut options, "node-attribute", colocation.node_attribute.clone());
    lines.extend(indent(options_line(&options)));
    lines.extend(indent(lifetime(&colocation.attributes.lifetime, full)));
    lines
}

pub fn order_options(attributes: &OrderAttributes) -> Options {
    let mut options = Vec::new();
    push(&mut options, "symmetrical", attributes.symmetrical.map(truth));
    push(&mut options, "require-all", attributes.require_all.map(truth));
    push(&mut options, "score", attributes.score.clone());
    push(&mut options, "kind", attributes.kind.clone());
    options
}

pub fn order(order: &Order, full: Full) -> Vec<String> {
    let what = |action: &Option<String>, id: &str, instance: Option<i64>| {
        let action = action.as_ref().map(|action| format!("{action} ")).unwrap_or_default();
        let instance = instance.map(|n| format!(":{n}")).unwrap_or_default();
        format!("{action}resource '{id}{instance}'")
    };
    let first = what(&order.first_action, &order.first_resource_id, order.first_resource_instance);
    let then = what(&order.then_action, &order.then_resource_id, order.then_resource_instance);
    let mut lines = vec![format!("{first} then {then}{}", full.id(&order.attributes.constraint_id))];
    lines.extend(indent(options_line(&order_options(&order.attributes))));
    lines
}

pub fn ticket(ticket: &Ticket, full: Full) -> Vec<String> {
    let role = ticket.role.as_ref().map(|role| format!("{role} ")).unwrap_or_default();
    let mut lines = vec![format!(
        "{role}resource '{}' depends on ticket '{}'{}",
        ticket.resource_id,
        ticket.attributes.ticket,
        full.id(&ticket.attributes.constraint_id)
    )];
    let mut options = Vec::new();
    push(&mut options, "loss-policy", ticket.attributes.loss_policy.clone());
    lines.extend(indent(options_line(&options)));
    lines
}

/// Options of a resource set in the order in which they are shown.
pub fn set_options(set: &Set) -> Options {
    let mut options = Vec::new();
    push(&mut options, "sequential", set.sequential.map(truth));
    push(&mut options, "require-all", set.require_all.map(truth));
    push(&mut options, "ordering", set.ordering.clone());
    push(&mut options, "action", set.action.clone());
    push(&mut options, "role", set.role.clone());
    push(&mut options, "score", set.score.clone());
    push(&mut options, "kind", set.kind.clone());
    options
}

/// A constraint made of sets.
pub fn set_constraint(id: &str, options: Options, sets: &[Set], full: Full) -> Vec<String> {
    let named = |title: &str, id: &str| if full.0 { format!("{title}: {id}") } else { format!("{title}:") };
    let mut lines = vec![named("Set Constraint", id)];
    lines.extend(indent(options_line(&options)));
    for set in sets {
        lines.push(format!("  {}", named("Resource Set", &set.set_id)));
        let names: Vec<String> = set.resources_ids.iter().map(|id| format!("'{id}'")).collect();
        lines.push(format!("    Resources: {}", names.join(", ")));
        lines.extend(indent(indent(options_line(&set_options(set)))));
    }
    lines
}

fn target_of(location: &Location) -> String {
    match (&location.resource_id, &location.resource_pattern) {
        (Some(id), _) => format!("Resource: {id}"),
        (None, pattern) => format!("Resource pattern: {}", pattern.as_deref().unwrap_or("")),
    }
}

/// Location constraints sorted by resource.
pub fn by_resource(constraints: &Constraints, ids: &[String], full: Full) -> Vec<String> {
    let mut targets: Vec<String> = Vec::new();
    let (plain, patterns): (Vec<&Location>, Vec<&Location>) =
        constraints.location.iter().partition(|found| found.resource_id.is_some());
    for found in plain.iter().chain(&patterns) {
        let name = found.resource_id.as_ref().or(found.resource_pattern.as_ref());
        let wanted = ids.is_empty()
            || name.is_some_and(|name| {
                ids.iter().any(|id| id == name || id.split_once('%').is_some_and(|(_, rest)| rest == name))
            });
        let target = target_of(found);
        if wanted && !targets.contains(&target) {
            targets.push(target);
        }
    }
    let mut lines = Vec::new();
    for target in targets {
        let all: Vec<&Location> =
            constraints.location.iter().filter(|found| target_of(found) == target).collect();
        let mut inner = Vec::new();
        for (title, word) in [("Prefers:", "prefers"), ("Avoids:", "avoids")] {
            let nodes: Vec<String> = all
                .iter()
                .filter_map(|found| {
                    let attributes = &found.attributes;
                    let (verb, score) = preference(attributes.score.as_deref()?);
                    let node = attributes.node.as_deref()?;
                    (verb == word).then(|| {
                        format!("  node '{node}' with score {score}{}", full.id(&attributes.constraint_id))
                    })
                })
                .collect();
            if !nodes.is_empty() {
                inner.push(title.to_owned());
                inner.extend(nodes);
            }
        }
        for found in all.iter().filter(|found| !found.attributes.rules.is_empty()) {
            inner.push(if full.0 {
                format!("Constraint: {}", found.attributes.constraint_id)
            } else {
                "Constraint:".to_owned()
            });
            inner.push("  Rules:".to_owned());
            for one in &found.attributes.rules {
                inner.extend(indent(indent(rule(one, full.0))));
            }
        }
        lines.push(target);
        lines.extend(indent(inner));
    }
    titled(lines)
}

fn titled(lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() {
        return lines;
    }
    let mut all = vec!["Location Constraints:".to_owned()];
    all.extend(indent(lines));
    all
}

/// Location constraints sorted by node; true when some with rules were left out.
pub fn by_node(constraints: &Constraints, ids: &[String], full: Full) -> (Vec<String>, bool) {
    let mut nodes: Vec<&String> = Vec::new();
    for node in constraints.location.iter().filter_map(|found| found.attributes.node.as_ref()) {
        if !nodes.contains(&node) && (ids.is_empty() || ids.contains(node)) {
            nodes.push(node);
        }
    }
    let mut lines = Vec::new();
    for node in nodes {
        lines.push(format!("Node: {node}"));
        for (title, word) in [("Preferred by:", "prefers"), ("Avoided by:", "avoids")] {
            let found: Vec<String> = constraints
                .location
                .iter()
                .filter(|found| found.attributes.node.as_ref() == Some(node))
                .filter_map(|found| {
                    let (verb, score) = preference(found.attributes.score.as_deref()?);
                    let what = match (&found.resource_id, &found.resource_pattern) {
                        (Some(id), _) => format!("resource '{id}'"),
                        (None, pattern) => format!("resource pattern '{}'", pattern.as_deref().unwrap_or("")),
                    };
                    (verb == word).then(|| {
                        format!("    {what} with score {score}{}", full.id(&found.attributes.constraint_id))
                    })
                })
                .collect();
            if !found.is_empty() {
                lines.push(format!("  {title}"));
                lines.extend(found);
            }
        }
    }
    let ruled = constraints.location.iter().any(|found| !found.attributes.rules.is_empty());
    (titled(lines), ruled)
}
