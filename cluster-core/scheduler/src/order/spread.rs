//! A relation to or from a group, clone or bundle, brought down to its members.

use super::flags::*;
use super::update::{FIRST_CHANGED, Step, THEN_CHANGED};
use crate::actions::*;
use crate::model::{ResourceIdx, Role, Variant};
use crate::plan::Plan;

impl Plan<'_> {
    /// Update in the way of the resource's variant.
    pub(super) fn update_on(&mut self, by: ResourceIdx, first: ActionIdx, then: ActionIdx, s: Step) -> u8 {
        match self.c[by].variant {
            Variant::Primitive => self.update_two(first, then, s),
            Variant::Group => self.update_group(first, then, s),
            Variant::Clone | Variant::Bundle => self.update_collective(first, then, s),
        }
    }

    pub(super) fn update_group(&mut self, first: ActionIdx, then: ActionIdx, s: Step) -> u8 {
        let mut changed = self.update_two(first, then, s);
        let Some(rsc) = self.action(then).rsc else { return changed };
        if self.action(first).rsc.is_some_and(|r| self.is_inside(rsc, r)) {
            return changed;
        }
        let task = self.action(then).task;
        let mut heard = Vec::new();
        for m in self.children(rsc) {
            let Some(member) = self.newest(m, task, s.node) else { continue };
            let c = self.update_on(m, first, member, s);
            if c & THEN_CHANGED != 0 {
                heard.push(member);
            }
            changed |= c;
        }
        // What follows a member, its monitor for one, has to hear of it.
        for member in heard {
            let after: Vec<ActionIdx> = self.action(member).after.iter().rev().map(|r| r.other).collect();
            for other in after {
                self.update(other);
            }
        }
        changed
    }

    pub(super) fn update_collective(&mut self, first: ActionIdx, then: ActionIdx, s: Step) -> u8 {
        let Some(rsc) = self.action(then).rsc else { return 0 };
        if self.can_interleave(first, then) {
            return self.update_interleaved(first, then, s);
        }
        let mut changed = self.update_two(first, then, s);
        let task = self.action(then).task;
        for instance in self.instances(rsc) {
            let Some(own) = self.newest(instance, task, s.node) else { continue };
            if self.flags_of(own, s.node) & RUNNABLE == 0 {
                continue;
            }
            let c = self.update_on(instance, first, own, s);
            if c & THEN_CHANGED != 0 {
                let after: Vec<ActionIdx> = self.action(own).after.iter().rev().map(|r| r.other).collect();
                for other in after {
                    self.update(other);
                }
            }
            changed |= c;
        }
        changed
    }

    pub(super) fn can_interleave(&self, first: ActionIdx, then: ActionIdx) -> bool {
        let (Some(a), Some(b)) = (self.action(first).rsc, self.action(then).rsc) else { return false };
        if a == b || !self.is_collective(a) || !self.is_collective(b) {
            return false;
        }
        let going_down = matches!(self.action(then).key_task, Task::STOP | Task::DEMOTE);
        let decides = if going_down { a } else { b };
        crate::unpack::values::is_true(self.c[decides].meta("interleave"))
    }

    pub(super) fn update_interleaved(&mut self, first: ActionIdx, then: ActionIdx, s: Step) -> u8 {
        let (Some(a), Some(b)) = (self.action(first).rsc, self.action(then).rsc) else { return 0 };
        let current = matches!(self.action(first).key_task, Task::STOPPED | Task::DEMOTED)
            || matches!(self.notify_base(self.action(first).key_task), Some(Task::STOPPED | Task::DEMOTED));
        let mut changed = 0;
        for instance in self.instances(b) {
            let Some(partner) = self.compatible_instance(instance, a, Role::Unknown, current) else {
                let mandatory = s.relation & (UNRUNNABLE_FIRST_BLOCKS | FIRST_IMPLIES_THEN) != 0;
                // Only the first time: what is unassigned already must not start the round again.
                if !current && mandatory && self.assign(instance, None, true, true) {
                    changed |= THEN_CHANGED;
                }
                continue;
            };
            let Some(fa) = self.instance_action(first, partner) else { continue };
            let Some(ta) = self.instance_action(then, instance) else { continue };
            if self.relate(fa, ta, s.relation) {
                changed |= FIRST_CHANGED | THEN_CHANGED;
            }
            let flags = self.flags_of(fa, None);
            changed |= self.update_on(instance, fa, ta, Step { flags, ..s });
        }
        changed
    }

    /// The action of an instance that stands behind an action of its clone.
    pub(super) fn instance_action(&self, a: ActionIdx, instance: ResourceIdx) -> Option<ActionIdx> {
        let action = self.action(a);
        let task = self.notify_base(action.key_task).unwrap_or(action.task);
        // A group has milestones of its own.
        let task = if self.c[instance].variant == Variant::Group { task } else { task.base() };
        self.newest(instance, task, None)
    }
}
