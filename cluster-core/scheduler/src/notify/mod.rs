//! Notifications of clones: members hear before and after their peers start, stop, change role.

mod members;

use crate::actions::create::Wanted;
use crate::actions::*;
use crate::model::{Flags, INFINITY, NodeIdx, ResourceIdx};
use crate::order::flags::*;
use crate::plan::Plan;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

/// The milestones around one task of one clone.
#[derive(Debug, Clone, Default)]
pub struct Notification {
    pub task: Option<Task>,
    pub pre: Option<ActionIdx>,
    pub pre_done: Option<ActionIdx>,
    pub post: Option<ActionIdx>,
    pub post_done: Option<ActionIdx>,
    pub keys: Vec<(SmolStr, SmolStr)>,
    /// Whether any start, promote, demote is planned.
    pub any: bool,
}

#[derive(Debug, Default)]
pub struct Of {
    pub start: Option<Notification>,
    pub stop: Option<Notification>,
    pub promote: Option<Notification>,
    pub demote: Option<Notification>,
}

#[derive(Debug, Default)]
pub struct State {
    /// `pre_notify_start` -> what was announced.
    bases: FxHashMap<Task, Task>,
    index: FxHashMap<(SmolStr, Task), Task>,
    pub of: FxHashMap<ResourceIdx, Of>,
}

impl Plan<'_> {
    /// The key task of a notification, if any was made.
    pub fn notify_task(&self, kind: &str, task: Task) -> Option<Task> {
        self.notify.index.get(&(kind.into(), task)).copied()
    }

    /// What a notification's key is about.
    pub fn notify_base(&self, key_task: Task) -> Option<Task> {
        self.notify.bases.get(&key_task).copied()
    }

    pub(super) fn notify_key(&mut self, kind: &str, task: Task) -> Task {
        if let Some(found) = self.notify_task(kind, task) {
            return found;
        }
        let text = format!("{kind}_notify_{}", self.tasks.name(task));
        let key = self.tasks.intern(&text);
        self.notify.bases.insert(key, task);
        self.notify.index.insert((kind.into(), task), key);
        key
    }

    fn notify_pseudo(&mut self, rsc: ResourceIdx, about: ActionIdx, task: Task, kind: &str) -> ActionIdx {
        let about_task = self.action(about).task;
        let key_task = self.notify_key(kind, about_task);
        let optional = self.action(about).is(OPTIONAL);
        let a = self.make(Wanted { rsc, task, key_task, interval_ms: 0, node: None, optional });
        let operation = self.tasks.name(about_task).clone();
        let action = self.action_mut(a);
        action.set(PSEUDO | RUNNABLE);
        action.set_meta("notify_key_type", kind);
        action.set_meta("notify_key_operation", operation);
        a
    }

    fn notification(
        &mut self,
        rsc: ResourceIdx,
        task: Task,
        action: Option<ActionIdx>,
        complete: Option<ActionIdx>,
    ) -> Option<Notification> {
        if !self.c[rsc].is(Flags::NOTIFY) {
            return None;
        }
        let mut n = Notification { task: Some(task), ..Notification::default() };
        let name = self.tasks.name(task).clone();
        let mark = |plan: &mut Self, a: ActionIdx, kind: &str| {
            let action = plan.action_mut(a);
            action.set_meta("notify_type", kind);
            action.set_meta("notify_operation", name.clone());
        };
        if let Some(action) = action {
            let pre = self.notify_pseudo(rsc, action, Task::NOTIFY, "pre");
            mark(self, pre, "pre");
            let done = self.notify_pseudo(rsc, action, Task::NOTIFIED, "confirmed-pre");
            mark(self, done, "pre");
            self.relate(pre, done, ORDERED);
            self.relate(done, action, ORDERED);
            (n.pre, n.pre_done) = (Some(pre), Some(done));
        }
        if let Some(complete) = complete {
            let runnable = self.action(complete).is(RUNNABLE);
            let post = self.notify_pseudo(rsc, complete, Task::NOTIFY, "post");
            mark(self, post, "post");
            let done = self.notify_pseudo(rsc, complete, Task::NOTIFIED, "confirmed-post");
            mark(self, done, "post");
            for a in [post, done] {
                let action = self.action_mut(a);
                action.priority = INFINITY;
                if runnable {
                    action.set(RUNNABLE);
                } else {
                    action.clear(RUNNABLE);
                }
            }
            self.relate(complete, post, FIRST_IMPLIES_THEN);
            self.relate(post, done, FIRST_IMPLIES_THEN);
            (n.post, n.post_done) = (Some(post), Some(done));
        }
        if let (Some(_), Some(pre_done), Some(post)) = (action, n.pre_done, n.post) {
            self.relate(pre_done, post, ORDERED);
        }
        Some(n)
    }

    pub fn clone_notifications(
        &mut self,
        clone: ResourceIdx,
        start: ActionIdx,
        running: ActionIdx,
        stop: ActionIdx,
        stopped: ActionIdx,
    ) {
        let s = self.notification(clone, Task::START, Some(start), Some(running));
        let t = self.notification(clone, Task::STOP, Some(stop), Some(stopped));
        self.order_done(&t, &s);
        let of = self.notify.of.entry(clone).or_default();
        (of.start, of.stop) = (s, t);
    }

    /// Everybody has heard of `first` before `then` is announced.
    fn order_done(&mut self, first: &Option<Notification>, then: &Option<Notification>) {
        if let (Some(done), Some(pre)) =
            (first.as_ref().and_then(|n| n.post_done), then.as_ref().and_then(|n| n.pre))
        {
            self.relate(done, pre, ORDERED);
        }
    }

    pub fn promote_notifications(&mut self, clone: ResourceIdx, promote: ActionIdx, promoted: ActionIdx) {
        let n = self.notification(clone, Task::PROMOTE, Some(promote), Some(promoted));
        self.notify.of.entry(clone).or_default().promote = n;
    }

    pub fn demote_notifications(&mut self, clone: ResourceIdx, demote: ActionIdx, demoted: ActionIdx) {
        let d = self.notification(clone, Task::DEMOTE, Some(demote), Some(demoted));
        let of = self.notify.of.remove(&clone).unwrap_or_default();
        self.order_done(&of.stop, &of.promote);
        self.order_done(&of.start, &of.promote);
        self.order_done(&d, &of.promote);
        self.order_done(&d, &of.start);
        self.order_done(&d, &of.stop);
        self.notify.of.insert(clone, Of { demote: d, ..of });
    }

    /// The stop was implied by fencing: others hear of it once that is done.
    pub fn notify_after_fencing(&mut self, stop: ActionIdx, rsc: ResourceIdx, fencing: ActionIdx) {
        let Some(mut n) = self.notification(rsc, Task::STOP, None, Some(fencing)) else { return };
        let node = self.action(stop).node;
        let name = node.map(|x: NodeIdx| self.c[x].name.clone()).unwrap_or_default();
        let id = self.c[rsc].id.clone();
        n.keys = vec![("notify_stop_resource".into(), id), ("notify_stop_uname".into(), name)];
        let top = self.c.top_below_bundle(rsc);
        self.notify_members(top, &n);
    }
}
