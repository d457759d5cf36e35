//! The commands between two configurations: first what goes, then what changes, then what comes.

use super::same::same;
use super::{pairs, resources};
use crate::commands::config::export;
use crate::commands::property::config::NOT_IN_COMMANDS;
use crate::output::cmd::quote;
use rhapsody_ops::acl::Member;
use rhapsody_ops::configuration::Configuration;
use rhapsody_ops::dto::levels::{AttributeLevel, Levels, NodeLevel, PatternLevel};
use rhapsody_ops::dto::nvset::Nvset;
use rhapsody_ops::tag::Tags;
use serde::Serialize;

#[derive(Default)]
pub struct Steps {
    pub commands: Vec<String>,
    /// What needs what the others make.
    later: Vec<String>,
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
    let coming = coming(there, wanted);
    let there = there.clone();
    if let Some(wanted) = &wanted.acls {
        let there = there.acls.unwrap_or_default();
        let mut made = wanted.clone();
        // Permissions may name anything that goes, users and groups too.
        let (gone, come) = exchange(&there.roles, &wanted.roles, |role| role.id.as_str());
        gone.iter().for_each(|old| steps.push(format!("rhapsody acl role delete {}", quote(&old.id))));
        made.roles = come;
        for (kind, old, fresh, made) in [
            ("user", &there.users, &wanted.users, &mut made.users),
            ("group", &there.groups, &wanted.groups, &mut made.groups),
        ] {
            *made = members(&mut steps, kind, old, fresh);
        }
        new.acls = Some(made);
    }
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
    if let Some(wanted_tags) = &wanted.tags {
        new.tags = Some(tags(&mut steps, &there.tags.unwrap_or_default(), wanted_tags, &coming));
    }
    if let Some(wanted) = &wanted.fencing_levels {
        new.fencing_levels = Some(levels(&mut steps, &there.fencing_levels.unwrap_or_default(), wanted));
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
    for lines in &made.commands {
        let line = lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
        // The file says what is wanted: what would have to be forced is.
        let forced =
            ["rhapsody -- constraint ", "rhapsody resource clone ", "rhapsody resource bundle create "];
        steps.push(match forced.iter().any(|head| line.starts_with(head)) {
            true => line.replacen("rhapsody ", "rhapsody --force ", 1),
            false => line,
        });
    }
    let later = std::mem::take(&mut steps.later);
    steps.commands.extend(later);
    steps
}

/// Users or groups: those that are there keep their place, roles may name them.
fn members(steps: &mut Steps, kind: &str, there: &[Member], wanted: &[Member]) -> Vec<Member> {
    for old in there {
        let id = quote(&old.id);
        let Some(new) = wanted.iter().find(|new| new.id == old.id) else {
            steps.push(format!("rhapsody acl {kind} delete {id}"));
            continue;
        };
        for role in old.roles.iter().filter(|role| !new.roles.contains(role)) {
            steps.push(format!("rhapsody acl role unassign {} from {kind} {id}", quote(role)));
        }
        for role in new.roles.iter().filter(|role| !old.roles.contains(role)) {
            steps.later.push(format!("rhapsody acl role assign {} to {kind} {id}", quote(role)));
        }
    }
    wanted.iter().filter(|new| !there.iter().any(|old| old.id == new.id)).cloned().collect()
}

/// Ids of resources that are wanted and not there yet.
fn coming(there: &Configuration, wanted: &Configuration) -> Vec<String> {
    let ids = |all: &Configuration| -> Vec<String> {
        let Some(all) = &all.resources else { return Vec::new() };
        let primitives = all.primitives.iter().map(|found| &found.id);
        let groups = all.groups.iter().map(|found| &found.id);
        let clones = all.clones.iter().map(|found| &found.id);
        let bundles = all.bundles.iter().map(|found| &found.id);
        primitives.chain(groups).chain(clones).chain(bundles).cloned().collect()
    };
    let there = ids(there);
    ids(wanted).into_iter().filter(|id| !there.contains(id)).collect()
}

/// Tags keep their place: constraints may name them. Members that are made in this round are added
/// in the next.
fn tags(steps: &mut Steps, there: &Tags, wanted: &Tags, coming: &[String]) -> Tags {
    let mut made = Vec::new();
    for tag in &wanted.tags {
        let Some(old) = there.tags.iter().find(|old| old.id == tag.id) else {
            made.push(tag.clone());
            continue;
        };
        let lacks = |from: &[String], in_: &[String]| -> Vec<String> {
            let lacking = from.iter().filter(|id| !in_.contains(id) && !coming.contains(id));
            lacking.map(|id| quote(id)).collect()
        };
        let (add, drop) = (lacks(&tag.idref_list, &old.idref_list), lacks(&old.idref_list, &tag.idref_list));
        // A tag that loses all of its members would be gone: it waits for the new ones.
        let drop = if add.is_empty() && drop.len() == old.idref_list.len() { Vec::new() } else { drop };
        let part = |word: &str, ids: &[String]| match ids {
            [] => String::new(),
            ids => format!(" {word} {}", ids.join(" ")),
        };
        if !add.is_empty() || !drop.is_empty() {
            let words = format!("{}{}", part("add", &add), part("remove", &drop));
            steps.push(format!("rhapsody tag update {}{words}", quote(&tag.id)));
        }
    }
    let gone = there.tags.iter().filter(|old| !wanted.tags.iter().any(|tag| tag.id == old.id));
    let gone: Vec<String> = gone.map(|old| quote(&old.id)).collect();
    if !gone.is_empty() {
        steps.push(format!("rhapsody tag delete {}", gone.join(" ")));
    }
    Tags { tags: made }
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
