//! Resources: values are changed in place; what is built otherwise is removed and made anew.

use super::same::same;
use super::steps::Steps;
use crate::output::cmd::{pair, quote};
use crate::output::resources_text::operation_options;
use rhapsody_ops::dto::resources::{Bundle, Group, Op, Primitive, Resources};

/// Pushes the commands for what goes and what changes; returns what is to be made.
pub fn steps(steps: &mut Steps, there: &Resources, wanted: &Resources) -> Resources {
    let gone = gone(there, wanted);
    remove(steps, there, &gone);
    let mut new = Resources::default();
    for primitive in &wanted.primitives {
        match there.primitives.iter().find(|old| old.id == primitive.id && !gone.contains(&old.id)) {
            Some(old) => change_primitive(steps, old, primitive),
            None => new.primitives.push(primitive.clone()),
        }
    }
    for group in &wanted.groups {
        match there.groups.iter().find(|old| old.id == group.id && !gone.contains(&old.id)) {
            Some(old) => change_group(steps, old, group, there, &gone),
            None => new.groups.push(group.clone()),
        }
    }
    for clone in &wanted.clones {
        match there.clones.iter().find(|old| old.id == clone.id && !gone.contains(&old.id)) {
            Some(old) => {
                meta(steps, "resource", &clone.id, &old.meta_attributes, &clone.meta_attributes);
                describe(steps, &clone.id, &old.description, &clone.description);
            }
            None => new.clones.push(clone.clone()),
        }
    }
    for bundle in &wanted.bundles {
        match there.bundles.iter().find(|old| old.id == bundle.id && !gone.contains(&old.id)) {
            Some(old) => {
                meta(steps, "resource", &bundle.id, &old.meta_attributes, &bundle.meta_attributes);
                describe(steps, &bundle.id, &old.description, &bundle.description);
            }
            None => new.bundles.push(bundle.clone()),
        }
    }
    // What is made inside of a bundle that stays needs it named.
    for bundle in &wanted.bundles {
        let kept = !new.bundles.iter().any(|other| other.id == bundle.id);
        if let Some(member) = &bundle.member_id
            && kept
            && let Some(at) = new.primitives.iter().position(|primitive| primitive.id == *member)
        {
            let mut commands = crate::output::resources_cmd::Commands::default();
            commands.primitive(&new.primitives.remove(at), Some(&bundle.id));
            for lines in commands.commands {
                steps.push(lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" "));
            }
        }
    }
    new
}

/// Ids of what is not wanted, or is wanted in another build.
fn gone(there: &Resources, wanted: &Resources) -> Vec<String> {
    let mut gone = Vec::new();
    for old in &there.primitives {
        let stays = wanted.primitives.iter().any(|new| {
            new.id == old.id
                && new.agent_name == old.agent_name
                && bundle_of(there, &old.id) == bundle_of(wanted, &old.id)
        });
        if !stays {
            gone.push(old.id.clone());
        }
    }
    for old in &there.groups {
        // A group goes with the last of its members.
        let stays = wanted.groups.iter().any(|new| new.id == old.id)
            && old.member_ids.iter().any(|member| !gone.contains(member));
        if !stays {
            gone.push(old.id.clone());
        }
    }
    for old in &there.clones {
        let stays = wanted.clones.iter().any(|new| new.id == old.id && new.member_id == old.member_id)
            && !gone.contains(&old.member_id);
        if !stays {
            gone.push(old.id.clone());
        }
    }
    for old in &there.bundles {
        let stays = wanted.bundles.iter().any(|new| new.id == old.id && same(&shape(new), &shape(old)));
        if !stays {
            gone.push(old.id.clone());
            // Its resource cannot stand alone meanwhile.
            gone.extend(old.member_id.iter().filter(|id| !gone.contains(id)).cloned().collect::<Vec<_>>());
        }
    }
    gone
}

/// What no command changes in place.
fn shape(bundle: &Bundle) -> Bundle {
    Bundle { meta_attributes: Vec::new(), description: None, member_id: None, ..bundle.clone() }
}

fn bundle_of<'a>(all: &'a Resources, id: &str) -> Option<&'a str> {
    let found = all.bundles.iter().find(|bundle| bundle.member_id.as_deref() == Some(id));
    found.map(|bundle| bundle.id.as_str())
}

fn remove(steps: &mut Steps, there: &Resources, gone: &[String]) {
    let is_gone = |id: &String| gone.contains(id);
    let mut rest: Vec<&String> = Vec::new();
    for clone in there.clones.iter().filter(|old| is_gone(&old.id)) {
        let member = &clone.member_id;
        let members = there.groups.iter().find(|group| group.id == *member).map(|group| &group.member_ids);
        if is_gone(member) && members.is_none_or(|members| members.iter().all(is_gone)) {
            rest.push(&clone.id);
        } else {
            steps.push(format!("rhapsody resource unclone {}", quote(&clone.id)));
        }
    }
    for group in there.groups.iter().filter(|old| is_gone(&old.id)) {
        let kept = group.member_ids.iter().any(|id| !is_gone(id));
        match kept {
            // A group whose members all leave it is gone.
            true => steps.push(format!("rhapsody resource ungroup {}", quote(&group.id))),
            false => rest.push(&group.id),
        }
    }
    rest.extend(there.bundles.iter().map(|old| &old.id).filter(|id| is_gone(id)));
    let covered = |id: &String| {
        there.groups.iter().any(|group| rest.contains(&&group.id) && group.member_ids.contains(id))
            || there.clones.iter().any(|clone| {
                rest.contains(&&clone.id)
                    && (clone.member_id == *id
                        || there.groups.iter().any(|g| g.id == clone.member_id && g.member_ids.contains(id)))
            })
            || there.bundles.iter().any(|b| rest.contains(&&b.id) && b.member_id.as_ref() == Some(id))
    };
    let mut devices: Vec<&String> = Vec::new();
    let mut alone: Vec<&String> = Vec::new();
    for primitive in there.primitives.iter().filter(|old| is_gone(&old.id) && !covered(&old.id)) {
        let list = if primitive.agent_name.standard == "stonith" { &mut devices } else { &mut alone };
        list.push(&primitive.id);
    }
    let groups_in_clones: Vec<&String> = there
        .groups
        .iter()
        .map(|group| &group.id)
        .filter(|id| there.clones.iter().any(|clone| rest.contains(&&clone.id) && clone.member_id == **id))
        .collect();
    rest.retain(|id| !groups_in_clones.contains(id));
    rest.extend(alone);
    for (noun, ids) in [("resource", rest), ("stonith", devices)] {
        if !ids.is_empty() {
            let ids: Vec<String> = ids.into_iter().map(|id| quote(id)).collect();
            steps.push(format!("rhapsody {noun} remove --force -- {}", ids.join(" ")));
        }
    }
}

fn change_primitive(steps: &mut Steps, old: &Primitive, new: &Primitive) {
    let noun = if new.agent_name.standard == "stonith" { "stonith" } else { "resource" };
    let (what, id) = (format!("resource '{}'", new.id), quote(&new.id));
    steps.pairs(
        &what,
        &format!("rhapsody {noun} update --force -- {id}"),
        &old.instance_attributes,
        &new.instance_attributes,
    );
    meta(steps, noun, &new.id, &old.meta_attributes, &new.meta_attributes);
    steps.pairs(&what, &format!("rhapsody -- resource utilization {id}"), &old.utilization, &new.utilization);
    describe(steps, &new.id, &old.description, &new.description);
    let lacks = |op: &Op, from: &[Op]| !from.iter().any(|other| same(&nameless(other), &nameless(op)));
    for op in old.operations.iter().filter(|op| lacks(op, &new.operations)) {
        steps.push(format!("rhapsody {noun} op delete {}", quote(&op.id)));
    }
    for op in new.operations.iter().filter(|op| lacks(op, &old.operations)) {
        let mut words = vec![quote(&op.name), pair("interval", &op.interval)];
        words.extend(op.description.iter().map(|text| pair("description", text)));
        if !op.id.is_empty() {
            words.push(pair("id", &op.id));
        }
        words.extend(operation_options(op).iter().map(|(name, value)| pair(name, value)));
        steps.push(format!("rhapsody {noun} op add --force -- {id} {}", words.join(" ")));
    }
}

/// An operation is what it does, not how it is called.
fn nameless(op: &Op) -> Op {
    Op { id: String::new(), ..op.clone() }
}

fn change_group(steps: &mut Steps, old: &Group, new: &Group, there: &Resources, gone: &[String]) {
    let id = quote(&new.id);
    // Those that are made in this round join in the next; what is removed has left already.
    let known = |member: &&String| {
        there.primitives.iter().any(|primitive| primitive.id == **member) && !gone.contains(member)
    };
    let wanted: Vec<&String> = new.member_ids.iter().filter(known).collect();
    let mut members: Vec<&String> = old.member_ids.iter().filter(|member| !gone.contains(member)).collect();
    let leaving: Vec<&String> = members.iter().copied().filter(|member| !wanted.contains(member)).collect();
    for (at, member) in wanted.iter().enumerate() {
        if members.get(at) == Some(member) {
            continue;
        }
        let place = match at.checked_sub(1) {
            Some(before) => format!("--after {}", quote(wanted[before])),
            None => match members.first() {
                Some(first) => format!("--before {}", quote(first)),
                None => String::new(),
            },
        };
        members.retain(|other| other != member);
        members.insert(at.min(members.len()), member);
        steps.push(format!("rhapsody resource group add {id} {} {place}", quote(member)).trim_end());
    }
    // A group that is left by all would be gone: then they leave when the others have come.
    if !leaving.is_empty() && !wanted.is_empty() {
        let leaving: Vec<String> = leaving.into_iter().map(|member| quote(member)).collect();
        steps.push(format!("rhapsody resource group remove {id} {}", leaving.join(" ")));
    }
    meta(steps, "resource", &new.id, &old.meta_attributes, &new.meta_attributes);
    describe(steps, &new.id, &old.description, &new.description);
}

fn meta(
    steps: &mut Steps,
    noun: &str,
    id: &str,
    old: &[rhapsody_ops::dto::nvset::Nvset],
    new: &[rhapsody_ops::dto::nvset::Nvset],
) {
    let command = format!("rhapsody {noun} meta {} --", quote(id));
    steps.pairs(&format!("resource '{id}'"), &command, old, new);
}

fn describe(steps: &mut Steps, id: &str, old: &Option<String>, new: &Option<String>) {
    if old.as_deref().unwrap_or("") != new.as_deref().unwrap_or("") {
        let text = quote(new.as_deref().unwrap_or(""));
        steps.push(format!("rhapsody cib element description {} {text}", quote(id)));
    }
}
