//! Defaults of resources and operations: sets with scores and rules.

use crate::dto::nvset::{self as dto, Nvset};
use crate::resource::create::Attributes;
use crate::resource::tree;
use crate::rule_text::{self, Takes};
use crate::work::{ForceFlags, Stop, Work};
use crate::{ids, nvset, rules, sections, values};
use rhapsody_agents_catalog::Described;
use rhapsody_agents_catalog::check::{invalid_text, quoted};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Defaults {
    pub instance_attributes: Vec<Nvset>,
    pub meta_attributes: Vec<Nvset>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ConfigRequest {
    pub evaluate_expired: bool,
}

pub fn resource_config(work: &mut Work<'_>, request: ConfigRequest) -> Result<Defaults, Stop> {
    Ok(read(work, "rsc_defaults", request.evaluate_expired))
}

pub fn operation_config(work: &mut Work<'_>, request: ConfigRequest) -> Result<Defaults, Stop> {
    Ok(read(work, "op_defaults", request.evaluate_expired))
}

fn read(work: &Work<'_>, section: &str, evaluate: bool) -> Defaults {
    let doc = &work.cib;
    let now = work.env.now;
    let Some(section) = sections::get(doc, section) else { return Defaults::default() };
    let in_effect = |rule: Element| evaluate.then(|| rules::in_effect(doc, rule, now));
    let all = |kind: &str| {
        doc.children_named(section, kind).map(|block| dto::read(doc, block, &in_effect)).collect()
    };
    Defaults { instance_attributes: all("instance_attributes"), meta_attributes: all("meta_attributes") }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CreateRequest {
    pub nvpairs: Attributes,
    /// `id`, `score`.
    pub nvset_options: Attributes,
    pub nvset_rule: Option<String>,
    pub force_flags: ForceFlags,
}

pub fn resource_create(work: &mut Work<'_>, request: CreateRequest) -> Result<(), Stop> {
    create(work, request, "rsc_defaults")
}

pub fn operation_create(work: &mut Work<'_>, request: CreateRequest) -> Result<(), Stop> {
    create(work, request, "op_defaults")
}

fn create(work: &mut Work<'_>, request: CreateRequest, section: &str) -> Result<(), Stop> {
    let force = request.force_flags.force();
    let invalid: Vec<String> = request
        .nvset_options
        .keys()
        .filter(|name| !matches!(name.as_str(), "id" | "score"))
        .cloned()
        .collect();
    if !invalid.is_empty() {
        let allowed = ["id".to_owned(), "score".to_owned()];
        work.forceable(force, "INVALID_OPTIONS", invalid_text("", &invalid, &allowed));
    }
    if let Some(score) = request.nvset_options.get("score")
        && !values::is_score(score)
    {
        work.error("INVALID_SCORE", format!("invalid score '{score}', use integer or INFINITY or -INFINITY"));
    }
    if request.nvset_rule.is_some() {
        work.require_schema((3, 9));
    }
    let mut rule = None;
    let mut readable = true;
    if let Some(text) = &request.nvset_rule {
        match rule_text::parse(text) {
            Ok(parsed) => {
                // Meta attributes of resources are the same on all nodes.
                let operations = section == "op_defaults";
                let takes = Takes { attributes: operations, resources: true, operations };
                work.reports(parsed.check(takes));
                rule = Some(parsed);
            }
            Err(error) => {
                readable = false;
                work.report(error.report(text));
            }
        }
    }
    if let Some(id) = request.nvset_options.get("id") {
        work.check_new_id(id, "id");
    }
    if readable {
        let about_resource = rule.as_ref().is_some_and(rule_text::Rule::asks_for_resource);
        check_names(work, section, about_resource, &request.nvpairs);
    }
    work.check()?;
    tell_overridden(work);
    let parent = sections::make(&mut work.cib, section);
    let doc = &mut work.cib;
    let id = match request.nvset_options.get("id") {
        Some(id) => id.clone(),
        None => ids::free(doc, &format!("{section}-meta_attributes")),
    };
    let block = doc.append(parent, "meta_attributes");
    doc.set_attr(block, "id", &id);
    for (name, value) in request.nvset_options.iter().filter(|(name, _)| *name != "id") {
        doc.set_attr(block, name, value);
    }
    if let Some(rule) = rule {
        rule.write(doc, block, 0, None, &id);
    }
    for (name, value) in request.nvpairs.iter().filter(|(_, value)| !value.is_empty()) {
        nvset::add_short(doc, block, name, value);
    }
    Ok(())
}

fn tell_overridden(work: &mut Work<'_>) {
    work.warning(
        "DEFAULTS_CAN_BE_OVERRIDDEN",
        "Defaults do not apply to resources which override them with their own defined values",
    );
}

fn check_names(work: &mut Work<'_>, section: &str, about_resource: bool, pairs: &Attributes) {
    let given: Vec<&String> =
        pairs.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name).collect();
    if section != "rsc_defaults" {
        return;
    }
    if !about_resource {
        work.warning(
            "META_ATTRS_NOT_VALIDATED_UNSUPPORTED_TYPE",
            "Meta attributes of bundle / clone / group / resource are not validated",
        );
        return;
    }
    let known = work.env.agents.described(Described::PrimitiveMeta);
    let known =
        known.parameters.iter().map(|parameter| parameter.name.clone()).chain(["provides".to_owned()]);
    let known: Vec<String> = known.collect();
    let unknown: Vec<&String> = given.into_iter().filter(|name| !known.contains(name)).collect();
    if unknown.is_empty() {
        return;
    }
    let (s, have) = if unknown.len() == 1 { ("", "has") } else { ("s", "have") };
    work.warning(
        "META_ATTRS_UNKNOWN_TO_PCMK",
        format!(
            "Resource / stonith meta attribute{s} {} {have} no effect on cluster resource handling, meta attributes with effect: {}",
            quoted(unknown),
            quoted(&known)
        ),
    );
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpdateRequest {
    /// None: the only set, or a new one.
    pub nvset_id: Option<String>,
    pub nvpairs: Attributes,
}

pub fn resource_update(work: &mut Work<'_>, request: UpdateRequest) -> Result<(), Stop> {
    update(work, request, "rsc_defaults")
}

pub fn operation_update(work: &mut Work<'_>, request: UpdateRequest) -> Result<(), Stop> {
    update(work, request, "op_defaults")
}

fn blocks(work: &Work<'_>, section: &str) -> Vec<Element> {
    let doc = &work.cib;
    sections::get(doc, section)
        .map(|section| doc.children_named(section, "meta_attributes").collect())
        .unwrap_or_default()
}

/// There is no set with this id here; perhaps it is one of the other defaults.
fn tell_missing(work: &mut Work<'_>, id: &str, section: &str) {
    match ids::find(&work.cib, id) {
        Some(found) => {
            let kind = work.cib.name(found).to_owned();
            work.error(
                "ID_BELONGS_TO_UNEXPECTED_TYPE",
                format!("{kind} '{id}' exists but does not belong to '{section}'"),
            );
        }
        None => work.error("ID_NOT_FOUND", format!("options set '{id}' does not exist")),
    }
}

fn update(work: &mut Work<'_>, request: UpdateRequest, section: &str) -> Result<(), Stop> {
    let all = blocks(work, section);
    let block = match &request.nvset_id {
        Some(id) => match all.iter().find(|block| work.cib.attr(**block, "id") == Some(id)) {
            Some(block) => Some(*block),
            None => {
                tell_missing(work, id, section);
                return Err(Stop);
            }
        },
        None if all.len() > 1 => {
            let ids: Vec<String> = all.iter().map(|block| tree::id(&work.cib, *block)).collect();
            return work.stop(
                "CIB_NVSET_AMBIGUOUS_PROVIDE_NVSET_ID",
                format!(
                    "Several options sets exist, please use the 'set update' command and specify an option set ID: {}",
                    quoted(ids)
                ),
            );
        }
        None => all.first().copied(),
    };
    tell_overridden(work);
    let about_resource = block.is_some_and(|block| {
        let doc = &work.cib;
        doc.descendants(block).any(|inner| doc.name(inner) == "rsc_expression")
    });
    check_names(work, section, about_resource, &request.nvpairs);
    let block = match block {
        Some(block) => block,
        None if request.nvpairs.values().all(String::is_empty) => return Ok(()),
        None => {
            let parent = sections::make(&mut work.cib, section);
            let doc = &mut work.cib;
            let id = ids::free(doc, &format!("{section}-meta_attributes"));
            let block = doc.append(parent, "meta_attributes");
            doc.set_attr(block, "id", &id);
            block
        }
    };
    for (name, value) in &request.nvpairs {
        nvset::set_short(&mut work.cib, block, name, value);
    }
    Ok(())
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveRequest {
    pub nvset_id_list: Vec<String>,
}

pub fn resource_remove(work: &mut Work<'_>, request: RemoveRequest) -> Result<(), Stop> {
    remove(work, request, "rsc_defaults")
}

pub fn operation_remove(work: &mut Work<'_>, request: RemoveRequest) -> Result<(), Stop> {
    remove(work, request, "op_defaults")
}

fn remove(work: &mut Work<'_>, request: RemoveRequest, section: &str) -> Result<(), Stop> {
    let all = blocks(work, section);
    let mut found = Vec::new();
    for id in &request.nvset_id_list {
        match all.iter().find(|block| work.cib.attr(**block, "id") == Some(id)) {
            Some(block) => found.push(*block),
            None => tell_missing(work, id, section),
        }
    }
    work.check()?;
    found.dedup();
    for block in found {
        work.cib.remove(block);
    }
    Ok(())
}
