//! `<status>`: tickets, node states, then the histories in an order that settles remote nodes.

use super::{Reader, rules, values};
use crate::model::{NodeIdx, NodeKind, Role, Ticket};
use rhapsody_xml::Element;

impl Reader<'_> {
    pub(super) fn status(&mut self) {
        let doc = self.env.doc;
        let Some(status) = self.env.status() else {
            self.finish();
            return;
        };
        if let Some(tickets) = doc.child(status, "tickets") {
            self.ticket_states(tickets);
        }
        let states: Vec<Element> = doc.children_named(status, "node_state").collect();
        for e in &states {
            self.node_state(*e);
        }
        for n in 0..self.c.nodes.len() as u32 {
            self.node_health(NodeIdx(n));
        }
        // Each pass may make more nodes readable; every pass but the last reads at least one.
        while self.histories(&states, false) {}
        // Without fencing what a lost node ran counts as gone with it.
        let lost_too = self.c.options.fencing;
        self.histories(&states, lost_too);
        for container in std::mem::take(&mut self.stop_needed) {
            if let Some(node) = self.c[container].active.first().copied() {
                self.require_stop(container, node);
            }
        }
        self.finish();
    }

    fn finish(&mut self) {
        for n in 0..self.c.nodes.len() as u32 {
            let node = NodeIdx(n);
            if self.c[node].is_remote() {
                self.remote_attributes(node);
            }
        }
        self.count_instances();
    }

    fn ticket_states(&mut self, section: Element) {
        let doc = self.env.doc;
        for e in doc.children_named(section, "ticket_state") {
            let Some(id) = doc.attr(e, "id") else { continue };
            let mut ticket = Ticket { granted: values::is_true(doc.attr(e, "granted")), ..Ticket::default() };
            ticket.standby = values::is_true(doc.attr(e, "standby"));
            ticket.last_granted = doc.attr(e, "last-granted").and_then(values::leading_integer);
            ticket.attributes = doc.attrs(e).map(|(k, v)| (k.into(), v.into())).collect::<rules::Values>();
            self.c.tickets.insert(id.into(), ticket);
        }
    }

    /// Read what can be read now (`all`: everything left). True if anything was.
    fn histories(&mut self, states: &[Element], all: bool) -> bool {
        let doc = self.env.doc;
        let mut any = false;
        for e in states {
            let Some(id) = doc.attr(*e, "id") else { continue };
            let uname = doc.attr(*e, "uname").unwrap_or(id);
            let Some(node) = self.c.node_by_id_or_name(id, uname) else { continue };
            if self.c[node].unpacked || !(all || self.readable(node)) {
                continue;
            }
            self.c[node].unpacked = true;
            any = true;
            if self.c[node].is_remote() {
                self.remote_online(node);
            }
            self.node_history(node, *e);
        }
        any && !all
    }

    fn readable(&self, node: NodeIdx) -> bool {
        let started =
            |r: Option<crate::model::ResourceIdx>| r.is_some_and(|r| self.c[r].role == Role::Started);
        match self.c[node].kind {
            NodeKind::Guest => {
                let connection = self.c[node].connection;
                started(connection) && started(connection.and_then(|r| self.c[r].container))
            }
            NodeKind::Remote => started(self.c[node].connection),
            NodeKind::Cluster => {
                self.c.options.fencing || self.c.options.shutdown_lock || self.c[node].online
            }
        }
    }

    /// Now that all connections are known.
    fn remote_attributes(&mut self, node: NodeIdx) {
        let Some(connection) = self.c[node].connection else { return };
        if self.c[node].attr("shutdown").is_some_and(|v| v != "0" && !v.is_empty()) {
            // The node asks to leave: its connection ends when everything has left.
            self.c[connection].next_role = Role::Stopped;
        }
        // What its own history led to does not count before it was carried out.
        if !self.c[node].unpacked {
            self.remote_online(node);
        }
        let fencing = self.c.options.fencing;
        let n = &mut self.c[node];
        let on = |name: &str, n: &crate::model::Node| values::is_true(n.attr(name));
        n.standby |= on("standby", n);
        // What is not asked for must be fenced when in doubt.
        if fencing && n.attr("resource-discovery-enabled").and_then(values::boolean) == Some(false) {
            n.discovery_enabled = false;
        }
        if n.shutdown {
            n.score = -crate::model::INFINITY;
        }
        let connection_managed = n.connection;
        if on("maintenance", n) || connection_managed.is_some_and(|r| !self.c[r].is_managed()) {
            self.c[node].maintenance = true;
        }
    }

    /// What the headline of a status counts: primitives that are disabled or blocked.
    fn count_instances(&mut self) {
        use crate::model::Flags;
        let (mut disabled, mut blocked) = (0, 0);
        for rsc in self.c.all_resources() {
            let r = &self.c[rsc];
            if !r.is_primitive() || (r.is_removed() && r.role == Role::Stopped) {
                continue;
            }
            if r.is(Flags::BLOCKED) {
                blocked += 1;
            }
            if self.c.is_disabled(rsc) {
                disabled += 1;
            }
        }
        self.c.disabled_resources = disabled;
        self.c.blocked_resources = blocked;
    }
}
