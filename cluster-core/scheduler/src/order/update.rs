//! The fixpoint: what is required, runnable and migratable spreads along relations.

use super::flags::*;
use crate::actions::*;
use crate::model::{Flags, NodeIdx, Variant};
use crate::plan::Plan;

pub(super) const FIRST_CHANGED: u8 = 1;
pub(super) const THEN_CHANGED: u8 = 2;

/// Deeper chains go on through the queue, so that the stack stays small.
const MAX_DEPTH: u32 = 400;

/// Updates per action and relation in a run; a cycle that never settles ends here.
const MAX_ROUNDS: u64 = 500;

/// What one side's update looks at.
#[derive(Clone, Copy)]
pub(super) struct Step {
    pub node: Option<NodeIdx>,
    /// Flags of `first` as this relation sees them.
    pub flags: u32,
    /// Which of them count.
    pub filter: u32,
    pub relation: u32,
}

impl Plan<'_> {
    pub fn update_from(&mut self, a: ActionIdx) {
        if self.depth > 0 {
            self.update(a);
            return;
        }
        self.update(a);
        while let Some(next) = self.update_queue.pop_front() {
            self.update(next);
        }
    }

    /// No input may keep the scheduler busy for ever: after this many updates nothing more spreads.
    fn updates_exhausted(&mut self) -> bool {
        self.updates += 1;
        let most = MAX_ROUNDS * (self.actions.len() + self.pairs.len() + 100) as u64;
        if self.updates == most {
            self.issue(None, "The orderings do not settle: some of them contradict each other".into());
        }
        self.updates >= most
    }

    pub(super) fn update(&mut self, then: ActionIdx) {
        if self.updates_exhausted() {
            self.update_queue.clear();
            return;
        }
        if self.depth >= MAX_DEPTH {
            self.update_queue.push_back(then);
            return;
        }
        self.depth += 1;
        self.update_once(then);
        self.depth -= 1;
    }

    fn update_once(&mut self, then: ActionIdx) {
        let last_flags = self.action(then).flags;
        let min_runnable = self.action(then).is(MIN_RUNNABLE);
        if min_runnable {
            let action = self.action_mut(then);
            action.runnable_before = 0;
            action.required_runnable_before = action.required_runnable_before.max(1);
            action.clear(RUNNABLE);
        }
        let mut changed = 0u8;
        // Newest relations first; ones added meanwhile are seen by the repeat they cause.
        let count = self.action(then).before.len();
        for i in (0..count).rev() {
            let relation = self.action(then).before[i];
            changed &= !FIRST_CHANGED;
            changed |= self.update_pair(then, i, relation);
            if changed & FIRST_CHANGED != 0 {
                let first = self.resolved_first(relation.other, then);
                let after: Vec<ActionIdx> = self.action(first).after.iter().rev().map(|r| r.other).collect();
                for other in after {
                    self.update(other);
                }
                self.update(first);
            }
        }
        if min_runnable {
            if last_flags == self.action(then).flags {
                changed &= !THEN_CHANGED;
            } else {
                changed |= THEN_CHANGED;
            }
        }
        if changed & THEN_CHANGED != 0 {
            if last_flags & RUNNABLE != 0 && !self.action(then).is(RUNNABLE) {
                self.block_colocation_dependents(then);
            }
            self.update(then);
            let after: Vec<ActionIdx> = self.action(then).after.iter().rev().map(|r| r.other).collect();
            for other in after {
                self.update(other);
            }
        }
    }

    pub(super) fn resolved_first(&self, first: ActionIdx, then: ActionIdx) -> ActionIdx {
        let (f, t) = (self.action(first), self.action(then));
        match (f.rsc, t.rsc) {
            (Some(a), Some(b)) if a != b && !self.is_inside(b, a) => self.completed_counterpart(first),
            _ => first,
        }
    }

    pub(super) fn update_pair(&mut self, then: ActionIdx, index: usize, relation: Relation) -> u8 {
        if relation.flags == 0 {
            return 0;
        }
        let first = relation.other;
        let node_of = |plan: &Self, a: ActionIdx| {
            let action = plan.action(a);
            match action.rsc {
                Some(r) if plan.c[r].variant == Variant::Group && action.task == Task::START => {
                    plan.single_location(r, false)
                }
                _ => action.node,
            }
        };
        let (first_node, then_node) = (node_of(self, first), node_of(self, then));
        if relation.flags & (IF_ON_SAME_NODE | FIRST_IMPLIES_SAME_NODE_THEN) != 0
            && let (Some(a), Some(b)) = (first_node, then_node)
            && a != b
        {
            self.action_mut(then).before[index].flags = 0;
            return 0;
        }
        if relation.flags & THEN_CANCELS_FIRST != 0
            && !self.action(then).is(OPTIONAL)
            && let Some(rsc) = self.action(first).rsc
        {
            self.action_mut(first).set(OPTIONAL);
            if self.action(first).task == Task::RELOAD_AGENT {
                self.c[rsc].clear(Flags::RELOAD);
            }
        }
        let resolved = self.resolved_first(first, then);
        let first_flags = self.flags_for_ordering(resolved, then_node);
        let then_flags = self.flags_for_ordering(then, first_node);
        if resolved == first {
            return self.update_flags(first, then, first_flags, then_flags, relation, index);
        }
        if self.relate(resolved, then, relation.flags) {
            self.action_mut(then).before[index].flags = 0;
            return THEN_CHANGED;
        }
        0
    }

    fn update_flags(
        &mut self,
        first: ActionIdx,
        then: ActionIdx,
        first_flags: u32,
        then_flags: u32,
        relation: Relation,
        index: usize,
    ) -> u8 {
        let mut changed = 0;
        let mut kind = relation.flags;
        if kind & ORDERED != 0 && self.can_interleave(first, then) {
            // A mere order holds between partners as well.
            let nothing = Step { node: None, flags: first_flags, filter: 0, relation: ORDERED };
            changed |= self.update_interleaved(first, then, nothing);
        }
        let mut node = self.action(then).node;
        let then_rsc = self.action(then).rsc;
        let first_rsc = self.action(first).rsc;
        if kind & FIRST_IMPLIES_SAME_NODE_THEN != 0 {
            kind = (kind & !FIRST_IMPLIES_SAME_NODE_THEN) | FIRST_IMPLIES_THEN;
            node = self.action(first).node;
        }
        let step = |flags: u32, filter: u32, relation: u32| Step { node, flags, filter, relation };
        if kind & ORDERED != 0
            && let Some(r) = then_rsc
            && self.can_interleave(first, then)
        {
            // Nothing but the order, which then holds for instances on the same node.
            changed |= self.update_on(r, first, then, step(first_flags, 0, ORDERED));
        }
        if kind & FIRST_IMPLIES_THEN != 0 {
            match then_rsc {
                Some(r) => {
                    changed |= self.update_on(
                        r,
                        first,
                        then,
                        step(first_flags & OPTIONAL, OPTIONAL, FIRST_IMPLIES_THEN),
                    );
                }
                None => {
                    if first_flags & OPTIONAL == 0 && self.action(then).is(OPTIONAL) {
                        self.action_mut(then).clear(OPTIONAL);
                        changed |= THEN_CHANGED;
                    }
                }
            }
        }
        if kind & INTERMEDIATE_STOP != 0
            && let Some(r) = then_rsc
        {
            changed |=
                self.update_on(r, first, then, step(first_flags, OPTIONAL | RUNNABLE, INTERMEDIATE_STOP));
        }
        if kind & THEN_IMPLIES_FIRST != 0
            && let Some(r) = first_rsc
        {
            changed |= self.update_on(r, first, then, step(first_flags, OPTIONAL, THEN_IMPLIES_FIRST));
        }
        if kind & PROMOTED_THEN_IMPLIES_FIRST != 0
            && let Some(r) = then_rsc
        {
            let s = step(first_flags & OPTIONAL, OPTIONAL, PROMOTED_THEN_IMPLIES_FIRST);
            changed |= self.update_on(r, first, then, s);
        }
        if kind & COUNTS_RUNNABLE != 0 && then_rsc.is_none() && first_flags & RUNNABLE != 0 {
            let action = self.action_mut(then);
            action.runnable_before += 1;
            if action.runnable_before >= action.required_runnable_before && !action.is(RUNNABLE) {
                action.set(RUNNABLE);
                changed |= THEN_CHANGED;
            }
        }
        if kind & NESTED_REMOTE_PROBE != 0
            && let Some(r) = then_rsc
        {
            let active = first_rsc.is_some_and(|f| !self.c[f].active.is_empty());
            if first_flags & RUNNABLE == 0 && active {
                self.action_mut(then).before[index].flags = ORDERED;
            } else {
                changed |=
                    self.update_on(r, first, then, step(first_flags, RUNNABLE, UNRUNNABLE_FIRST_BLOCKS));
            }
        }
        if kind & UNRUNNABLE_FIRST_BLOCKS != 0 {
            match then_rsc {
                Some(r) => {
                    changed |=
                        self.update_on(r, first, then, step(first_flags, RUNNABLE, UNRUNNABLE_FIRST_BLOCKS));
                }
                None => {
                    if first_flags & RUNNABLE == 0 && self.action(then).is(RUNNABLE) {
                        self.action_mut(then).clear(RUNNABLE);
                        changed |= THEN_CHANGED;
                    }
                }
            }
        }
        if kind & UNMIGRATABLE_THEN_BLOCKS != 0
            && let Some(r) = then_rsc
        {
            changed |= self.update_on(r, first, then, step(first_flags, OPTIONAL, UNMIGRATABLE_THEN_BLOCKS));
        }
        if kind & ASYMMETRIC != 0
            && let Some(r) = then_rsc
        {
            changed |= self.update_on(r, first, then, step(first_flags, RUNNABLE, ASYMMETRIC));
        }
        if kind & FIRST_IMPLIES_THEN_GRAPHED != 0
            && self.action(first).is(RUNNABLE)
            && first_flags & OPTIONAL == 0
        {
            self.action_mut(then).set(ALWAYS);
        }
        if kind & THEN_IMPLIES_FIRST_GRAPHED != 0 && then_flags & OPTIONAL == 0 {
            self.action_mut(first).set(ALWAYS);
        }
        if kind & (FIRST_IMPLIES_THEN | THEN_IMPLIES_FIRST | INTERMEDIATE_STOP) != 0
            && let Some(r) = first_rsc
            && !self.c[r].is_managed()
            && self.c[r].is_blocked()
            && !self.action(first).is(RUNNABLE)
            && self.action(first).task == Task::STOP
            && self.action(then).is(RUNNABLE)
        {
            self.action_mut(then).clear(RUNNABLE);
            changed |= THEN_CHANGED;
        }
        changed
    }
}
