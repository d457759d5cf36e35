//! `property set` and `unset`.

use super::config::READONLY;
use crate::values::{self, INTERVAL_HINT};
use crate::work::{ForceFlags, Stop, Work};
use crate::{nvset, sections};
use indexmap::IndexMap;
use rhapsody_agents_catalog::check::{deprecated_text, forceable, invalid_text, quoted};
use rhapsody_agents_catalog::{Described, Parameter};
use rhapsody_api::Report;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

const BLOCK: &str = "cib-bootstrap-options";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// An empty value removes the property.
    pub cluster_properties: IndexMap<String, String>,
    pub force_flags: ForceFlags,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let force = request.force_flags.force();
    check_known(work, &request.cluster_properties, force);
    check_values(work, &request.cluster_properties, force);
    check_removed(work, &request.cluster_properties, force);
    work.check()?;
    warn_fencing_off(work, &request.cluster_properties);
    let section = sections::make(&mut work.cib, "crm_config");
    let block = match first_block(work, section) {
        Some(block) => block,
        None => {
            let block = work.cib.append(section, "cluster_property_set");
            work.cib.set_attr(block, "id", BLOCK);
            block
        }
    };
    for (name, value) in &request.cluster_properties {
        nvset::set_short(&mut work.cib, block, name, value);
    }
    Ok(())
}

/// The block that is written: pcs's and Pacemaker's own, else the first.
fn first_block(work: &Work<'_>, section: Element) -> Option<Element> {
    let doc = &work.cib;
    let blocks: Vec<Element> = doc.children_named(section, "cluster_property_set").collect();
    blocks.first().copied()
}

fn current<'a>(work: &'a Work<'_>, name: &str) -> Option<&'a str> {
    let section = sections::get(&work.cib, "crm_config")?;
    nvset::get(&work.cib, first_block(work, section)?, name)
}

fn check_known(work: &mut Work<'_>, given: &IndexMap<String, String>, force: bool) {
    let described = work.env.agents.described(Described::ClusterProperties);
    let set = |name: &&String| !given[name.as_str()].is_empty();
    let readonly: Vec<String> =
        given.keys().filter(|name| READONLY.contains(&name.as_str())).cloned().collect();
    let known = |name: &str| described.parameter(name).is_some() && !READONLY.contains(&name);
    let invalid: Vec<String> =
        given.keys().filter(set).filter(|name| !known(name) && !readonly.contains(name)).cloned().collect();
    let allowed: Vec<String> = described
        .parameters
        .iter()
        .map(|parameter| parameter.name.clone())
        .filter(|name| !READONLY.contains(&name.as_str()))
        .collect();
    if !readonly.is_empty() {
        work.error("INVALID_OPTIONS", invalid_text("cluster property", &readonly, &allowed));
    }
    if !invalid.is_empty() {
        work.report(forceable(
            force,
            "INVALID_OPTIONS",
            invalid_text("cluster property", &invalid, &allowed),
        ));
    }
    for name in given.keys().filter(set) {
        if let Some(parameter) = described.parameter(name).filter(|parameter| parameter.deprecated) {
            work.warning("DEPRECATED_OPTION", deprecated_text("cluster property", parameter));
        }
    }
}

fn check_values(work: &mut Work<'_>, given: &IndexMap<String, String>, force: bool) {
    let described = work.env.agents.described(Described::ClusterProperties);
    let mut reports: Vec<Report> = Vec::new();
    for (name, value) in given.iter().filter(|(_, value)| !value.is_empty()) {
        let Some(parameter) = described.parameter(name) else { continue };
        if READONLY.contains(&name.as_str()) {
            continue;
        }
        if let Some(hint) = wrong(parameter, value) {
            reports.push(forceable(force, "INVALID_OPTION_VALUE", values::invalid_value(value, name, &hint)));
        }
    }
    work.reports(reports);
}

/// What a value should have been.
fn wrong(parameter: &Parameter, value: &str) -> Option<String> {
    let (ok, hint) = match parameter.kind.as_str() {
        "boolean" => (
            values::boolean(value).is_some(),
            "a pacemaker boolean value: '0', '1', 'false', 'n', 'no', 'off', 'on', 'true', 'y', 'yes'"
                .to_owned(),
        ),
        "integer" => (values::is_integer(value) || values::is_score(value), "an integer".to_owned()),
        "nonnegative_integer" => (value.parse::<u64>().is_ok(), "a non-negative integer".to_owned()),
        "score" => (values::is_score(value), "an integer or INFINITY or -INFINITY".to_owned()),
        "duration" | "time" => (values::is_duration(value), INTERVAL_HINT.to_owned()),
        "timeout" => (
            values::is_duration(value) || value.strip_prefix('-').is_some_and(values::is_duration),
            INTERVAL_HINT.to_owned(),
        ),
        "percentage" => (
            value.strip_suffix('%').is_some_and(|number| number.parse::<u32>().is_ok()),
            "a non-negative integer followed by '%' (e.g. 0%, 50%, 200%, ...)".to_owned(),
        ),
        "select" => {
            let allowed = parameter.enum_values.clone().unwrap_or_default();
            (allowed.iter().any(|known| known == value), quoted(allowed))
        }
        _ => (true, String::new()),
    };
    (!ok).then_some(hint)
}

fn check_removed(work: &mut Work<'_>, given: &IndexMap<String, String>, force: bool) {
    let missing: Vec<String> = given
        .iter()
        .filter(|(name, value)| value.is_empty() && current(work, name).is_none())
        .map(|(name, _)| name.clone())
        .collect();
    if missing.is_empty() {
        return;
    }
    let word = if missing.len() == 1 { "property" } else { "properties" };
    let they = if missing.len() == 1 { "it is" } else { "they are" };
    work.report(forceable(
        force,
        "CANNOT_DO_ACTION_WITH_ABSENT_PROPERTY",
        format!("Cannot remove {word} {}, {they} not present in property set '{BLOCK}'", quoted(missing)),
    ));
}

/// Without fencing the promise that nothing runs twice is off; say so.
fn warn_fencing_off(work: &mut Work<'_>, given: &IndexMap<String, String>) {
    for name in ["fencing-enabled", "stonith-enabled"] {
        if given.get(name).is_some_and(|value| values::boolean(value) == Some(false)) {
            work.warning(
                "NO_STONITH_MEANS_WOULD_BE_LEFT_DUE_TO_PROPERTIES",
                format!(
                    "Setting property {name} to {} leaves the cluster with no enabled means to fence nodes: after the loss of \
                     a node a resource may run in two places, or not be recovered",
                    given[name]
                ),
            );
        }
    }
}
