//! `resource config`, `stonith config`

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::{cmd, json, resources_cmd, resources_text};
use rhapsody_ops::dto::resources::Resources;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let format = context.format(&["cmd", "json", "text"])?;
    let mut all = super::configured(context)?;
    let stonith_ids: Vec<String> = stonith_alone(&all);
    let all_known = all.clone();
    remove(&mut all, &stonith_ids);
    if !words.is_empty() {
        all = select(&all, words, "resource")?;
    }
    print(context, format, &all, &all_known, words)
}

/// Fence devices that stand alone: `stonith config` shows them.
pub fn stonith_alone(all: &Resources) -> Vec<String> {
    let inside = inside(all);
    all.primitives
        .iter()
        .filter(|primitive| primitive.agent_name.standard == "stonith" && !inside.contains(&primitive.id))
        .map(|primitive| primitive.id.clone())
        .collect()
}

/// Ids of what is inside of something else.
pub fn inside(all: &Resources) -> Vec<String> {
    let mut inside: Vec<String> = all.groups.iter().flat_map(|group| group.member_ids.clone()).collect();
    inside.extend(all.clones.iter().map(|clone| clone.member_id.clone()));
    inside.extend(all.bundles.iter().filter_map(|bundle| bundle.member_id.clone()));
    inside
}

fn remove(all: &mut Resources, ids: &[String]) {
    all.primitives.retain(|primitive| !ids.contains(&primitive.id));
}

/// The named resources with what is inside of them; unknown names are told.
pub fn select(all: &Resources, words: &[String], what: &str) -> Result<Resources, Failure> {
    let mut wanted: Vec<String> = Vec::new();
    for word in words {
        if !known(all, word) {
            eprintln!("Warning: Unable to find {what} '{word}'");
            continue;
        }
        add(all, word, &mut wanted);
    }
    if wanted.is_empty() {
        return Err(Failure::Message(format!("No {what} found")));
    }
    Ok(Resources {
        primitives: all.primitives.iter().filter(|found| wanted.contains(&found.id)).cloned().collect(),
        clones: all.clones.iter().filter(|found| wanted.contains(&found.id)).cloned().collect(),
        groups: all.groups.iter().filter(|found| wanted.contains(&found.id)).cloned().collect(),
        bundles: all.bundles.iter().filter(|found| wanted.contains(&found.id)).cloned().collect(),
    })
}

fn known(all: &Resources, id: &str) -> bool {
    all.primitives.iter().any(|found| found.id == id)
        || all.clones.iter().any(|found| found.id == id)
        || all.groups.iter().any(|found| found.id == id)
        || all.bundles.iter().any(|found| found.id == id)
}

fn add(all: &Resources, id: &str, wanted: &mut Vec<String>) {
    if wanted.iter().any(|known| known == id) {
        return;
    }
    wanted.push(id.to_owned());
    for group in all.groups.iter().filter(|found| found.id == id) {
        for member in &group.member_ids {
            add(all, member, wanted);
        }
    }
    for clone in all.clones.iter().filter(|found| found.id == id) {
        add(all, &clone.member_id, wanted);
    }
    for bundle in all.bundles.iter().filter(|found| found.id == id) {
        if let Some(member) = &bundle.member_id {
            add(all, member, wanted);
        }
    }
}

/// Prints a selection; `words` are the ids asked for, which stand at the top even when inside.
pub fn print(
    context: &mut Context,
    format: &str,
    selected: &Resources,
    all: &Resources,
    words: &[String],
) -> Done {
    match format {
        "json" => context.line(json::line(selected)),
        "cmd" => {
            let commands = resources_cmd::all(selected);
            for warning in &commands.warnings {
                eprintln!("Warning: {warning}");
            }
            if !commands.commands.is_empty() {
                context.line(cmd::join_commands(&commands.commands));
            }
        }
        _ => {
            for line in text(selected, all, words) {
                context.line(line);
            }
        }
    }
    Ok(())
}

/// The text of a selection.
pub fn text(selected: &Resources, all: &Resources, words: &[String]) -> Vec<String> {
    let printer = resources_text::Printer { all };
    let inside = inside(selected);
    for bundle in &selected.bundles {
        if bundle.container_type.is_none() {
            eprintln!(
                "Warning: Bundle '{}' uses unsupported container type. Supported container types are: 'docker', 'podman'",
                bundle.id
            );
        }
    }
    let top = |id: &String| !inside.contains(id) || words.contains(id);
    let mut lines = Vec::new();
    if !words.is_empty() {
        let mut done: Vec<&String> = Vec::new();
        for word in words {
            if !done.contains(&word) && known(selected, word) {
                done.push(word);
                lines.extend(printer.resource(word).unwrap_or_default());
            }
        }
        return lines;
    }
    lines.extend(
        selected.primitives.iter().filter(|found| top(&found.id)).flat_map(|found| printer.primitive(found)),
    );
    lines
        .extend(selected.groups.iter().filter(|found| top(&found.id)).flat_map(|found| printer.group(found)));
    lines
        .extend(selected.clones.iter().filter(|found| top(&found.id)).flat_map(|found| printer.clone(found)));
    lines.extend(
        selected.bundles.iter().filter(|found| top(&found.id)).flat_map(|found| printer.bundle(found)),
    );
    lines
}
