//! The flags of milestones: what a group, clone or bundle does is what its members do.

use crate::actions::*;
use crate::model::{Flags, NodeIdx, ResourceIdx, Variant};
use crate::plan::Plan;

impl Plan<'_> {
    /// For a start of a clone that others wait for: its `running`, or the confirmation of it.
    pub(super) fn completed_counterpart(&self, a: ActionIdx) -> ActionIdx {
        let action = self.action(a);
        let Some(rsc) = action.rsc else { return a };
        if self.c[rsc].is_primitive() || action.interval_ms > 0 {
            return a;
        }
        let completed = action.key_task.completed();
        if !matches!(completed, Task::RUNNING | Task::STOPPED | Task::PROMOTED | Task::DEMOTED) {
            return a;
        }
        let key = if self.c[rsc].is(Flags::NOTIFY) && self.is_collective(rsc) {
            self.notify_task("confirmed-post", completed)
        } else {
            Some(completed)
        };
        key.and_then(|k| self.newest_key(rsc, k)).unwrap_or(a)
    }

    pub(super) fn flags_for_ordering(&mut self, a: ActionIdx, node: Option<NodeIdx>) -> u32 {
        let Some(rsc) = self.action(a).rsc else { return self.action(a).flags };
        let flags = self.flags_of(a, None);
        if node.is_none() || !self.c.is_clone(rsc) {
            return flags;
        }
        let runnable = flags & RUNNABLE;
        self.flags_of(a, node) | runnable
    }

    /// The flags of an action, which for groups and clones come from their members.
    pub fn flags_of(&mut self, a: ActionIdx, node: Option<NodeIdx>) -> u32 {
        let Some(rsc) = self.action(a).rsc else { return self.action(a).flags };
        match self.c[rsc].variant {
            Variant::Primitive => self.action(a).flags,
            Variant::Group => self.group_flags(a, rsc, node),
            Variant::Clone | Variant::Bundle => self.collective_flags(a, rsc, node),
        }
    }

    pub(super) fn group_flags(&mut self, a: ActionIdx, group: ResourceIdx, node: Option<NodeIdx>) -> u32 {
        let mut flags = OPTIONAL | RUNNABLE | PSEUDO;
        let task = self.action(a).task;
        let base = task.base();
        for m in self.children(group) {
            match self.newest(m, base, node) {
                Some(member) => {
                    let own = self.flags_of(member, node);
                    if flags & OPTIONAL != 0 && own & OPTIONAL == 0 {
                        flags &= !OPTIONAL;
                        self.action_mut(a).clear(OPTIONAL);
                    }
                    let done_going_down = matches!(task, Task::STOPPED | Task::DEMOTED);
                    // Going up without a member that stays stopped is not to be up.
                    let spared = base == task && (own & OPTIONAL != 0 || self.action(member).node.is_none());
                    if !done_going_down && !spared && own & RUNNABLE == 0 {
                        flags &= !RUNNABLE;
                    }
                }
                None if base != task && base != Task::STOP && base != Task::DEMOTE => flags &= !RUNNABLE,
                None => {}
            }
        }
        flags
    }

    pub(super) fn collective_flags(&mut self, a: ActionIdx, rsc: ResourceIdx, node: Option<NodeIdx>) -> u32 {
        let mut flags = OPTIONAL | RUNNABLE | PSEUDO;
        let mut any_runnable = false;
        let task = self.instance_task(a, rsc);
        let bundle_child = self.c[rsc].bundle.as_ref().and_then(|b| b.child);
        let instances = match bundle_child {
            Some(child) if matches!(task, Task::PROMOTE | Task::DEMOTE) => self.children(child),
            _ => self.instances(rsc),
        };
        for instance in instances {
            let primitive = self.c[instance].is_primitive();
            let Some(own) = self.newest(instance, task, if primitive { node } else { None }) else {
                continue;
            };
            let own = self.flags_of(own, node);
            if flags & OPTIONAL != 0 && own & OPTIONAL == 0 {
                flags &= !OPTIONAL;
                self.action_mut(a).clear(OPTIONAL);
            }
            any_runnable |= own & RUNNABLE != 0;
        }
        if !any_runnable {
            flags &= !RUNNABLE;
            if node.is_none() {
                self.action_mut(a).clear(RUNNABLE);
            }
        }
        flags
    }

    /// What an instance does for this action of its clone.
    pub(super) fn instance_task(&self, a: ActionIdx, rsc: ResourceIdx) -> Task {
        let action = self.action(a);
        let task = match self.notify_base(action.key_task) {
            Some(base) => base,
            None => action.task,
        };
        let group = self.c[rsc].children.first().is_some_and(|c| self.c[*c].variant == Variant::Group);
        if group && self.c[rsc].bundle.is_none() { task } else { task.base() }
    }
}
