//! Carrying out a transition on paper: every action succeeds at once and is written into the status.

use crate::model::Cluster;
use rhapsody_transition::{Action, ActionId, ActionKind, Transition};
use rhapsody_xml::{Document, Element};
use rustc_hash::{FxHashMap, FxHashSet};

pub struct Executed {
    pub lines: Vec<String>,
    /// Some action could never fire.
    pub incomplete: bool,
}

struct Status<'a> {
    doc: &'a mut Document,
    root: Element,
    states: FxHashMap<String, Element>,
    histories: FxHashMap<(String, String), Element>,
    now: i64,
}

/// Fire what is ready, pass by pass, until nothing is.
pub fn execute(c: &Cluster, transition: &Transition, doc: &mut Document, now: i64) -> Executed {
    let mut known: FxHashSet<&str> = c.by_id.keys().map(|k| k.as_str()).collect();
    known.extend(c.resources.iter().filter_map(|r| r.history_id.as_deref()));
    let root = match doc.child(doc.root(), "status") {
        Some(s) => s,
        None => {
            let root = doc.root();
            doc.append(root, "status")
        }
    };
    let mut status = Status { doc, root, states: FxHashMap::default(), histories: FxHashMap::default(), now };
    status.index();
    let mut done: FxHashSet<ActionId> = FxHashSet::default();
    let mut lines = Vec::new();
    loop {
        let before = done.len();
        for a in &transition.actions {
            if done.contains(&a.id) || !a.inputs.iter().all(|i| done.contains(i)) {
                continue;
            }
            done.insert(a.id);
            lines.push(perform(a, &known, &mut status));
        }
        if done.len() == before {
            break;
        }
    }
    Executed { lines, incomplete: done.len() < transition.actions.len() }
}

fn perform(a: &Action, known: &FxHashSet<&str>, status: &mut Status) -> String {
    let node = a.node.as_deref().unwrap_or("");
    match a.kind {
        ActionKind::Pseudo => {
            let place = if node.is_empty() { String::new() } else { format!(" on {node}") };
            format!("  * Pseudo action:   {}{place}", a.key)
        }
        ActionKind::Cluster if a.task == "stonith" => {
            let how = a.meta("stonith_action").unwrap_or("reboot");
            if how != "on" {
                status.node_down(node, a.node_id.as_deref().unwrap_or(node));
            }
            format!("  * Fencing {node} ({how})")
        }
        ActionKind::Cluster => {
            let about = a.resource.as_ref().map(|r| format!(" for {}", r.id));
            if a.task == "lrm_delete" {
                status.forget(node, a);
            }
            format!("  * Cluster action:  {}{} on {node}", a.task, about.unwrap_or_default())
        }
        ActionKind::Resource => {
            let Some(r) = &a.resource else { return String::new() };
            let name = match &r.long_id {
                Some(long) if !known.contains(r.id.as_str()) => long,
                _ => &r.id,
            };
            if a.task == "delete" {
                status.forget(node, a);
            } else {
                status.record(node, name, a);
            }
            let interval = a.interval_ms();
            let what = if interval > 0 { format!("{}={interval}", a.task) } else { a.task.clone() };
            format!("  * Resource action: {name:<15} {what} on {node}")
        }
    }
}

impl Status<'_> {
    fn index(&mut self) {
        let states: Vec<Element> = self.doc.children_named(self.root, "node_state").collect();
        for s in states {
            if let Some(name) =
                self.doc.attr(s, "uname").or_else(|| self.doc.attr(s, "id")).map(str::to_owned)
            {
                if let Some(list) = self.doc.child(s, "lrm").and_then(|l| self.doc.child(l, "lrm_resources"))
                {
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

    fn child(&mut self, parent: Element, name: &str) -> Element {
        match self.doc.child(parent, name) {
            Some(c) => c,
            None => self.doc.append(parent, name),
        }
    }

    fn node_down(&mut self, node: &str, id: &str) {
        let s = self.state(node, id);
        for (k, v) in [("in_ccm", "false"), ("crmd", "offline"), ("join", "down"), ("expected", "down")] {
            self.doc.set_attr(s, k, v);
        }
        for name in ["lrm", "transient_attributes"] {
            if let Some(e) = self.doc.child(s, name) {
                self.doc.remove(e);
            }
        }
        self.histories.retain(|(n, _), _| n != node);
    }

    fn forget(&mut self, node: &str, a: &Action) {
        let Some(r) = &a.resource else { return };
        for id in [Some(&r.id), r.long_id.as_ref()].into_iter().flatten() {
            if let Some(e) = self.histories.remove(&(node.to_owned(), id.clone())) {
                self.doc.remove(e);
                return;
            }
        }
    }

    fn record(&mut self, node: &str, name: &str, a: &Action) {
        let Some(r) = &a.resource else { return };
        let key = (node.to_owned(), name.to_owned());
        let history = match self.histories.get(&key) {
            Some(e) => *e,
            None => {
                let id = if a.router_node.is_some() { node } else { a.node_id.as_deref().unwrap_or(node) };
                let s = self.state(node, id);
                let lrm = self.child(s, "lrm");
                let list = self.child(lrm, "lrm_resources");
                let e = self.doc.append(list, "lrm_resource");
                self.doc.set_attr(e, "id", name);
                self.doc.set_attr(e, "class", &r.class);
                if let Some(p) = &r.provider {
                    self.doc.set_attr(e, "provider", p);
                }
                self.doc.set_attr(e, "type", &r.agent);
                self.histories.insert(key, e);
                e
            }
        };
        self.write(history, name, a);
    }

    fn write(&mut self, history: Element, name: &str, a: &Action) {
        let task =
            if matches!(a.task.as_str(), "reload" | "reload-agent") { "start" } else { a.task.as_str() };
        let interval = a.interval_ms();
        let id = match task {
            "notify" => {
                let kind = a.meta("notify_key_type").unwrap_or("");
                let what = a.meta("notify_key_operation").unwrap_or("");
                format!("{name}_{kind}_notify_{what}_0")
            }
            "migrate_to" | "migrate_from" => format!("{name}_{task}_{interval}"),
            _ if interval > 0 => format!("{name}_{task}_{interval}"),
            _ => format!("{name}_last_0"),
        };
        let all: Vec<Element> = self.doc.children_named(history, "lrm_rsc_op").collect();
        let newest = all
            .iter()
            .filter_map(|e| self.doc.attr(*e, "call-id").and_then(|c| c.parse::<i64>().ok()))
            .max()
            .unwrap_or(0)
            .max(0);
        let op = match all.iter().find(|e| self.doc.attr(**e, "id") == Some(id.as_str())) {
            Some(e) => *e,
            None => self.doc.append(history, "lrm_rsc_op"),
        };
        let rc = a.target_rc();
        let now = self.now.to_string();
        let values = [
            ("id", id),
            ("operation_key", format!("{name}_{task}_{interval}")),
            ("operation", task.to_owned()),
            ("transition-key", format!("{}:-1:{rc}:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", a.id.0)),
            ("transition-magic", format!("0:{rc};{}:-1:{rc}:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", a.id.0)),
            ("call-id", (newest + 1).to_string()),
            ("rc-code", rc.to_string()),
            ("op-status", "0".to_owned()),
            ("interval", interval.to_string()),
            ("last-rc-change", now),
        ];
        for (k, v) in values {
            self.doc.set_attr(op, k, &v);
        }
        for name in ["migrate_source", "migrate_target"] {
            if let Some(v) = a.meta(name) {
                self.doc.set_attr(op, name, v);
            }
        }
        let digest = crate::actions::digest::of_action(a);
        self.doc.set_attr(op, "op-digest", &digest);
        for old in ["op-force-restart", "op-restart-digest", "op-secure-params", "op-secure-digest"] {
            self.doc.remove_attr(op, old);
        }
    }
}
