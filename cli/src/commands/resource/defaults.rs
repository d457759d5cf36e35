//! `resource defaults`, `resource op defaults`

use crate::Done;
use crate::commands::constraint::warn_many_words;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups};
use crate::output::cmd::{pair, quote};
use crate::output::json;
use crate::output::nvset_text::{self, indent};
use crate::settings;
use rhapsody_ops::defaults::{ConfigRequest, CreateRequest, Defaults, RemoveRequest, UpdateRequest};
use rhapsody_ops::dto::nvset::Nvset;
use rhapsody_ops::work::ForceFlags;

/// Of resources or of operations.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Resources,
    Operations,
}

impl Of {
    fn word(self) -> &'static str {
        match self {
            Of::Resources => "resource",
            Of::Operations => "operation",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Of::Resources => "resource defaults",
            Of::Operations => "resource op defaults",
        }
    }
}

pub fn config(context: &mut Context, words: &[String], of: Of) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let format = context.format(&["cmd", "json", "text"])?;
    let full = context.options.has("--full");
    if format != "text" && full {
        return Err(Failure::Message(format!(
            "option '--full' is not compatible with '{format}' output format."
        )));
    }
    let evaluate = !context.options.has("--no-expire-check") && settings::rules_are_evaluated();
    let command = format!("cib_options.{}_defaults_config", of.word());
    let mut found: Defaults = context.get(&command, &ConfigRequest { evaluate_expired: evaluate })?;
    if !context.options.has("--all") {
        let keep = |block: &Nvset| block.rule.as_ref().is_none_or(|rule| rule.in_effect != "EXPIRED");
        found.meta_attributes.retain(keep);
        found.instance_attributes.retain(keep);
    }
    match format {
        "json" => context.line(json::line(&found)),
        "cmd" => context.commands(&commands(&found, of)),
        _ => lines(&found, full).iter().for_each(|line| context.line(line)),
    }
    Ok(())
}

/// The sets for people.
pub fn lines(found: &Defaults, full: bool) -> Vec<String> {
    let instance = found.instance_attributes.iter().flat_map(|block| text("Attributes", block, full));
    let meta = found.meta_attributes.iter().flat_map(|block| text("Meta Attrs", block, full));
    instance.chain(meta).collect()
}

fn text(title: &str, block: &Nvset, full: bool) -> Vec<String> {
    let state = match block.rule.as_ref().map(|rule| rule.in_effect.as_str()) {
        Some("EXPIRED") => " (expired)",
        Some("NOT_YET_IN_EFFECT") => " (not yet in effect)",
        _ => "",
    };
    let mut head = format!("{title}{state}: {}", block.id);
    if !block.options.is_empty() {
        head.push_str(&format!(" {}", nvset_text::options_line(&block.options)));
    }
    let mut pairs: Vec<_> = block.nvpairs.iter().collect();
    pairs.sort_by(|left, right| left.name.cmp(&right.name));
    let mut inner: Vec<String> = pairs
        .into_iter()
        .map(|found| {
            let id = if full { format!(" (id: {})", found.id) } else { String::new() };
            format!("{}{id}", nvset_text::pair(&found.name, &found.value))
        })
        .collect();
    if let Some(rule) = &block.rule {
        inner.extend(nvset_text::rule(rule, full));
    }
    let mut lines = vec![head];
    lines.extend(indent(inner));
    lines
}

/// The sets as the commands that make them; sets of instance attributes have none.
pub fn commands(found: &Defaults, of: Of) -> Vec<Vec<String>> {
    found.meta_attributes.iter().map(|block| as_command(block, of)).collect()
}

fn as_command(block: &Nvset, of: Of) -> Vec<String> {
    let mut head = format!("rhapsody -- {} set create {}", of.noun(), pair("id", &block.id));
    for (name, value) in &block.options {
        head.push_str(&format!(" {}", pair(name, value)));
    }
    let mut lines = vec![head];
    if !block.nvpairs.is_empty() {
        let mut pairs: Vec<_> = block.nvpairs.iter().collect();
        pairs.sort_by(|left, right| left.name.cmp(&right.name));
        let pairs: Vec<String> = pairs.iter().map(|found| pair(&found.name, &found.value)).collect();
        lines.push(format!("  meta {}", pairs.join(" ")));
    }
    if let Some(rule) = &block.rule {
        lines.push(format!("  rule {}", quote(&rule.as_string)));
    }
    lines
}

pub fn create(context: &mut Context, words: &[String], of: Of) -> Done {
    let parts = Groups::split(words, &["meta", "rule"]);
    parts.once(&["meta", "rule"])?;
    let rule = parts.flat("rule");
    warn_many_words(&rule);
    let request = CreateRequest {
        nvpairs: grammar::pairs(&parts.flat("meta"))?,
        nvset_options: grammar::pairs(&parts.head)?,
        nvset_rule: Some(rule.join(" ")).filter(|rule| !rule.is_empty()),
        force_flags: ForceFlags::from(context.force_flags()),
    };
    context.change(&format!("rhapsody.defaults.{}_create", of.word()), &request)?;
    Ok(())
}

pub fn remove(context: &mut Context, words: &[String], of: Of) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    let request = RemoveRequest { nvset_id_list: words.to_vec() };
    context.change(&format!("rhapsody.defaults.{}_remove", of.word()), &request)?;
    Ok(())
}

pub fn set_update(context: &mut Context, words: &[String], of: Of) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    let parts = Groups::split(rest, &["meta"]);
    if !parts.head.is_empty() {
        return Err(usage());
    }
    send(context, Some(id.clone()), &parts.flat("meta"), of)
}

pub fn update(context: &mut Context, words: &[String], of: Of) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    send(context, None, words, of)
}

fn send(context: &mut Context, nvset_id: Option<String>, words: &[String], of: Of) -> Done {
    let request = UpdateRequest { nvset_id, nvpairs: grammar::pairs(words)? };
    context.change(&format!("rhapsody.defaults.{}_update", of.word()), &request)?;
    Ok(())
}
