//! `constraint ticket add TICKET [ROLE] RESOURCE`, and its removal.

use super::append;
use super::set::{LOSS, Options, check_member, duplicates};
use crate::resource::{references, tree};
use crate::work::{Stop, Work};
use crate::{ids, sections, values};
use rhapsody_agents_catalog::check::{invalid_text, quoted};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub ticket_key: String,
    pub resource_id: String,
    /// `loss-policy`, `rsc-role`, `id`.
    pub options: Options,
    pub resource_in_clone_alowed: bool,
    pub duplication_alowed: bool,
}

/// booth must be able to have the ticket of a constraint.
pub(super) fn check_name(work: &mut Work<'_>, ticket: &str) {
    if ticket.is_empty() {
        work.error("REQUIRED_OPTIONS_ARE_MISSING", "required option 'ticket' is missing");
    } else if let Some(text) = crate::booth::ticket::name_problem(ticket) {
        work.error("BOOTH_TICKET_NAME_INVALID", text);
    }
}

pub fn create(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let mut options = request.options.clone();
    let invalid: Vec<String> = options
        .keys()
        .filter(|name| !matches!(name.as_str(), "id" | "loss-policy" | "rsc-role"))
        .cloned()
        .collect();
    if !invalid.is_empty() {
        work.error(
            "INVALID_OPTIONS",
            invalid_text("", &invalid, &["id".to_owned(), "loss-policy".to_owned()]),
        );
    }
    if let Some(role) = options.get("rsc-role").cloned() {
        match values::role(&role) {
            Some(today) => {
                options.insert("rsc-role".to_owned(), today.to_owned());
            }
            None => {
                let hint = quoted(["Promoted", "Started", "Stopped", "Unpromoted"]);
                work.error("INVALID_OPTION_VALUE", values::invalid_value(&role, "rsc-role", &hint));
            }
        }
    }
    if let Some(policy) =
        options.get("loss-policy").filter(|policy| !LOSS.contains(&policy.as_str())).cloned()
    {
        work.error("INVALID_OPTION_VALUE", values::invalid_value(&policy, "loss-policy", &quoted(LOSS)));
    }
    check_name(work, &request.ticket_key);
    if let Some(id) = options.get("id").cloned() {
        work.check_new_id(&id, "constraint id");
    }
    check_member(work, &request.resource_id, request.resource_in_clone_alowed);
    work.check()?;
    let role = options.get("rsc-role").cloned();
    let same = find(work, &request.ticket_key, &request.resource_id, role.as_deref());
    let same: Vec<String> = same.into_iter().map(|found| tree::id(&work.cib, found)).collect();
    duplicates(work, &same, request.duplication_alowed);
    work.check()?;
    let id = match options.get("id") {
        Some(id) => id.clone(),
        None => {
            let tail = role.as_ref().map(|role| format!("-{role}")).unwrap_or_default();
            let base = format!("ticket-{}-{}{tail}", request.ticket_key, request.resource_id);
            ids::free(&work.cib, &ids::sanitized(&base, ""))
        }
    };
    let element = append(work, "rsc_ticket", &id);
    let role = role.map(|role| work.role_for_cib(&role));
    let doc = &mut work.cib;
    doc.set_attr(element, "ticket", &request.ticket_key);
    doc.set_attr(element, "rsc", &request.resource_id);
    if let Some(policy) = options.get("loss-policy") {
        doc.set_attr(element, "loss-policy", policy);
    }
    if let Some(role) = role {
        doc.set_attr(element, "rsc-role", &role);
    }
    Ok(())
}

/// Ticket constraints of a resource with the same role.
fn find(work: &Work<'_>, ticket: &str, resource: &str, role: Option<&str>) -> Vec<Element> {
    let doc = &work.cib;
    let Some(section) = sections::get(doc, "constraints") else { return Vec::new() };
    doc.children_named(section, "rsc_ticket")
        .filter(|found| {
            let other = doc.attr(*found, "rsc-role").map(|role| values::role(role).unwrap_or(role));
            doc.attr(*found, "ticket") == Some(ticket)
                && doc.attr(*found, "rsc") == Some(resource)
                && other == role
        })
        .collect()
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveRequest {
    pub ticket_key: String,
    pub resource_id: String,
}

/// Takes a resource out of a ticket's constraints, sets included.
pub fn remove_ticket(work: &mut Work<'_>, request: RemoveRequest) -> Result<bool, Stop> {
    let section = sections::get(&work.cib, "constraints");
    let mut found: Vec<Element> = Vec::new();
    if let Some(section) = section {
        let doc = &work.cib;
        for constraint in doc.children_named(section, "rsc_ticket") {
            if doc.attr(constraint, "ticket") != Some(&request.ticket_key) {
                continue;
            }
            if doc.attr(constraint, "rsc") == Some(&request.resource_id) {
                found.push(constraint);
            }
            found.extend(doc.descendants(constraint).filter(|member| {
                doc.name(*member) == "resource_ref" && doc.attr(*member, "id") == Some(&request.resource_id)
            }));
        }
    }
    let any = !found.is_empty();
    for element in found {
        references::remove_with_empty_parents(&mut work.cib, element);
    }
    Ok(any)
}
