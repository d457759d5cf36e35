//! `constraint order [ACTION] A then [ACTION] B`.

use super::set::{TRUTHS, truth};
use super::{append, check_id, check_resource, check_score};
use crate::resource::tree;
use crate::work::{Stop, Work};
use crate::{ids, sections};
use indexmap::IndexMap;
use rhapsody_agents_catalog::check::quoted;
use rhapsody_api::Report;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

const ACTIONS: &[&str] = &["demote", "promote", "start", "stop"];
const KINDS: &[&str] = &["Mandatory", "Optional", "Serialize"];

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub first: String,
    pub first_action: Option<String>,
    pub then: String,
    pub then_action: Option<String>,
    /// `kind`, `symmetrical`, `require-all`, `id`, `score`.
    pub options: IndexMap<String, String>,
    pub force: bool,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let first_action = action(work, request.first_action.as_deref())?;
    let then_action = action(work, request.then_action.as_deref())?;
    for id in [&request.first, &request.then] {
        check_resource(work, id, request.force, true);
        work.check()?;
    }
    check_groups(work, &[&request.first, &request.then])?;
    let mut attributes = check_options(work, &request.options)?;
    if !request.options.contains_key("id") && !attributes.iter().any(|(name, _)| name == "id") {
        let suffix = match (request.options.get("kind"), request.options.get("score")) {
            (Some(kind), _) => kind.clone(),
            (None, Some(score)) => score.clone(),
            (None, None) => "mandatory".to_owned(),
        };
        let id = ids::free(&work.cib, &format!("order-{}-{}-{suffix}", request.first, request.then));
        attributes.push(("id".to_owned(), id));
    }
    if !request.force {
        check_duplicates(work, &request.first, &first_action, &request.then, &then_action)?;
    }
    tell(work, &request, &first_action, &then_action);
    let id = attributes.iter().find(|(name, _)| name == "id").map(|(_, id)| id.clone()).unwrap_or_default();
    let element = append(work, "rsc_order", &id);
    work.cib.set_attr(element, "first", &request.first);
    work.cib.set_attr(element, "then", &request.then);
    work.cib.set_attr(element, "first-action", &first_action);
    work.cib.set_attr(element, "then-action", &then_action);
    for (name, value) in &attributes {
        work.cib.set_attr(element, name, value);
    }
    Ok(())
}

fn action(work: &mut Work<'_>, given: Option<&str>) -> Result<String, Stop> {
    let given = given.unwrap_or("start");
    if ACTIONS.contains(&given) {
        return Ok(given.to_owned());
    }
    work.stop(
        "INVALID_OPTION_VALUE",
        format!("invalid action value '{given}', allowed values are: {}", quoted(ACTIONS)),
    )
}

/// Members of one group are ordered by the group itself.
pub(super) fn check_groups(work: &mut Work<'_>, ids: &[&String]) -> Result<(), Stop> {
    let doc = &work.cib;
    let mut groups: Vec<Element> = Vec::new();
    for id in ids {
        let parent = tree::find(doc, id).and_then(|found| doc.parent(found));
        let Some(group) = parent.filter(|parent| doc.name(*parent) == "group") else { continue };
        if groups.contains(&group) {
            return work.stop(
                "CANNOT_ORDER_IN_GROUP",
                "Cannot create an order constraint for resources in the same group",
            );
        }
        groups.push(group);
    }
    Ok(())
}

fn check_options(
    work: &mut Work<'_>,
    options: &IndexMap<String, String>,
) -> Result<Vec<(String, String)>, Stop> {
    let mut attributes = Vec::new();
    for (name, value) in options {
        match name.as_str() {
            "id" => check_id(work, value),
            "kind" => {
                let known = KINDS.iter().find(|kind| kind.eq_ignore_ascii_case(value));
                let Some(kind) = known else {
                    let text = format!("invalid kind value '{value}', allowed values are: {}", quoted(KINDS));
                    return work.stop("INVALID_OPTION_VALUE", text);
                };
                attributes.push((name.clone(), (*kind).to_owned()));
                continue;
            }
            "symmetrical" | "require-all" => {
                let Some(truth) = truth(value) else {
                    let text =
                        format!("invalid {name} value '{value}', allowed values are: {}", quoted(TRUTHS));
                    return work.stop("INVALID_OPTION_VALUE", text);
                };
                attributes.push((name.clone(), truth));
                continue;
            }
            "score" => {
                work.report(Report::deprecation(
                    "DEPRECATED_OPTION",
                    "option 'score' is deprecated and might be removed in a future release, therefore it should not be used",
                ));
                check_score(work, value);
            }
            _ => {
                let text = format!(
                    "invalid option '{name}', allowed options are: {}",
                    quoted(["id", "kind", "require-all", "symmetrical"])
                );
                return work.stop("INVALID_OPTIONS", text);
            }
        }
        work.check()?;
        attributes.push((name.clone(), value.clone()));
    }
    Ok(attributes)
}

fn check_duplicates(
    work: &mut Work<'_>,
    first: &str,
    first_action: &str,
    then: &str,
    then_action: &str,
) -> Result<(), Stop> {
    let doc = &work.cib;
    let Some(section) = sections::get(doc, "constraints") else { return Ok(()) };
    let attribute =
        |element: Element, name: &str, default: &str| doc.attr(element, name).unwrap_or(default).to_owned();
    let same: Vec<String> = doc
        .children_named(section, "rsc_order")
        .filter(|other| {
            let other_first = attribute(*other, "first-action", "start");
            attribute(*other, "first", "") == first
                && attribute(*other, "then", "") == then
                && other_first == first_action
                && attribute(*other, "then-action", &other_first) == then_action
        })
        .map(|other| crate::dto::constraints::short_order(doc, other))
        .collect();
    if same.is_empty() {
        return Ok(());
    }
    work.report(
        Report::error(
            "DUPLICATE_CONSTRAINTS_EXIST",
            format!("duplicate constraint already exists\n  {}", same.join("\n  ")),
        )
        .forceable("FORCE"),
    );
    Err(Stop)
}

/// pcs prints what it is about to add; people and scripts look for the line.
fn tell(work: &mut Work<'_>, request: &Request, first_action: &str, then_action: &str) {
    let mut options: Vec<String> = Vec::new();
    for (name, value) in &request.options {
        if !matches!(name.as_str(), "kind" | "score") {
            options.push(format!("{name}={value}"));
        }
    }
    options.push(format!("first-action={first_action}"));
    options.push(format!("then-action={then_action}"));
    let kind = match (request.options.get("kind"), request.options.get("score")) {
        (None, Some(score)) => format!("score: {score}"),
        (kind, _) => format!("kind: {}", kind.map_or("Mandatory", String::as_str)),
    };
    work.report(Report::info(
        "CONSTRAINT_ADDING",
        format!("Adding {} {} ({kind}) (Options: {})", request.first, request.then, options.join(" ")),
    ));
}
