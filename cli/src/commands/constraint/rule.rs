//! `constraint location RESOURCE rule ...`

use super::location::target;
use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use rhapsody_ops::constraint::rule::Request;
use rhapsody_ops::constraint::set::Options;
use rhapsody_ops::work::ForceFlags;

const OPTIONS: &[&str] = &["id", "role", "score", "score-attribute", "resource-discovery", "constraint-id"];

pub fn run(context: &mut Context, resource: &str, words: &[String]) -> Done {
    let mut rule_options = Options::new();
    let mut constraint_options = Options::new();
    let mut at = 0;
    while let Some((name, value)) = words.get(at).and_then(|word| word.split_once('=')) {
        if !OPTIONS.contains(&name) {
            break;
        }
        match name {
            "constraint-id" => constraint_options.insert("id".to_owned(), value.to_owned()),
            "resource-discovery" => constraint_options.insert(name.to_owned(), value.to_owned()),
            _ => rule_options.insert(name.to_owned(), value.to_owned()),
        };
        at += 1;
    }
    let rule = &words[at..];
    if rule.is_empty() {
        return Err(usage());
    }
    warn_many_words(rule);
    let (resource_id, pattern) = target(resource)?;
    let request = Request {
        resource_id_type: if pattern { "REGEX" } else { "PLAIN" }.to_owned(),
        resource_id,
        rule: rule.join(" "),
        rule_options,
        constraint_options,
        force_flags: ForceFlags::from(context.force_flags()),
    };
    context.change("constraint.location.create_with_rule", &request)?;
    Ok(())
}

/// A rule is best written as one word.
pub fn warn_many_words(rule: &[String]) {
    if rule.len() > 1 {
        eprintln!(
            "Deprecation Warning: Specifying a rule as multiple arguments is deprecated and might be removed in a future release, \
             specify the rule as a single string instead"
        );
    }
}
