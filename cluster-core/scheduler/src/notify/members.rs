//! The notify operations of members, with what they are told.

use super::Notification;
use crate::actions::create::Wanted;
use crate::actions::*;
use crate::model::{NodeIdx, ResourceIdx, Role, natural_cmp};
use crate::order::flags::*;
use crate::plan::Plan;
use smol_str::SmolStr;

/// Instances and where they are, or will be.
#[derive(Default)]
struct Lists {
    active: Vec<(ResourceIdx, Option<NodeIdx>)>,
    inactive: Vec<(ResourceIdx, Option<NodeIdx>)>,
    promoted: Vec<(ResourceIdx, Option<NodeIdx>)>,
    unpromoted: Vec<(ResourceIdx, Option<NodeIdx>)>,
    start: Vec<(ResourceIdx, Option<NodeIdx>)>,
    stop: Vec<(ResourceIdx, Option<NodeIdx>)>,
    promote: Vec<(ResourceIdx, Option<NodeIdx>)>,
    demote: Vec<(ResourceIdx, Option<NodeIdx>)>,
}

impl Plan<'_> {
    /// Plan all notifications of a clone; its actions are settled by now.
    pub fn create_notifications(&mut self, clone: ResourceIdx) {
        let Some(of) = self.notify.of.remove(&clone) else { return };
        for n in [of.start, of.stop, of.promote, of.demote] {
            let Some(mut n) = n else { continue };
            self.notification_keys(clone, &mut n, true);
            self.notify_members(clone, &n);
        }
    }

    fn collect_entries(&self, rsc: ResourceIdx, activity: bool, lists: &mut Lists) {
        let children = &self.c[rsc].children;
        if !children.is_empty() {
            for c in children {
                self.collect_entries(*c, activity, lists);
            }
            return;
        }
        let entry = (rsc, self.c[rsc].active.first().copied());
        match self.c[rsc].role {
            Role::Stopped => lists.inactive.push(entry),
            Role::Started => lists.active.push(entry),
            Role::Unpromoted => {
                lists.unpromoted.push(entry);
                lists.active.push(entry);
            }
            Role::Promoted => {
                lists.promoted.push(entry);
                lists.active.push(entry);
            }
            Role::Unknown => {}
        }
        if !activity {
            return;
        }
        for a in self.own_actions(rsc) {
            let action = self.action(*a);
            let Some(node) = action.node else { continue };
            if action.is(OPTIONAL) {
                continue;
            }
            let lost_stop = action.task == Task::STOP && self.c[node].unclean;
            if !lost_stop && !action.is(RUNNABLE) {
                continue;
            }
            match action.task {
                Task::START => lists.start.push((rsc, Some(node))),
                Task::STOP => lists.stop.push((rsc, Some(node))),
                Task::PROMOTE => lists.promote.push((rsc, Some(node))),
                Task::DEMOTE => lists.demote.push((rsc, Some(node))),
                _ => {}
            }
        }
    }

    pub(super) fn notification_keys(&mut self, rsc: ResourceIdx, n: &mut Notification, activity: bool) {
        let mut lists = Lists::default();
        self.collect_entries(rsc, activity, &mut lists);
        let mut keys: Vec<(SmolStr, SmolStr)> = Vec::new();
        let mut add =
            |plan: &Self, names: &[&str], mut list: Vec<(ResourceIdx, Option<NodeIdx>)>, unames: bool| {
                let name = |n: Option<NodeIdx>| n.map(|n| plan.c[n].name.clone()).unwrap_or_default();
                list.sort_by(|a, b| {
                    let by_id = plan.c[a.0].id.cmp(&plan.c[b.0].id);
                    by_id.then_with(|| natural_cmp(&name(a.1), &name(b.1)))
                });
                let join = |parts: Vec<SmolStr>| -> SmolStr {
                    let parts: Vec<&str> =
                        parts.iter().map(|p| p.as_str()).filter(|p| !p.is_empty()).collect();
                    if parts.is_empty() { " ".into() } else { parts.join(" ").into() }
                };
                let mut seen: Vec<SmolStr> = Vec::new();
                for (r, _) in &list {
                    let id = plan.c[*r].id.clone();
                    if seen.last() != Some(&id) {
                        seen.push(id);
                    }
                }
                let nodes: Vec<SmolStr> = list.iter().map(|(_, x)| name(*x)).collect();
                for what in names {
                    keys.push((format!("notify_{what}_resource").into(), join(seen.clone())));
                    if unames {
                        keys.push((format!("notify_{what}_uname").into(), join(nodes.clone())));
                    }
                }
            };
        n.any = match n.task {
            Some(Task::START) => !lists.start.is_empty(),
            Some(Task::STOP) => !lists.stop.is_empty(),
            Some(Task::PROMOTE) => !lists.promote.is_empty(),
            Some(Task::DEMOTE) => !lists.demote.is_empty(),
            _ => false,
        };
        if activity {
            add(self, &["start"], lists.start, true);
            add(self, &["stop"], lists.stop, true);
            add(self, &["promote"], lists.promote, true);
            add(self, &["demote"], lists.demote, true);
        }
        add(self, &["promoted", "master"], lists.promoted, true);
        add(self, &["unpromoted", "slave"], lists.unpromoted, true);
        add(self, &["active"], lists.active, true);
        add(self, &["inactive"], lists.inactive, false);
        let names = |nodes: Vec<NodeIdx>| -> SmolStr {
            if nodes.is_empty() {
                return " ".into();
            }
            nodes.iter().map(|x| self.c[*x].name.as_str()).collect::<Vec<_>>().join(" ").into()
        };
        let top = self.c.top_below_bundle(rsc);
        let allowed = self.allowed_by_name(top);
        keys.push(("notify_available_uname".into(), names(allowed)));
        keys.push(("notify_all_uname".into(), names(self.c.node_order.clone())));
        if self.uses_host_attributes(rsc) {
            // Where guests are now, for agents that set attributes of their hosts.
            let hosts = self.c.node_order.iter().map(|n| {
                let container = self.container_of_guest(*n);
                container.and_then(|k| self.c[k].active.first().copied()).unwrap_or(*n)
            });
            let hosts = names(hosts.collect());
            keys.push(("notify_all_hosts".into(), hosts));
        }
        n.keys = keys;
        if n.any {
            for a in [n.pre, n.pre_done, n.post, n.post_done].into_iter().flatten() {
                self.action_mut(a).clear(OPTIONAL);
            }
        }
    }

    pub(super) fn notify_members(&mut self, rsc: ResourceIdx, n: &Notification) {
        let children = self.children(rsc);
        if !children.is_empty() {
            for c in children {
                self.notify_members(c, n);
            }
            return;
        }
        self.tell_actions(rsc, n);
        let Some(task) = n.task else { return };
        if task != Task::STOP && !n.any {
            return;
        }
        if self.c[rsc].role != Role::Stopped && matches!(task, Task::STOP | Task::DEMOTE) {
            let stop = self.newest(rsc, Task::STOP, None);
            for node in self.c[rsc].active.clone() {
                // Whom fencing stops there is no one to tell.
                let lost = self.c[node].unclean || self.c[node].requires_reset;
                if lost && stop.is_some_and(|s| self.action(s).is(PSEUDO)) {
                    continue;
                }
                self.notify_one(rsc, node, n.pre, n.pre_done, n);
                if task == Task::DEMOTE || stop.is_none_or(|s| self.action(s).is(OPTIONAL)) {
                    self.notify_post(rsc, node, n);
                }
            }
        }
        if self.c[rsc].next_role != Role::Stopped && matches!(task, Task::START | Task::PROMOTE) {
            let Some(node) = self.c[rsc].assigned else { return };
            let start = self.newest(rsc, Task::START, None);
            let unreachable = self.c[node].is_guest() && start.is_some_and(|s| !self.action(s).is(RUNNABLE));
            if unreachable {
                return;
            }
            if task != Task::START || start.is_none_or(|s| self.action(s).is(OPTIONAL)) {
                self.notify_one(rsc, node, n.pre, n.pre_done, n);
            }
            self.notify_post(rsc, node, n);
        }
    }

    /// The announced operations carry the same lists.
    fn tell_actions(&mut self, rsc: ResourceIdx, n: &Notification) {
        for i in 0..self.own_actions(rsc).len() {
            let a = self.own_actions(rsc)[i];
            let action = self.action_mut(a);
            let told = matches!(action.task, Task::START | Task::STOP | Task::PROMOTE | Task::DEMOTE);
            if told && !action.is(OPTIONAL) && action.node.is_some() {
                for (k, v) in &n.keys {
                    action.set_meta(k, v.clone());
                }
            }
        }
    }

    fn notify_one(
        &mut self,
        rsc: ResourceIdx,
        node: NodeIdx,
        pseudo: Option<ActionIdx>,
        done: Option<ActionIdx>,
        n: &Notification,
    ) -> Option<ActionIdx> {
        let (pseudo, done) = (pseudo?, done?);
        if !self.c[node].online || !self.action(pseudo).is(RUNNABLE) {
            return None;
        }
        let kind = self.action(pseudo).meta("notify_type")?.to_owned();
        let key_task = self.notify_key(&kind, n.task?);
        let optional = self.action(pseudo).is(OPTIONAL);
        let wanted = Wanted { rsc, task: Task::NOTIFY, key_task, interval_ms: 0, node: Some(node), optional };
        let a = self.make(wanted);
        let extra = self.action(pseudo).extra.clone();
        let action = self.action_mut(a);
        // What fencing announced it for stays.
        for (k, v) in extra {
            if !action.extra.iter().any(|(name, _)| *name == k) {
                action.extra.push((k, v));
            }
        }
        for (k, v) in &n.keys {
            action.set_meta(k, v.clone());
        }
        self.relate(pseudo, a, ORDERED);
        self.relate(a, done, ORDERED);
        Some(a)
    }

    fn notify_post(&mut self, rsc: ResourceIdx, node: NodeIdx, n: &Notification) {
        let Some(a) = self.notify_one(rsc, node, n.post, n.post_done, n) else { return };
        self.action_mut(a).priority = crate::model::INFINITY;
        let Some(done) = n.post_done else { return };
        let recurring: Vec<ActionIdx> = self
            .own_actions(rsc)
            .iter()
            .rev()
            .copied()
            .filter(|a| self.action(*a).interval_ms > 0 && self.action(*a).task != Task::CANCEL)
            .collect();
        for monitor in recurring {
            self.relate(done, monitor, ORDERED);
        }
    }
}
