//! `crm_mon --output-as=xml`, in the two shapes that are about: API 2.25 as version 2.1.5 writes it,
//! and API 2.42 of version 3.0.

mod history;
mod resources;
mod summary;

use crate::types::{Health, Node, NodeKind, Status};
use crate::words;
use rhapsody_xml::{Document, Element};

pub(crate) use history::{failure_xml, history_xml};
pub(crate) use resources::entry_xml;

/// Which version of Pacemaker's XML is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XmlApi {
    /// Of Pacemaker 2.1.5, whose tools the agents know: what our `crm_mon` and `simulate` answer.
    V2_25,
    /// Of Pacemaker 3.0: what `status xml` answers.
    V2_42,
}

impl XmlApi {
    pub(crate) fn version(self) -> &'static str {
        match self {
            XmlApi::V2_25 => "2.25",
            XmlApi::V2_42 => "2.42",
        }
    }

    /// The words of 3.0: `removed` beside `orphaned`, `fencing-` beside `stonith-`, `maintenance` of
    /// resources.
    fn is_new(self) -> bool {
        self == XmlApi::V2_42
    }

    /// What an exit code of an agent is called.
    fn exit_text(self, rc: i32, old: &'static str) -> &'static str {
        if self.is_new() { words::exit(rc) } else { old }
    }

    /// A list without entries is told by an empty element, or not at all.
    fn shows_list(self, empty: bool) -> bool {
        !(self.is_new() && empty)
    }
}

/// Appends an element with attributes.
pub(crate) fn add(doc: &mut Document, parent: Element, name: &str, attributes: &[(&str, &str)]) -> Element {
    let element = doc.append(parent, name);
    for (name, value) in attributes {
        doc.set_attr(element, name, value);
    }
    element
}

pub(crate) fn yes(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

impl Status {
    /// The whole document; `request` is the command line it answers, `only` the sections (all of
    /// them when it is empty).
    pub fn crm_mon_xml(&self, api: XmlApi, request: &str, only: &[String]) -> String {
        let mut doc = Document::new("pacemaker-result");
        let root = doc.root();
        doc.set_attr(root, "api-version", api.version());
        doc.set_attr(root, "request", request);
        self.sections_xml(&mut doc, api, only);
        add(&mut doc, root, "status", &[("code", "0"), ("message", "OK")]);
        finish(&doc)
    }

    /// The form of `crm_mon --as-xml`, which agents still ask for.
    pub fn crm_mon_xml_old(&self, only: &[String]) -> String {
        let mut doc = Document::new("crm_mon");
        let root = doc.root();
        doc.set_attr(root, "version", "2.1.5");
        self.sections_xml(&mut doc, XmlApi::V2_25, only);
        finish(&doc)
    }

    fn sections_xml(&self, doc: &mut Document, api: XmlApi, only: &[String]) {
        let shows = |section: &str| only.is_empty() || only.iter().any(|name| name == section);
        let root = doc.root();
        if shows("summary") {
            self.summary_xml(doc, api, root);
        }
        if shows("nodes") {
            let nodes = add(doc, root, "nodes", &[]);
            for node in &self.nodes {
                node_xml(doc, nodes, node);
            }
        }
        if shows("resources") && api.shows_list(self.resources.is_empty()) {
            let resources = add(doc, root, "resources", &[]);
            for entry in &self.resources {
                entry_xml(doc, api, resources, entry);
            }
        }
        if shows("attributes") {
            self.attributes_xml(doc, root);
        }
        let histories = shows("operations") || shows("failcounts");
        if histories && api.shows_list(self.node_history.is_empty()) {
            let history = add(doc, root, "node_history", &[]);
            for node in &self.node_history {
                history_xml(doc, api, history, node);
            }
        }
        if shows("failures") && !self.failures.is_empty() {
            let failures = add(doc, root, "failures", &[]);
            for failure in &self.failures {
                failure_xml(doc, api, failures, failure);
            }
        }
        if shows("tickets") {
            self.tickets_xml(doc, root);
        }
        if shows("bans") {
            self.bans_xml(doc, root);
        }
    }

    fn bans_xml(&self, doc: &mut Document, root: Element) {
        if self.bans.is_empty() {
            return;
        }
        let bans = add(doc, root, "bans", &[]);
        for ban in &self.bans {
            let promoted = yes(ban.promoted_only);
            add(
                doc,
                bans,
                "ban",
                &[
                    ("id", &ban.id),
                    ("resource", &ban.resource),
                    ("node", &ban.node),
                    ("weight", &ban.weight.to_string()),
                    ("promoted-only", promoted),
                    ("master_only", promoted),
                ],
            );
        }
    }

    pub(crate) fn attributes_xml(&self, doc: &mut Document, root: Element) {
        if self.node_attributes.is_empty() {
            return;
        }
        let all = add(doc, root, "node_attributes", &[]);
        for node in &self.node_attributes {
            let at = add(doc, all, "node", &[("name", &node.node)]);
            for attribute in &node.attributes {
                let element =
                    add(doc, at, "attribute", &[("name", &attribute.name), ("value", &attribute.value)]);
                if let Some(expected) = attribute.expected {
                    doc.set_attr(element, "expected", &expected.to_string());
                }
            }
        }
    }

    fn tickets_xml(&self, doc: &mut Document, root: Element) {
        if self.tickets.is_empty() {
            return;
        }
        let all = add(doc, root, "tickets", &[]);
        for ticket in &self.tickets {
            let status = if ticket.granted { "granted" } else { "revoked" };
            let at = add(
                doc,
                all,
                "ticket",
                &[("id", &ticket.id), ("status", status), ("standby", yes(ticket.standby))],
            );
            if let Some(when) = ticket.last_granted {
                doc.set_attr(at, "last-granted", &words::date(when));
            }
        }
    }
}

pub(crate) fn finish(doc: &Document) -> String {
    let mut text = doc.to_xml();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

pub(crate) fn node_xml(doc: &mut Document, parent: Element, node: &Node) {
    let at = add(
        doc,
        parent,
        "node",
        &[
            ("name", &node.name),
            ("id", &node.id),
            ("online", yes(node.online)),
            ("standby", yes(node.standby)),
            ("standby_onfail", yes(node.standby_onfail)),
            ("maintenance", yes(node.maintenance)),
            ("pending", yes(node.pending)),
            ("unclean", yes(node.unclean)),
            (
                "health",
                match node.health {
                    Health::Green => "green",
                    Health::Yellow => "yellow",
                    Health::Red => "red",
                },
            ),
        ],
    );
    if let Some(set) = &node.feature_set {
        doc.set_attr(at, "feature_set", set);
    }
    let kind = match node.kind {
        NodeKind::Member => "member",
        NodeKind::Remote | NodeKind::Guest => "remote",
    };
    for (name, value) in [
        ("shutdown", yes(node.shutdown)),
        ("expected_up", yes(node.expected_up)),
        ("is_dc", yes(node.is_dc)),
        ("resources_running", &node.resources.len().to_string()),
        ("type", kind),
    ] {
        doc.set_attr(at, name, value);
    }
    if let Some(container) = &node.id_as_resource {
        doc.set_attr(at, "id_as_resource", container);
    }
}
