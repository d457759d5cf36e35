//! Making actions, and whether they can run.

use super::*;
use crate::model::{Flags, NoQuorum, Role};
use crate::plan::Plan;
use crate::unpack::{fence, op_meta};
use smol_str::{ToSmolStr, format_smolstr};

/// What an action is to be, before it exists.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub rsc: ResourceIdx,
    pub task: Task,
    pub key_task: Task,
    pub interval_ms: u64,
    pub node: Option<NodeIdx>,
    pub optional: bool,
}

impl Plan<'_> {
    /// An action of a resource: the one with that key and node, or a new one. Asking for a required
    /// one makes an optional one required.
    pub fn make(&mut self, w: Wanted) -> ActionIdx {
        let existing = self.own_actions(w.rsc).iter().rev().copied().find(|a| {
            let action = self.action(*a);
            action.key_task == w.key_task
                && action.interval_ms == w.interval_ms
                && (action.node == w.node || action.node.is_none())
        });
        let a = match existing {
            Some(a) => {
                // One that was wanted before its place was known.
                if self.action(a).node.is_none() {
                    self.action_mut(a).node = w.node;
                }
                a
            }
            None => self.push_resource_action(w),
        };
        let managed = self.c[w.rsc].is_managed();
        let action = self.action_mut(a);
        if action.node.is_some() && !managed && action.interval_ms == 0 {
            action.set(OPTIONAL);
        } else if !w.optional {
            action.clear(OPTIONAL);
        }
        self.update_runnable(a);
        a
    }

    fn push_resource_action(&mut self, w: Wanted) -> ActionIdx {
        let a = ActionIdx(self.actions.len() as u32);
        let meta = self.op_meta(w.rsc, w.task, w.key_task, w.interval_ms);
        let needs = match w.task {
            Task::START | Task::PROMOTE => self.c[w.rsc].requires,
            _ => Requires::Nothing,
        };
        let priority = meta.get("priority").and_then(|p| crate::unpack::values::score(p)).unwrap_or(0);
        let mut action = blank(w.task, w.node, if w.optional { RUNNABLE | OPTIONAL } else { RUNNABLE });
        action.rsc = Some(w.rsc);
        action.key_task = w.key_task;
        action.interval_ms = w.interval_ms;
        action.meta = Some(meta);
        if w.task == Task::LRM_DELETE {
            // The history of a node can be deleted by the DC.
            action.flags |= ON_DC;
        }
        action.needs = needs;
        action.priority = priority;
        self.actions.push(action);
        self.of_resource[w.rsc.0 as usize].push(a);
        a
    }

    /// Meta-attributes of an operation, shared by all instances and nodes.
    fn op_meta(&mut self, rsc: ResourceIdx, task: Task, key_task: Task, interval_ms: u64) -> Arc<Values> {
        let told = matches!(task, Task::NOTIFY | Task::NOTIFIED);
        let config_task = if told { Task::NOTIFY } else { key_task };
        let definition = Arc::as_ptr(&self.c[rsc].definition) as usize;
        let key = (definition, config_task, interval_ms);
        if let Some(found) = self.meta_cache.get(&key) {
            return found.clone();
        }
        let name = self.tasks.name(config_task).clone();
        let op = if self.c[rsc].is_primitive() {
            op_meta::find(&self.c, rsc, &name, interval_ms, true).cloned()
        } else {
            None
        };
        let mut values = op_meta::meta(self.env, &self.c, rsc, &name, interval_ms, op.as_ref());
        values.shrink_to_fit();
        let values = Arc::new(values);
        self.meta_cache.insert(key, values.clone());
        values
    }

    pub fn op(&mut self, rsc: ResourceIdx, task: Task, node: Option<NodeIdx>, optional: bool) -> ActionIdx {
        self.make(Wanted { rsc, task, key_task: task, interval_ms: 0, node, optional })
    }

    pub fn stop(&mut self, rsc: ResourceIdx, node: Option<NodeIdx>, optional: bool) -> ActionIdx {
        self.op(rsc, Task::STOP, node, optional)
    }

    pub fn start(&mut self, rsc: ResourceIdx, node: Option<NodeIdx>, optional: bool) -> ActionIdx {
        self.op(rsc, Task::START, node, optional)
    }

    pub fn promote(&mut self, rsc: ResourceIdx, node: Option<NodeIdx>, optional: bool) -> ActionIdx {
        self.op(rsc, Task::PROMOTE, node, optional)
    }

    pub fn demote(&mut self, rsc: ResourceIdx, node: Option<NodeIdx>, optional: bool) -> ActionIdx {
        self.op(rsc, Task::DEMOTE, node, optional)
    }

    /// A milestone of a group, clone or bundle.
    pub fn rsc_pseudo(&mut self, rsc: ResourceIdx, task: Task, optional: bool, runnable: bool) -> ActionIdx {
        let a = self.make(Wanted { rsc, task, key_task: task, interval_ms: 0, node: None, optional });
        let action = self.action_mut(a);
        action.set(PSEUDO);
        if runnable {
            action.set(RUNNABLE);
        }
        a
    }

    /// An action that belongs to no resource, by name.
    pub fn singleton(
        &mut self,
        name: &str,
        task: Task,
        node: Option<NodeIdx>,
        flags: ActionFlags,
    ) -> ActionIdx {
        if let Some(a) = self.singletons.get(name) {
            return *a;
        }
        let a = ActionIdx(self.actions.len() as u32);
        let mut action = blank(task, node, flags);
        action.name = name.into();
        self.actions.push(action);
        self.singletons.insert(name.into(), a);
        a
    }

    /// A milestone that belongs to no resource.
    pub fn pseudo(&mut self, name: &str) -> ActionIdx {
        let task = self.tasks.intern(name);
        self.singleton(name, task, None, PSEUDO | RUNNABLE | OPTIONAL)
    }

    /// Fence (or, with `on`, unfence) a node.
    pub fn fence_action(
        &mut self,
        node: NodeIdx,
        op: Option<&str>,
        optional: bool,
        reason: Option<&str>,
        priority_delay: bool,
    ) -> ActionIdx {
        let op = op.unwrap_or(&self.c.options.fencing_action).to_owned();
        let name = format_smolstr!("stonith-{}-{op}", self.c[node].name);
        let new = !self.singletons.contains_key(&name);
        let a = self.singleton(&name, Task::STONITH, Some(node), RUNNABLE | OPTIONAL | ON_DC);
        if new {
            let (uname, id) = (self.c[node].name.clone(), self.c[node].id.clone());
            let action = self.action_mut(a);
            action.set_meta("on_node", uname);
            action.set_meta("on_node_uuid", id);
            action.set_meta("stonith_action", op.as_str());
            if op == "on" {
                self.note_device_digests(a, node);
            }
        }
        if self.c.options.priority_fencing_delay_ms > 0
            && (priority_delay || self.action(a).meta("priority-fencing-delay").is_some())
        {
            let seconds = self.fencing_delay(node);
            self.action_mut(a).set_meta("priority-fencing-delay", (seconds).to_smolstr());
        }
        if !optional && fence::can_fence(&self.c, node) {
            let action = self.action_mut(a);
            action.clear(OPTIONAL);
        }
        if let Some(reason) = reason
            && self.action(a).reason.is_none()
        {
            self.action_mut(a).reason = Some(reason.to_owned());
        }
        a
    }

    /// `priority-fencing-delay` in seconds for a lost node: half of a split that carries more waits less.
    fn fencing_delay(&self, node: NodeIdx) -> u64 {
        use crate::model::NodeKind;
        let delay = self.c.options.priority_fencing_delay_ms / 1000;
        let (mut members, mut online) = (0, 0);
        let (mut top, mut lowest) = (i32::MIN, i32::MAX);
        if self.c[node].kind != NodeKind::Cluster {
            return 0;
        }
        for n in self.c.nodes.iter().filter(|n| n.kind == NodeKind::Cluster) {
            members += 1;
            if n.online {
                online += 1;
            }
            top = top.max(n.priority);
            lowest = lowest.min(n.priority);
        }
        if online > members / 2 || lowest == top || self.c[node].priority < top {
            return 0;
        }
        delay
    }

    pub fn clear_failcount(&mut self, rsc: ResourceIdx, node: NodeIdx, reason: &str) -> ActionIdx {
        let task = Task::CLEAR_FAILCOUNT;
        let a = self.make(Wanted {
            rsc,
            task,
            key_task: task,
            interval_ms: 0,
            node: Some(node),
            optional: false,
        });
        let action = self.action_mut(a);
        action.set_meta("op_no_wait", "true");
        if action.reason.is_none() {
            action.reason = Some(reason.to_owned());
        }
        action.set(RUNNABLE);
        action.clear(OPTIONAL);
        a
    }

    /// Set whether an action can be performed where it is.
    fn update_runnable(&mut self, a: ActionIdx) {
        let action = self.action(a);
        if action.is(PSEUDO) {
            return;
        }
        let Some(rsc) = action.rsc else { return };
        let Some(node) = action.node else {
            self.action_mut(a).clear(RUNNABLE);
            return;
        };
        let (task, needs, optional) = (action.task, action.needs, action.is(OPTIONAL));
        let on_dc = action.is(ON_DC);
        let n = &self.c[node];
        if !on_dc && !n.online && (!n.is_guest() || n.requires_reset) {
            let fence = self.c[rsc].is_managed() && !optional && task == Task::STOP && !n.unclean;
            self.action_mut(a).clear(RUNNABLE);
            if fence {
                self.require_fencing(node, "stop is unrunnable");
            }
        } else if !on_dc && n.pending {
            self.action_mut(a).clear(RUNNABLE);
        } else if needs == Requires::Nothing {
            let lost = n.is_guest() && !fence::can_fence(&self.c, node);
            let action = self.action_mut(a);
            // Asked for again: an earlier reason may not be why it is wanted now.
            action.reason = None;
            if lost {
                action.clear(RUNNABLE);
            } else {
                action.set(RUNNABLE);
            }
        } else {
            self.update_by_quorum(a, rsc);
        }
    }

    fn update_by_quorum(&mut self, a: ActionIdx, rsc: ResourceIdx) {
        match self.effective_no_quorum(rsc) {
            NoQuorum::Stop | NoQuorum::Fence => {
                let action = self.action_mut(a);
                action.clear(RUNNABLE);
                action.reason = Some("no quorum".into());
            }
            NoQuorum::Freeze => {
                let rising = self.c[rsc].next_role > self.c[rsc].role;
                let active = self.is_active(rsc, true);
                let action = self.action_mut(a);
                if !active || rising {
                    action.clear(RUNNABLE);
                    action.reason = Some("quorum freeze".into());
                } else {
                    action.set(RUNNABLE);
                }
            }
            _ => self.action_mut(a).set(RUNNABLE),
        }
    }

    fn effective_no_quorum(&mut self, rsc: ResourceIdx) -> NoQuorum {
        if self.c.quorate {
            return NoQuorum::Ignore;
        }
        match self.c.options.no_quorum {
            NoQuorum::Demote if self.c[rsc].role >= Role::Unpromoted => {
                if self.c[rsc].next_role > Role::Unpromoted {
                    self.set_next_role(rsc, Role::Unpromoted, "no-quorum-policy=demote");
                }
                NoQuorum::Ignore
            }
            NoQuorum::Demote => NoQuorum::Stop,
            // Fencing happens to nodes; resources go on until then.
            NoQuorum::Fence => NoQuorum::Ignore,
            other => other,
        }
    }

    pub fn set_next_role(&mut self, rsc: ResourceIdx, role: Role, why: &str) {
        let r = &mut self.c[rsc];
        r.next_role = role;
        r.next_role_reason = Some(why.to_owned());
    }

    /// What made the node suspicious turned out to be harmless.
    pub fn revoke_fencing(&mut self, node: NodeIdx) {
        let name = format_smolstr!("stonith-{}-{}", self.c[node].name, self.c.options.fencing_action);
        if let Some(a) = self.singletons.get(&name).copied() {
            self.action_mut(a).set(OPTIONAL);
        }
    }

    /// Fence a node because of what planning found, with the action.
    pub fn require_fencing(&mut self, node: NodeIdx, reason: &str) {
        let before = self.c.requests.len();
        fence::fence_node(&mut self.c, node, reason.to_owned(), false);
        let new: Vec<_> = self.c.requests.drain(before..).collect();
        for request in new {
            self.apply_request(request);
        }
    }

    /// What reading the status asked for, as actions.
    pub fn apply_requests(&mut self) {
        for request in std::mem::take(&mut self.c.requests) {
            self.apply_request(request);
        }
    }

    fn apply_request(&mut self, request: crate::model::Request) {
        use crate::model::Request;
        match request {
            Request::Fence { node, reason, priority_delay } => {
                // Required later on, and only if anything is managed; the first reason stays.
                self.fence_action(node, None, true, Some(&reason), priority_delay);
            }
            Request::ClearFailcount { resource, node, reason } => {
                let a = self.clear_failcount(resource, node, &reason);
                if self.c.options.fencing
                    && self.c[resource].reconnect_interval_ms > 0
                    && let Some(remote) = self.c[resource].remote_node
                {
                    let fence = self.fence_action(remote, None, true, None, false);
                    let (first, then) = (self.side(fence), self.side(a));
                    self.order(first, then, crate::order::flags::FIRST_IMPLIES_THEN);
                }
            }
            Request::ClearHistory { resource, node } => self.clear_history(resource, node),
            Request::Operation { resource, node, task, interval_ms, optional } => {
                let task = self.tasks.intern(&task);
                let wanted =
                    Wanted { rsc: resource, task, key_task: task, interval_ms, node: Some(node), optional };
                let a = self.make(wanted);
                if interval_ms > 0 {
                    self.recorded_recurring.entry((resource, node)).or_default().push(a);
                }
            }
            Request::OptionalStop { resource, node } => {
                if let Some(a) = self.on_node(resource, Task::STOP, 0, node) {
                    self.action_mut(a).set(OPTIONAL);
                }
            }
            Request::Reschedule { resource, node, task, interval_ms, reason } => {
                let _ = reason;
                self.reschedule.push((resource, node, task, interval_ms));
            }
        }
    }

    pub fn clear_history(&mut self, rsc: ResourceIdx, node: NodeIdx) {
        let task = Task::LRM_DELETE;
        let a = self.make(Wanted {
            rsc,
            task,
            key_task: task,
            interval_ms: 0,
            node: Some(node),
            optional: false,
        });
        let action = self.action_mut(a);
        action.set_meta("on-fail", "ignore");
        action.set(RUNNABLE);
        action.clear(OPTIONAL);
    }

    pub fn is_available(&self, node: NodeIdx, table_score: Option<i32>, check_guest: bool) -> bool {
        let n = &self.c[node];
        if !n.online || n.shutdown || n.unclean || n.standby || n.maintenance {
            return false;
        }
        if table_score.is_some_and(|s| s < 0) {
            return false;
        }
        if check_guest && n.is_guest() {
            let container = n.connection.and_then(|r| self.c[r].container);
            if let Some(k) = container
                && self.c[k].assigned.is_none()
            {
                return false;
            }
        }
        true
    }

    pub fn is_unassigned(&self, rsc: ResourceIdx) -> bool {
        self.c[rsc].is(Flags::UNASSIGNED)
    }
}

pub fn blank(task: Task, node: Option<NodeIdx>, flags: ActionFlags) -> Action {
    Action {
        rsc: None,
        node,
        task,
        key_task: task,
        interval_ms: 0,
        name: SmolStr::default(),
        flags,
        reason: None,
        meta: None,
        extra: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
        runnable_before: 0,
        required_runnable_before: 0,
        priority: 0,
        needs: Requires::Nothing,
        cancels: None,
        in_update: false,
    }
}
