//! Milestones of groups, clones and bundles.

use super::*;
use crate::model::INFINITY;
use crate::plan::Plan;

/// What instances are about to do.
#[derive(Default)]
struct State {
    active: bool,
    starting: bool,
    stopping: bool,
    restarting: bool,
}

impl Plan<'_> {
    pub(super) fn create_group(&mut self, group: ResourceIdx) {
        for m in self.children(group) {
            self.create_actions(m);
        }
        let pseudo = |plan: &mut Self, task| plan.rsc_pseudo(group, task, true, true);
        for task in [Task::START, Task::RUNNING, Task::STOP, Task::STOPPED] {
            pseudo(self, task);
        }
        if self.c[self.c.top_of(group)].is_promotable()
            || self.c[self.c.top_below_bundle(group)].is_promotable()
        {
            for task in [Task::DEMOTE, Task::DEMOTED, Task::PROMOTE, Task::PROMOTED] {
                pseudo(self, task);
            }
        }
    }

    pub(super) fn create_clone(&mut self, clone: ResourceIdx) {
        let instances = self.children(clone);
        let (start, running, stop, stopped) = self.create_instances(clone, &instances);
        self.clone_notifications(clone, start, running, stop, stopped);
        if self.c[clone].is_promotable() {
            self.create_promotable(clone);
        }
    }

    /// Actions of the instances, then the milestones of the whole.
    fn create_instances(
        &mut self,
        collective: ResourceIdx,
        instances: &[ResourceIdx],
    ) -> (ActionIdx, ActionIdx, ActionIdx, ActionIdx) {
        for i in instances {
            self.create_actions(*i);
        }
        self.create_milestones(collective, instances)
    }

    /// Start, running, stop and stopped of the whole, from what its instances are about to do.
    fn create_milestones(
        &mut self,
        collective: ResourceIdx,
        instances: &[ResourceIdx],
    ) -> (ActionIdx, ActionIdx, ActionIdx, ActionIdx) {
        let mut state = State::default();
        for i in instances {
            self.check_state(*i, &mut state);
        }
        let start = self.rsc_pseudo(collective, Task::START, !state.starting, true);
        let running = self.rsc_pseudo(collective, Task::RUNNING, !state.starting, false);
        self.action_mut(running).priority = INFINITY;
        if state.active || state.starting {
            self.action_mut(running).set(RUNNABLE);
        }
        let stop = self.rsc_pseudo(collective, Task::STOP, !state.stopping, true);
        let stopped = self.rsc_pseudo(collective, Task::STOPPED, !state.stopping, true);
        self.action_mut(stopped).priority = INFINITY;
        if !state.restarting {
            self.action_mut(stop).set(MIGRATABLE);
        }
        (start, running, stop, stopped)
    }

    fn check_state(&self, instance: ResourceIdx, state: &mut State) {
        let children = &self.c[instance].children;
        if !children.is_empty() {
            for c in children {
                self.check_state(*c, state);
            }
            return;
        }
        state.active |= !self.c[instance].active.is_empty();
        let (mut starting, mut stopping) = (false, false);
        for a in self.own_actions(instance) {
            let action = self.action(*a);
            if action.is(OPTIONAL) {
                continue;
            }
            match action.task {
                Task::START => starting |= action.is(RUNNABLE),
                Task::STOP => stopping |= action.flags & (PSEUDO | RUNNABLE) != 0,
                _ => {}
            }
        }
        state.starting |= starting;
        state.stopping |= stopping;
        state.restarting |= starting && stopping;
    }

    fn create_promotable(&mut self, clone: ResourceIdx) {
        let (mut promoting, mut demoting) = (false, false);
        for i in self.children(clone) {
            self.check_role_change(i, &mut promoting, &mut demoting);
        }
        self.promotable_pseudo(clone, promoting, demoting);
    }

    fn check_role_change(&self, rsc: ResourceIdx, promoting: &mut bool, demoting: &mut bool) {
        let children = &self.c[rsc].children;
        if !children.is_empty() {
            for c in children {
                self.check_role_change(*c, promoting, demoting);
            }
            return;
        }
        for a in self.own_actions(rsc) {
            let action = self.action(*a);
            if action.is(OPTIONAL) {
                continue;
            }
            match action.task {
                Task::PROMOTE => *promoting |= action.is(RUNNABLE),
                Task::DEMOTE => *demoting |= action.flags & (PSEUDO | RUNNABLE) != 0,
                _ => {}
            }
        }
    }

    fn promotable_pseudo(&mut self, clone: ResourceIdx, promoting: bool, demoting: bool) {
        let promote = self.rsc_pseudo(clone, Task::PROMOTE, !promoting, true);
        let promoted = self.rsc_pseudo(clone, Task::PROMOTED, !promoting, true);
        self.action_mut(promoted).priority = INFINITY;
        self.promote_notifications(clone, promote, promoted);
        let demote = self.rsc_pseudo(clone, Task::DEMOTE, !demoting, true);
        let demoted = self.rsc_pseudo(clone, Task::DEMOTED, !demoting, true);
        self.action_mut(demoted).priority = INFINITY;
        self.demote_notifications(clone, demote, demoted);
    }

    pub(super) fn create_bundle(&mut self, bundle: ResourceIdx) {
        let Some(data) = self.c[bundle].bundle.clone() else { return };
        for r in &data.replicas {
            if let Some(ip) = r.ip {
                self.create_actions(ip);
            }
            self.create_actions(r.container);
            if let Some(connection) = r.connection {
                self.create_actions(connection);
            }
        }
        let containers: Vec<ResourceIdx> = data.replicas.iter().map(|r| r.container).collect();
        self.create_milestones(bundle, &containers);
        if let Some(child) = data.child {
            self.create_actions(child);
            if self.c[child].is_promotable() {
                self.rsc_pseudo(bundle, Task::PROMOTE, true, true);
                let done = self.rsc_pseudo(bundle, Task::PROMOTED, true, true);
                self.action_mut(done).priority = INFINITY;
                self.rsc_pseudo(bundle, Task::DEMOTE, true, true);
                let done = self.rsc_pseudo(bundle, Task::DEMOTED, true, true);
                self.action_mut(done).priority = INFINITY;
            }
        }
    }
}
