//! `resource op add`, `op delete`, and the operations of `resource update`.

use super::operations::{self, Operation};
use super::tree;
use crate::ids;
use crate::values;
use crate::work::{Stop, Work};
use rhapsody_agents_catalog::check::{forceable, quoted};
use rhapsody_agents_catalog::{AgentName, Metadata};
use rhapsody_api::Report;
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AddRequest {
    pub resource_id: String,
    /// With `name`.
    pub operation: Operation,
    pub force: bool,
}

pub fn add(work: &mut Work<'_>, request: AddRequest) -> Result<(), Stop> {
    let primitive = primitive(work, &request.resource_id)?;
    let operation = prepare(work, primitive, request.operation, None, request.force)?;
    check_same_interval(work, primitive, &operation, None)?;
    let name = &operation["name"];
    let level = |op: Element| crate::nvset::value(&work.cib, op, "instance_attributes", "OCF_CHECK_LEVEL");
    let same: Vec<Element> = ops(&work.cib, primitive)
        .into_iter()
        .filter(|op| {
            work.cib.attr(*op, "name") == Some(name)
                && level(*op) == operation.get("OCF_CHECK_LEVEL").map(String::as_str)
        })
        .collect();
    if !same.is_empty() && !request.force {
        let list: Vec<String> = same.iter().map(|op| describe(&work.cib, *op)).collect();
        let text = format!(
            "operation {name} already specified for {}, use --force to override:\n{}",
            request.resource_id,
            list.join("\n")
        );
        return work.stop("OPERATION_ALREADY_EXISTS", text);
    }
    insert(work, primitive, &operation, None);
    Ok(())
}

fn primitive(work: &mut Work<'_>, id: &str) -> Result<Element, Stop> {
    match tree::find(&work.cib, id).filter(|found| work.cib.name(*found) == "primitive") {
        Some(found) => Ok(found),
        None => work.stop("ID_NOT_FOUND", format!("Unable to find resource: {id}")),
    }
}

fn metadata(work: &Work<'_>, primitive: Element) -> Option<Arc<Metadata>> {
    let name = AgentName::parse(&tree::agent_of(&work.cib, primitive)).ok()?;
    work.env.agents.metadata(&name).ok()
}

/// Articles create resources with the old words of roles; who changes an operation writes today's.
fn refuse_old_role(work: &mut Work<'_>, operation: &Operation) -> Result<(), Stop> {
    match operation.get("role").filter(|role| values::is_old_role(role)) {
        None => Ok(()),
        Some(role) => work.stop(
            "INVALID_OPTION_VALUE",
            values::invalid_value(role, "role", &quoted(["Promoted", "Started", "Stopped", "Unpromoted"])),
        ),
    }
}

/// Checks one operation and gives it its interval; `old` is the one that it replaces.
fn prepare(
    work: &mut Work<'_>,
    primitive: Element,
    operation: Operation,
    old: Option<Element>,
    force: bool,
) -> Result<Operation, Stop> {
    refuse_old_role(work, &operation)?;
    let metadata = metadata(work, primitive);
    let mut list = [operation];
    operations::check(work, &mut list, metadata.as_deref(), force);
    work.check()?;
    let [mut operation] = list;
    if let Some(id) = operation.get("id").cloned()
        && ids::find(&work.cib, &id).is_some_and(|found| Some(found) != old)
    {
        return work
            .stop("ID_ALREADY_EXISTS", format!("id '{id}' is already in use, please specify another one"));
    }
    if !operation.contains_key("interval") {
        let default = if operation["name"] == "monitor" { "60s" } else { "0s" };
        operation.insert("interval".to_owned(), default.to_owned());
    }
    Ok(operation)
}

fn ops(doc: &Document, primitive: Element) -> Vec<Element> {
    let Some(operations) = doc.child(primitive, "operations") else { return Vec::new() };
    doc.children_named(operations, "op").collect()
}

/// An operation as messages show it.
fn describe(doc: &Document, op: Element) -> String {
    let mut options: Vec<String> = doc
        .attrs(op)
        .filter(|(name, _)| !matches!(*name, "id" | "name"))
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    options.sort();
    format!(
        "{} {} ({})",
        doc.attr(op, "name").unwrap_or(""),
        options.join(" "),
        doc.attr(op, "id").unwrap_or("")
    )
}

/// The same operation with the same interval may be there once only.
fn check_same_interval(
    work: &mut Work<'_>,
    primitive: Element,
    operation: &Operation,
    except: Option<Element>,
) -> Result<(), Stop> {
    let doc = &work.cib;
    let name = operation["name"].as_str();
    let wanted = values::interval_ms(&operation["interval"]);
    let same: Vec<String> = ops(doc, primitive)
        .into_iter()
        .filter(|op| Some(*op) != except && doc.attr(*op, "name") == Some(name))
        .filter(|op| doc.attr(*op, "interval").and_then(values::interval_ms) == wanted)
        .map(|op| describe(doc, op))
        .collect();
    if same.is_empty() {
        return Ok(());
    }
    let seconds = wanted.unwrap_or(0) / 1000;
    let id = tree::id(doc, primitive);
    work.stop(
        "OPERATION_ALREADY_EXISTS",
        format!("operation {name} with interval {seconds}s already specified for {id}:\n{}", same.join("\n")),
    )
}

fn insert(
    work: &mut Work<'_>,
    primitive: Element,
    operation: &Operation,
    position: Option<usize>,
) -> Element {
    let id = tree::id(&work.cib, primitive);
    let doc = &mut work.cib;
    let operations = match doc.child(primitive, "operations") {
        Some(found) => found,
        None => doc.append(primitive, "operations"),
    };
    let mut plain = operation.clone();
    let level = plain.shift_remove("OCF_CHECK_LEVEL");
    let op = operations::append(doc, operations, &id, &plain);
    if let Some(level) = level {
        let op_id = tree::id(doc, op);
        let block = doc.append(op, "instance_attributes");
        let block_id = ids::free(doc, &format!("params-{op_id}"));
        doc.set_attr(block, "id", &block_id);
        let pair = doc.append(block, "nvpair");
        let pair_id = ids::free(doc, &format!("{op_id}-OCF_CHECK_LEVEL-{}", ids::sanitized_part(&level)));
        doc.set_attr(pair, "name", "OCF_CHECK_LEVEL");
        doc.set_attr(pair, "value", &level);
        doc.set_attr(pair, "id", &pair_id);
    }
    if let Some(position) = position {
        doc.move_to(op, operations, position);
    }
    op
}

/// One operation of `resource update`: replaces the one of the same name and role, or is added.
pub fn update(
    work: &mut Work<'_>,
    primitive: Element,
    operation: Operation,
    force: bool,
) -> Result<(), Stop> {
    let doc = &work.cib;
    let name = operation.get("name").cloned().unwrap_or_default();
    let role = operation.get("role").map(|role| values::role(role).unwrap_or(role).to_owned());
    let old = ops(doc, primitive).into_iter().find(|op| {
        let old_role = doc.attr(*op, "role").map(|role| values::role(role).unwrap_or(role));
        doc.attr(*op, "name") == Some(&name) && old_role == role.as_deref()
    });
    let operation = prepare(work, primitive, operation, old, force)?;
    check_same_interval(work, primitive, &operation, old)?;
    let position = old.map(|old| work.cib.position(old));
    let order: Vec<String> =
        old.map(|old| work.cib.attrs(old).map(|(name, _)| name.to_owned()).collect()).unwrap_or_default();
    if let Some(old) = old {
        work.cib.remove(old);
    }
    let new = insert(work, primitive, &operation, position);
    keep_order(&mut work.cib, new, &order);
    Ok(())
}

/// Attributes in the order they had: an operation that is what it was is no change.
fn keep_order(doc: &mut Document, element: Element, order: &[String]) {
    let mut attributes: Vec<(String, String)> =
        doc.attrs(element).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    attributes.sort_by_key(|(name, _)| order.iter().position(|known| known == name).unwrap_or(order.len()));
    for (name, _) in &attributes {
        doc.remove_attr(element, name);
    }
    for (name, value) in &attributes {
        doc.set_attr(element, name, value);
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveRequest {
    /// An operation's id, or a resource's with `operation`.
    pub id: String,
    pub operation: Option<Operation>,
}

pub fn remove(work: &mut Work<'_>, request: RemoveRequest) -> Result<(), Stop> {
    let Some(wanted) = &request.operation else {
        let found = ids::find(&work.cib, &request.id).filter(|found| work.cib.name(*found) == "op");
        return match found {
            Some(op) => {
                work.cib.remove(op);
                Ok(())
            }
            None => work.stop("ID_NOT_FOUND", format!("unable to find operation id: {}", request.id)),
        };
    };
    let primitive = primitive(work, &request.id)?;
    let doc = &work.cib;
    // The name alone stands for all operations of that name; with options, all of them must be given.
    let exact = wanted.len() > 1;
    let fits = |op: &Element| {
        let attributes: Vec<(&str, &str)> = doc.attrs(*op).filter(|(name, _)| *name != "id").collect();
        wanted.iter().all(|(name, value)| attributes.contains(&(name, value)))
            && (!exact || attributes.len() == wanted.len())
    };
    let found: Vec<Element> = ops(doc, primitive).into_iter().filter(fits).collect();
    if found.is_empty() {
        let mut words: Vec<String> = vec![wanted.get("name").cloned().unwrap_or_default()];
        words.extend(
            wanted.iter().filter(|(name, _)| *name != "name").map(|(name, value)| format!("{name}={value}")),
        );
        return work
            .stop("OPERATION_NOT_FOUND", format!("Unable to find operation matching: {}", words.join(" ")));
    }
    for op in found {
        work.cib.remove(op);
    }
    Ok(())
}

/// Told before anything else when the word before the options is no action.
pub fn not_an_action(word: &str) -> Report {
    forceable(
        false,
        "INVALID_OPERATION_NAME",
        format!("{word} does not appear to be a valid operation action"),
    )
}
