//! `constraint colocation add [ROLE] A with [ROLE] B`, and its removal by the two resources.

use super::{append, check_id, check_resource, check_score};
use crate::work::{Stop, Work};
use crate::{ids, sections, values};
use indexmap::IndexMap;
use rhapsody_agents_catalog::check::quoted;
use rhapsody_api::Report;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub resource: String,
    pub role: Option<String>,
    pub with: String,
    pub with_role: Option<String>,
    /// `score`, `id`, `influence`, `node-attribute`.
    pub options: IndexMap<String, String>,
    pub force: bool,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let mut role = role(work, request.role.as_deref())?;
    let mut with_role = self::role(work, request.with_role.as_deref())?;
    let score = request.options.get("score").map_or("INFINITY", String::as_str).to_owned();
    for (name, value) in &request.options {
        if value.is_empty() {
            return work.stop("INVALID_OPTION_VALUE", format!("value of '{name}' option is empty"));
        }
    }
    for id in [&request.resource, &request.with] {
        check_resource(work, id, request.force, true);
        work.check()?;
    }
    check_score(work, &score);
    for name in request.options.keys() {
        if !matches!(name.as_str(), "score" | "id" | "influence" | "node-attribute") {
            let text = format!(
                "invalid option '{name}', allowed options are: {}",
                quoted(["id", "influence", "node-attribute", "score"])
            );
            return work.stop("INVALID_OPTIONS", text);
        }
    }
    if let Some(influence) = request.options.get("influence")
        && values::boolean(influence).is_none()
    {
        let text = format!(
            "invalid influence value '{influence}', allowed values are: {}",
            quoted(["false", "true"])
        );
        return work.stop("INVALID_OPTION_VALUE", text);
    }
    let id = match request.options.get("id") {
        Some(id) => {
            check_id(work, id);
            id.clone()
        }
        None => ids::free(&work.cib, &format!("colocation-{}-{}-{score}", request.resource, request.with)),
    };
    work.check()?;
    if !request.force {
        check_duplicates(work, &request, role.as_deref(), with_role.as_deref())?;
    }
    if request.options.contains_key("influence") {
        work.require_schema((3, 6));
    }
    // One role given means the other is any running instance.
    if role.is_some() != with_role.is_some() {
        role.get_or_insert_with(|| "Started".to_owned());
        with_role.get_or_insert_with(|| "Started".to_owned());
    }
    let role = role.map(|role| work.role_for_cib(&role));
    let with_role = with_role.map(|role| work.role_for_cib(&role));
    let element = append(work, "rsc_colocation", &id);
    let doc = &mut work.cib;
    doc.set_attr(element, "rsc", &request.resource);
    doc.set_attr(element, "with-rsc", &request.with);
    doc.set_attr(element, "score", &score);
    for (name, value) in [("rsc-role", &role), ("with-rsc-role", &with_role)] {
        if let Some(value) = value {
            doc.set_attr(element, name, value);
        }
    }
    for (name, value) in &request.options {
        if !matches!(name.as_str(), "score" | "id") {
            doc.set_attr(element, name, value);
        }
    }
    Ok(())
}

/// Today's word of a role; the old words are taken, and answered.
pub(crate) fn role(work: &mut Work<'_>, given: Option<&str>) -> Result<Option<String>, Stop> {
    let Some(given) = given else { return Ok(None) };
    // Articles for pcs 0.9 say "with master X"; its counterpart went with Pacemaker 3.
    let Some(role) = values::role(given).filter(|_| !given.eq_ignore_ascii_case("slave")) else {
        let allowed = quoted(["Promoted", "Started", "Stopped", "Unpromoted"]);
        return work.stop(
            "INVALID_OPTION_VALUE",
            format!("invalid role value '{given}', allowed values are: {allowed}"),
        );
    };
    if values::is_old_role(given) {
        work.report(Report::deprecation(
            "DEPRECATED_OPTION_VALUE",
            format!("role '{given}' is the old word for '{role}', please use '{role}'"),
        ));
    }
    Ok(Some(role.to_owned()))
}

fn check_duplicates(
    work: &mut Work<'_>,
    request: &Request,
    role: Option<&str>,
    with_role: Option<&str>,
) -> Result<(), Stop> {
    let doc = &work.cib;
    let Some(section) = sections::get(doc, "constraints") else { return Ok(()) };
    let attribute = |element: Element, name: &str| doc.attr(element, name).unwrap_or("");
    let started = |role: Option<&str>| role.and_then(values::role).unwrap_or("Started");
    let same: Vec<String> = doc
        .children_named(section, "rsc_colocation")
        .filter(|other| {
            attribute(*other, "rsc") == request.resource
                && attribute(*other, "with-rsc") == request.with
                && started(doc.attr(*other, "rsc-role")) == started(role)
                && started(doc.attr(*other, "with-rsc-role")) == started(with_role)
        })
        .map(|other| crate::dto::constraints::short_colocation(doc, other))
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

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveRequest {
    pub resource: String,
    pub with: String,
}

/// Removes every colocation of two resources, in whichever order they are given.
pub fn remove(work: &mut Work<'_>, request: RemoveRequest) -> Result<(), Stop> {
    let doc = &work.cib;
    let section = sections::get(doc, "constraints");
    let found: Vec<Element> = section
        .map(|section| doc.children_named(section, "rsc_colocation").collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
        .filter(|constraint| {
            let pair =
                (doc.attr(*constraint, "rsc").unwrap_or(""), doc.attr(*constraint, "with-rsc").unwrap_or(""));
            pair == (request.resource.as_str(), request.with.as_str())
                || pair == (request.with.as_str(), request.resource.as_str())
        })
        .collect();
    if found.is_empty() {
        return work.stop("CONSTRAINT_NOT_FOUND", "No matching resources found in colocation list");
    }
    for constraint in found {
        work.cib.remove(constraint);
    }
    Ok(())
}
