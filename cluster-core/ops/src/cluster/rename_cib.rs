//! `cluster node rename-cib`: the configuration calls a node by its new name.

use crate::sections;
use crate::work::{Stop, Work};
use rhapsody_api::Report;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub old_name: String,
    pub new_name: String,
    pub force_flags: crate::work::ForceFlags,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let (old, new) = (request.old_name.as_str(), request.new_name.as_str());
    if new.is_empty() || old.is_empty() {
        return work.stop("INVALID_OPTION_VALUE", "node name cannot be empty");
    }
    let mut told = Vec::new();
    for (section, what, attribute) in
        [("constraints", "rsc_location", "node"), ("fencing-topology", "fencing-level", "target")]
    {
        let Some(section) = sections::get(&work.cib, section) else { continue };
        let doc = &mut work.cib;
        let named: Vec<Element> =
            doc.children_named(section, what).filter(|e| doc.attr(*e, attribute) == Some(old)).collect();
        for element in named {
            doc.set_attr(element, attribute, new);
            let id = doc.attr(element, "id").unwrap_or_default();
            told.push(match what {
                "rsc_location" => {
                    format!("Location constraint '{id}': node updated from '{old}' to '{new}'")
                }
                _ => format!("Fencing level '{id}': target updated from '{old}' to '{new}'"),
            });
        }
    }
    let Some(configuration) = work.cib.child(work.cib.root(), "configuration") else { return Err(Stop) };
    let doc = &mut work.cib;
    let expressions: Vec<Element> = doc
        .descendants(configuration)
        .filter(|e| {
            doc.name(*e) == "expression"
                && doc.attr(*e, "attribute") == Some("#uname")
                && doc.attr(*e, "value") == Some(old)
        })
        .collect();
    for expression in expressions {
        doc.set_attr(expression, "value", new);
        let rule = doc.parent(expression).and_then(|rule| doc.attr(rule, "id")).unwrap_or_default();
        told.push(format!("Rule '{rule}': #uname expression updated from '{old}' to '{new}'"));
    }
    if told.is_empty() {
        let text = "No CIB configuration changes needed for node rename";
        work.report(Report::info("CIB_NODE_RENAME_NO_CHANGE", text));
    }
    for text in told {
        work.report(Report::info("CIB_NODE_RENAME_ELEMENT_UPDATED", text));
    }
    Ok(())
}
