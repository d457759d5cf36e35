//! `simulate --output-as=xml`, in the shape that crm_simulate 2.1.5 writes, and what a simulation's
//! text may add to a status.

use crate::MonOptions;
use crate::types::Status;
use crate::xml::{XmlApi, add, entry_xml, failure_xml, finish, history_xml, node_xml, yes};
use rhapsody_cib::Cib;
use rhapsody_scheduler::assign::score_text;
use rhapsody_scheduler::model::Cluster;
use rhapsody_scheduler::report::scores::{Amounts, UTILIZATION_FUNCTION};
use rhapsody_scheduler::report::summary::ResourceChange;
use rhapsody_scheduler::report::{Change, ScoreLine};
use rhapsody_scheduler::simulate::{InjectedAttribute, Modification, Output, Step, When};
use rhapsody_xml::{Document, Element};

/// What it writes is of that version.
const API: XmlApi = XmlApi::V2_25;

impl Status {
    /// Node attributes and fail counts as crm_simulate lists them below a status.
    pub fn extra_text(&self, attributes: bool, failcounts: bool) -> String {
        let asked = [("attributes", attributes), ("failcounts", failcounts)];
        let mut out = String::new();
        for (section, _) in asked.into_iter().filter(|(_, asked)| *asked) {
            let only = vec![section.to_owned()];
            let text = self.crm_mon_text(&MonOptions { only, ..MonOptions::default() });
            for (i, line) in text.lines().enumerate() {
                out += if i == 0 { "\n  * " } else { "  " };
                out += line;
                out.push('\n');
            }
        }
        out
    }
}

/// Builds the document while a simulation goes on.
pub struct SimulationXml {
    doc: Document,
    /// The element of the scores that were asked for.
    scores: &'static str,
    /// With node attributes and histories.
    attributes: bool,
    failcounts: bool,
}

impl SimulationXml {
    /// `request` is the command line that is answered.
    pub fn new(request: &str, scores: bool, utilization: bool) -> SimulationXml {
        let mut doc = Document::new("pacemaker-result");
        let root = doc.root();
        doc.set_attr(root, "api-version", API.version());
        doc.set_attr(root, "request", request);
        let scores = match (scores, utilization) {
            (true, true) => "allocations_utilizations",
            (false, true) => "utilizations",
            _ => "allocations",
        };
        SimulationXml { doc, scores, attributes: false, failcounts: false }
    }

    /// Node attributes and fail counts in each status.
    pub fn with(mut self, attributes: bool, failcounts: bool) -> SimulationXml {
        (self.attributes, self.failcounts) = (attributes, failcounts);
        self
    }

    pub fn finish(mut self) -> String {
        let root = self.doc.root();
        add(&mut self.doc, root, "status", &[("code", "0"), ("message", "OK")]);
        finish(&self.doc)
    }

    fn amounts(&mut self, at: Element, amounts: &Amounts) {
        for (name, amount) in amounts {
            let element = self.doc.append(at, name);
            self.doc.set_text(element, &amount.to_string());
        }
    }
}

impl Output for SimulationXml {
    fn remark(&mut self, _: &str) {}

    fn status(&mut self, when: When, doc: &Document, cluster: &Cluster) {
        let Ok(cib) = Cib::try_from(doc.clone()) else { return };
        let status = Status::of(&cib, cluster, cluster.now);
        let name = match when {
            When::Before => "cluster_status",
            When::After => "revised_cluster_status",
        };
        let (root, out) = (self.doc.root(), &mut self.doc);
        let at = add(out, root, name, &[]);
        let nodes = add(out, at, "nodes", &[]);
        status.nodes.iter().for_each(|node| node_xml(out, nodes, node));
        let resources = add(out, at, "resources", &[]);
        status.resources.iter().for_each(|entry| entry_xml(out, API, resources, entry));
        if self.attributes {
            status.attributes_xml(out, at);
        }
        if self.failcounts {
            let history = add(out, at, "node_history", &[]);
            for node in &status.node_history {
                let mut failed = node.clone();
                failed.resources.retain(|r| r.fail_count > 0);
                failed.resources.iter_mut().for_each(|r| r.operations.clear());
                if !failed.resources.is_empty() {
                    history_xml(out, API, history, &failed);
                }
            }
            if !status.failures.is_empty() {
                let failures = add(out, at, "failures", &[]);
                status.failures.iter().for_each(|failure| failure_xml(out, API, failures, failure));
            }
        }
    }

    fn modifications(&mut self, modifications: &[Modification]) {
        let (root, doc) = (self.doc.root(), &mut self.doc);
        let at = add(doc, root, "modifications", &[]);
        for modification in modifications {
            let node = |doc: &mut Document, action, node: &str| {
                add(doc, at, "modify_node", &[("action", action), ("node", node)]);
            };
            let ticket = |doc: &mut Document, action, ticket: &str| {
                add(doc, at, "modify_ticket", &[("action", action), ("ticket", ticket)]);
            };
            match modification {
                Modification::Quorum(v) => doc.set_attr(at, "quorum", v),
                Modification::Watchdog(v) => doc.set_attr(at, "watchdog", v),
                Modification::NodeUp(n) => node(doc, "Online", n),
                Modification::NodeDown(n) => node(doc, "Offline", n),
                Modification::NodeFail(n) => node(doc, "Failing", n),
                Modification::Grant(t) => ticket(doc, "Granting", t),
                Modification::Revoke(t) => ticket(doc, "Revoking", t),
                Modification::Standby(t) => ticket(doc, "Standby", t),
                Modification::Activate(t) => ticket(doc, "Activating", t),
                Modification::Operation(spec) => {
                    add(doc, at, "inject_spec", &[("spec", spec)]);
                }
                Modification::Attribute(a) => attribute(doc, at, a),
            }
        }
    }

    fn scores(&mut self, lines: &[ScoreLine]) {
        let root = self.doc.root();
        let at = add(&mut self.doc, root, self.scores, &[]);
        for line in lines {
            match line {
                ScoreLine::Allocation { function, resource, node, score } => {
                    let score = score_text(*score);
                    let values =
                        [("function", *function), ("node", node), ("score", &score), ("id", resource)];
                    add(&mut self.doc, at, "node_weight", &values);
                }
                ScoreLine::Promotion { resource, node, score } => {
                    let score = score_text(*score);
                    let element =
                        add(&mut self.doc, at, "promotion_score", &[("id", resource), ("score", &score)]);
                    if let Some(node) = node {
                        self.doc.set_attr(element, "node", node);
                    }
                }
                ScoreLine::Capacity { comment, node, amounts } => {
                    let element = add(&mut self.doc, at, "capacity", &[("node", node), ("comment", comment)]);
                    self.amounts(element, amounts);
                }
                ScoreLine::Utilization { resource, node, amounts } => {
                    let values =
                        [("resource", resource.as_str()), ("node", node), ("function", UTILIZATION_FUNCTION)];
                    let element = add(&mut self.doc, at, "utilization", &values);
                    self.amounts(element, amounts);
                }
            }
        }
    }

    fn summary(&mut self, changes: &[Change]) {
        let (root, doc) = (self.doc.root(), &mut self.doc);
        let at = add(doc, root, "actions", &[]);
        for change in changes {
            match change {
                Change::Fence { task, node, reason, .. } => {
                    let reason = reason.as_deref().unwrap_or("");
                    add(doc, at, "node_action", &[("task", task), ("node", node), ("reason", reason)]);
                }
                Change::Resource(change) => resource_change(doc, at, change),
            }
        }
    }

    fn steps(&mut self, steps: &[Step]) {
        let (root, doc) = (self.doc.root(), &mut self.doc);
        let at = add(doc, root, "transition", &[]);
        for step in steps {
            match step {
                Step::Pseudo { task, node } => {
                    let element = add(doc, at, "pseudo_action", &[("task", task)]);
                    if let Some(node) = node {
                        doc.set_attr(element, "node", node);
                    }
                }
                Step::Fencing { target, action } => {
                    add(doc, at, "fencing_action", &[("target", target), ("op", action)]);
                }
                Step::Cluster { task, resource, node } => {
                    let element = add(doc, at, "cluster_action", &[("task", task), ("node", node)]);
                    if let Some(resource) = resource {
                        doc.set_attr(element, "id", resource);
                    }
                }
                Step::Resource { resource, task, interval_ms, node } => {
                    let values = [("resource", resource.as_str()), ("op", task), ("node", node)];
                    let element = add(doc, at, "rsc_action", &values);
                    if *interval_ms > 0 {
                        doc.set_attr(element, "interval", &interval_ms.to_string());
                    }
                }
                Step::Attribute(a) => attribute(doc, at, a),
                // The schema has no words for these.
                Step::Failed { .. } | Step::Incomplete => {}
            }
        }
    }
}

fn attribute(doc: &mut Document, at: Element, a: &InjectedAttribute) {
    let values = [
        ("name", a.name.as_str()),
        ("value", &a.value),
        ("node_path", "/node_state"),
        ("cib_node", &a.node_id),
    ];
    add(doc, at, "inject_attr", &values);
}

/// Where something goes is `dest` (and `source`), where it stays or ends is `node`.
fn resource_change(doc: &mut Document, at: Element, change: &ResourceChange) {
    let action = change.change.to_ascii_lowercase();
    let e = add(doc, at, "rsc_action", &[("action", &action), ("resource", &change.id)]);
    match (&change.from, &change.to) {
        (Some(from), Some(to)) if from != to => {
            doc.set_attr(e, "source", from);
            doc.set_attr(e, "dest", to);
        }
        (Some(node), _) | (None, Some(node)) => doc.set_attr(e, "node", node),
        (None, None) => {}
    }
    if change.needs_role() {
        doc.set_attr(e, "role", change.role.as_str());
        if change.role != change.next_role && change.to.is_some() {
            doc.set_attr(e, "next-role", change.next_role.as_str());
        }
    }
    if let Some(reason) = &change.reason {
        doc.set_attr(e, "reason", reason);
    }
    if change.is_blocked {
        doc.set_attr(e, "blocked", yes(true));
    }
}
