//! `stonith level ...`

use crate::context::Context;
use crate::failure::Failure;
use crate::output::cmd::{pair, quote, quote_but_patterns};
use rhapsody_ops::dto::levels::Levels;
use rhapsody_ops::stonith::level::Nothing;

pub fn get(context: &mut Context) -> Result<Levels, Failure> {
    context.get("fencing_topology.get_config_dto", &Nothing {})
}

/// Levels as the commands that make them.
pub fn commands(levels: &Levels) -> Vec<Vec<String>> {
    let command = |index: i64, target: String, devices: &[String], id: &str| {
        let devices: Vec<String> = devices.iter().map(|device| quote(device)).collect();
        let id = if id.is_empty() { String::new() } else { format!(" {}", pair("id", id)) };
        vec![format!(
            "rhapsody stonith level add --force -- {index} {} {}{id}",
            quote_but_patterns(&target),
            devices.join(" ")
        )]
    };
    let mut commands = Vec::new();
    commands.extend(
        levels
            .target_node
            .iter()
            .map(|level| command(level.index, level.target.clone(), &level.devices, &level.id)),
    );
    commands.extend(levels.target_regex.iter().map(|level| {
        command(level.index, format!("regexp%{}", level.target_pattern), &level.devices, &level.id)
    }));
    commands.extend(levels.target_attribute.iter().map(|level| {
        let target = format!("attrib%{}={}", level.target_attribute, level.target_value);
        command(level.index, target, &level.devices, &level.id)
    }));
    commands
}

/// The lines of `stonith level config`.
pub fn text(levels: &Levels) -> Vec<String> {
    let mut all: Vec<(&str, String, i64, &[String])> = Vec::new();
    all.extend(
        levels
            .target_node
            .iter()
            .map(|level| ("node", level.target.clone(), level.index, level.devices.as_slice())),
    );
    all.extend(
        levels
            .target_regex
            .iter()
            .map(|level| ("regexp", level.target_pattern.clone(), level.index, level.devices.as_slice())),
    );
    all.extend(levels.target_attribute.iter().map(|level| {
        (
            "attribute",
            format!("{}={}", level.target_attribute, level.target_value),
            level.index,
            level.devices.as_slice(),
        )
    }));
    let rank = |kind: &str| ["node", "regexp", "attribute"].iter().position(|known| *known == kind);
    all.sort_by(|left, right| (rank(left.0), &left.1, left.2).cmp(&(rank(right.0), &right.1, right.2)));
    let mut lines = Vec::new();
    let mut last: Option<(&str, String)> = None;
    for (kind, target, index, devices) in all {
        if last.as_ref() != Some(&(kind, target.clone())) {
            lines.push(format!("Target ({kind}): {target}"));
            last = Some((kind, target));
        }
        lines.push(format!("  Level {index}: {}", devices.join(" ")));
    }
    lines
}

/// What `stonith config` shows after the devices.
pub fn print_after(context: &mut Context) -> Result<(), Failure> {
    let lines = text(&get(context)?);
    if lines.is_empty() {
        return Ok(());
    }
    context.line("");
    context.line("Fencing Levels:");
    for line in lines {
        context.line(format!("  {line}"));
    }
    Ok(())
}
