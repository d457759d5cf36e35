//! When a plan is asked for, and which plan is still worth something.

use super::Requested;
use super::runner::Runner;
use crate::{Node, Output};
use rhapsody_transition::Transition;
use serde_json::json;

/// An aborted transition's running operations are awaited so long before the rest is planned
/// around them.
const LANDING_MS: u64 = 1000;
/// No more plans than this within a second; then the next one waits.
const PLANS_PER_SECOND: usize = 20;
/// A scheduler that does not answer for so long is asked again.
const PLAN_TIMEOUT_MS: u64 = 120_000;

impl Node {
    /// Something changed that the plan does not know.
    pub(crate) fn abort_transition(&mut self, why: &str) {
        let now = self.now.mono_ms;
        let Some(dc) = &mut self.dc else { return };
        dc.generation += 1;
        dc.dirty_since.get_or_insert(now);
        let Some(runner) = &mut dc.runner else { return };
        if runner.aborted.is_none() {
            runner.abort(why);
            let number = runner.number;
            self.event(
                "transition",
                format!("transition {number} aborted: {why}"),
                json!({"transition": number, "phase": "aborted", "reason": why}),
            );
        }
    }

    pub(crate) fn tick_plan(&mut self) {
        let now = self.now.mono_ms;
        self.overdue_flights();
        self.fire_ready();
        self.end_transition();
        let wall = self.now.wall_ms;
        let Some(dc) = &mut self.dc else { return };
        if dc.recheck_at.is_some_and(|at| now >= at) {
            dc.recheck_at = None;
            dc.dirty_since.get_or_insert(now);
        }
        if dc.requested.as_ref().is_some_and(|r| now >= r.at + PLAN_TIMEOUT_MS) {
            dc.requested = None;
        }
        let Some(since) = dc.dirty_since else { return };
        if dc.requested.is_some() || (dc.runner.is_none() && now < self.plan_not_before()) {
            return;
        }
        let Some(dc) = &mut self.dc else { return };
        if let Some(runner) = &dc.runner {
            let landed = runner.flying() == 0;
            if runner.aborted.is_none() || !(landed || now >= since + LANDING_MS) {
                return;
            }
            dc.runner = None;
        } else if !dc.flights.is_empty() && now < since + LANDING_MS {
            return;
        }
        dc.recent.retain(|at| now < at + 1000);
        dc.recent.push(now);
        dc.dirty_since = None;
        self.clients.next_schedule += 1;
        let request = self.clients.next_schedule;
        dc.requested = Some(Requested { request, generation: dc.generation, at: now });
        self.counters.schedules += 1;
        let cib = Box::new(self.whole_cib(crate::replica::render::Reader::Scheduler));
        self.put(Output::Schedule { request, cib, now: i64::try_from(wall / 1000).unwrap_or(i64::MAX) });
    }

    fn plan_not_before(&self) -> u64 {
        let Some(dc) = &self.dc else { return 0 };
        if dc.recent.len() < PLANS_PER_SECOND { 0 } else { dc.recent[0] + 1000 }
    }

    pub(crate) fn plan_deadline(&self) -> Option<u64> {
        if self.membership.quorum_lost {
            return None;
        }
        let dc = self.dc.as_ref()?;
        let since = dc.dirty_since?;
        if dc.requested.is_some() {
            return None;
        }
        if dc.runner.is_some() || !dc.flights.is_empty() {
            return Some(since + LANDING_MS).filter(|at| *at > self.now.mono_ms);
        }
        Some(self.plan_not_before())
    }

    pub(crate) fn take_schedule(&mut self, request: u64, transition: Result<Box<Transition>, String>) {
        if self.emergency_plan(request, &transition) {
            return;
        }
        let now = self.now.mono_ms;
        let Some(dc) = &mut self.dc else { return };
        let Some(requested) = dc.requested.take_if(|r| r.request == request) else { return };
        if requested.generation != dc.generation {
            dc.stale += 1;
            dc.dirty_since.get_or_insert(now);
            self.counters.schedules_stale += 1;
            return;
        }
        dc.stale = 0;
        match transition {
            Ok(transition) => self.begin_transition(*transition),
            Err(text) => {
                let dc_recheck = now + 10_000;
                dc.recheck_at = Some(dc_recheck);
                self.event("transition", format!("no plan: {text}"), json!({"phase": "failed"}));
            }
        }
    }

    fn begin_transition(&mut self, transition: Transition) {
        let now = self.now.mono_ms;
        let wall_s = self.wall_s();
        let recheck = self.recheck_interval_ms();
        let Some(dc) = &mut self.dc else { return };
        let at = transition.recheck_at.map(|at| {
            let ahead = u64::try_from(at - wall_s).unwrap_or(0).max(1).saturating_mul(1000);
            now + ahead
        });
        let regular = (recheck > 0).then_some(now + recheck);
        dc.recheck_at = [at, regular].into_iter().flatten().min();
        dc.start_failure_is_fatal = transition.start_failure_is_fatal;
        if transition.actions.is_empty() {
            return;
        }
        dc.transition_number += 1;
        let number = dc.transition_number;
        let actions = transition.actions.len();
        dc.runner = Some(Runner::new(transition, number));
        self.event(
            "transition",
            format!("transition {number}: {actions} actions"),
            json!({"transition": number, "phase": "start", "actions": actions}),
        );
        self.fire_ready();
        self.end_transition();
    }

    fn recheck_interval_ms(&self) -> u64 {
        let text = self.replica.held.cib.property("cluster-recheck-interval");
        let ms = text.and_then(rhapsody_cib::duration::parse_ms).unwrap_or(15 * 60_000);
        u64::try_from(ms).unwrap_or(0)
    }

    fn end_transition(&mut self) {
        let Some(dc) = &mut self.dc else { return };
        let Some(runner) = &mut dc.runner else { return };
        if !runner.is_over() {
            return;
        }
        let (number, left, aborted) = (runner.number, runner.left_over(), runner.aborted.is_some());
        dc.runner = None;
        if !aborted {
            self.event(
                "transition",
                format!("transition {number} is complete, {left} left over"),
                json!({"transition": number, "phase": "end", "left_over": left}),
            );
        }
    }
}
