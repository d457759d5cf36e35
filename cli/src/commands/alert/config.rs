//! `alert config`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::output::cmd::{pair, quote};
use crate::output::json;
use crate::output::nvset_text::{blocks, indent};
use rhapsody_ops::alert::{Alert, Alerts, ConfigRequest};
use rhapsody_ops::dto::nvset::Nvset;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let format = context.format(&["cmd", "json", "text"])?;
    let found: Alerts = context.get("alert.get_config_dto", &ConfigRequest::default())?;
    match format {
        "json" => context.line(json::pretty(&found)),
        "cmd" => context.commands(&commands(&found)),
        _ => lines(&found).iter().for_each(|line| context.line(line)),
    }
    Ok(())
}

/// Alerts as the commands that make them.
pub fn commands(found: &Alerts) -> Vec<Vec<String>> {
    found.alerts.iter().flat_map(as_commands).collect()
}

/// Alerts for people.
pub fn lines(found: &Alerts) -> Vec<String> {
    found.alerts.iter().flat_map(text).collect()
}

fn text(alert: &Alert) -> Vec<String> {
    let mut inner = Vec::new();
    if let Some(text) = &alert.description {
        inner.push(format!("Description: {text}"));
    }
    inner.push(format!("Path: {}", alert.path));
    if !alert.recipients.is_empty() {
        inner.push("Recipients:".to_owned());
        for recipient in &alert.recipients {
            inner.push(format!("  Recipient: {}", recipient.id));
            let mut lines = Vec::new();
            if let Some(text) = &recipient.description {
                lines.push(format!("Description: {text}"));
            }
            lines.push(format!("Value: {}", recipient.value));
            lines.extend(blocks("Attributes", &filled(&recipient.instance_attributes)));
            lines.extend(blocks("Meta Attributes", &filled(&recipient.meta_attributes)));
            inner.extend(indent(indent(lines)));
        }
    }
    inner.extend(blocks("Attributes", &filled(&alert.instance_attributes)));
    inner.extend(blocks("Meta Attributes", &filled(&alert.meta_attributes)));
    let mut lines = vec![format!("Alert: {}", alert.id)];
    lines.extend(indent(inner));
    lines
}

fn filled(all: &[Nvset]) -> Vec<Nvset> {
    all.iter().filter(|block| !block.nvpairs.is_empty()).cloned().collect()
}

fn options(keyword: &str, blocks: &[Nvset]) -> String {
    let pairs: Vec<String> = blocks
        .first()
        .map(|block| block.nvpairs.iter().map(|found| pair(&found.name, &found.value)).collect())
        .unwrap_or_default();
    if pairs.is_empty() { String::new() } else { format!(" {keyword} {}", pairs.join(" ")) }
}

fn as_commands(alert: &Alert) -> Vec<Vec<String>> {
    let describe = |text: &Option<String>| {
        text.as_ref().map(|text| format!(" description={}", quote(text))).unwrap_or_default()
    };
    let mut commands = vec![vec![format!(
        "rhapsody -- alert create {} {}{}{}{}",
        pair("path", &alert.path),
        pair("id", &alert.id),
        describe(&alert.description),
        options("options", &alert.instance_attributes),
        options("meta", &alert.meta_attributes)
    )]];
    for recipient in &alert.recipients {
        commands.push(vec![format!(
            "rhapsody -- alert recipient add {} {} {}{}{}{}",
            quote(&alert.id),
            pair("value", &recipient.value),
            pair("id", &recipient.id),
            describe(&recipient.description),
            options("options", &recipient.instance_attributes),
            options("meta", &recipient.meta_attributes)
        )]);
    }
    commands
}
