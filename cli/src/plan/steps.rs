//! The commands between two configurations: first what goes, then what changes, then what comes.

use super::same::same;
use super::{pairs, resources};
use crate::commands::config::export;
use crate::commands::property::config::NOT_IN_COMMANDS;
use crate::output::cmd::quote;
use rhapsody_ops::configuration::Configuration;
use rhapsody_ops::dto::levels::{AttributeLevel, Levels, NodeLevel, PatternLevel};
use rhapsody_ops::dto::nvset::Nvset;
use serde::Serialize;

#[derive(Default)]
pub struct Steps {
    pub commands: Vec<String>,
    /// What no command can do.
    pub impossible: Vec<String>,
}

impl Steps {
    pub fn push(&mut self, command: impl Into<String>) {
        self.commands.push(command.into());
    }

    /// The pairs of a block, by a command that takes them.
    pub fn pairs(&mut self, what: &str, command: &str, there: &[Nvset], wanted: &[Nvset]) {
        match pairs::changes(there, wanted) {
            Some(words) if words.is_empty() => {}
            Some(words) => self.push(format!("{command} {}", words.join(" "))),
            None => self.impossible.push(format!(
                "{what} has rules or several sets of attributes, which commands cannot change"
            )),
        }
    }
}

/// Things with ids: those to remove and those to make. What differs is both.
fn exchange<T: Serialize + Clone>(there: &[T], wanted: &[T], id: impl Fn(&T) -> &str) -> (Vec<T>, Vec<T>) {
    let missing = |from: &[T], in_: &[T]| -> Vec<T> {
        let found = |thing: &T| in_.iter().any(|other| id(other) == id(thing) && same(other, thing));
        from.iter().filter(|thing| !found(thing)).cloned().collect()
    };
    (missing(there, wanted), missing(wanted, there))
}

/// Sections that `wanted` does not have are left as they are.
pub fn between(there: &Configuration, wanted: &Configuration) -> Steps {
    let mut steps = Steps::default();
    let mut new = Configuration::default();
    let there = there.clone();
    if let Some(wanted) = &wanted.constraints {
        let there = there.constraints.unwrap_or_default();
        let mut made = rhapsody_ops::dto::constraints::Constraints::default();
        let mut gone: Vec<String> = Vec::new();
        macro_rules! kinds {
            ($($kind:ident),*) => {$(
                let (old, fresh) =
                    exchange(&there.$kind, &wanted.$kind, |found| found.attributes.constraint_id.as_str());
                gone.extend(old.into_iter().map(|found| found.attributes.constraint_id));
                made.$kind = fresh;
            )*};
        }
        kinds!(location, location_set, colocation, colocation_set, order, order_set, ticket, ticket_set);
        if !gone.is_empty() {
            let ids: Vec<String> = gone.iter().map(|id| quote(id)).collect();
            steps.push(format!("rhapsody constraint delete {}", ids.join(" ")));
        }
        new.constraints = Some(made);
    }
    if let Some(wanted) = &wanted.tags {
        let there = there.tags.unwrap_or_default().tags;
        let mut made = Vec::new();
        for tag in &wanted.tags {
            match there.iter().find(|other| other.id == tag.id) {
                None => made.push(tag.clone()),
                Some(old) => {
                    let lacks = |from: &[String], in_: &[String]| -> Vec<String> {
                        from.iter().filter(|id| !in_.contains(id)).map(|id| quote(id)).collect()
                    };
                    let (add, drop) =
                        (lacks(&tag.idref_list, &old.idref_list), lacks(&old.idref_list, &tag.idref_list));
                    let part = |word: &str, ids: &[String]| match ids {
                        [] => String::new(),
                        ids => format!(" {word} {}", ids.join(" ")),
                    };
                    if !add.is_empty() || !drop.is_empty() {
                        let words = format!("{}{}", part("add", &add), part("remove", &drop));
                        steps.push(format!("rhapsody tag update {}{words}", quote(&tag.id)));
                    }
                }
            }
        }
        let gone: Vec<String> = there
            .iter()
            .filter(|old| !wanted.tags.iter().any(|tag| tag.id == old.id))
            .map(|old| quote(&old.id))
            .collect();
        if !gone.is_empty() {
            steps.push(format!("rhapsody tag delete {}", gone.join(" ")));
        }
        new.tags = Some(rhapsody_ops::tag::Tags { tags: made });
    }
    if let Some(wanted) = &wanted.fencing_levels {
        new.fencing_levels = Some(levels(&mut steps, &there.fencing_levels.unwrap_or_default(), wanted));
    }
    if let Some(wanted) = &wanted.acls {
        let there = there.acls.unwrap_or_default();
        let mut made = wanted.clone();
        for (kind, old, fresh, made) in [
            ("user", &there.users, &wanted.users, &mut made.users),
            ("group", &there.groups, &wanted.groups, &mut made.groups),
        ] {
            let (gone, come) = exchange(old, fresh, |member| member.id.as_str());
            gone.iter().for_each(|old| steps.push(format!("rhapsody acl {kind} delete {}", quote(&old.id))));
            *made = come;
        }
        let (gone, come) = exchange(&there.roles, &wanted.roles, |role| role.id.as_str());
        gone.iter().for_each(|old| steps.push(format!("rhapsody acl role delete {}", quote(&old.id))));
        made.roles = come;
        new.acls = Some(made);
    }
    if let Some(wanted) = &wanted.alerts {
        let there = there.alerts.unwrap_or_default();
        let (gone, come) = exchange(&there.alerts, &wanted.alerts, |alert| alert.id.as_str());
        if !gone.is_empty() {
            let ids: Vec<String> = gone.iter().map(|old| quote(&old.id)).collect();
            steps.push(format!("rhapsody alert delete {}", ids.join(" ")));
        }
        new.alerts = Some(rhapsody_ops::alert::Alerts { alerts: come });
    }
    if let Some(wanted) = &wanted.properties {
        let plain = |blocks: &[Nvset]| -> Vec<Nvset> {
            let mut blocks: Vec<Nvset> = blocks.to_vec();
            let keep = |name: &str| !NOT_IN_COMMANDS.contains(&name);
            blocks.iter_mut().for_each(|block| block.nvpairs.retain(|found| keep(&found.name)));
            // How the set itself is called is nobody's wish.
            blocks.retain(|block| !block.nvpairs.is_empty());
            if let [block] = blocks.as_mut_slice() {
                block.options.clear();
            }
            blocks
        };
        let there = plain(&there.properties.unwrap_or_default().nvsets);
        steps.pairs(
            "the cluster properties",
            "rhapsody property set --force --",
            &there,
            &plain(&wanted.nvsets),
        );
    }
    for (noun, there, wanted, new) in [
        ("resource defaults", there.resource_defaults, &wanted.resource_defaults, &mut new.resource_defaults),
        (
            "resource op defaults",
            there.operation_defaults,
            &wanted.operation_defaults,
            &mut new.operation_defaults,
        ),
    ] {
        let Some(wanted) = wanted else { continue };
        let there = there.unwrap_or_default();
        let (gone, come) =
            exchange(&there.meta_attributes, &wanted.meta_attributes, |block| block.id.as_str());
        gone.iter().for_each(|old| steps.push(format!("rhapsody {noun} set delete {}", quote(&old.id))));
        if !same(&there.instance_attributes, &wanted.instance_attributes) {
            steps.impossible.push(format!("instance attributes in '{noun}' cannot be changed by commands"));
        }
        let mut made = wanted.clone();
        made.meta_attributes = come;
        *new = Some(made);
    }
    if let Some(wanted) = &wanted.nodes {
        let there = there.nodes.unwrap_or_default().nodes;
        for node in &wanted.nodes {
            let Some(old) = there.iter().find(|old| old.uname == node.uname) else {
                steps.impossible.push(format!(
                    "there is no node '{}'; a node is not made by its configuration",
                    node.uname
                ));
                continue;
            };
            let what = format!("node '{}'", node.uname);
            for (verb, old, new) in [
                ("attribute", &old.instance_attributes, &node.instance_attributes),
                ("utilization", &old.utilization, &node.utilization),
            ] {
                steps.pairs(&what, &format!("rhapsody -- node {verb} {}", quote(&node.uname)), old, new);
            }
        }
    }
    if let Some(wanted) = &wanted.resources {
        new.resources = Some(resources::steps(&mut steps, &there.resources.unwrap_or_default(), wanted));
    }
    let made = export::commands(&new);
    steps.impossible.extend(made.warnings);
    steps.commands.extend(
        made.commands.iter().map(|lines| lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")),
    );
    steps
}

/// Levels have no names that matter: they are what they say.
fn levels(steps: &mut Steps, there: &Levels, wanted: &Levels) -> Levels {
    let mut new = Levels::default();
    let mut remove = |index: i64, target: String, devices: &[String]| {
        let devices: Vec<String> = devices.iter().map(|id| quote(id)).collect();
        steps.push(format!(
            "rhapsody stonith level delete {index} target {} stonith {}",
            quote(&target),
            devices.join(" ")
        ));
    };
    let nodes = |l: &NodeLevel| (l.index, l.target.clone(), l.devices.clone());
    let (gone, made) = lacking(&there.target_node, &wanted.target_node, nodes);
    gone.iter().for_each(|old| remove(old.index, old.target.clone(), &old.devices));
    new.target_node = made;
    let patterns = |l: &PatternLevel| (l.index, l.target_pattern.clone(), l.devices.clone());
    let (gone, made) = lacking(&there.target_regex, &wanted.target_regex, patterns);
    gone.iter().for_each(|old| remove(old.index, format!("regexp%{}", old.target_pattern), &old.devices));
    new.target_regex = made;
    let target = |l: &AttributeLevel| format!("attrib%{}={}", l.target_attribute, l.target_value);
    let attributes = |l: &AttributeLevel| (l.index, target(l), l.devices.clone());
    let (gone, made) = lacking(&there.target_attribute, &wanted.target_attribute, attributes);
    gone.iter().for_each(|old| remove(old.index, target(old), &old.devices));
    new.target_attribute = made;
    new
}

/// Those of each side that the other lacks.
fn lacking<T: Clone, K: PartialEq>(there: &[T], wanted: &[T], key: impl Fn(&T) -> K) -> (Vec<T>, Vec<T>) {
    let missing = |from: &[T], in_: &[T]| -> Vec<T> {
        from.iter().filter(|thing| !in_.iter().any(|other| key(other) == key(thing))).cloned().collect()
    };
    (missing(there, wanted), missing(wanted, there))
}
