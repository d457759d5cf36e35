//! Removal of constraints: by id, or (orders) by a resource in them.

use crate::resource::references;
use crate::sections;
use crate::work::{Stop, Work};
use rhapsody_api::Report;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderRequest {
    pub resources: Vec<String>,
}

/// Takes resources out of all order constraints.
pub fn order(work: &mut Work<'_>, request: OrderRequest) -> Result<(), Stop> {
    let section = sections::get(&work.cib, "constraints");
    let mut found = false;
    for id in &request.resources {
        let Some(section) = section else { break };
        let named: Vec<Element> = {
            let doc = &work.cib;
            doc.children_named(section, "rsc_order")
                .filter(|order| doc.attr(*order, "first") == Some(id) || doc.attr(*order, "then") == Some(id))
                .collect()
        };
        for constraint in named {
            found = true;
            work.cib.remove(constraint);
        }
        let members: Vec<Element> = {
            let doc = &work.cib;
            doc.children_named(section, "rsc_order")
                .flat_map(|order| doc.descendants(order).collect::<Vec<_>>())
                .filter(|member| doc.name(*member) == "resource_ref" && doc.attr(*member, "id") == Some(id))
                .collect()
        };
        for member in members {
            found = true;
            references::remove_with_empty_parents(&mut work.cib, member);
        }
    }
    if !found {
        return work.stop("CONSTRAINT_NOT_FOUND", "No matching resources found in ordering list");
    }
    Ok(())
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub ids: Vec<String>,
}

/// Removes constraints, or rules of constraints, by their ids.
pub fn by_id(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let section = sections::get(&work.cib, "constraints");
    for id in &request.ids {
        let doc = &work.cib;
        let found = section.and_then(|section| {
            doc.descendants(section).skip(1).find(|element| {
                doc.attr(*element, "id") == Some(id)
                    && (doc.name(*element).starts_with("rsc_") || doc.name(*element) == "rule")
            })
        });
        match found {
            Some(element) => {
                let parent = work.cib.parent(element);
                let rule = work.cib.name(element) == "rule";
                work.cib.remove(element);
                if let Some(parent) = parent.filter(|_| rule)
                    && work.cib.attr(parent, "node").is_none()
                    && work.cib.children(parent).next().is_none()
                {
                    work.cib.remove(parent);
                }
            }
            None => work
                .report(Report::error("CONSTRAINT_NOT_FOUND", format!("Unable to find constraint - '{id}'"))),
        }
    }
    work.check()
}
