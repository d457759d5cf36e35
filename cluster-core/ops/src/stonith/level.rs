//! Fencing levels: which devices are tried for a target, in which order.

use crate::dto::levels::{self, Levels};
use crate::resource::tree;
use crate::work::{Stop, Work};
use crate::{ids, sections};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Nothing {}

/// `stonith level config`.
pub fn config(work: &mut Work<'_>, _request: Nothing) -> Result<Levels, Stop> {
    Ok(levels::read(&work.cib))
}

/// What a level is for: a node, a pattern of node names, or an attribute of nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Target {
    Node(String),
    Pattern(String),
    Attribute(String, String),
}

impl Target {
    fn text(&self) -> String {
        match self {
            Target::Node(name) | Target::Pattern(name) => name.clone(),
            Target::Attribute(name, value) => format!("{name}={value}"),
        }
    }

    fn base(&self) -> &str {
        match self {
            Target::Node(name) | Target::Pattern(name) | Target::Attribute(name, _) => name,
        }
    }

    fn attributes(&self) -> Vec<(&'static str, &str)> {
        match self {
            Target::Node(name) => vec![("target", name)],
            Target::Pattern(pattern) => vec![("target-pattern", pattern)],
            Target::Attribute(name, value) => vec![("target-attribute", name), ("target-value", value)],
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddRequest {
    pub level: String,
    pub target: Target,
    pub devices: Vec<String>,
    #[serde(default)]
    pub level_id: Option<String>,
    #[serde(default)]
    pub force: bool,
}

pub fn add(work: &mut Work<'_>, request: AddRequest) -> Result<(), Stop> {
    check_level(work, &request.level);
    check_node(work, &request.target, request.force);
    let mut malformed = false;
    for device in &request.devices {
        if let Some((code, text)) = ids::problem(device, "device id") {
            malformed = true;
            work.error(code, text);
        }
    }
    if !malformed {
        check_devices(work, &request.devices, request.force);
    }
    if let Some(id) = &request.level_id {
        work.check_new_id(id, "fencing level id");
    }
    work.check()?;
    let same = find(work, Some(&request.level), Some(&request.target), &request.devices);
    if !same.is_empty() {
        let text = describe(Some(&request.level), Some(&request.target), &request.devices);
        return work.stop("CIB_FENCING_LEVEL_ALREADY_EXISTS", format!("{text} already exists"));
    }
    let id = match &request.level_id {
        Some(id) => id.clone(),
        None => {
            let base = format!("fl-{}-{}", request.target.base(), request.level);
            ids::free(&work.cib, &ids::sanitized(&base, ""))
        }
    };
    let section = sections::make(&mut work.cib, "fencing-topology");
    let doc = &mut work.cib;
    let level = doc.append(section, "fencing-level");
    doc.set_attr(level, "id", &id);
    for (name, value) in request.target.attributes() {
        doc.set_attr(level, name, value);
    }
    doc.set_attr(level, "index", &request.level);
    doc.set_attr(level, "devices", &request.devices.join(","));
    Ok(())
}

fn check_level(work: &mut Work<'_>, level: &str) {
    let digits = level.trim_start_matches('0');
    let valid = digits.len() == 1 && digits.chars().all(|c| c.is_ascii_digit());
    if !valid {
        work.error("INVALID_OPTION_VALUE", crate::values::invalid_value(level, "level", "1..9"));
    }
}

fn check_node(work: &mut Work<'_>, target: &Target, force: bool) {
    if let Target::Node(name) = target
        && crate::node::find(work, name).is_none()
        && !crate::node::addresses(work).contains(name)
    {
        work.forceable(
            force,
            "NODE_NOT_FOUND",
            format!("Node '{name}' does not appear to exist in configuration"),
        );
    }
}

fn check_devices(work: &mut Work<'_>, devices: &[String], force: bool) {
    let doc = &work.cib;
    let missing: Vec<String> = devices
        .iter()
        .filter(|device| !tree::find(doc, device).is_some_and(|found| tree::is_stonith(doc, found)))
        .map(|device| format!("'{device}'"))
        .collect();
    if !missing.is_empty() {
        let text = format!("Stonith resource(s) {} do not exist", missing.join(", "));
        work.forceable(force, "STONITH_RESOURCES_DO_NOT_EXIST", text);
    }
}

/// Levels that fit all that is given.
fn find(work: &Work<'_>, level: Option<&str>, target: Option<&Target>, devices: &[String]) -> Vec<Element> {
    let doc = &work.cib;
    let Some(section) = sections::get(doc, "fencing-topology") else { return Vec::new() };
    let number = |text: &str| text.trim_start_matches('0').to_owned();
    doc.children_named(section, "fencing-level")
        .filter(|found| {
            let index = doc.attr(*found, "index").unwrap_or("");
            level.is_none_or(|level| number(level) == number(index))
                && target.is_none_or(|target| {
                    target.attributes().iter().all(|(name, value)| doc.attr(*found, name) == Some(value))
                })
                && (devices.is_empty() || levels::devices(doc, *found) == devices)
        })
        .collect()
}

fn describe(level: Option<&str>, target: Option<&Target>, devices: &[String]) -> String {
    let mut text = String::from("Fencing level");
    if let Some(target) = target {
        text.push_str(&format!(" for '{}'", target.text()));
    }
    if let Some(level) = level {
        text.push_str(&format!(" at level '{level}'"));
    }
    if !devices.is_empty() {
        let devices: Vec<String> = devices.iter().map(|device| format!("'{device}'")).collect();
        text.push_str(&format!(" with device(s) {}", devices.join(", ")));
    }
    text
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveRequest {
    pub level: Option<String>,
    pub target: Option<Target>,
    pub devices: Vec<String>,
    /// `clear`: it is fine when there are none.
    pub ignore_missing: bool,
}

pub fn remove(work: &mut Work<'_>, request: RemoveRequest) -> Result<(), Stop> {
    if let Some(level) = &request.level {
        check_level(work, level);
    }
    for device in &request.devices {
        if let Some((code, text)) = ids::problem(device, "stonith id") {
            work.error(code, text);
        }
    }
    work.check()?;
    let found = find(work, request.level.as_deref(), request.target.as_ref(), &request.devices);
    if found.is_empty() && !request.ignore_missing {
        let text = describe(request.level.as_deref(), request.target.as_ref(), &request.devices);
        return work.stop("CIB_FENCING_LEVEL_DOES_NOT_EXIST", format!("{text} does not exist"));
    }
    for level in found {
        work.cib.remove(level);
    }
    Ok(())
}

/// All levels.
pub fn clear(work: &mut Work<'_>, _request: Nothing) -> Result<(), Stop> {
    for level in find(work, None, None, &[]) {
        work.cib.remove(level);
    }
    Ok(())
}

/// Do the nodes and devices of all levels exist?
pub fn verify(work: &mut Work<'_>, _request: Nothing) -> Result<(), Stop> {
    let all = levels::read(&work.cib);
    let mut devices: Vec<String> = all
        .target_node
        .iter()
        .map(|level| &level.devices)
        .chain(all.target_regex.iter().map(|level| &level.devices))
        .chain(all.target_attribute.iter().map(|level| &level.devices))
        .flatten()
        .cloned()
        .collect();
    devices.sort();
    devices.dedup();
    let doc = &work.cib;
    let missing: Vec<String> = devices
        .iter()
        .filter(|device| !tree::find(doc, device).is_some_and(|found| tree::is_stonith(doc, found)))
        .map(|device| format!("'{device}'"))
        .collect();
    if !missing.is_empty() {
        work.error(
            "STONITH_RESOURCES_DO_NOT_EXIST",
            format!("Stonith resource(s) {} do not exist", missing.join(", ")),
        );
    }
    let mut nodes: Vec<String> = all.target_node.iter().map(|level| level.target.clone()).collect();
    nodes.sort();
    nodes.dedup();
    for node in nodes {
        if crate::node::find(work, &node).is_none() {
            work.error("NODE_NOT_FOUND", format!("Node '{node}' does not appear to exist in configuration"));
        }
    }
    work.check()
}
