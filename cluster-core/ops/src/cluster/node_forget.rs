//! What is left of a node in the CIB after it was removed from the cluster: its entry and its state.

use crate::work::{Stop, Work};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub node_list: Vec<String>,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let doc = &mut work.cib;
    let sections = [
        doc.child(doc.root(), "configuration").and_then(|section| doc.child(section, "nodes")),
        doc.child(doc.root(), "status"),
    ];
    for (section, kind) in sections.into_iter().zip(["node", "node_state"]) {
        let Some(section) = section else { continue };
        let gone = |doc: &rhapsody_cib::Cib, e: &Element| {
            doc.attr(*e, "uname").is_some_and(|name| request.node_list.iter().any(|gone| gone == name))
        };
        let all: Vec<Element> = doc.children_named(section, kind).filter(|e| gone(doc, e)).collect();
        for element in all {
            doc.remove(element);
        }
    }
    Ok(())
}
