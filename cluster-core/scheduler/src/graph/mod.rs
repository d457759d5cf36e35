//! The transition: which actions are carried out, in what order.

mod guest;
mod load;
mod params;

use crate::actions::{
    ALWAYS, ActionIdx, IN_GRAPH, MIGRATABLE, ON_DC, OPTIONAL, PSEUDO, RUNNABLE, Relation, Task,
};
use crate::model::{Flags, ResourceIdx, Variant};
use crate::order::flags::*;
use crate::plan::Plan;
use rhapsody_transition as wire;

impl Plan<'_> {
    /// Choose what has to be done, in the order of the graph.
    pub fn choose(&mut self) -> Vec<ActionIdx> {
        self.restore_real_starts();
        self.break_load_loops();
        let mut order: Vec<ActionIdx> = Vec::new();
        for rsc in self.c.top.clone() {
            self.add_resource(rsc, &mut order);
        }
        for i in (0..self.actions.len() as u32).rev() {
            self.add_action(ActionIdx(i), &mut order);
        }
        order
    }

    /// Write down what was chosen.
    pub fn transition(&mut self, chosen: &[ActionIdx]) -> wire::Transition {
        let mut actions = Vec::with_capacity(chosen.len());
        for a in chosen {
            let action = self.wire_action(*a);
            actions.push(action);
        }
        let ms = |text: &str| crate::unpack::values::milliseconds(text).unwrap_or(60_000);
        let o = &self.c.options;
        wire::Transition {
            actions,
            cluster_delay_ms: ms(&o.cluster_delay),
            fencing_timeout_ms: ms(&o.fencing_timeout),
            batch_limit: o.batch_limit,
            migration_limit: o.migration_limit.map(|n| n.max(0) as u32),
            start_failure_is_fatal: o.start_failure_is_fatal,
            recheck_at: self.c.recheck_at,
        }
    }

    /// A start stands for the end of a migration only as long as that can happen.
    fn restore_real_starts(&mut self) {
        for i in 0..self.actions.len() as u32 {
            let a = ActionIdx(i);
            let action = self.action(a);
            let (Some(rsc), Some(node)) = (action.rsc, action.node) else { continue };
            if action.task != Task::START || !action.is(PSEUDO) {
                continue;
            }
            let migratable = action.is(MIGRATABLE);
            let Some(from) = self.on_node(rsc, Task::MIGRATE_FROM, 0, node) else { continue };
            let arrives = self.action(from).is(RUNNABLE) && !self.action(from).is(OPTIONAL);
            if !migratable || !arrives {
                self.action_mut(a).clear(PSEUDO);
            }
        }
    }

    fn add_resource(&mut self, rsc: ResourceIdx, order: &mut Vec<ActionIdx>) {
        match self.c[rsc].variant {
            Variant::Clone => {
                for i in 0..self.own_actions(rsc).len() {
                    let a = self.own_actions(rsc)[self.own_actions(rsc).len() - 1 - i];
                    self.flags_of(a, None);
                }
                self.create_notifications(rsc);
                for c in self.children(rsc) {
                    self.add_resource(c, order);
                }
                self.add_own(rsc, order);
            }
            Variant::Bundle => {
                // Its own milestones come with all that is left.
                for part in self.children(rsc) {
                    self.add_resource(part, order);
                }
            }
            _ => {
                self.add_own(rsc, order);
                for c in self.children(rsc) {
                    self.add_resource(c, order);
                }
            }
        }
    }

    fn add_own(&mut self, rsc: ResourceIdx, order: &mut Vec<ActionIdx>) {
        for i in (0..self.own_actions(rsc).len()).rev() {
            let a = self.own_actions(rsc)[i];
            self.add_action(a, order);
        }
    }

    fn add_action(&mut self, a: ActionIdx, order: &mut Vec<ActionIdx>) {
        if self.action(a).is(IN_GRAPH) || !self.belongs(a) {
            return;
        }
        self.action_mut(a).set(IN_GRAPH);
        order.push(a);
    }

    /// Whether an action is part of the graph.
    fn belongs(&self, a: ActionIdx) -> bool {
        let action = self.action(a);
        if !action.is(RUNNABLE) || (action.is(OPTIONAL) && !action.is(ALWAYS)) {
            return false;
        }
        if let Some(rsc) = action.rsc
            && !self.c[rsc].is_managed()
            && !matches!(action.task, Task::MONITOR | Task::CANCEL)
        {
            return false;
        }
        if action.is(PSEUDO) || matches!(action.task, Task::STONITH | Task::DO_SHUTDOWN) {
            return true;
        }
        let Some(node) = action.node else { return false };
        let n = &self.c[node];
        if action.is(ON_DC) || (n.is_guest() && !n.requires_reset) {
            return true;
        }
        n.online && !n.unclean
    }

    /// What an action waits for, once each, by number; with `all`, also what need not be done.
    pub(crate) fn inputs(&self, a: ActionIdx, all: bool) -> Vec<ActionIdx> {
        let mut before: Vec<Relation> = self.action(a).before.clone();
        before.sort_by_key(|r| r.other);
        let mut merged: Vec<Relation> = Vec::with_capacity(before.len());
        for r in before {
            match merged.last_mut() {
                Some(last) if last.other == r.other => last.flags |= r.flags,
                _ => merged.push(r),
            }
        }
        merged.retain(|r| r.flags != 0 && (all || self.is_input(a, *r)));
        merged.into_iter().map(|r| r.other).collect()
    }

    fn is_input(&self, a: ActionIdx, r: Relation) -> bool {
        if r.flags == 0 {
            return false;
        }
        let first = self.action(r.other);
        let then = self.action(a);
        let only_order = r.flags & !(FIRST_IMPLIES_THEN_GRAPHED | THEN_IMPLIES_FIRST_GRAPHED | ORDERED) == 0;
        if !first.is(RUNNABLE) && (only_order || r.flags & (COUNTS_RUNNABLE | UNMIGRATABLE_THEN_BLOCKS) != 0)
        {
            return false;
        }
        if r.flags == ORDERED && first.task == Task::STOP && first.is(MIGRATABLE) {
            // The end of a live migration; who has to wait for it says so with more than a mere order.
            return false;
        }
        if r.flags & IF_FIRST_UNMIGRATABLE != 0 && first.is(MIGRATABLE) {
            return false;
        }
        // A mere order is no reason to wait for a stop that may be part of a migration.
        if r.flags == ORDERED && first.is(MIGRATABLE) && first.key_task == Task::STOP {
            return false;
        }
        let different = |x: Option<crate::model::NodeIdx>, y: Option<crate::model::NodeIdx>| matches!((x, y), (Some(x), Some(y)) if x != y);
        if r.flags == IF_ON_SAME_NODE_OR_TARGET {
            let place = match then.rsc {
                Some(rsc) if then.task == Task::MIGRATE_TO => self.c[rsc].assigned,
                _ => then.node,
            };
            if different(first.node, place) || first.is(OPTIONAL) {
                return false;
            }
        } else if r.flags & IF_REQUIRED_ON_SAME_NODE != 0 {
            if different(first.node, then.node) || first.is(OPTIONAL) {
                return false;
            }
        } else if let (Some(x), Some(y)) = (first.rsc, then.rsc)
            && x != y
            && self.c[x].is(Flags::FAILED)
            && !self.c[x].is_managed()
            && first.key_task == Task::STOP
            && self.c.is_clone(y)
        {
            return false;
        }
        // An input that cannot be carried out stays: it keeps this action from firing.
        !first.is(OPTIONAL) || first.is(ALWAYS) || self.belongs(r.other)
    }
}
