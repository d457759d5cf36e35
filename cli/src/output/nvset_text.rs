//! Blocks of name-value pairs and rules as text.

use rhapsody_ops::dto::nvset::Nvset;
use rhapsody_ops::dto::rule::{DatePart, Expression, Options};
use rhapsody_ops::values::quoted_word;

/// Lines indented by two blanks more.
pub fn indent(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().map(|line| if line.is_empty() { line } else { format!("  {line}") }).collect()
}

/// `name=value`, quoted where people need it.
pub fn pair(name: &str, value: &str) -> String {
    format!("{}={}", quoted_word(name), quoted_word(value))
}

/// Options on one line, in their order.
pub fn options_line(options: &Options) -> String {
    options.iter().map(|(name, value)| pair(name, value)).collect::<Vec<_>>().join(" ")
}

/// One block below a title.
pub fn block(title: &str, block: &Nvset) -> Vec<String> {
    let mut head = format!("{title}: {}", block.id).trim_end().to_owned();
    if !block.options.is_empty() {
        head.push(' ');
        head.push_str(&options_line(&block.options));
    }
    let mut lines = vec![head];
    let (secret, open): (Vec<_>, Vec<_>) = block.nvpairs.iter().partition(|pair| pair.value == "lrm://");
    let mut open = open;
    open.sort_by(|left, right| left.name.cmp(&right.name));
    lines.extend(indent(open.iter().map(|found| pair(&found.name, &found.value)).collect()));
    if !secret.is_empty() {
        let mut names: Vec<String> = secret.iter().map(|found| quoted_word(&found.name)).collect();
        names.sort();
        lines.push(format!("  {} {title}:", "Secret"));
        lines.extend(indent(indent(names)));
    }
    if let Some(found) = &block.rule {
        lines.extend(indent(rule(found, true)));
    }
    lines
}

/// All blocks below a title; expired ones only when they are wanted.
pub fn blocks(title: &str, all: &[Nvset]) -> Vec<String> {
    let shown = |found: &&Nvset| !found.nvpairs.is_empty() || found.rule.is_some();
    all.iter().filter(shown).flat_map(|found| block(title, found)).collect()
}

/// A rule, with ids or without.
pub fn rule(rule: &Expression, ids: bool) -> Vec<String> {
    let state = match rule.in_effect.as_str() {
        "EXPIRED" => " (expired)",
        "NOT_YET_IN_EFFECT" => " (not yet in effect)",
        _ => "",
    };
    let mut head = format!("Rule{state}:");
    let mut options: Vec<_> = rule.options.iter().collect();
    options.sort();
    for (name, value) in options {
        head.push_str(&format!(" {}", pair(name, value)));
    }
    if ids {
        head.push_str(&format!(" (id: {})", rule.id));
    }
    let mut lines = vec![head];
    for part in &rule.expressions {
        lines.extend(indent(if part.kind == "RULE" { self::rule(part, ids) } else { expression(part, ids) }));
    }
    lines
}

fn expression(part: &Expression, ids: bool) -> Vec<String> {
    let id = if ids { format!(" (id: {})", part.id) } else { String::new() };
    let date_part = |title: &str, found: &DatePart| {
        let mut options: Vec<_> = found.options.iter().collect();
        options.sort();
        let options: Vec<String> = options.iter().map(|(name, value)| pair(name, value)).collect();
        let id = if ids { format!(" (id: {})", found.id) } else { String::new() };
        format!("  {title}: {}{id}", options.join(" "))
    };
    if let Some(spec) = &part.date_spec {
        return vec![format!("Expression:{id}"), date_part("Date Spec", spec)];
    }
    let text = match &part.duration {
        Some(_) => part.as_string.split(" duration").next().unwrap_or("").to_owned() + " duration",
        None => part.as_string.clone(),
    };
    let mut lines = vec![format!("Expression: {text}{id}")];
    if let Some(duration) = &part.duration {
        lines.push(date_part("Duration", duration));
    }
    lines
}
