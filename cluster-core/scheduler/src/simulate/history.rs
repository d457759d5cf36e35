//! Writing into a status section: node states, operation histories, fail counts, tickets.

use rhapsody_xml::{Document, Element};
use rustc_hash::{FxHashMap, FxHashSet};

/// The status section of a document, with its node states and histories at hand.
pub struct History<'a> {
    doc: &'a mut Document,
    root: Element,
    states: FxHashMap<String, Element>,
    histories: FxHashMap<(String, String), Element>,
    deleted: Deleted,
    now: i64,
}

/// Entries that a `delete` made obsolete, by node and resource. Like crm_simulate, a simulation's status
/// still shows them; the CIB it leaves does not have them, or every later run would delete them again.
pub type Deleted = FxHashMap<(String, String), FxHashSet<String>>;

/// A resource as its history names it.
pub struct Agent<'a> {
    pub name: &'a str,
    pub class: &'a str,
    pub provider: Option<&'a str>,
    pub agent: &'a str,
}

/// The result of one operation.
pub struct Outcome<'a> {
    pub task: &'a str,
    pub interval_ms: u64,
    pub rc: i32,
    pub expected: i32,
    /// `None`: the number of the call.
    pub action: Option<u32>,
    /// The id of the entry where it does not follow from the operation.
    pub entry: Option<String>,
    pub exit_reason: &'a str,
    pub digest: Option<String>,
    /// More attributes.
    pub more: Vec<(&'static str, String)>,
}

impl Outcome<'_> {
    /// Recorded as a failure too, and counted.
    pub fn is_failure(&self) -> bool {
        let found_stopped = self.rc == 7 && self.interval_ms == 0 && self.task == "monitor";
        self.rc != self.expected && self.rc != 0 && !found_stopped
    }
}

impl<'a> History<'a> {
    pub fn new(doc: &'a mut Document, now: i64) -> History<'a> {
        let root = doc.root();
        let root = child(doc, root, "status");
        let mut history = History {
            doc,
            root,
            states: FxHashMap::default(),
            histories: FxHashMap::default(),
            deleted: Deleted::default(),
            now,
        };
        history.index();
        history
    }

    fn index(&mut self) {
        let states: Vec<Element> = self.doc.children_named(self.root, "node_state").collect();
        for s in states {
            let name = self.doc.attr(s, "uname").or_else(|| self.doc.attr(s, "id")).map(str::to_owned);
            let Some(name) = name else { continue };
            if let Some(list) = self.doc.child(s, "lrm").and_then(|l| self.doc.child(l, "lrm_resources")) {
                let all: Vec<Element> = self.doc.children_named(list, "lrm_resource").collect();
                for e in all {
                    if let Some(id) = self.doc.attr(e, "id").map(str::to_owned) {
                        self.histories.insert((name.clone(), id), e);
                    }
                }
            }
            self.states.insert(name, s);
        }
    }

    fn state(&mut self, node: &str, id: &str) -> Element {
        if let Some(s) = self.states.get(node) {
            return *s;
        }
        let s = self.doc.append(self.root, "node_state");
        self.doc.set_attr(s, "id", id);
        self.doc.set_attr(s, "uname", node);
        self.states.insert(node.to_owned(), s);
        s
    }

    /// The four words of a node state: in_ccm, crmd, join, expected.
    pub fn set_node(&mut self, node: &str, id: &str, words: [&str; 4]) {
        let s = self.state(node, id);
        for (k, v) in ["in_ccm", "crmd", "join", "expected"].into_iter().zip(words) {
            self.doc.set_attr(s, k, v);
        }
    }

    /// Offline and clean, nothing remembered.
    pub fn node_down(&mut self, node: &str, id: &str) {
        self.set_node(node, id, ["false", "offline", "down", "down"]);
        let s = self.state(node, id);
        for name in ["lrm", "transient_attributes"] {
            if let Some(e) = self.doc.child(s, name) {
                self.doc.remove(e);
            }
        }
        self.histories.retain(|(n, _), _| n != node);
        self.deleted.retain(|(n, _), _| n != node);
    }

    /// All that is known of a resource on a node is obsolete.
    pub fn delete(&mut self, node: &str, resource: &str) {
        let key = (node.to_owned(), resource.to_owned());
        let Some(history) = self.histories.get(&key) else { return };
        let entries = self.doc.children_named(*history, "lrm_rsc_op");
        let ids = entries.filter_map(|e| self.doc.attr(e, "id").map(str::to_owned)).collect();
        self.deleted.insert(key, ids);
    }

    pub fn into_deleted(self) -> Deleted {
        self.deleted
    }

    /// Take out what was deleted.
    pub fn drop_deleted(&mut self, deleted: &Deleted) {
        for (key, ids) in deleted {
            let Some(history) = self.histories.get(key).copied() else { continue };
            let entries: Vec<Element> = self.doc.children_named(history, "lrm_rsc_op").collect();
            for e in entries {
                if self.doc.attr(e, "id").is_some_and(|id| ids.contains(id)) {
                    self.doc.remove(e);
                }
            }
            if self.doc.child(history, "lrm_rsc_op").is_none() {
                self.doc.remove(history);
                self.histories.remove(key);
            }
        }
    }

    /// Write a result down; a failure as the last failure too.
    pub fn record(&mut self, node: &str, node_id: &str, agent: &Agent, done: &Outcome) {
        let key = (node.to_owned(), agent.name.to_owned());
        let history = match self.histories.get(&key) {
            Some(e) => *e,
            None => {
                let s = self.state(node, node_id);
                let lrm = child(self.doc, s, "lrm");
                let list = child(self.doc, lrm, "lrm_resources");
                let e = self.doc.append(list, "lrm_resource");
                self.doc.set_attr(e, "id", agent.name);
                self.name_agent(e, agent);
                self.histories.insert(key.clone(), e);
                e
            }
        };
        if self.deleted.contains_key(&key) {
            // Begun anew, perhaps by another agent.
            self.name_agent(history, agent);
        }
        let all: Vec<Element> = self.doc.children_named(history, "lrm_rsc_op").collect();
        let newest = all
            .iter()
            .filter_map(|e| self.doc.attr(*e, "call-id").and_then(|c| c.parse::<i64>().ok()))
            .max()
            .unwrap_or(0)
            .max(0);
        let mut ids = Vec::new();
        if done.is_failure() {
            ids.push(format!("{}_last_failure_0", agent.name));
        }
        match &done.entry {
            Some(id) => ids.push(id.clone()),
            // A recurring operation that failed leaves the record of its success alone.
            None if done.interval_ms > 0 && done.is_failure() => {}
            None if done.interval_ms > 0 => {
                ids.push(format!("{}_{}_{}", agent.name, done.task, done.interval_ms));
            }
            None => ids.push(format!("{}_last_0", agent.name)),
        }
        for id in ids {
            let op = match all.iter().find(|e| self.doc.attr(**e, "id") == Some(id.as_str())) {
                Some(e) => *e,
                None => self.doc.append(history, "lrm_rsc_op"),
            };
            if let Some(old) = self.deleted.get_mut(&key) {
                old.remove(&id);
            }
            self.write(op, id, agent.name, newest + 1, done);
        }
    }

    fn name_agent(&mut self, history: Element, agent: &Agent) {
        self.doc.set_attr(history, "class", agent.class);
        match agent.provider {
            Some(p) => self.doc.set_attr(history, "provider", p),
            None => {
                self.doc.remove_attr(history, "provider");
            }
        }
        self.doc.set_attr(history, "type", agent.agent);
    }

    fn write(&mut self, op: Element, id: String, name: &str, call: i64, done: &Outcome) {
        let (rc, expected, interval) = (done.rc, done.expected, done.interval_ms);
        let action = done.action.map_or(call, i64::from);
        let values = [
            ("id", id),
            ("operation_key", format!("{name}_{}_{interval}", done.task)),
            ("operation", done.task.to_owned()),
            ("transition-key", format!("{action}:-1:{expected}:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")),
            (
                "transition-magic",
                format!("0:{rc};{action}:-1:{expected}:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),
            ),
            ("call-id", call.to_string()),
            ("rc-code", rc.to_string()),
            ("op-status", "0".to_owned()),
            ("interval", interval.to_string()),
            ("last-rc-change", self.now.to_string()),
        ];
        for (k, v) in &values {
            self.doc.set_attr(op, k, v);
        }
        if !done.exit_reason.is_empty() {
            self.doc.set_attr(op, "exit-reason", done.exit_reason);
        }
        for (k, v) in &done.more {
            self.doc.set_attr(op, k, v);
        }
        if let Some(digest) = &done.digest {
            self.doc.set_attr(op, "op-digest", digest);
        }
        for old in ["op-force-restart", "op-restart-digest", "op-secure-params", "op-secure-digest"] {
            self.doc.remove_attr(op, old);
        }
    }

    /// Set a transient attribute of a node.
    pub fn set_attribute(&mut self, node: &str, node_id: &str, name: &str, value: &str) {
        let block = self.attributes(node, node_id);
        rhapsody_cib::nvpair::set(self.doc, block, name, value);
    }

    /// A transient attribute of a node.
    pub fn attribute(&mut self, node: &str, node_id: &str, name: &str) -> Option<String> {
        let block = self.attributes(node, node_id);
        rhapsody_cib::nvpair::get(self.doc, block, name).map(str::to_owned)
    }

    fn attributes(&mut self, node: &str, node_id: &str) -> Element {
        let s = self.state(node, node_id);
        let transient = child(self.doc, s, "transient_attributes");
        if !self.doc.has_attr(transient, "id") {
            self.doc.set_attr(transient, "id", node_id);
        }
        let block = child(self.doc, transient, "instance_attributes");
        if !self.doc.has_attr(block, "id") {
            self.doc.set_attr(block, "id", &format!("status-{node_id}"));
        }
        block
    }

    pub fn set_ticket(&mut self, id: &str, name: &str, value: &str) {
        let tickets = child(self.doc, self.root, "tickets");
        let known: Vec<Element> = self.doc.children_named(tickets, "ticket_state").collect();
        let known = known.into_iter().find(|t| self.doc.attr(*t, "id") == Some(id));
        let ticket = known.unwrap_or_else(|| {
            let t = self.doc.append(tickets, "ticket_state");
            self.doc.set_attr(t, "id", id);
            t
        });
        self.doc.set_attr(ticket, name, value);
    }
}

/// The child of that name, made if it is not there.
fn child(doc: &mut Document, parent: Element, name: &str) -> Element {
    match doc.child(parent, name) {
        Some(c) => c,
        None => doc.append(parent, name),
    }
}
