//! `lrm_resource`: the operations recorded for one resource on one node, in order.

use super::operation::OnFail;
use super::{Reader, values};
use crate::model::*;
use rhapsody_xml::Element;
use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};
use std::cmp::Ordering;
use std::sync::Arc;

/// Where the history of a resource on a node stands; built when first asked for.
#[derive(Default)]
pub(super) struct Index {
    built: bool,
    entries: FxHashMap<(SmolStr, NodeIdx), Element>,
}

/// The fields of a `lrm_rsc_op` that are needed to sort and judge it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub element: Element,
    pub task: SmolStr,
    pub interval_ms: u64,
    pub call_id: i64,
    pub rc: i32,
    pub status: i32,
    pub last_change: Option<i64>,
}

impl Reader<'_> {
    pub(super) fn node_history(&mut self, node: NodeIdx, state: Element) {
        let doc = self.env.doc;
        let Some(list) = doc.child(state, "lrm").and_then(|l| doc.child(l, "lrm_resources")) else { return };
        for e in doc.children_named(list, "lrm_resource") {
            self.resource_history(node, e);
        }
        for e in doc.children_named(list, "lrm_resource") {
            self.removed_container(e);
        }
    }

    /// A guest's connection may be recorded before what it ran in: when neither is configured any
    /// more, the history alone says that they belong together.
    fn removed_container(&mut self, e: Element) {
        let find = |name: &str| self.env.doc.attr(e, name).and_then(|id| self.c.resource(id));
        let (Some(rsc), Some(container)) = (find("id"), find("container")) else { return };
        if self.c[rsc].is_removed() && self.c[rsc].container.is_none() {
            self.put_into(rsc, container);
        }
    }

    fn resource_history(&mut self, node: NodeIdx, e: Element) {
        let doc = self.env.doc;
        let Some(id) = doc.attr(e, "id") else { return };
        let entries = sorted_entries(doc, e);
        if entries.is_empty() && !self.c.options.shutdown_lock {
            return;
        }
        let rsc = match self.find_for_history(node, id) {
            Some(rsc) => rsc,
            None if entries.is_empty() => return,
            None => match self.removed_resource(e, id) {
                Some(rsc) => rsc,
                None => return,
            },
        };
        if self.c.options.shutdown_lock {
            self.shutdown_lock(e, rsc, node);
        }
        let saved = self.c[rsc].role;
        self.c[rsc].role = Role::Unknown;
        let mut on_fail = OnFail::Ignore;
        let mut last_failure = None;
        for entry in &entries {
            self.apply_operation(rsc, node, entry, &mut last_failure, &mut on_fail);
        }
        self.active_recurring(rsc, node, &entries);
        self.settle(rsc, node, on_fail);
        if self.c[rsc].is_removed() && self.c[rsc].definition.element.is_none() {
            // no target-role of its own
        } else if let Some(wanted) = target_limit(&self.c, rsc) {
            let next = self.c[rsc].next_role;
            if next == Role::Unknown || wanted < next {
                self.c[rsc].next_role = wanted;
            }
        }
        if saved > self.c[rsc].role {
            self.c[rsc].role = saved;
        }
    }

    pub(super) fn entry(&self, op: Element) -> Option<Entry> {
        entry(self.env.doc, op)
    }

    /// Active recurring operations are recorded as optional actions.
    fn active_recurring(&mut self, rsc: ResourceIdx, node: NodeIdx, entries: &[Entry]) {
        if !self.c[node].online {
            return;
        }
        let (start, stop) = active_range(entries);
        for (i, entry) in (0i32..).zip(entries) {
            if start < stop && i <= stop {
                continue;
            }
            if i < start || entry.interval_ms == 0 || entry.status == -1 {
                continue;
            }
            let (task, interval_ms) = (entry.task.clone(), entry.interval_ms);
            self.c.requests.push(Request::Operation {
                resource: rsc,
                node,
                task,
                interval_ms,
                optional: true,
            });
        }
    }

    /// The resource a history entry belongs to. For anonymous clones that is any suitable instance.
    fn find_for_history(&mut self, node: NodeIdx, id: &str) -> Option<ResourceIdx> {
        let (mut rsc, mut top) = (None, None);
        match self.c.resource(id) {
            Some(r) => {
                if !self.c[r].is_primitive() {
                    return None;
                }
                rsc = Some(r);
                top = (!self.c[r].is_removed() || self.c[r].parent.is_some())
                    .then(|| self.c.top_below_bundle(r));
            }
            None => {
                // An instance number may be left from when there were more instances, or unique ones.
                if let Some(r) = self.c.resource(&format!("{}:0", strip_number(id)))
                    && !self.c[r].is_unique()
                {
                    rsc = Some(r);
                    top = Some(self.c.top_below_bundle(r));
                }
            }
        }
        if let Some(parent) = top
            && self.c.is_clone(parent)
            && !self.c[parent].is_unique()
        {
            let bundle = self.c[parent].parent;
            rsc = match bundle {
                Some(b) => self.replica_child(b, node),
                None => self.anonymous_instance(node, parent, strip_number(id)),
            };
        }
        let found = rsc?;
        if self.c[found].id != id && self.c[found].history_id.as_deref() != Some(id) {
            self.c[found].history_id = Some(id.into());
        }
        Some(found)
    }

    fn replica_child(&self, bundle: ResourceIdx, node: NodeIdx) -> Option<ResourceIdx> {
        let data = self.c[bundle].bundle.as_ref()?;
        data.replicas.iter().find(|r| r.node == Some(node)).and_then(|r| r.child)
    }

    fn anonymous_instance(&mut self, node: NodeIdx, clone: ResourceIdx, base: &str) -> Option<ResourceIdx> {
        let (mut found, mut inactive, mut skip_inactive) = (None, None, false);
        for child in self.c[clone].children.clone() {
            match first_active(&self.c, child) {
                Some(at) if at == node => {
                    let member = member_named(&self.c, child, base);
                    match member {
                        // A second history on one node: left over from being unique.
                        Some(m) if !self.c[m].active.is_empty() => skip_inactive = true,
                        Some(m) => {
                            found = Some(m);
                            break;
                        }
                        None => {}
                    }
                }
                Some(_) => {}
                None => {
                    if !skip_inactive && inactive.is_none() && !self.c[child].is_blocked() {
                        inactive = member_named(&self.c, child, base);
                        if let Some(m) = inactive
                            && self.c[m].pending_node.is_some_and(|p| p != node)
                        {
                            inactive = None;
                        }
                    }
                }
            }
        }
        if found.is_none() && !skip_inactive {
            found = inactive;
        }
        if let Some(m) = found {
            let n = &self.c[node];
            let down = (!n.online || n.unclean) && !n.is_guest();
            let universal = self.c[clone].clone.as_ref().is_some_and(|d| d.max == self.c.nodes.len() as i32);
            if down && !self.c[m].is(Flags::NEEDS_FENCING) && !universal {
                found = None;
            }
        }
        match found {
            Some(m) => Some(m),
            None => {
                let child = self.new_instance(clone)?;
                self.mark_removed(child);
                member_named(&self.c, child, base)
            }
        }
    }

    /// A resource that only the history knows.
    fn removed_resource(&mut self, e: Element, id: &str) -> Option<ResourceIdx> {
        let doc = self.env.doc;
        let attr = |n: &str| doc.attr(e, n);
        let definition = Definition {
            id: id.into(),
            class: attr("class").unwrap_or("").into(),
            provider: attr("provider").map(SmolStr::from),
            agent: attr("type").unwrap_or("").into(),
            ..Definition::default()
        };
        let connection = super::remote::is_remote_agent(&definition);
        let place = super::resources::Place { parent: None, number: None };
        let container = attr("container").and_then(|name| self.c.resource(name));
        if connection {
            self.c.has_remote_nodes = true;
            self.add_node(id, id, NodeKind::Remote, 0);
        }
        let rsc = self.add(Arc::new(definition), Variant::Primitive, place, None, false);
        self.default_locations(rsc);
        self.c[rsc].set(Flags::REMOVED);
        if let Some(k) = container {
            self.put_into(rsc, k);
        }
        if connection {
            self.link_remote(rsc);
        }
        self.c.top.push(rsc);
        if self.c.options.stop_removed {
            self.ban_everywhere(rsc);
        } else {
            self.c[rsc].clear(Flags::MANAGED);
        }
        Some(rsc)
    }

    pub(super) fn ban_everywhere(&mut self, rsc: ResourceIdx) {
        for n in 0..self.c.nodes.len() as u32 {
            self.ban(rsc, NodeIdx(n));
        }
    }

    /// Minus infinity, for the resource and everything below it.
    pub(super) fn ban(&mut self, rsc: ResourceIdx, node: NodeIdx) {
        add_location(&mut self.c, rsc, node, -INFINITY);
    }

    fn shutdown_lock(&mut self, e: Element, rsc: ResourceIdx, node: NodeIdx) {
        let Some(lock) =
            self.env.doc.attr(e, "shutdown-lock").and_then(values::leading_integer).filter(|t| *t > 0)
        else {
            return;
        };
        let limit = self.c.options.shutdown_lock_limit_ms as i64 / 1000;
        if limit > 0 && self.c.now > lock + limit {
            self.c.requests.push(Request::ClearHistory { resource: rsc, node });
        } else {
            self.c[rsc].lock_node = Some(node);
            self.c[rsc].lock_time = lock;
        }
    }

    pub(super) fn require_stop(&mut self, rsc: ResourceIdx, node: NodeIdx) {
        let task = SmolStr::new_static("stop");
        self.c.requests.push(Request::Operation {
            resource: rsc,
            node,
            task,
            interval_ms: 0,
            optional: false,
        });
    }

    /// The recorded `task` of a resource on a node.
    pub(super) fn recorded(&mut self, id: &str, node: NodeIdx) -> Vec<Entry> {
        let doc = self.env.doc;
        if !self.history.built {
            self.history.built = true;
            let states: Vec<Element> =
                self.env.status().map(|s| doc.children_named(s, "node_state").collect()).unwrap_or_default();
            for state in states {
                let id = doc.attr(state, "id").unwrap_or("");
                let name = doc.attr(state, "uname").unwrap_or(id);
                let Some(node) = self.c.node_by_id_or_name(id, name) else { continue };
                let Some(list) = doc.child(state, "lrm").and_then(|l| doc.child(l, "lrm_resources")) else {
                    continue;
                };
                for e in doc.children_named(list, "lrm_resource") {
                    if let Some(id) = doc.attr(e, "id") {
                        self.history.entries.insert((id.into(), node), e);
                    }
                }
            }
        }
        match self.history.entries.get(&(id.into(), node)) {
            Some(e) => doc.children_named(*e, "lrm_rsc_op").filter_map(|op| self.entry(op)).collect(),
            None => Vec::new(),
        }
    }
}

/// The operations of a `lrm_resource`, oldest first.
pub fn sorted_entries(doc: &rhapsody_xml::Document, e: Element) -> Vec<Entry> {
    let mut entries: Vec<Entry> =
        doc.children_named(e, "lrm_rsc_op").filter_map(|op| entry(doc, op)).collect();
    // Newest first in the document is what equal entries fall back to.
    entries.reverse();
    entries.sort_by(|a, b| by_call(doc, a, b));
    entries
}

/// Read an operation of the history; `None` for one without the fields that say what it is.
pub fn entry(doc: &rhapsody_xml::Document, op: Element) -> Option<Entry> {
    let number = |name: &str| doc.attr(op, name).and_then(values::leading_integer);
    Some(Entry {
        element: op,
        task: doc.attr(op, "operation")?.into(),
        interval_ms: number("interval").unwrap_or(0).max(0) as u64,
        call_id: number("call-id").unwrap_or(-1),
        rc: number("rc-code").unwrap_or(1).clamp(-1, 1000) as i32,
        status: number("op-status").unwrap_or(-1).clamp(-2, 1000) as i32,
        last_change: number("last-rc-change").filter(|t| *t > 0),
    })
}

/// The last start (or implied start) and the last successful stop, as positions; -1 for none.
pub fn active_range(entries: &[Entry]) -> (i32, i32) {
    let (mut start, mut stop, mut implied_monitor, mut implied_clone) = (-1, -1, -1, -1);
    for (i, e) in (0i32..).zip(entries) {
        match e.task.as_str() {
            "stop" if e.status == 0 => stop = i,
            "start" | "migrate_from" => start = i,
            "monitor" if implied_monitor <= stop && matches!(e.rc, 0 | 8) => implied_monitor = i,
            "promote" | "demote" => implied_clone = i,
            _ => {}
        }
    }
    if start == -1 {
        if implied_clone != -1 {
            start = implied_clone;
        } else if implied_monitor != -1 {
            start = implied_monitor;
        }
    }
    (start, stop)
}

/// Add to a score from inside: all levels below get it too.
pub(crate) fn add_location(c: &mut Cluster, rsc: ResourceIdx, node: NodeIdx, score: i32) {
    let base = c[node].score;
    let entry = c[rsc].allowed.entry(node, base);
    entry.score = add_scores(entry.score, score);
    for m in c[rsc].children.clone() {
        add_location(c, m, node, score);
    }
}

/// The role that `target-role` allows at most, if it limits anything.
pub(crate) fn target_limit(c: &Cluster, rsc: ResourceIdx) -> Option<Role> {
    let role = c[rsc].target_role()?;
    match role {
        Role::Stopped => Some(role),
        Role::Unpromoted if c[c.top_below_bundle(rsc)].is_promotable() => Some(role),
        _ => None,
    }
}

fn first_active(c: &Cluster, rsc: ResourceIdx) -> Option<NodeIdx> {
    match c[rsc].variant {
        Variant::Primitive => c[rsc].active.first().copied(),
        _ => c[rsc].children.iter().find_map(|m| first_active(c, *m)),
    }
}

/// The primitive of an instance with that configured id.
fn member_named(c: &Cluster, instance: ResourceIdx, base: &str) -> Option<ResourceIdx> {
    if c[instance].is_primitive() {
        return (c[instance].definition.id == base).then_some(instance);
    }
    c[instance].children.iter().find_map(|m| member_named(c, *m, base))
}

pub(crate) fn strip_number(id: &str) -> &str {
    match id.rsplit_once(':') {
        Some((base, n)) if !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()) => base,
        _ => id,
    }
}

/// The order in which operations happened.
fn by_call(doc: &rhapsody_xml::Document, a: &Entry, b: &Entry) -> Ordering {
    if doc.attr(a.element, "id") == doc.attr(b.element, "id") {
        return Ordering::Equal;
    }
    if a.call_id == -1 && b.call_id == -1 {
        // both pending
        return Ordering::Equal;
    }
    if a.call_id >= 0 && b.call_id >= 0 && a.call_id != b.call_id {
        return a.call_id.cmp(&b.call_id);
    }
    if a.call_id >= 0 && b.call_id >= 0 {
        return a.last_change.unwrap_or(0).cmp(&b.last_change.unwrap_or(0));
    }
    // One of them is pending.
    let key = |e: &Entry| transition_key(doc, e.element);
    let (Some(ka), Some(kb)) = (key(a), key(b)) else { return Ordering::Equal };
    if ka.uuid == kb.uuid {
        if ka.transition != kb.transition {
            // -1 is a shutdown's, which comes last.
            let rank = |t: i64| if t == -1 { i64::MAX } else { t };
            return rank(ka.transition).cmp(&rank(kb.transition));
        }
        if a.call_id == -1 {
            return Ordering::Greater;
        }
        return Ordering::Less;
    }
    // Different controllers numbered them: the pending one is later.
    if b.call_id == -1 { Ordering::Less } else { Ordering::Greater }
}

pub struct TransitionKey {
    pub transition: i64,
    pub target_rc: i32,
    pub uuid: String,
}

/// `ACTION:TRANSITION:TARGET-RC:UUID`.
pub fn transition_key(doc: &rhapsody_xml::Document, op: Element) -> Option<TransitionKey> {
    let text = match doc.attr(op, "transition-key") {
        Some(k) => k,
        None => doc.attr(op, "transition-magic")?.split_once(';')?.1,
    };
    let mut parts = text.splitn(4, ':');
    let _action = parts.next()?;
    let transition = parts.next()?.parse().ok()?;
    let target_rc = parts.next()?.parse().ok()?;
    Some(TransitionKey { transition, target_rc, uuid: parts.next()?.to_owned() })
}

/// `RSC_TASK_INTERVAL`.
pub fn op_key(rsc: &str, task: &str, interval_ms: u64) -> SmolStr {
    format_smolstr!("{rsc}_{task}_{interval_ms}")
}
