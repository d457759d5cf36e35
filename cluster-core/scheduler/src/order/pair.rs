//! What a relation does to the two actions it relates.

use super::flags::*;
use super::update::{FIRST_CHANGED, Step, THEN_CHANGED};
use crate::actions::*;
use crate::model::Role;
use crate::plan::Plan;

impl Plan<'_> {
    pub(super) fn update_two(&mut self, first: ActionIdx, then: ActionIdx, s: Step) -> u8 {
        let then_before = self.action(then).flags;
        let first_before = self.action(first).flags;
        if s.relation & ASYMMETRIC != 0 {
            self.asymmetric(first, then);
        }
        // A required `then` only carries over what `first` needs anyway: that a resource stops because
        // what it was started after stops, follows from its own start.
        if s.relation & THEN_IMPLIES_FIRST != 0 && then_before & OPTIONAL == 0 {
            if s.filter & OPTIONAL != 0 && s.flags & OPTIONAL == 0 && first_before & OPTIONAL != 0 {
                self.clear_because(first, OPTIONAL, then);
            }
            if s.flags & MIGRATABLE != 0 && !self.action(then).is(MIGRATABLE) {
                self.clear_because(first, MIGRATABLE, then);
            }
        }
        if s.relation & PROMOTED_THEN_IMPLIES_FIRST != 0
            && self.action(then).rsc.is_some_and(|r| self.c[r].role == Role::Promoted)
            && !self.action(then).is(OPTIONAL)
        {
            self.clear_because(first, OPTIONAL, then);
            if self.action(first).is(MIGRATABLE) && !self.action(then).is(MIGRATABLE) {
                self.clear_because(first, MIGRATABLE, then);
            }
        }
        if s.relation & UNMIGRATABLE_THEN_BLOCKS != 0 {
            if !self.action(then).is(MIGRATABLE | RUNNABLE) {
                self.clear_because(first, RUNNABLE, then);
            }
            if !self.action(then).is(OPTIONAL) {
                self.clear_because(first, OPTIONAL, then);
            }
        }
        if s.relation & FIRST_IMPLIES_THEN != 0
            && self.action(then).is(OPTIONAL)
            && s.flags & OPTIONAL == 0
            && !self.action(first).is(MIGRATABLE)
        {
            self.clear_because(then, OPTIONAL, first);
        }
        if s.relation & UNRUNNABLE_FIRST_BLOCKS != 0
            && self.action(then).is(RUNNABLE)
            && s.flags & RUNNABLE == 0
        {
            self.clear_because(then, RUNNABLE, first);
            self.clear_because(then, MIGRATABLE, first);
        }
        if s.relation & INTERMEDIATE_STOP != 0 {
            self.restart_rule(first, then);
        }
        let mut changed = 0;
        if self.action(then).flags != then_before {
            changed |= THEN_CHANGED;
            if self.action(then).rsc.is_some_and(|r| self.c[r].parent.is_some()) {
                self.update(then);
            }
        }
        if self.action(first).flags != first_before {
            changed |= FIRST_CHANGED;
        }
        changed
    }

    pub(super) fn asymmetric(&mut self, first: ActionIdx, then: ActionIdx) {
        let Some(rsc) = self.action(then).rsc else { return };
        if self.action(first).is(RUNNABLE) {
            return;
        }
        let role = self.state(rsc, true);
        let t = self.action(then);
        if t.is(OPTIONAL) {
            if role == Role::Stopped && t.task == Task::STOP {
                return;
            }
            if role >= Role::Started
                && t.task == Task::START
                && let [only] = self.c[rsc].active.as_slice()
                && t.node == Some(*only)
            {
                return;
            }
        }
        self.clear_because(then, OPTIONAL, first);
        self.clear_because(then, RUNNABLE, first);
    }

    pub(super) fn restart_rule(&mut self, first: ActionIdx, then: ActionIdx) {
        let Some(rsc) = self.action(then).rsc else { return };
        let t = self.action(then);
        let restart = !t.is(OPTIONAL);
        let stop = !t.is(RUNNABLE) && self.c[rsc].is_managed() && self.action(first).rsc == Some(rsc);
        if !restart && !stop {
            return;
        }
        if self.action(first).is(RUNNABLE) || restart {
            self.clear_because(first, OPTIONAL, then);
        }
        if !self.action(then).is(MIGRATABLE) {
            self.clear_because(first, MIGRATABLE, then);
        }
        let f = self.action(first);
        if !f.is(OPTIONAL) && !f.is(RUNNABLE) {
            self.clear_because(then, RUNNABLE, first);
        }
    }

    /// Clear a flag; if another resource is the cause, that is the reason (unless there is one).
    pub(super) fn clear_because(&mut self, a: ActionIdx, flag: u32, cause: ActionIdx) {
        if !self.action(a).is(flag) {
            return;
        }
        self.action_mut(a).clear(flag);
        let cause_rsc = self.action(cause).rsc;
        if self.action(a).rsc == cause_rsc {
            return;
        }
        let change = match flag {
            OPTIONAL => "required",
            RUNNABLE => "unrunnable",
            _ => "unmigrateable",
        };
        if self.action(a).reason.is_none() || flag == MIGRATABLE {
            let task = self.tasks.name(self.action(cause).task);
            let text = match cause_rsc {
                Some(by) => format!("{change} {} {task}", self.c[by].id),
                None => format!("{change} {task}"),
            };
            self.action_mut(a).reason = Some(text);
        }
    }
}
