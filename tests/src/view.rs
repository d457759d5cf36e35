//! A cluster's status as a test asks about it, read from `rhapsody status xml`.

use rhapsody_xml::{Document, Element};
use std::collections::BTreeMap;

/// Who is online and what runs where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    pub dc: Option<String>,
    pub quorate: bool,
    pub online: Vec<String>,
    pub offline: Vec<String>,
    /// Instances by resource id (`redis` for `redis:0`), each with its role and node.
    pub active: BTreeMap<String, Vec<(String, String)>>,
    pub failed_actions: usize,
}

impl View {
    pub fn read(xml: &str) -> Result<View, String> {
        let doc = Document::parse(xml).map_err(|e| format!("{e}\n{xml}"))?;
        let mut view = View::default();
        for e in doc.descendants(doc.root()) {
            let attr = |name: &str| doc.attr(e, name).unwrap_or_default();
            match doc.name(e) {
                "current_dc" if attr("present") == "true" => {
                    view.dc = Some(attr("name").to_owned());
                    view.quorate = attr("with_quorum") == "true";
                }
                "node" if doc.parent(e).is_some_and(|p| doc.name(p) == "nodes") => {
                    let up =
                        attr("online") == "true" && attr("pending") != "true" && attr("unclean") != "true";
                    if up { &mut view.online } else { &mut view.offline }.push(attr("name").to_owned());
                }
                // what is still starting does not run yet
                "resource" if attr("active") == "true" && attr("pending").is_empty() => view.add(&doc, e),
                "failure" => view.failed_actions += 1,
                _ => {}
            }
        }
        view.online.sort();
        view.offline.sort();
        Ok(view)
    }

    fn add(&mut self, doc: &Document, resource: Element) {
        let id = doc.attr(resource, "id").unwrap_or_default();
        let id = id.split(':').next().unwrap_or(id).to_owned();
        let role = doc.attr(resource, "role").unwrap_or_default().to_owned();
        for node in doc.children_named(resource, "node") {
            let name = doc.attr(node, "name").unwrap_or_default().to_owned();
            self.active.entry(id.clone()).or_default().push((role.clone(), name));
        }
    }

    /// The nodes where a resource is active.
    pub fn running(&self, resource: &str) -> Vec<String> {
        self.active.get(resource).into_iter().flatten().map(|(_, node)| node.clone()).collect()
    }

    /// The nodes where a resource is active in a role (`Promoted`, `Unpromoted`, `Started`).
    pub fn in_role(&self, resource: &str, role: &str) -> Vec<String> {
        let active = self.active.get(resource).into_iter().flatten();
        active.filter(|(r, _)| r == role).map(|(_, node)| node.clone()).collect()
    }

    pub fn all_online(&self, count: usize) -> bool {
        self.online.len() == count && self.offline.is_empty() && self.dc.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nodes_and_instances() {
        let view = View::read(
            r#"<pacemaker-result><summary><current_dc present="true" name="n1" with_quorum="true"/></summary>
               <nodes><node name="n2" online="true"/><node name="n1" online="true"/><node name="n3" online="false"/></nodes>
               <resources><clone><resource id="r:0" active="true" role="Promoted"><node name="n2"/></resource></clone>
               <resource id="vip" active="false"/></resources></pacemaker-result>"#,
        )
        .expect("well formed");
        assert_eq!(view.dc.as_deref(), Some("n1"));
        assert_eq!((view.online.len(), view.offline.len()), (2, 1));
        assert_eq!(view.in_role("r", "Promoted"), ["n2"]);
        assert!(view.running("vip").is_empty());
    }
}
