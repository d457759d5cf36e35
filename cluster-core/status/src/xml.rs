//! `crm_mon --output-as=xml`, in the shape that version 2.1.5 writes (API 2.25).

use crate::types::{
    Clone_, Entry, Failure, Group, Health, Instance, Node, NodeHistory, NodeKind, Resource, Status,
};
use crate::words;
use rhapsody_scheduler::model::INFINITY;
use rhapsody_xml::{Document, Element};

pub(crate) const API_VERSION: &str = "2.25";

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
    pub fn crm_mon_xml(&self, request: &str, only: &[String]) -> String {
        let mut doc = Document::new("pacemaker-result");
        let root = doc.root();
        doc.set_attr(root, "api-version", API_VERSION);
        doc.set_attr(root, "request", request);
        self.sections_xml(&mut doc, only);
        add(&mut doc, root, "status", &[("code", "0"), ("message", "OK")]);
        finish(&doc)
    }

    /// The form of `crm_mon --as-xml`, which agents still ask for.
    pub fn crm_mon_xml_old(&self, only: &[String]) -> String {
        let mut doc = Document::new("crm_mon");
        let root = doc.root();
        doc.set_attr(root, "version", "2.1.5");
        self.sections_xml(&mut doc, only);
        finish(&doc)
    }

    fn sections_xml(&self, doc: &mut Document, only: &[String]) {
        let shows = |section: &str| only.is_empty() || only.iter().any(|name| name == section);
        let root = doc.root();
        if shows("summary") {
            self.summary_xml(doc, root);
        }
        if shows("nodes") {
            let nodes = add(doc, root, "nodes", &[]);
            for node in &self.nodes {
                node_xml(doc, nodes, node);
            }
        }
        if shows("resources") {
            let resources = add(doc, root, "resources", &[]);
            for entry in &self.resources {
                entry_xml(doc, resources, entry);
            }
        }
        if shows("attributes") {
            self.attributes_xml(doc, root);
        }
        if shows("operations") || shows("failcounts") {
            let history = add(doc, root, "node_history", &[]);
            for node in &self.node_history {
                history_xml(doc, history, node);
            }
        }
        if shows("failures") && !self.failures.is_empty() {
            let failures = add(doc, root, "failures", &[]);
            for failure in &self.failures {
                failure_xml(doc, failures, failure);
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

    fn summary_xml(&self, doc: &mut Document, root: Element) {
        let summary = &self.summary;
        let at = add(doc, root, "summary", &[]);
        add(doc, at, "stack", &[("type", summary.stack.as_deref().unwrap_or("unknown"))]);
        match &summary.dc {
            None => add(doc, at, "current_dc", &[("present", "false")]),
            Some(dc) => add(
                doc,
                at,
                "current_dc",
                &[
                    ("present", "true"),
                    ("version", dc.version.as_deref().unwrap_or("")),
                    ("name", &dc.name),
                    ("id", &dc.id),
                    ("with_quorum", yes(summary.quorate)),
                    ("mixed_version", yes(dc.mixed_version)),
                ],
            ),
        };
        add(doc, at, "last_update", &[("time", &words::date(summary.last_update))]);
        let change = &summary.last_change;
        add(
            doc,
            at,
            "last_change",
            &[
                ("time", &change.time),
                ("user", &change.user),
                ("client", &change.client),
                ("origin", &change.origin),
            ],
        );
        add(doc, at, "nodes_configured", &[("number", &summary.nodes_configured.to_string())]);
        add(
            doc,
            at,
            "resources_configured",
            &[
                ("number", &summary.resources_configured.to_string()),
                ("disabled", &summary.resources_disabled.to_string()),
                ("blocked", &summary.resources_blocked.to_string()),
            ],
        );
        add(
            doc,
            at,
            "cluster_options",
            &[
                ("stonith-enabled", yes(summary.stonith_enabled)),
                ("symmetric-cluster", yes(summary.symmetric_cluster)),
                ("no-quorum-policy", summary.no_quorum_policy),
                ("maintenance-mode", yes(summary.maintenance_mode)),
                ("stop-all-resources", yes(summary.stop_all_resources)),
                ("stonith-timeout-ms", &summary.stonith_timeout_ms.to_string()),
                ("priority-fencing-delay-ms", &summary.priority_fencing_delay_ms.to_string()),
            ],
        );
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

pub(crate) fn entry_xml(doc: &mut Document, parent: Element, entry: &Entry) {
    match entry {
        // An orphan that runs nowhere is nobody's business any more.
        Entry::Resource(rsc) if rsc.orphaned && !rsc.active => {}
        Entry::Resource(rsc) => resource_xml(doc, parent, rsc),
        Entry::Group(group) => group_xml(doc, parent, group),
        Entry::Clone(clone) => clone_xml(doc, parent, clone),
        Entry::Bundle(bundle) => {
            let at = add(
                doc,
                parent,
                "bundle",
                &[
                    ("id", &bundle.id),
                    ("type", &bundle.kind),
                    ("image", &bundle.image),
                    ("unique", yes(bundle.unique)),
                    ("managed", yes(bundle.managed)),
                    ("failed", yes(bundle.failed)),
                ],
            );
            for replica in &bundle.replicas {
                let at = add(doc, at, "replica", &[("id", &replica.number.to_string())]);
                let parts = [
                    replica.ip.as_ref(),
                    replica.child.as_ref(),
                    Some(&replica.container),
                    replica.connection.as_ref(),
                ];
                for part in parts.into_iter().flatten() {
                    resource_xml(doc, at, part);
                }
            }
        }
    }
}

fn clone_xml(doc: &mut Document, parent: Element, clone: &Clone_) {
    let at = add(
        doc,
        parent,
        "clone",
        &[
            ("id", &clone.id),
            ("multi_state", yes(clone.promotable)),
            ("unique", yes(clone.unique)),
            ("managed", yes(clone.managed)),
            ("disabled", yes(clone.disabled)),
            ("failed", yes(clone.failed)),
            ("failure_ignored", yes(clone.failure_ignored)),
        ],
    );
    if let Some(role) = &clone.target_role {
        doc.set_attr(at, "target_role", role);
    }
    for instance in &clone.instances {
        match instance {
            Instance::Resource(rsc) => resource_xml(doc, at, rsc),
            Instance::Group(group) => group_xml(doc, at, group),
        }
    }
}

fn group_xml(doc: &mut Document, parent: Element, group: &Group) {
    let at = add(
        doc,
        parent,
        "group",
        &[
            ("id", &group.id),
            ("number_resources", &group.members.len().to_string()),
            ("managed", yes(group.managed)),
            ("disabled", yes(group.disabled)),
        ],
    );
    for member in &group.members {
        resource_xml(doc, at, member);
    }
}

fn resource_xml(doc: &mut Document, parent: Element, rsc: &Resource) {
    // What is under way is a role of its own here, but for a monitor.
    let (role, pending) = match rsc.pending {
        Some("Monitoring") => (rsc.role, rsc.pending),
        Some(task) => (task, None),
        None => (rsc.role, None),
    };
    let at = add(doc, parent, "resource", &[("id", &rsc.id), ("resource_agent", &rsc.agent), ("role", role)]);
    if let Some(role) = &rsc.target_role {
        doc.set_attr(at, "target_role", role);
    }
    for (name, value) in [
        ("active", yes(rsc.active)),
        ("orphaned", yes(rsc.orphaned)),
        ("blocked", yes(rsc.blocked)),
        ("managed", yes(rsc.managed)),
        ("failed", yes(rsc.failed)),
        ("failure_ignored", yes(rsc.failure_ignored)),
        ("nodes_running_on", &rsc.nodes.len().to_string()),
    ] {
        doc.set_attr(at, name, value);
    }
    if let Some(task) = pending {
        doc.set_attr(at, "pending", task);
    }
    if let Some(node) = &rsc.locked_to {
        doc.set_attr(at, "locked_to", node);
    }
    for node in &rsc.nodes {
        add(doc, at, "node", &[("name", &node.name), ("id", &node.id), ("cached", yes(node.online))]);
    }
}

pub(crate) fn history_xml(doc: &mut Document, parent: Element, node: &NodeHistory) {
    let at = add(doc, parent, "node", &[("name", &node.node)]);
    for resource in &node.resources {
        let at = add(
            doc,
            at,
            "resource_history",
            &[
                ("id", &resource.id),
                ("orphan", yes(resource.orphan)),
                ("migration-threshold", &resource.migration_threshold.to_string()),
            ],
        );
        if resource.fail_count > 0 {
            let count = resource.fail_count;
            let count = if count >= INFINITY { "INFINITY".to_owned() } else { count.to_string() };
            doc.set_attr(at, "fail-count", &count);
            if let Some(when) = resource.last_failure {
                doc.set_attr(at, "last-failure", &words::date(when));
            }
        }
        for op in &resource.operations {
            let at = add(
                doc,
                at,
                "operation_history",
                &[
                    ("call", &op.call),
                    ("task", &op.task),
                    ("rc", &op.rc.to_string()),
                    ("rc_text", op.rc_text),
                ],
            );
            if op.interval_ms > 0 {
                doc.set_attr(at, "interval", &format!("{}ms", op.interval_ms));
            }
            if let Some(when) = op.last_rc_change {
                doc.set_attr(at, "last-rc-change", &words::date(when));
            }
            if let Some(ms) = &op.exec_time {
                doc.set_attr(at, "exec-time", &format!("{ms}ms"));
            }
            if let Some(ms) = &op.queue_time {
                doc.set_attr(at, "queue-time", &format!("{ms}ms"));
            }
        }
    }
}

pub(crate) fn failure_xml(doc: &mut Document, parent: Element, failure: &Failure) {
    let at = doc.append(parent, "failure");
    match &failure.op_key {
        Some(key) => doc.set_attr(at, "op_key", key),
        None => doc.set_attr(at, "id", &failure.id),
    }
    let reason = if failure.has_reason { &failure.exit_reason } else { "none" };
    for (name, value) in [
        ("node", failure.node.as_str()),
        ("exitstatus", failure.rc_text),
        ("exitreason", reason),
        ("exitcode", &failure.rc.to_string()),
        ("call", &failure.call),
        ("status", failure.status),
    ] {
        doc.set_attr(at, name, value);
    }
    let Some(when) = failure.last_rc_change else { return };
    doc.set_attr(at, "last-rc-change", &words::iso_date(when));
    if !failure.queued.is_empty() {
        doc.set_attr(at, "queued", &failure.queued);
    }
    if !failure.exec.is_empty() {
        doc.set_attr(at, "exec", &failure.exec);
    }
    doc.set_attr(at, "interval", &failure.interval_ms.to_string());
    doc.set_attr(at, "task", &failure.task);
}
