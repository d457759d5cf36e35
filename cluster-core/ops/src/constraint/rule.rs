//! `constraint location RESOURCE rule ...`

use super::set::{Options, check_member, duplicates};
use super::{append, check_score};
use crate::resource::tree;
use crate::rule_text::{self, Takes};
use crate::work::{ForceFlags, Stop, Work};
use crate::{ids, sections, values};
use rhapsody_agents_catalog::check::{invalid_text, quoted};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// `PLAIN` or `REGEX`.
    pub resource_id_type: String,
    pub resource_id: String,
    pub rule: String,
    /// `id`, `role`, `score`, `score-attribute`.
    pub rule_options: Options,
    /// `id`, `resource-discovery`.
    pub constraint_options: Options,
    pub force_flags: ForceFlags,
}

pub fn create(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let force = request.force_flags.force();
    let pattern = request.resource_id_type == "REGEX";
    if !pattern {
        check_member(work, &request.resource_id, force);
    }
    check_options(work, &request, force);
    let rule = match rule_text::parse(&request.rule) {
        Ok(rule) => {
            let takes = Takes { attributes: true, ..Takes::default() };
            work.reports(rule.check(takes));
            Some(rule)
        }
        Err(error) => {
            work.report(error.report(&request.rule));
            None
        }
    };
    work.check()?;
    let Some(rule) = rule else { return Err(Stop) };
    work.require_schema((3, 9));
    check_duplicates(work, &request, pattern, &rule, force);
    work.check()?;
    let id = match request.constraint_options.get("id") {
        Some(id) => id.clone(),
        None => ids::free(&work.cib, &ids::sanitized(&format!("location-{}", request.resource_id), "")),
    };
    let element = append(work, "rsc_location", &id);
    let doc = &mut work.cib;
    doc.set_attr(element, if pattern { "rsc-pattern" } else { "rsc" }, &request.resource_id);
    if let Some(discovery) = request.constraint_options.get("resource-discovery") {
        doc.set_attr(element, "resource-discovery", discovery);
    }
    let written = rule.write(doc, element, 0, request.rule_options.get("id").map(String::as_str), &id);
    if let Some(role) = request.rule_options.get("role").and_then(|role| values::role(role)) {
        let role = work.role_for_cib(role);
        work.cib.set_attr(written, "role", &role);
    }
    match (request.rule_options.get("score"), request.rule_options.get("score-attribute")) {
        (None, Some(attribute)) => work.cib.set_attr(written, "score-attribute", attribute),
        (score, _) => work.cib.set_attr(written, "score", score.map_or("INFINITY", String::as_str)),
    }
    Ok(())
}

fn check_options(work: &mut Work<'_>, request: &Request, force: bool) {
    let rule = &request.rule_options;
    let invalid: Vec<String> = rule
        .keys()
        .filter(|name| !matches!(name.as_str(), "id" | "role" | "score" | "score-attribute"))
        .cloned()
        .collect();
    if !invalid.is_empty() {
        let allowed = ["id", "role", "score", "score-attribute"].map(str::to_owned);
        work.error("INVALID_OPTIONS", invalid_text("rule", &invalid, &allowed));
    }
    for (options, what) in [(&request.constraint_options, "constraint id"), (rule, "rule id")] {
        if let Some(id) = options.get("id") {
            work.check_new_id(id, what);
        }
    }
    if let Some(discovery) = request.constraint_options.get("resource-discovery")
        && !matches!(discovery.as_str(), "always" | "never" | "exclusive")
    {
        let hint = quoted(["always", "exclusive", "never"]);
        work.forceable(
            force,
            "INVALID_OPTION_VALUE",
            values::invalid_value(discovery, "resource-discovery", &hint),
        );
    }
    if let Some(role) = rule.get("role")
        && !matches!(values::role(role), Some("Promoted" | "Unpromoted"))
    {
        let hint = quoted(["Promoted", "Unpromoted"]);
        work.error("INVALID_OPTION_VALUE", values::invalid_value(role, "role", &hint));
    }
    if rule.contains_key("score") && rule.contains_key("score-attribute") {
        work.error(
            "MUTUALLY_EXCLUSIVE_OPTIONS",
            "Only one of rule options 'score' and 'score-attribute' can be used",
        );
    }
    if let Some(score) = rule.get("score") {
        check_score(work, score);
    }
}

/// The same rule for the same resource; scores and ids do not count.
fn check_duplicates(
    work: &mut Work<'_>,
    request: &Request,
    pattern: bool,
    rule: &rule_text::Rule,
    force: bool,
) {
    let mut scratch = rhapsody_xml::Document::new("rsc_location");
    let root = scratch.root();
    let written = rule.write(&mut scratch, root, 0, None, "x");
    let wanted = shape(&scratch, written);
    let doc = &work.cib;
    let Some(section) = sections::get(doc, "constraints") else { return };
    let attribute = if pattern { "rsc-pattern" } else { "rsc" };
    let same: Vec<String> = doc
        .children_named(section, "rsc_location")
        .filter(|other| doc.attr(*other, attribute) == Some(&request.resource_id))
        .filter(|other| doc.children_named(*other, "rule").any(|found| shape(doc, found) == wanted))
        .map(|other| tree::id(doc, other))
        .collect();
    duplicates(work, &same, force);
}

/// A rule without what only names or weighs it.
fn shape(doc: &rhapsody_xml::Document, element: rhapsody_xml::Element) -> String {
    let mut attributes: Vec<String> = doc
        .attrs(element)
        .filter(|(name, _)| !matches!(*name, "id" | "score" | "score-attribute" | "role"))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    attributes.sort();
    let inner: Vec<String> = doc.children(element).map(|child| shape(doc, child)).collect();
    format!("{}[{}]({})", doc.name(element), attributes.join(","), inner.join(";"))
}
