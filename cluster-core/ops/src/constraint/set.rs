//! Constraints made of resource sets: order, colocation, ticket.

use super::{append, check_score, clone_around};
use crate::resource::tree;
use crate::values;
use crate::work::{Stop, Work};
use crate::{ids, sections};
use indexmap::IndexMap;
use rhapsody_agents_catalog::check::{invalid_text, quoted};
use rhapsody_api::Report;
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};

pub type Options = IndexMap<String, String>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Set {
    pub ids: Vec<String>,
    pub options: Options,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub resource_set_list: Vec<Set>,
    pub constraint_options: Options,
    pub resource_in_clone_alowed: bool,
    pub duplication_alowed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Order,
    Colocation,
    Ticket,
}

impl Kind {
    fn element(self) -> &'static str {
        match self {
            Kind::Order => "rsc_order",
            Kind::Colocation => "rsc_colocation",
            Kind::Ticket => "rsc_ticket",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Kind::Order => "order",
            Kind::Colocation => "colocation",
            Kind::Ticket => "ticket",
        }
    }
}

pub fn order(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    run(work, request, Kind::Order)
}

pub fn colocation(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    run(work, request, Kind::Colocation)
}

pub fn ticket(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    run(work, request, Kind::Ticket)
}

fn run(work: &mut Work<'_>, request: Request, kind: Kind) -> Result<(), Stop> {
    let sets = request.resource_set_list;
    let mut options = check_options(work, &request.constraint_options, kind)?;
    for set in &sets {
        check_set(work, set);
    }
    work.check()?;
    for set in &sets {
        for id in &set.ids {
            check_member(work, id, request.resource_in_clone_alowed);
        }
    }
    work.check()?;
    if kind == Kind::Order {
        let all: Vec<&String> = sets.iter().flat_map(|set| &set.ids).collect();
        super::order::check_groups(work, &all)?;
    }
    if kind == Kind::Colocation {
        if options.contains_key("influence") {
            work.require_schema((3, 6));
        }
        if !options.contains_key("score") {
            options.insert("score".to_owned(), "INFINITY".to_owned());
        }
    }
    check_duplicates(work, &sets, kind, request.duplication_alowed);
    work.check()?;
    let id = match options.get("id") {
        Some(id) => id.clone(),
        None => {
            let short: String = sets.iter().flat_map(|set| &set.ids).take(3).map(|id| short(id)).collect();
            ids::free(&work.cib, &format!("{}_set_{short}", kind.prefix()))
        }
    };
    let element = append(work, kind.element(), &id);
    for (name, value) in options.iter().filter(|(name, _)| *name != "id") {
        work.cib.set_attr(element, name, value);
    }
    for set in &sets {
        write(work, element, set);
    }
    Ok(())
}

/// First and last letter.
fn short(id: &str) -> String {
    id.chars().next().into_iter().chain(id.chars().last()).collect()
}

fn write(work: &mut Work<'_>, constraint: Element, set: &Set) {
    let schema = work.cib.schema().map(str::to_owned);
    let doc = &mut work.cib;
    let base = format!("{}_set", doc.attr(constraint, "id").unwrap_or_default());
    let id = ids::free(doc, &base);
    let element = doc.append(constraint, "resource_set");
    doc.set_attr(element, "id", &id);
    for (name, value) in &set.options {
        match name.as_str() {
            "role" => doc.set_attr(element, name, &values::role_for_schema(value, schema.as_deref())),
            _ => doc.set_attr(element, name, value),
        }
    }
    for id in &set.ids {
        let member = doc.append(element, "resource_ref");
        doc.set_attr(member, "id", id);
    }
}

fn check_options(work: &mut Work<'_>, given: &Options, kind: Kind) -> Result<Options, Stop> {
    let allowed: &[&str] = match kind {
        Kind::Order => &["id", "kind", "symmetrical"],
        Kind::Colocation => &["id", "influence", "score"],
        Kind::Ticket => &["id", "loss-policy", "ticket"],
    };
    let invalid: Vec<String> =
        given.keys().filter(|name| !allowed.contains(&name.as_str())).cloned().collect();
    if !invalid.is_empty() {
        let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        return work.stop("INVALID_OPTIONS", invalid_text("", &invalid, &allowed));
    }
    let mut options = given.clone();
    for (name, value) in given {
        let wrong = match name.as_str() {
            "kind" => {
                let known = ["Mandatory", "Optional", "Serialize"];
                match known.iter().find(|known| known.eq_ignore_ascii_case(value)) {
                    Some(known) => {
                        options.insert(name.clone(), (*known).to_owned());
                        None
                    }
                    None => Some(quoted(known)),
                }
            }
            "symmetrical" | "influence" => match truth(value) {
                Some(truth) => {
                    options.insert(name.clone(), truth);
                    None
                }
                None => Some(quoted(TRUTHS)),
            },
            "loss-policy" if !LOSS.contains(&value.as_str()) => Some(quoted(LOSS)),
            _ => None,
        };
        if let Some(hint) = wrong {
            return work.stop("INVALID_OPTION_VALUE", values::invalid_value(value, name, &hint));
        }
        match name.as_str() {
            "score" => check_score(work, value),
            "id" => {
                if let Some((code, text)) = ids::problem(value, "constraint id") {
                    work.error(code, text);
                } else if ids::find(&work.cib, value).is_some() {
                    work.error("ID_ALREADY_EXISTS", format!("'{value}' already exists"));
                }
            }
            _ => {}
        }
    }
    if kind == Kind::Ticket {
        super::ticket::check_name(work, given.get("ticket").map_or("", String::as_str));
    }
    work.check()?;
    Ok(options)
}

pub(crate) const LOSS: &[&str] = &["demote", "fence", "freeze", "stop"];

/// Truths as schemas spell them.
pub(crate) const TRUTHS: &[&str] = &["0", "1", "false", "true"];

/// A truth in the schema's letters.
pub(crate) fn truth(value: &str) -> Option<String> {
    let value = value.to_ascii_lowercase();
    TRUTHS.contains(&value.as_str()).then_some(value)
}

fn check_set(work: &mut Work<'_>, set: &Set) {
    let allowed = ["action", "require-all", "role", "sequential"];
    let invalid: Vec<String> =
        set.options.keys().filter(|name| !allowed.contains(&name.as_str())).cloned().collect();
    if !invalid.is_empty() {
        let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        work.error("INVALID_OPTIONS", invalid_text("set", &invalid, &allowed));
    }
    let actions = ["demote", "promote", "start", "stop"];
    let roles = ["Promoted", "Started", "Stopped", "Unpromoted"];
    for (name, value) in &set.options {
        let hint = match name.as_str() {
            "role" if !roles.contains(&value.as_str()) => Some(quoted(roles)),
            "action" if !actions.contains(&value.as_str()) => Some(quoted(actions)),
            "sequential" | "require-all" if !TRUTHS.contains(&value.as_str()) => {
                Some(format!("a boolean value: {}", quoted(TRUTHS)))
            }
            _ => None,
        };
        if let Some(hint) = hint {
            work.report(Report::error("INVALID_OPTION_VALUE", values::invalid_value(value, name, &hint)));
        }
    }
}

pub(crate) fn check_member(work: &mut Work<'_>, id: &str, force: bool) {
    let doc = &work.cib;
    let tag = ids::find(doc, id).is_some_and(|found| doc.name(found) == "tag");
    let Some(resource) = tree::find(doc, id) else {
        if !tag {
            work.error("ID_NOT_FOUND", format!("'{id}' does not exist"));
        }
        return;
    };
    if let Some(outer) = clone_around(doc, resource) {
        let kind = if doc.name(outer) == "bundle" { "bundle" } else { "clone" };
        let text = format!(
            "{id} is a {kind} resource, you should use the {kind} id: {} when adding constraints",
            tree::id(doc, outer)
        );
        work.forceable(force, "RESOURCE_FOR_CONSTRAINT_IS_MULTIINSTANCE", text);
    }
}

fn members(doc: &Document, set: Element) -> Vec<String> {
    doc.children_named(set, "resource_ref")
        .filter_map(|member| doc.attr(member, "id"))
        .map(str::to_owned)
        .collect()
}

/// Sets of the same resources in the same order; options do not count.
fn check_duplicates(work: &mut Work<'_>, sets: &[Set], kind: Kind, force: bool) {
    let doc = &work.cib;
    let Some(section) = sections::get(doc, "constraints") else { return };
    let wanted: Vec<&Vec<String>> = sets.iter().map(|set| &set.ids).collect();
    let mut same: Vec<String> = Vec::new();
    for other in doc.children_named(section, kind.element()) {
        let found: Vec<Vec<String>> =
            doc.children_named(other, "resource_set").map(|set| members(doc, set)).collect();
        if !found.is_empty() && found.iter().collect::<Vec<_>>() == wanted {
            same.push(tree::id(doc, other));
        }
    }
    duplicates(work, &same, force);
}

/// Tells about constraints that say the same.
pub(crate) fn duplicates(work: &mut Work<'_>, same: &[String], force: bool) {
    if same.is_empty() {
        return;
    }
    work.report(Report::info(
        "DUPLICATE_CONSTRAINTS_LIST",
        format!("Duplicate constraints: {}", same.join(", ")),
    ));
    work.forceable(force, "DUPLICATE_CONSTRAINTS_EXIST", "Duplicate constraint already exists");
}
