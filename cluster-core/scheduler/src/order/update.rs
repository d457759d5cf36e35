//! The fixpoint: what is required, runnable and migratable spreads along relations.

use super::flags::*;
use crate::actions::*;
use crate::model::{Flags, NodeIdx, ResourceIdx, Role, Variant};
use crate::plan::Plan;

const FIRST_CHANGED: u8 = 1;
const THEN_CHANGED: u8 = 2;

/// Deeper chains go on through the queue, so that the stack stays small.
const MAX_DEPTH: u32 = 400;

/// Updates per action and relation in a run; a cycle that never settles ends here.
const MAX_ROUNDS: u64 = 500;

/// What one side's update looks at.
#[derive(Clone, Copy)]
struct Step {
    node: Option<NodeIdx>,
    /// Flags of `first` as this relation sees them.
    flags: u32,
    /// Which of them count.
    filter: u32,
    relation: u32,
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

    fn update(&mut self, then: ActionIdx) {
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

    fn resolved_first(&self, first: ActionIdx, then: ActionIdx) -> ActionIdx {
        let (f, t) = (self.action(first), self.action(then));
        match (f.rsc, t.rsc) {
            (Some(a), Some(b)) if a != b && !self.is_inside(b, a) => self.completed_counterpart(first),
            _ => first,
        }
    }

    fn update_pair(&mut self, then: ActionIdx, index: usize, relation: Relation) -> u8 {
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

    /// For a start of a clone that others wait for: its `running`, or the confirmation of it.
    fn completed_counterpart(&self, a: ActionIdx) -> ActionIdx {
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

    fn flags_for_ordering(&mut self, a: ActionIdx, node: Option<NodeIdx>) -> u32 {
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

    fn group_flags(&mut self, a: ActionIdx, group: ResourceIdx, node: Option<NodeIdx>) -> u32 {
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

    fn collective_flags(&mut self, a: ActionIdx, rsc: ResourceIdx, node: Option<NodeIdx>) -> u32 {
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
    fn instance_task(&self, a: ActionIdx, rsc: ResourceIdx) -> Task {
        let action = self.action(a);
        let task = match self.notify_base(action.key_task) {
            Some(base) => base,
            None => action.task,
        };
        let group = self.c[rsc].children.first().is_some_and(|c| self.c[*c].variant == Variant::Group);
        if group && self.c[rsc].bundle.is_none() { task } else { task.base() }
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

    /// Update in the way of the resource's variant.
    fn update_on(&mut self, by: ResourceIdx, first: ActionIdx, then: ActionIdx, s: Step) -> u8 {
        match self.c[by].variant {
            Variant::Primitive => self.update_two(first, then, s),
            Variant::Group => self.update_group(first, then, s),
            Variant::Clone | Variant::Bundle => self.update_collective(first, then, s),
        }
    }

    fn update_group(&mut self, first: ActionIdx, then: ActionIdx, s: Step) -> u8 {
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

    fn update_collective(&mut self, first: ActionIdx, then: ActionIdx, s: Step) -> u8 {
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

    fn can_interleave(&self, first: ActionIdx, then: ActionIdx) -> bool {
        let (Some(a), Some(b)) = (self.action(first).rsc, self.action(then).rsc) else { return false };
        if a == b || !self.is_collective(a) || !self.is_collective(b) {
            return false;
        }
        let going_down = matches!(self.action(then).key_task, Task::STOP | Task::DEMOTE);
        let decides = if going_down { a } else { b };
        crate::unpack::values::is_true(self.c[decides].meta("interleave"))
    }

    fn update_interleaved(&mut self, first: ActionIdx, then: ActionIdx, s: Step) -> u8 {
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
    fn instance_action(&self, a: ActionIdx, instance: ResourceIdx) -> Option<ActionIdx> {
        let action = self.action(a);
        let task = self.notify_base(action.key_task).unwrap_or(action.task);
        // A group has milestones of its own.
        let task = if self.c[instance].variant == Variant::Group { task } else { task.base() };
        self.newest(instance, task, None)
    }

    fn update_two(&mut self, first: ActionIdx, then: ActionIdx, s: Step) -> u8 {
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

    fn asymmetric(&mut self, first: ActionIdx, then: ActionIdx) {
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

    fn restart_rule(&mut self, first: ActionIdx, then: ActionIdx) {
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
    fn clear_because(&mut self, a: ActionIdx, flag: u32, cause: ActionIdx) {
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
