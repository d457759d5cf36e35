//! The coordinator of a view: orders entries, has transitions scheduled and carries them out.
//!
//! There is one in a view. It exists only between installation and the promise of the next view;
//! what it had in flight is in the status as pending operations, which its successor awaits or
//! adopts.

pub mod changes;
pub mod emergency;
pub mod fire;
pub mod housekeeping;
pub mod outcome;
pub mod plan;
pub mod runner;

use crate::replica::entry::Entry;
use crate::requests::Origin;
use crate::wire::{Message, Submission};
use crate::{Node, NodeId};
use changes::Changes;
use runner::Runner;
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct Dc {
    /// The last entry ordered in this view.
    number: u64,
    pub runner: Option<Runner>,
    transition_number: u32,
    /// The status or the configuration is not what the last plan was made from.
    dirty_since: Option<u64>,
    /// Counts what makes a plan in the making worthless.
    generation: u64,
    requested: Option<Requested>,
    /// Plans dropped one after the other.
    stale: u32,
    /// Operations that were ordered and have not ended, by node and operation key.
    flights: BTreeMap<(NodeId, String), Flight>,
    start_failure_is_fatal: bool,
    recheck_at: Option<u64>,
    recent: Vec<u64>,
    pub changes: Changes,
    waiters: Vec<(Origin, u64)>,
    kept_house: bool,
}

struct Requested {
    request: u64,
    generation: u64,
    at: u64,
}

#[derive(Debug, Clone)]
struct Flight {
    transition_key: String,
    /// After this the node is held not to answer.
    deadline: u64,
}

impl Node {
    /// This node coordinates the view that was just installed.
    pub(crate) fn dc_begin(&mut self) {
        let now = self.now.mono_ms;
        let mut dc = self.dc.take().unwrap_or_default();
        dc.number = 0;
        dc.runner = None;
        dc.requested = None;
        dc.generation += 1;
        dc.dirty_since = Some(now);
        dc.kept_house = false;
        dc.flights.clear();
        let members = self.view().map(|v| v.ids()).unwrap_or_default();
        for (id, part) in &self.replica.status.parts {
            if !members.contains(id) {
                continue;
            }
            for (_, op) in part.pending() {
                let flight = Flight { transition_key: op.transition_key.clone(), deadline: now + 60_000 };
                dc.flights.insert((*id, op.key.clone()), flight);
            }
        }
        self.dc = Some(dc);
        self.changes_view_began();
        for entry in std::mem::take(&mut self.fencing.facts) {
            self.order(entry);
        }
    }

    /// The view is left: nothing is ordered any more.
    pub(crate) fn dc_suspend(&mut self) {
        self.todo.clear();
        if let Some(dc) = &mut self.dc {
            dc.runner = None;
            dc.requested = None;
            dc.generation += 1;
        }
    }

    pub(crate) fn is_dc(&self) -> bool {
        self.dc.is_some() && self.view().is_some_and(|v| v.dc == self.config.id)
    }

    /// Orders an entry in the view. Only the coordinator may.
    pub(crate) fn order(&mut self, entry: Entry) {
        let Some(view) = self.view() else { return };
        let (id, members) = (view.id, view.ids());
        let me = self.me();
        let Some(dc) = &mut self.dc else { return };
        dc.number += 1;
        let number = dc.number;
        let message = Message::Ordered { view: id, number, entry };
        let bytes = crate::wire::encode(&message);
        for member in members.into_iter().filter(|m| *m != me) {
            self.send_bytes(member, &bytes);
        }
        let Message::Ordered { entry, .. } = message else { return };
        self.todo.push_back((number, entry));
    }

    /// Has an entry ordered, by whoever coordinates. Without a view it is dropped: what concerns
    /// this node is in its own part and comes with the next view.
    pub(crate) fn submit(&mut self, entry: Entry) {
        if self.is_dc() {
            self.order(entry);
            return;
        }
        match self.view().map(|v| (v.id, v.dc)) {
            Some((view, dc)) => {
                self.send(dc, &Message::Submit { view, submission: Submission::Entry(entry) });
            }
            None => {
                if matches!(entry, Entry::Fenced { .. }) {
                    self.fencing.facts.push(entry);
                }
            }
        }
    }

    pub(crate) fn take_submission(
        &mut self,
        from: NodeId,
        view: crate::membership::view::ViewId,
        submission: Submission,
    ) {
        let mine = self.view().is_some_and(|v| v.id == view && v.members.contains_key(&from));
        if !mine || !self.is_dc() {
            return;
        }
        match submission {
            Submission::Entry(entry) => self.order(entry),
            Submission::Request { request, json } => match serde_json::from_str(&json) {
                Ok(asked) => self.dc_request(Origin { node: from, request }, asked),
                Err(_) => self.counters.unreadable += 1,
            },
        }
    }

    /// May this node act for the partition now?
    pub(crate) fn may_act(&self) -> bool {
        self.is_dc() && !self.membership.quorum_lost
    }

    pub(crate) fn tick_dc(&mut self) {
        self.tick_fencing();
        if !self.is_dc() {
            return;
        }
        self.tick_changes();
        if self.membership.quorum_lost {
            return;
        }
        self.keep_house();
        self.tick_plan();
        self.tick_waiters();
    }

    fn tick_waiters(&mut self) {
        let idle = self.dc_is_idle();
        let now = self.now.mono_ms;
        let Some(dc) = &mut self.dc else { return };
        let (done, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut dc.waiters).into_iter().partition(|(_, deadline)| idle || now >= *deadline);
        dc.waiters = waiting;
        for (origin, _) in done {
            let response = if idle {
                rhapsody_api::core::Response::Done
            } else {
                rhapsody_api::core::Response::Error(rhapsody_api::core::CoreError::Timeout)
            };
            self.answer(origin, response);
        }
    }

    pub(crate) fn wait_idle(&mut self, origin: Origin, timeout_ms: u64) {
        let deadline = self.now.mono_ms + timeout_ms;
        if let Some(dc) = &mut self.dc {
            dc.waiters.push((origin, deadline));
        }
    }

    /// No transition runs and nothing is left to do.
    pub(crate) fn dc_is_idle(&self) -> bool {
        self.dc.as_ref().is_some_and(|dc| {
            dc.runner.is_none()
                && dc.requested.is_none()
                && dc.dirty_since.is_none()
                && dc.flights.is_empty()
                && dc.changes.is_idle()
        }) && self.todo.is_empty()
            && self.fencing.is_idle()
    }

    pub(crate) fn dc_deadline(&self) -> Option<u64> {
        let fencing = self.fencing_deadline();
        if !self.is_dc() {
            return fencing;
        }
        let dc = self.dc.as_ref()?;
        let flights = dc.flights.values().map(|f| f.deadline).min();
        let waiters = dc.waiters.iter().map(|w| w.1).min();
        [fencing, flights, waiters, dc.recheck_at, self.plan_deadline(), dc.changes.deadline()]
            .into_iter()
            .flatten()
            .min()
    }
}
