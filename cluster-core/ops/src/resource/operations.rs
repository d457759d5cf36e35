//! Operations of a resource: checks, defaults from the agent, writing them.

use crate::values::{self, INTERVAL_HINT};
use crate::work::Work;
use crate::{ids, nvset};
use indexmap::IndexMap;
use rhapsody_agents_catalog::Metadata;
use rhapsody_agents_catalog::check::{invalid_text, quoted};
use rhapsody_api::Report;
use rhapsody_xml::{Document, Element};
use std::collections::BTreeMap;

/// One operation as it was written: `name` and its options.
pub type Operation = IndexMap<String, String>;

const OPTIONS: &[&str] = &[
    "OCF_CHECK_LEVEL",
    "description",
    "enabled",
    "id",
    "interval",
    "interval-origin",
    "name",
    "on-fail",
    "record-pending",
    "role",
    "start-delay",
    "timeout",
];
const ON_FAIL: &[&str] =
    &["block", "demote", "fence", "ignore", "restart", "restart-container", "standby", "stop"];
/// Actions of an agent that the cluster never schedules by itself.
const NEVER_DEFAULT: &[&str] = &["meta-data", "metadata", "status", "validate-all"];

fn option<'a>(operation: &'a Operation, name: &str) -> Option<&'a str> {
    operation.get(name).map(String::as_str)
}

/// Checks operations that a user gave, and brings their roles to today's words.
pub fn check(work: &mut Work<'_>, given: &mut [Operation], metadata: Option<&Metadata>, force: bool) {
    let mut reports = Vec::new();
    for operation in given.iter_mut() {
        if let Some(role) = operation.get("role").cloned()
            && let Some(today) = values::role(&role)
        {
            if values::is_old_role(&role) {
                reports.push(Report::deprecation(
                    "DEPRECATED_OPTION_VALUE",
                    format!("Value '{role}' of option role is deprecated and should not be used, use '{today}' value instead"),
                ));
            }
            operation.insert("role".to_owned(), today.to_owned());
        }
        check_options(operation, &mut reports);
    }
    let names: Vec<String> = given.iter().filter_map(|operation| operation.get("name").cloned()).collect();
    if let Some(metadata) = metadata {
        let allowed: Vec<&str> = metadata.actions.iter().map(|action| action.name.as_str()).collect();
        check_names(&names, &allowed, force, &mut reports);
    }
    work.reports(reports);
    if given.iter().any(|operation| option(operation, "on-fail") == Some("demote")) && !work.failed() {
        work.require_schema((3, 4));
    }
    check_repeated(work, given);
}

/// The actions of an agent that nobody can ask are not known to be any.
pub fn check_of_absent_agent(work: &mut Work<'_>, given: &[Operation]) {
    let names: Vec<String> = given.iter().filter_map(|operation| operation.get("name").cloned()).collect();
    let mut reports = Vec::new();
    check_names(&names, &[], true, &mut reports);
    work.reports(reports);
}

fn check_names(names: &[String], allowed: &[&str], force: bool, reports: &mut Vec<Report>) {
    let mut told: Vec<&String> = Vec::new();
    for name in names {
        if !allowed.contains(&name.as_str()) && !told.contains(&name) {
            told.push(name);
            let text = match allowed {
                [] => format!("'{name}' is not a valid operation name value"),
                _ => values::invalid_value(name, "operation name", &quoted(allowed)),
            };
            reports.push(rhapsody_agents_catalog::check::forceable(force, "INVALID_OPTION_VALUE", text));
        }
    }
}

fn check_options(operation: &Operation, reports: &mut Vec<Report>) {
    let invalid: Vec<String> =
        operation.keys().filter(|name| !OPTIONS.contains(&name.as_str())).cloned().collect();
    if !invalid.is_empty() {
        let allowed: Vec<String> = OPTIONS.iter().map(|name| (*name).to_owned()).collect();
        reports
            .push(Report::error("INVALID_OPTIONS", invalid_text("resource operation", &invalid, &allowed)));
    }
    let mut bad = |name: &str, hint: &str, valid: &dyn Fn(&str) -> bool| {
        if let Some(value) = option(operation, name).filter(|value| !valid(value)) {
            reports.push(Report::error("INVALID_OPTION_VALUE", values::invalid_value(value, name, hint)));
        }
    };
    bad("role", &quoted(["Promoted", "Started", "Stopped", "Unpromoted"]), &|value| {
        values::role(value).is_some()
    });
    bad("on-fail", &quoted(ON_FAIL), &|value| ON_FAIL.contains(&value));
    let truths = format!("a boolean value: {}", quoted(["0", "1", "false", "true"]));
    let is_boolean =
        |value: &str| matches!(value.to_ascii_lowercase().as_str(), "0" | "1" | "true" | "false");
    bad("record-pending", &truths, &is_boolean);
    bad("enabled", &truths, &is_boolean);
    for name in ["interval", "timeout", "start-delay"] {
        bad(name, INTERVAL_HINT, &values::is_duration);
    }
    if operation.contains_key("interval-origin") && operation.contains_key("start-delay") {
        reports.push(Report::error(
            "MUTUALLY_EXCLUSIVE_OPTIONS",
            "Only one of resource operation options 'interval-origin' and 'start-delay' can be used",
        ));
    }
    if let Some(id) = option(operation, "id")
        && let Some((code, text)) = ids::problem(id, "operation id")
    {
        reports.push(Report::error(code, text));
    }
}

fn same_kind(left: &Operation, right: &Operation) -> bool {
    left.get("name") == right.get("name")
}

/// The same operation may be there twice with different intervals only.
fn check_repeated(work: &mut Work<'_>, given: &[Operation]) {
    let mut found: BTreeMap<(String, u64), Vec<String>> = BTreeMap::new();
    let mut order: Vec<(String, u64)> = Vec::new();
    for operation in given {
        let name = option(operation, "name").unwrap_or_default().to_owned();
        let interval = option(operation, "interval").map_or_else(|| default_interval(&name), str::to_owned);
        let Some(ms) = values::interval_ms(&interval) else { continue };
        let key = (name, ms);
        if !order.contains(&key) {
            order.push(key.clone());
        }
        found.entry(key).or_default().push(interval);
    }
    let repeated: Vec<String> = order
        .iter()
        .filter(|key| found[*key].len() > 1)
        .map(|key| format!("{} with intervals {}", key.0, found[key].join(", ")))
        .collect();
    if !repeated.is_empty() {
        work.error(
            "RESOURCE_OPERATION_INTERVAL_DUPLICATION",
            format!(
                "multiple specification of the same operation with the same interval:\n{}",
                repeated.join("\n")
            ),
        );
    }
}

fn default_interval(name: &str) -> String {
    if name == "monitor" { "60s".to_owned() } else { "0s".to_owned() }
}

/// The operations a new resource gets: those given, and the agent's where nothing was given.
pub fn complete(
    work: &mut Work<'_>,
    given: Vec<Operation>,
    metadata: Option<&Metadata>,
    with_defaults: bool,
) -> Vec<Operation> {
    let mut all: Vec<Operation> = given;
    let mut defaults = default_operations(metadata, with_defaults);
    defaults.retain(|default| !all.iter().any(|operation| same_kind(operation, default)));
    make_unique(work, &mut defaults);
    all.extend(defaults);
    if !all.iter().any(|operation| option(operation, "name") == Some("monitor")) {
        let mut monitor = Operation::new();
        monitor.insert("name".to_owned(), "monitor".to_owned());
        all.push(monitor);
    }
    for operation in &mut all {
        let name = option(operation, "name").unwrap_or_default().to_owned();
        if !operation.contains_key("interval") {
            operation.insert("interval".to_owned(), default_interval(&name));
        }
    }
    all.sort_by(|left, right| left.get("name").cmp(&right.get("name")));
    all
}

/// What the agent's metadata recommend.
fn default_operations(metadata: Option<&Metadata>, all: bool) -> Vec<Operation> {
    let Some(metadata) = metadata else { return Vec::new() };
    let stonith = metadata.name.starts_with("stonith:");
    let mut operations = Vec::new();
    for action in &metadata.actions {
        let wanted = match stonith || !all {
            true => action.name == "monitor",
            false => !NEVER_DEFAULT.contains(&action.name.as_str()),
        };
        if !wanted {
            continue;
        }
        let mut operation = Operation::new();
        operation.insert("name".to_owned(), action.name.clone());
        let interval = action.interval.clone().unwrap_or_else(|| default_interval(&action.name));
        operation.insert("interval".to_owned(), interval);
        for (name, value) in
            [("timeout", &action.timeout), ("role", &action.role), ("start-delay", &action.start_delay)]
        {
            if let Some(value) = value {
                operation.insert(name.to_owned(), value.clone());
            }
        }
        if let Some(depth) = action.depth.as_ref().filter(|depth| *depth != "0") {
            operation.insert("OCF_CHECK_LEVEL".to_owned(), depth.clone());
        }
        operations.push(operation);
    }
    operations
}

/// Agents that name the same interval twice get the next second.
fn make_unique(work: &mut Work<'_>, defaults: &mut [Operation]) {
    let mut used: Vec<(String, u64)> = Vec::new();
    for operation in defaults {
        let name = option(operation, "name").unwrap_or_default().to_owned();
        let interval = option(operation, "interval").unwrap_or_default().to_owned();
        let Some(mut ms) = values::interval_ms(&interval) else { continue };
        let wanted = ms;
        while used.contains(&(name.clone(), ms)) {
            ms = ms.saturating_add(1000);
        }
        if ms != wanted {
            let adapted = (ms / 1000).to_string();
            work.warning(
                "RESOURCE_OPERATION_INTERVAL_ADAPTED",
                format!("changing a {name} operation interval from {interval} to {adapted} to make the operation unique"),
            );
            operation.insert("interval".to_owned(), adapted);
        }
        used.push((name, ms));
    }
}

/// Order of attributes as tools write them.
const ATTRIBUTES: &[&str] = &[
    "name",
    "interval",
    "description",
    "start-delay",
    "interval-origin",
    "timeout",
    "enabled",
    "record-pending",
    "role",
    "on-fail",
];

/// Writes one operation below `operations`.
pub fn append(doc: &mut Document, operations: Element, resource: &str, operation: &Operation) -> Element {
    let name = option(operation, "name").unwrap_or_default();
    let interval = option(operation, "interval").unwrap_or("0s");
    let id = match option(operation, "id") {
        Some(id) => id.to_owned(),
        None => ids::free(doc, &format!("{resource}-{name}-interval-{}", ids::sanitized_part(interval))),
    };
    let schema = doc.attr(doc.root(), "validate-with").map(str::to_owned);
    let op = doc.append(operations, "op");
    for attribute in ATTRIBUTES {
        match option(operation, attribute) {
            Some(role) if *attribute == "role" => {
                doc.set_attr(op, attribute, &values::role_for_schema(role, schema.as_deref()))
            }
            Some(value) => doc.set_attr(op, attribute, value),
            None => {}
        }
    }
    doc.set_attr(op, "id", &id);
    if let Some(level) = option(operation, "OCF_CHECK_LEVEL").filter(|level| !level.is_empty()) {
        nvset::create(
            doc,
            op,
            "instance_attributes",
            None,
            &[("OCF_CHECK_LEVEL".to_owned(), level.to_owned())],
        );
    }
    op
}
