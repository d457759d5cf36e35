//! The steps of a primitive from what it is to what it should be.

use super::*;
use crate::model::{Flags, MultipleActive, Role, Variant};
use crate::plan::Plan;

/// The next role on the way.
fn step(from: Role, to: Role) -> Role {
    use Role::*;
    match (from, to) {
        (_, Unknown) if from == Unknown => Unknown,
        (Unknown, _) => Stopped,
        (Stopped, Unknown | Stopped) => Stopped,
        (Stopped, Started) => Started,
        (Stopped, _) => Unpromoted,
        (Started, Unknown | Stopped) => Stopped,
        (Started, to) => to,
        (Unpromoted, Unpromoted) => Unpromoted,
        (Unpromoted, Promoted) => Promoted,
        (Unpromoted, _) => Stopped,
        (Promoted, Unknown) => Stopped,
        (Promoted, Promoted) => Promoted,
        (Promoted, _) => Unpromoted,
    }
}

impl Plan<'_> {
    pub fn create_all_actions(&mut self) {
        for rsc in self.c.top.clone() {
            self.create_actions(rsc);
        }
    }

    pub fn create_actions(&mut self, rsc: ResourceIdx) {
        match self.c[rsc].variant {
            Variant::Primitive => self.create_primitive(rsc),
            Variant::Group => self.create_group(rsc),
            Variant::Clone => self.create_clone(rsc),
            Variant::Bundle => self.create_bundle(rsc),
        }
    }

    fn create_primitive(&mut self, rsc: ResourceIdx) {
        if self.c[rsc].next_role == Role::Unknown {
            self.c[rsc].next_role =
                if self.c[rsc].assigned.is_some() { Role::Started } else { Role::Stopped };
        }
        for node in self.c[rsc].dangling_migrations.clone() {
            self.stop(rsc, Some(node), false);
        }
        let (current, all, clean) = self.active_info(rsc);
        let target = self.c[rsc].assigned;
        let (mut need_stop, mut need_promote, mut migrate) = (false, false, false);
        let moving = current.is_some()
            && target.is_some()
            && current != target
            && self.c[rsc].next_role >= Role::Started;
        if moving {
            migrate = current.is_some_and(|c| self.can_migrate(rsc, c));
            need_stop = true;
        }
        let multiply = self.settle_partial_migration(rsc, current, all, clean, &mut need_stop, &mut migrate);
        self.c[rsc].clear(Flags::STOP_UNEXPECTED);
        if multiply {
            match self.c[rsc].multiple_active {
                MultipleActive::StopStart => need_stop = true,
                MultipleActive::StopUnexpected => {
                    need_stop = true;
                    self.c[rsc].set(Flags::STOP_UNEXPECTED);
                }
                _ => {}
            }
        }
        if self.c[rsc].is(Flags::START_PENDING) {
            let start = self.start(rsc, target, true);
            self.action_mut(start).set(ALWAYS);
        }
        if moving {
        } else if self.c[rsc].is_failed() {
            if self.c[rsc].is(Flags::STOP_IF_FAILED) {
                need_stop = true;
            } else if self.c[rsc].next_role == Role::Promoted {
                need_promote = true;
            }
        } else if self.c[rsc].is_blocked() {
            need_stop = true;
        } else if self.c[rsc].role > Role::Started && current.is_some() && target.is_some() {
            let start = self.start(rsc, target, true);
            if !self.action(start).is(OPTIONAL) {
                need_stop = true;
            }
        }
        self.restart_steps(rsc, current, need_stop, need_promote);
        let mut role = self.c[rsc].role;
        // At most four steps lead from any role to any other.
        for _ in 0..5 {
            let wanted = self.c[rsc].next_role;
            if role == wanted {
                break;
            }
            let next = step(role, wanted);
            self.do_step(rsc, role, next, target, false);
            role = next;
        }
        self.recurring(rsc);
        if migrate && let Some(source) = current {
            self.create_migration(rsc, source);
        }
    }

    /// Whether the resource counts as active in too many places.
    fn settle_partial_migration(
        &mut self,
        rsc: ResourceIdx,
        current: Option<NodeIdx>,
        all: usize,
        clean: usize,
        need_stop: &mut bool,
        migrate: &mut bool,
    ) -> bool {
        let (source, target) = (self.c[rsc].migration_source, self.c[rsc].migration_target);
        if source.is_some()
            && target.is_some()
            && *migrate
            && all == 2
            && current == source
            && self.c[rsc].assigned == target
        {
            return false;
        }
        if source.is_some() || target.is_some() {
            *need_stop = true;
            *migrate = false;
            self.c[rsc].migration_source = None;
            self.c[rsc].migration_target = None;
            return false;
        }
        if self.c[rsc].is(Flags::NEEDS_FENCING) { all > 1 } else { clean > 1 }
    }

    fn restart_steps(
        &mut self,
        rsc: ResourceIdx,
        current: Option<NodeIdx>,
        need_stop: bool,
        need_promote: bool,
    ) {
        self.c[rsc].set(Flags::RESTARTING);
        let own = self.c[rsc].role;
        let mut role = own;
        for _ in 0..5 {
            if role == Role::Stopped {
                break;
            }
            let next = step(role, Role::Stopped);
            self.do_step(rsc, role, next, current, !need_stop);
            role = next;
        }
        for _ in 0..5 {
            let r = &self.c[rsc];
            if r.role > r.next_role || role == r.role || r.is_blocked() {
                break;
            }
            let next = step(role, own);
            let required = need_stop || (next == Role::Promoted && need_promote);
            let target = self.c[rsc].assigned;
            self.do_step(rsc, role, next, target, !required);
            role = next;
        }
        self.c[rsc].clear(Flags::RESTARTING);
    }

    fn do_step(&mut self, rsc: ResourceIdx, from: Role, to: Role, node: Option<NodeIdx>, optional: bool) {
        use Role::*;
        match (from, to) {
            (Unknown | Started | Unpromoted, Stopped) => self.stop_everywhere(rsc, optional),
            (Stopped, Started | Unpromoted) => self.start_there(rsc, node, optional),
            (Started | Unpromoted, Promoted) => self.promote_there(rsc, node, optional),
            (Promoted, Stopped | Started | Unpromoted) => self.demote_everywhere(rsc, optional),
            _ => {}
        }
    }

    /// The node where a multiply active resource may stay.
    fn is_expected(&self, rsc: ResourceIdx, node: Option<NodeIdx>) -> bool {
        let r = &self.c[rsc];
        r.is(Flags::STOP_UNEXPECTED.and(Flags::RESTARTING))
            && r.next_role > Role::Stopped
            && node.is_some()
            && r.assigned == node
    }

    fn stop_everywhere(&mut self, rsc: ResourceIdx, optional: bool) {
        for node in self.c[rsc].active.clone() {
            if self.is_expected(rsc, Some(node)) {
                continue;
            }
            let mut optional = optional;
            if let Some(target) = self.c[rsc].migration_target {
                if target == node && self.c[rsc].assigned == Some(node) {
                    continue;
                }
                optional = false;
            }
            let stop = self.stop(rsc, Some(node), optional);
            if self.c[rsc].assigned.is_none() {
                self.action_mut(stop).reason = Some("node availability".into());
            } else if self.c[rsc].is(Flags::RESTARTING.and(Flags::STOP_UNEXPECTED)) {
                self.action_mut(stop).reason = Some("being multiply active".into());
            }
            if !self.c[rsc].is_managed() {
                self.action_mut(stop).clear(RUNNABLE);
            }
            if self.c.options.remove_after_stop {
                self.schedule_cleanup(rsc, node, optional);
            }
            if self.c[rsc].is(Flags::NEEDS_UNFENCING) && self.c.enable_unfencing {
                let unfence = self.fence_action(node, Some("on"), true, None, false);
                self.relate(stop, unfence, crate::order::flags::THEN_IMPLIES_FIRST);
            }
        }
    }

    fn start_there(&mut self, rsc: ResourceIdx, node: Option<NodeIdx>, optional: bool) {
        let start = self.start(rsc, node, true);
        if let Some(n) = node {
            self.order_vs_unfence(rsc, n, start, crate::order::flags::FIRST_IMPLIES_THEN);
        }
        if self.action(start).is(RUNNABLE) && !optional {
            self.action_mut(start).clear(OPTIONAL);
        }
        if self.is_expected(rsc, node) {
            self.action_mut(start).set(PSEUDO);
        }
    }

    fn promote_there(&mut self, rsc: ResourceIdx, node: Option<NodeIdx>, optional: bool) {
        let on_node = |plan: &Self, task: Task| -> Vec<ActionIdx> {
            plan.own_actions(rsc)
                .iter()
                .copied()
                .filter(|a| plan.action(*a).task == task && plan.action(*a).node == node)
                .collect()
        };
        let runnable = on_node(self, Task::START).iter().all(|a| self.action(*a).is(RUNNABLE));
        if runnable {
            let promote = self.promote(rsc, node, optional);
            if self.is_expected(rsc, node) {
                self.action_mut(promote).set(PSEUDO);
            }
        } else {
            for a in on_node(self, Task::PROMOTE) {
                self.action_mut(a).clear(RUNNABLE);
            }
        }
    }

    fn demote_everywhere(&mut self, rsc: ResourceIdx, optional: bool) {
        for node in self.c[rsc].active.clone() {
            if !self.is_expected(rsc, Some(node)) {
                self.demote(rsc, Some(node), optional);
            }
        }
    }

    /// Delete the history of a resource after it stopped.
    pub fn schedule_cleanup(&mut self, rsc: ResourceIdx, node: NodeIdx, optional: bool) {
        use crate::order::flags::*;
        let n = &self.c[node];
        if self.c[rsc].is_failed() || n.unclean || !n.online {
            return;
        }
        self.op(rsc, Task::DELETE, Some(node), optional);
        let flags = if optional { FIRST_IMPLIES_THEN } else { ORDERED };
        self.order_tasks(rsc, Task::STOP, rsc, Task::DELETE, flags);
        self.order_tasks(rsc, Task::DELETE, rsc, Task::START, flags);
    }
}
