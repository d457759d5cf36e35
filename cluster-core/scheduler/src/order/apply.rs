//! From orderings between resources to relations between actions.

use super::flags::*;
use super::{Ordering, What};
use crate::actions::{ActionIdx, RUNNABLE, Relation, Task};
use crate::model::{ResourceIdx, Role};
use crate::plan::Plan;

impl Plan<'_> {
    pub fn apply_orderings(&mut self) {
        let all = std::mem::take(&mut self.orderings);
        for o in &all {
            self.expand(o);
        }
        self.block_colocation_dependents_of_all();
        let more = std::mem::take(&mut self.orderings);
        for o in &more {
            self.expand(o);
        }
        self.order_probes();
        self.order_probes_like_stops(&all);
        for a in (0..self.actions.len() as u32).rev() {
            self.update_from(ActionIdx(a));
        }
    }

    fn expand(&mut self, o: &Ordering) {
        match (o.first.rsc, o.first.what, o.then.rsc, o.then.what) {
            (Some(rsc), ..) => self.expand_first(rsc, o),
            (None, What::Action(first), Some(rsc), _) => self.expand_then(first, rsc, o),
            (None, What::Action(first), None, What::Action(then)) => {
                self.relate(first, then, o.flags);
            }
            // A task without a resource is nobody's.
            _ => {}
        }
    }

    fn expand_first(&mut self, rsc: ResourceIdx, o: &Ordering) {
        let mut firsts = self.actions_of(rsc, o.first.what);
        if let (What::Task(task), true) = (o.first.what, firsts.is_empty()) {
            if o.then.rsc == Some(rsc) {
                return;
            }
            let state = self.state(rsc, true);
            if (task == Task::STOP && state == Role::Stopped)
                || (task == Task::DEMOTE && state == Role::Unpromoted)
            {
                return;
            }
            firsts.push(self.op(rsc, task, None, true));
        }
        for first in firsts {
            match (o.then.rsc, o.then.what) {
                (Some(rsc), _) => self.expand_then(first, rsc, o),
                (None, What::Action(then)) => self.relate_checked(first, then, o.flags),
                (None, What::Task(_)) => {}
            }
        }
    }

    /// The actions of a resource that one side of an ordering means.
    pub(crate) fn actions_of(&self, rsc: ResourceIdx, what: What) -> Vec<ActionIdx> {
        match what {
            What::Action(a) => vec![a],
            What::Task(task) => self.with_key(rsc, task, 0).collect(),
        }
    }

    fn relate_checked(&mut self, first: ActionIdx, then: ActionIdx, flags: u32) {
        if first != then {
            self.relate(first, then, flags);
        }
    }

    fn expand_then(&mut self, first: ActionIdx, rsc: ResourceIdx, o: &Ordering) {
        let thens = self.actions_of(rsc, o.then.what);
        let mut flags = o.flags;
        let f = self.action(first);
        if f.rsc == Some(rsc)
            && let Some(node) = f.node
            && self.c[rsc].dangling_migrations.contains(&node)
        {
            // The stop of a dangling migration implies nothing about the start elsewhere.
            flags &= !FIRST_IMPLIES_THEN;
        }
        for then in thens {
            self.relate_checked(first, then, flags);
        }
    }

    /// Relate two actions; false if they already are in one of these ways.
    pub fn relate(&mut self, first: ActionIdx, then: ActionIdx, flags: u32) -> bool {
        if flags == 0 || first == then {
            return false;
        }
        if flags & GUEST_ALLOWED == 0 && self.contradicts_container(first, then) {
            return false;
        }
        let known = self.pairs.entry((first, then)).or_insert(0);
        if *known & flags != 0 {
            return false;
        }
        *known |= flags;
        self.action_mut(first).after.push(Relation { other: then, flags });
        self.action_mut(then).before.push(Relation { other: first, flags });
        true
    }

    /// Starts and promotes that cannot run block what must be with them.
    fn block_colocation_dependents_of_all(&mut self) {
        for a in 0..self.actions.len() as u32 {
            self.block_colocation_dependents(ActionIdx(a));
        }
    }

    pub fn block_colocation_dependents(&mut self, a: ActionIdx) {
        // Longer chains than this are not assigned either.
        const MAX_DEPTH: u32 = 500;
        if self.depth < MAX_DEPTH {
            self.depth += 1;
            self.block_dependents(a);
            self.depth -= 1;
        }
    }

    fn block_dependents(&mut self, a: ActionIdx) {
        let action = self.action(a);
        if action.is(RUNNABLE) || !matches!(action.task, Task::START | Task::PROMOTE) {
            return;
        }
        let Some(rsc) = action.rsc else { return };
        let promote = action.task == Task::PROMOTE;
        let mut at = rsc;
        if self.c[at].parent.is_some_and(|p| self.c[p].variant == crate::model::Variant::Group) {
            at = self.c[at].parent.unwrap_or(at);
        }
        if at != rsc {
            // Only a whole group that cannot start blocks.
            let task = self.action(a).task;
            match self.newest(at, task, None) {
                Some(g) if !self.flags_of(g, None) & RUNNABLE != 0 => {}
                _ => return,
            }
        } else if self.is_collective(at) {
            let task = self.action(a).task;
            if let Some(g) = self.newest(at, task, None)
                && self.flags_of(g, None) & RUNNABLE != 0
            {
                return;
            }
        }
        for c in self.with_this_of(at) {
            let col = &self.colocations[c.0 as usize];
            let (dependent, dependent_role) = (col.dependent, col.dependent_role);
            let (primary, promoted_primary) = (col.primary, col.primary_role == Role::Promoted);
            if col.score < crate::model::INFINITY
                || (promote && !promoted_primary)
                || (primary != at && !self.is_inside(at, primary))
            {
                continue;
            }
            let instance = at != primary && self.is_collective(primary);
            if instance && !self.all_blocked(primary, self.action(a).task) {
                continue;
            }
            let why = format!("colocation with {}", self.c[if instance { at } else { primary }].id);
            let task = if dependent_role == Role::Promoted { Task::PROMOTE } else { Task::START };
            self.block_action(dependent, task, &why);
        }
    }

    /// Whether no instance can do it.
    fn all_blocked(&mut self, collective: ResourceIdx, task: Task) -> bool {
        let whole = self.newest(collective, task, None);
        whole.is_some_and(|whole| self.flags_of(whole, None) & RUNNABLE == 0)
    }

    /// Block an action of a resource and of all inside, and with it what has to be with them. What
    /// comes after is not told at once: where it is colocated too, that is the better reason.
    fn block_action(&mut self, rsc: ResourceIdx, task: Task, why: &str) {
        for r in crate::unpack::resources::subtree(&self.c, rsc) {
            for i in 0..self.own_actions(r).len() {
                let a = self.own_actions(r)[i];
                if self.action(a).task == task && self.action(a).is(RUNNABLE) {
                    let action = self.action_mut(a);
                    action.clear(RUNNABLE);
                    action.reason.get_or_insert_with(|| why.to_owned());
                    self.block_colocation_dependents(a);
                    self.update_from(a);
                }
            }
        }
    }
}
