//! Configuration changes: is what runs still what the configuration asks for?

use super::create::Wanted;
use super::*;
use crate::model::{Cluster, Flags};
use crate::order::{Side, flags::*};
use crate::plan::Plan;
use crate::unpack::history::{Entry, active_range, sorted_entries};
use crate::unpack::{Env, attributes, op_meta};
use rhapsody_cib::digest::{in_op_digest, op_digest};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Changed {
    Match,
    /// Nothing was recorded to compare with.
    Unknown,
    /// Something that a reload can handle.
    Reloadable,
    Restart,
}

/// What an operation is judged by: a probe or promote by what the resource was started with.
fn digest_task(task: &str, interval_ms: u64) -> &str {
    match task {
        "monitor" | "migrate_from" | "promote" if interval_ms == 0 => "start",
        other => other,
    }
}

/// With `sanitized`, secrets that the input lacks are not held against it.
fn compare(
    env: &Env,
    c: &Cluster,
    rsc: ResourceIdx,
    node: NodeIdx,
    entry: &Entry,
    sanitized: bool,
) -> Changed {
    let doc = env.doc;
    let task = digest_task(&entry.task, entry.interval_ms);
    let recurring = entry.interval_ms > 0;
    let op = op_meta::find(c, rsc, task, entry.interval_ms, true);
    let extra = op_meta::parameters(env, c, op, Some(node));
    let has_extra = !extra.is_empty();
    let mut params = extra;
    for (k, v) in attributes::parameters(env, c, rsc, Some(node)) {
        params.entry(k).or_insert(v);
    }
    if recurring {
        let meta = op_meta::meta(env, c, rsc, task, entry.interval_ms, op);
        if let Some(t) = meta.get("timeout") {
            params.insert("CRM_meta_timeout".into(), t.clone());
        }
    }
    let counts = |k: &str| in_op_digest(k, recurring) && !k.contains(['#', ':']);
    let digest = |keep: &dyn Fn(&str) -> bool| {
        op_digest(params.iter().filter(|(k, _)| counts(k) && keep(k)).map(|(k, v)| (k.as_str(), v.as_str())))
    };
    // The parameters that tell the fencer about a device never reach its agent.
    let device = c[rsc].is(Flags::FENCE_DEVICE);
    let secure_digest = |keep: &dyn Fn(&str) -> bool| {
        let counts =
            |k: &str| counts(k) && !k.starts_with("CRM_meta_") && !(device && k.starts_with("pcmk_"));
        op_digest(params.iter().filter(|(k, _)| counts(k) && keep(k)).map(|(k, v)| (k.as_str(), v.as_str())))
    };
    let all = digest(&|_| true);
    let recorded = doc.attr(entry.element, "op-digest");
    let listed =
        |name: &str, k: &str| doc.attr(entry.element, name).map(|l| l.split_whitespace().any(|w| w == k));
    if sanitized
        && recorded.is_some_and(|r| r != all)
        && let Some(secure) = doc.attr(entry.element, "op-secure-digest")
        && secure == secure_digest(&|k| listed("op-secure-params", k) != Some(true))
    {
        return Changed::Match;
    }
    if let Some(restart) = doc.attr(entry.element, "op-restart-digest")
        && restart != digest(&|k| listed("op-force-restart", k).unwrap_or(true))
    {
        return Changed::Restart;
    }
    match recorded {
        None => Changed::Unknown,
        Some(r) if r == all => Changed::Match,
        Some(_) if !recurring && has_extra => Changed::Restart,
        Some(_) => Changed::Reloadable,
    }
}

/// The parameters changed since this failed entry was recorded.
pub fn changed_since(env: &Env, c: &Cluster, rsc: ResourceIdx, node: NodeIdx, entry: &Entry) -> bool {
    matches!(entry.task.as_str(), "start" | "monitor")
        && matches!(compare(env, c, rsc, node, entry, false), Changed::Restart | Changed::Reloadable)
}

impl Plan<'_> {
    /// Compare every history with the configuration.
    pub fn check_configuration_changes(&mut self) {
        let doc = self.env.doc;
        let Some(status) = self.env.status() else { return };
        let mut known: rustc_hash::FxHashMap<SmolStr, Vec<ResourceIdx>> = rustc_hash::FxHashMap::default();
        for rsc in self.c.all_resources() {
            let r = &self.c[rsc];
            if !r.is_primitive() {
                continue;
            }
            known.entry(r.id.clone()).or_default().push(rsc);
            if let Some(h) = &r.history_id
                && *h != r.id
            {
                known.entry(h.clone()).or_default().push(rsc);
            }
        }
        let mut states = rustc_hash::FxHashMap::default();
        for state in doc.children_named(status, "node_state") {
            let id = doc.attr(state, "id").unwrap_or("");
            let name = doc.attr(state, "uname").unwrap_or(id);
            if let Some(node) = self.c.node_by_id_or_name(id, name) {
                states.insert(node, state);
            }
        }
        for node in self.c.node_order.clone() {
            let Some(state) = states.get(&node).copied() else { continue };
            if !self.c[node].maintenance && !self.is_available(node, None, false) {
                continue;
            }
            let Some(list) = doc.child(state, "lrm").and_then(|l| doc.child(l, "lrm_resources")) else {
                continue;
            };
            for e in doc.children_named(list, "lrm_resource") {
                if doc.child(e, "lrm_rsc_op").is_none() {
                    continue;
                }
                let Some(found) = doc.attr(e, "id").and_then(|i| known.get(i)) else { continue };
                for rsc in found.clone() {
                    self.check_history(rsc, node, e);
                }
            }
        }
        for (rsc, node, task, interval_ms) in std::mem::take(&mut self.reschedule) {
            let task = self.tasks.intern(&task);
            self.reschedule_recurring(rsc, task, interval_ms, node);
        }
    }

    /// Checks that had to wait until it was known where containers will be.
    pub fn check_deferred(&mut self) {
        for (rsc, node, entry) in std::mem::take(&mut self.deferred_checks) {
            self.check_counted(rsc, node, &entry);
        }
    }

    /// A failure of what is not configured like that any more does not count.
    fn check_counted(&mut self, rsc: ResourceIdx, node: NodeIdx, entry: &Entry) {
        if self.check_entry(rsc, node, entry)
            && crate::unpack::failcount::count(self.env, &mut self.c, rsc, node, true, None).count > 0
        {
            self.clear_failcount(rsc, node, "action definition changed");
        }
    }

    fn agent_changed(&self, rsc: ResourceIdx, e: rhapsody_xml::Element) -> bool {
        let doc = self.env.doc;
        let d = &self.c[rsc].definition;
        let differs = |name: &str, value: Option<&str>| {
            let recorded = doc.attr(e, name);
            recorded != value
        };
        differs("class", Some(d.class.as_str()))
            || differs("provider", d.provider.as_deref())
            || differs("type", Some(d.agent.as_str()))
    }

    fn check_history(&mut self, rsc: ResourceIdx, node: NodeIdx, e: rhapsody_xml::Element) {
        if self.c[rsc].is_removed() {
            let top = self.c.top_below_bundle(rsc);
            if !self.c.is_clone(top) || self.c[top].is_unique() {
                self.schedule_cleanup(rsc, node, false);
            }
            return;
        }
        let active = self.c[rsc].active.contains(&node);
        if self.agent_changed(rsc, e) {
            if active {
                self.unfence_again(rsc, node, "Device definition changed");
                self.stop(rsc, Some(node), false);
                self.c[rsc].set(Flags::START_PENDING);
            }
            self.schedule_cleanup(rsc, node, false);
        }
        if !active {
            return;
        }
        let entries = sorted_entries(self.env.doc, e);
        let (start, stop) = active_range(&entries);
        if start < stop {
            return;
        }
        for (i, entry) in (0i32..).zip(&entries) {
            if i < start {
                continue;
            }
            if entry.interval_ms > 0 && (self.c[rsc].is(Flags::MAINTENANCE) || self.c[node].maintenance) {
                self.schedule_cancel(rsc, node, entry);
            } else if entry.interval_ms > 0
                || matches!(entry.task.as_str(), "monitor" | "start" | "promote" | "migrate_from")
            {
                self.check_counted(rsc, node, entry);
            }
        }
    }

    fn schedule_cancel(&mut self, rsc: ResourceIdx, node: NodeIdx, entry: &Entry) {
        let task = self.tasks.intern(&entry.task);
        let cancel = self.cancel(rsc, task, entry.interval_ms, node);
        if let Some(call) = self.env.doc.attr(entry.element, "call-id").map(str::to_owned) {
            // The failure of that operation may be recorded as well: the first entry counts.
            if self.action(cancel).meta("call-id").is_none() {
                self.action_mut(cancel).set_meta("call-id", call);
            }
        }
        self.order(Side::task(rsc, Task::STOP), Side::action_of(Some(rsc), cancel), ORDERED);
    }

    /// True if the operation is not what the configuration says any more.
    fn check_entry(&mut self, rsc: ResourceIdx, node: NodeIdx, entry: &Entry) -> bool {
        if entry.interval_ms > 0
            && op_meta::find(&self.c, rsc, &entry.task, entry.interval_ms, false).is_none()
        {
            if self.c.options.cancel_removed {
                self.schedule_cancel(rsc, node, entry);
            }
            return true;
        }
        if attributes::moves_with_container(&self.c, rsc) && self.is_unassigned(rsc) {
            self.deferred_checks.push((rsc, node, entry.clone()));
            return false;
        }
        match compare(self.env, &self.c, rsc, node, entry, self.env.sanitized) {
            Changed::Match => return false,
            Changed::Restart => self.force_restart(rsc, entry, node),
            Changed::Unknown | Changed::Reloadable => {
                if entry.interval_ms > 0 {
                    let task = self.tasks.intern(&entry.task);
                    self.unfence_again(rsc, node, "Device parameters changed (reschedule)");
                    self.reschedule_recurring(rsc, task, entry.interval_ms, node);
                } else if self.env.doc.attr(entry.element, "op-restart-digest").is_some() {
                    self.unfence_again(rsc, node, "Device parameters changed (reload)");
                    self.schedule_reload(rsc, node);
                } else {
                    self.force_restart(rsc, entry, node);
                }
            }
        }
        true
    }

    fn force_restart(&mut self, rsc: ResourceIdx, entry: &Entry, node: NodeIdx) {
        self.unfence_again(rsc, node, "Device parameters changed");
        let name = digest_task(&entry.task, entry.interval_ms).to_owned();
        let task = self.tasks.intern(&name);
        let interval_ms = entry.interval_ms;
        let a = self.make(Wanted { rsc, task, key_task: task, interval_ms, node: None, optional: false });
        self.action_mut(a).reason = Some("resource definition change".into());
    }

    fn reschedule_recurring(&mut self, rsc: ResourceIdx, task: Task, interval_ms: u64, node: NodeIdx) {
        let wanted = Wanted { rsc, task, key_task: task, interval_ms, node: Some(node), optional: true };
        let a = self.make(wanted);
        self.action_mut(a).set(RESCHEDULE);
    }

    fn schedule_reload(&mut self, rsc: ResourceIdx, node: NodeIdx) {
        let r = &self.c[rsc];
        if !r.is_managed() || r.is_failed() {
            return;
        }
        if r.is(Flags::START_PENDING) {
            self.stop(rsc, Some(node), false);
            return;
        }
        self.c[rsc].set(Flags::RELOAD);
        let reload = self.op(rsc, Task::RELOAD_AGENT, Some(node), false);
        if self.action(reload).reason.is_none() {
            self.action_mut(reload).reason = Some("resource definition change".into());
        }
        let first = Side::action_of(None, reload);
        self.order(first, Side::task(rsc, Task::STOP), ORDERED | THEN_CANCELS_FIRST);
        self.order(first, Side::task(rsc, Task::DEMOTE), ORDERED | THEN_CANCELS_FIRST);
    }
}

/// The digest an executor would record for an action.
pub fn of_action(a: &rhapsody_transition::Action) -> String {
    let recurring = a.interval_ms() > 0;
    op_digest(
        a.params.iter().filter(|(k, _)| in_op_digest(k, recurring)).map(|(k, v)| (k.as_str(), v.as_str())),
    )
}
