//! `resource update`, `stonith update` and `meta`: options, meta attributes and operations.

use super::create::{self, Attributes};
use super::operations::Operation;
use super::{clone, op, tree};
use crate::nvset;
use crate::work::{ForceFlags, Stop, Work};
use rhapsody_agents_catalog::check::{self, Subject};
use rhapsody_agents_catalog::{AgentName, Described, Metadata, Parameter, Validation};
use rhapsody_api::Report;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub resource_id: String,
    pub instance_attributes: Attributes,
    pub meta_attributes: Attributes,
    pub operations: Vec<Operation>,
    pub enable_agent_self_validation: bool,
    pub force: bool,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let id = &request.resource_id;
    let Some(resource) = tree::find(&work.cib, id) else {
        return work.stop("ID_NOT_FOUND", format!("Unable to find resource: {id}"));
    };
    if tree::is_clone(&work.cib, resource) {
        return update_clone(work, resource, &request);
    }
    if work.cib.name(resource) != "primitive" {
        return work.stop("ID_NOT_FOUND", format!("Unable to find resource: {id}"));
    }
    check_guest(work, resource, &request.meta_attributes, request.force);
    if !work.failed() && request.meta_attributes.values().any(|value| !value.is_empty()) {
        let noun = if tree::is_stonith(&work.cib, resource) { "stonith" } else { "resource" };
        let text = format!(
            "Meta attributes are not validated by this command. For validation, please use 'rhapsody {noun} meta' instead."
        );
        work.warning("META_ATTRS_NOT_VALIDATED_BY_COMMAND", text);
    }
    check_options(work, resource, &request);
    work.check()?;
    work.touch();
    let pairs = list(&request.instance_attributes);
    nvset::update(&mut work.cib, resource, "instance_attributes", &pairs);
    set_meta(work, resource, &request.meta_attributes);
    for operation in request.operations {
        op::update(work, resource, operation, request.force)?;
    }
    Ok(())
}

fn list(attributes: &Attributes) -> Vec<(String, String)> {
    attributes.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn set_meta(work: &mut Work<'_>, resource: Element, meta: &Attributes) {
    let doc = &mut work.cib;
    match doc.child(resource, "meta_attributes") {
        Some(block) => {
            for (name, value) in meta {
                nvset::set(doc, block, name, value);
            }
        }
        None if meta.values().any(|value| !value.is_empty()) => {
            nvset::create(doc, resource, "meta_attributes", None, &list(meta));
        }
        None => {}
    }
}

/// Options of a clone are its meta attributes.
fn update_clone(work: &mut Work<'_>, clone: Element, request: &Request) -> Result<(), Stop> {
    if !request.operations.is_empty() {
        return work.stop("OP_ON_CLONE", "op settings must be changed on base resource, not the clone");
    }
    let mut meta = request.meta_attributes.clone();
    meta.extend(request.instance_attributes.clone());
    let agents = clone::agents_in(work, clone);
    clone::check_options(work, &meta, &agents, request.force);
    work.check()?;
    if meta.values().any(|value| !value.is_empty()) {
        work.warning(
            "META_ATTRS_NOT_VALIDATED_UNSUPPORTED_TYPE",
            "Meta attributes of clone are not validated",
        );
    }
    modernise(work, clone);
    set_meta(work, clone, &meta);
    Ok(())
}

/// `<master>` is what a promotable clone was before Pacemaker 2.
fn modernise(work: &mut Work<'_>, clone: Element) {
    if work.cib.name(clone) == "master" {
        work.cib.rename(clone, "clone");
        let promotable = [("promotable".to_owned(), "true".to_owned())];
        nvset::update(&mut work.cib, clone, "meta_attributes", &promotable);
    }
}

fn check_options(work: &mut Work<'_>, resource: Element, request: &Request) {
    if request.instance_attributes.is_empty() {
        return;
    }
    let Ok(name) = AgentName::parse(&tree::agent_of(&work.cib, resource)) else { return };
    let metadata = match work.env.agents.metadata(&name) {
        Ok(metadata) => metadata,
        Err(error) => {
            work.report(check::forceable(request.force, "UNABLE_TO_GET_AGENT_METADATA", error.to_string()));
            return;
        }
    };
    let stonith = name.is_stonith();
    let fencing = work.env.agents.described(Described::FencingDevice);
    let extra: &[Parameter] = if stonith { &fencing.parameters } else { &[] };
    let subject = Subject { kind: if stonith { "stonith" } else { "resource" }, force: request.force };
    let given = list(&request.instance_attributes);
    let current = current(work, resource);
    let has_now = |name: &str| current.iter().any(|(known, _)| known == name);
    // What is already there may be removed or changed, even when the agent does not know it.
    let new: Vec<(String, String)> = given.iter().filter(|(name, _)| !has_now(name)).cloned().collect();
    let mut reports: Vec<Report> = check::known_only(subject, &metadata, extra, &new);
    let after = after(&current, &given);
    let touched_required = given.iter().any(|(name, _)| touches(&metadata, name));
    if touched_required {
        reports
            .extend(check::required(subject, &metadata, |name| after.iter().any(|(known, _)| known == name)));
    }
    let set: Vec<(String, String)> = given.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
    reports.extend(
        check::deprecated(subject, &metadata, &set)
            .into_iter()
            .filter(|report| !stonith || !report.message.message.contains("'action'")),
    );
    if stonith {
        reports.extend(crate::stonith::check_action(&set, request.force));
    }
    work.reports(reports);
    create::check_unique(work, &name, &metadata, &set, Some(resource), request.force);
    if work.failed() || !metadata.has_action("validate-all") {
        return;
    }
    validate(work, request, &name, &current, &after);
}

/// Lets the agent judge its options. What was wrong before is no reason to refuse a change now; who
/// did not ask for the agent's judgement is not told of it, so that one run of the agent is enough
/// as long as the new options are right.
fn validate(
    work: &mut Work<'_>,
    request: &Request,
    name: &AgentName,
    current: &[(String, String)],
    after: &[(String, String)],
) {
    let agents = work.env.agents;
    let judge = |options: &[(String, String)]| agents.validate(name, options);
    let strict = request.enable_agent_self_validation;
    if strict {
        match judge(current) {
            Validation::Valid => {}
            Validation::Unknown => return,
            Validation::Invalid(output) => {
                let text = format!(
                    "The resource was misconfigured before the update, therefore agent self-validation will not be run for the \
                     updated configuration. Validation output of the original configuration:\n  {}",
                    output.trim_end().replace('\n', "\n  ")
                );
                work.warning("AGENT_SELF_VALIDATION_SKIPPED_UPDATED_RESOURCE_MISCONFIGURED", text);
                return;
            }
        }
    }
    let Validation::Invalid(output) = judge(after) else { return };
    if strict || judge(current) == Validation::Valid {
        create::validation_failed(work, &output, strict, request.force);
    }
}

/// A required option, or an old name of one.
fn touches(metadata: &Metadata, name: &str) -> bool {
    let required = |parameter: &Parameter| parameter.required;
    metadata.parameter(name).is_some_and(|parameter| {
        required(parameter)
            || parameter.deprecated_by.iter().any(|new| metadata.parameter(new).is_some_and(required))
    })
}

fn current(work: &Work<'_>, resource: Element) -> Vec<(String, String)> {
    let doc = &work.cib;
    doc.child(resource, "instance_attributes").map(|block| nvset::pairs(doc, block)).unwrap_or_default()
}

fn after(current: &[(String, String)], given: &[(String, String)]) -> Vec<(String, String)> {
    let mut all: Attributes = current.iter().cloned().collect();
    for (name, value) in given {
        if value.is_empty() {
            all.shift_remove(name);
        } else {
            all.insert(name.clone(), value.clone());
        }
    }
    all.into_iter().collect()
}

/// Guest nodes are made and unmade by their own commands.
fn check_guest(work: &mut Work<'_>, resource: Element, meta: &Attributes, force: bool) {
    let now = nvset::value(&work.cib, resource, "meta_attributes", "remote-node").map(str::to_owned);
    match (meta.get("remote-node").map(String::as_str), now) {
        (Some(""), Some(_)) => work.forceable(
            force,
            "USE_COMMAND_NODE_REMOVE_GUEST",
            "this command is not sufficient for removing a guest node, use 'rhapsody cluster node remove-guest'",
        ),
        (Some(name), now) if !name.is_empty() && now.as_deref() != Some(name) => work.forceable(
            force,
            "USE_COMMAND_NODE_ADD_GUEST",
            "this command is not sufficient for creating a guest node, use 'rhapsody cluster node add-guest'",
        ),
        _ => {}
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MetaRequest {
    pub resource_id: String,
    pub meta_attrs: Attributes,
    pub force_flags: ForceFlags,
}

/// `resource.update_meta`.
pub fn meta(work: &mut Work<'_>, request: MetaRequest) -> Result<(), Stop> {
    let id = &request.resource_id;
    let Some(resource) = tree::find(&work.cib, id) else {
        return work.stop("ID_NOT_FOUND", format!("resource '{id}' does not exist"));
    };
    let force = request.force_flags.force();
    let stonith = tree::is_stonith(&work.cib, resource);
    let wraps = matches!(work.cib.name(resource), "clone" | "master" | "bundle");
    check_guest(work, resource, &request.meta_attrs, force);
    let set: Vec<String> = request
        .meta_attrs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, _)| name.clone())
        .collect();
    if wraps && !set.is_empty() {
        work.warning(
            "META_ATTRS_NOT_VALIDATED_UNSUPPORTED_TYPE",
            "Meta attributes of bundle / clone are not validated",
        );
        let agents = clone::agents_in(work, resource);
        if tree::is_clone(&work.cib, resource) {
            clone::check_options(work, &request.meta_attrs, &agents, force);
        }
    } else if !wraps {
        create::warn_meta_without_effect(work, if stonith { "Stonith" } else { "Resource" }, &set);
    }
    work.check()?;
    modernise(work, resource);
    set_meta(work, resource, &request.meta_attrs);
    Ok(())
}

#[cfg(test)]
#[path = "update_tests.rs"]
mod tests;
