//! Recurring operations: which run where, and which have to be cancelled.

use super::create::Wanted;
use super::*;
use crate::model::{Flags, OpDef, Role};
use crate::order::{Side, flags::*};
use crate::plan::Plan;

impl Plan<'_> {
    pub(super) fn recurring(&mut self, rsc: ResourceIdx) {
        let r = &self.c[rsc];
        if r.is_blocked() || r.is(Flags::MAINTENANCE) {
            return;
        }
        let definition = r.definition.clone();
        let node = r.assigned;
        let mut start = None;
        if let Some(n) = node {
            if self.c[n].maintenance {
                return;
            }
            if self.c[rsc].next_role != Role::Stopped || !self.c[rsc].is_managed() {
                // Also where nothing recurs: a required stop then makes this start required.
                start = Some(self.start(rsc, node, true));
            }
        }
        if definition.ops.iter().all(|o| o.interval_ms == 0) {
            return;
        }
        for op in &definition.ops {
            // The same name and interval twice cannot be told apart: neither runs.
            let same = |o: &&OpDef| o.name == op.name && o.interval_ms == op.interval_ms;
            let doubled = definition.ops.iter().filter(same).count() > 1;
            if op.interval_ms == 0
                || !op.enabled
                || doubled
                || matches!(op.name.as_str(), "start" | "stop" | "promote" | "demote")
            {
                continue;
            }
            if let Some(start) = start {
                self.recurring_active(rsc, start, node, op);
            }
            self.recurring_stopped(rsc, node, op);
        }
    }

    /// Already recorded there, so it runs and needs no action.
    fn is_recorded(&self, rsc: ResourceIdx, task: Task, interval_ms: u64, node: NodeIdx) -> bool {
        self.with_key(rsc, task, interval_ms).any(|a| {
            let action = self.action(a);
            action.node == Some(node)
        })
    }

    fn recurring_active(&mut self, rsc: ResourceIdx, start: ActionIdx, node: Option<NodeIdx>, op: &OpDef) {
        if op.role == Some(Role::Stopped) {
            return;
        }
        let task = self.tasks.intern(&op.name);
        let recorded = node.is_some_and(|n| self.is_recorded(rsc, task, op.interval_ms, n));
        let rescheduled = node.is_some_and(|n| {
            self.on_node(rsc, task, op.interval_ms, n).is_some_and(|a| self.action(a).is(RESCHEDULE))
        });
        let optional = recorded && !rescheduled && self.action(start).is(OPTIONAL);
        let next = self.c[rsc].next_role;
        let fits = match op.role {
            None => next != Role::Promoted,
            Some(role) => role == next,
        };
        if !fits {
            if optional {
                self.cancel_for_role(rsc, task, op.interval_ms, node);
            }
            return;
        }
        let wanted = Wanted { rsc, task, key_task: task, interval_ms: op.interval_ms, node, optional };
        let monitor = self.make(wanted);
        if optional {
            self.action_mut(monitor).set(OPTIONAL);
        }
        let usable = node.is_some_and(|n| self.c[n].online && !self.c[n].unclean);
        if !self.action(start).is(RUNNABLE) || !usable {
            self.action_mut(monitor).clear(RUNNABLE);
        }
        if next == Role::Promoted {
            self.action_mut(monitor).set_meta("op_target_rc", "8");
        }
        if self.c[rsc].is_managed() {
            let then = Side::action_of(None, monitor);
            self.order(Side::task(rsc, Task::START), then, FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS);
            // Named with the resource: where nothing is reloaded there is nothing to wait for.
            let then = Side::action_of(Some(rsc), monitor);
            self.order(
                Side::task(rsc, Task::RELOAD_AGENT),
                then,
                FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS,
            );
            if next == Role::Promoted {
                self.order(Side::task(rsc, Task::PROMOTE), then, ORDERED | UNRUNNABLE_FIRST_BLOCKS);
            } else if self.c[rsc].role == Role::Promoted {
                self.order(Side::task(rsc, Task::DEMOTE), then, ORDERED | UNRUNNABLE_FIRST_BLOCKS);
            }
        }
    }

    /// A monitor of another role is running: it ends before the role changes.
    fn cancel_for_role(&mut self, rsc: ResourceIdx, task: Task, interval_ms: u64, node: Option<NodeIdx>) {
        let Some(n) = node else { return };
        let cancel = self.cancel(rsc, task, interval_ms, n);
        let after = match (self.c[rsc].role, self.c[rsc].next_role) {
            (Role::Started | Role::Unpromoted, Role::Promoted) => Some(Task::PROMOTE),
            (Role::Started | Role::Unpromoted, Role::Stopped) => Some(Task::STOP),
            (Role::Promoted, _) => Some(Task::DEMOTE),
            _ => None,
        };
        if let Some(task) = after {
            self.order(Side::action_of(Some(rsc), cancel), Side::task(rsc, task), UNRUNNABLE_FIRST_BLOCKS);
        }
    }

    pub fn cancel(&mut self, rsc: ResourceIdx, task: Task, interval_ms: u64, node: NodeIdx) -> ActionIdx {
        let wanted = Wanted {
            rsc,
            task: Task::CANCEL,
            key_task: task,
            interval_ms,
            node: Some(node),
            optional: false,
        };
        let a = self.make(wanted);
        let name = self.tasks.name(task).clone();
        let action = self.action_mut(a);
        action.task = Task::CANCEL;
        action.cancels = Some(task);
        action.set_meta("operation", name);
        action.clear(OPTIONAL);
        a
    }

    /// Monitors for the stopped role run wherever the resource will not be.
    fn recurring_stopped(&mut self, rsc: ResourceIdx, node: Option<NodeIdx>, op: &OpDef) {
        if op.role != Some(Role::Stopped) || !self.c[rsc].is_unique() {
            return;
        }
        let task = self.tasks.intern(&op.name);
        if let Some(n) = node
            && self.is_recorded(rsc, task, op.interval_ms, n)
        {
            let cancel = self.cancel(rsc, task, op.interval_ms, n);
            if matches!(self.c[rsc].next_role, Role::Started | Role::Unpromoted) {
                self.order(
                    Side::action_of(Some(rsc), cancel),
                    Side::task(rsc, Task::START),
                    UNRUNNABLE_FIRST_BLOCKS,
                );
            }
        }
        for n in self.c.node_order.clone() {
            if node == Some(n) {
                continue;
            }
            let optional = self.is_recorded(rsc, task, op.interval_ms, n);
            let wanted =
                Wanted { rsc, task, key_task: task, interval_ms: op.interval_ms, node: Some(n), optional };
            let monitor = self.make(wanted);
            self.action_mut(monitor).set_meta("op_target_rc", "7");
            let there = |plan: &Self, task: Task| -> Vec<ActionIdx> {
                plan.with_key(rsc, task, 0).filter(|a| plan.action(*a).node == Some(n)).collect()
            };
            if self.c[rsc].is_managed() {
                for probe in there(self, Task::MONITOR) {
                    self.relate(probe, monitor, UNRUNNABLE_FIRST_BLOCKS);
                }
            }
            for stop in there(self, Task::STOP) {
                if !self.action(stop).is(OPTIONAL) {
                    self.action_mut(monitor).clear(OPTIONAL);
                }
                if !self.action(stop).is(RUNNABLE) {
                    self.action_mut(monitor).clear(RUNNABLE);
                }
                if self.c[rsc].is_managed() {
                    let (first, then) = (Side::action_of(Some(rsc), stop), Side::action_of(None, monitor));
                    self.order(first, then, FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS);
                }
            }
            if !self.c[n].online || self.c[n].unclean {
                self.action_mut(monitor).clear(RUNNABLE);
            }
        }
    }
}
