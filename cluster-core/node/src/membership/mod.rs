//! Who is in: propose, flush, install.
//!
//! The target is what [`clique`] makes of the matrix. When it differs from the view (or a member
//! needs a new view of the same members), the coordinator of the target proposes; every member
//! that promises leaves its old view and brings what it has; when all have, the view is installed
//! with one configuration, one status, one coordinator. Nobody goes back to an earlier view.

pub mod clique;
pub mod install;
pub mod layout;
mod target;
pub mod view;

use crate::heartbeat::{Beacon, Connectivity};
use crate::replica::config::Stamp;
use crate::replica::entry::Entry;
use crate::wire::{FlushState, Message};
use crate::{Incarnation, Node, NodeId, quorum};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use view::{View, ViewId};

/// Joins are collected for so long, so that nodes that boot together come in together.
const SETTLE_MS: u64 = 60;
/// Entries that may arrive before their view is installed here.
const EARLY_MAX: usize = 10_000;

type Members = BTreeMap<NodeId, Incarnation>;

#[derive(Default)]
pub(crate) struct Membership {
    /// Installed last; in force only while the phase says so.
    pub view: Option<View>,
    pub phase: Phase,
    pub promised: ViewId,
    /// The next entry of the view.
    pub next_number: u64,
    /// A new view is needed even if the members stay.
    pub broken: Option<String>,
    /// The peers that are heard no longer carry a quorum (S2).
    pub quorum_lost: bool,
    target: Members,
    /// The target may be another one now.
    target_stale: bool,
    /// What was left out for a time is asked again then.
    target_until: u64,
    settle_until: u64,
    /// What speaks against acting on the target just now ends then; 0: nothing does.
    hold_until: u64,
    needed_since: Option<u64>,
    next_try: u64,
    attempts: u32,
    installed_at: u64,
    /// They beat but do not answer: not asked again before this.
    excluded: BTreeMap<NodeId, (u64, Incarnation)>,
    early: Vec<(NodeId, ViewId, u64, Entry)>,
    suspected: BTreeSet<NodeId>,
    told_fenced: BTreeMap<NodeId, u64>,
    /// When a new life of a peer was first heard of.
    young: BTreeMap<NodeId, u64>,
    /// When the matrix changed last.
    matrix_changed: u64,
}

#[derive(Default)]
pub(crate) enum Phase {
    #[default]
    Out,
    Proposing {
        view: ViewId,
        members: Members,
        states: BTreeMap<NodeId, FlushState>,
        deadline: u64,
    },
    Flushed {
        view: ViewId,
        proposer: NodeId,
        deadline: u64,
    },
    Installed,
}

impl Membership {
    /// Before the first view every node gets the time to be heard.
    pub fn begin(&mut self, now: u64, token_ms: u64) {
        self.settle_until = now + token_ms;
    }
}

impl Node {
    /// The view in force, if there is one.
    pub(crate) fn view(&self) -> Option<&View> {
        matches!(self.membership.phase, Phase::Installed).then_some(self.membership.view.as_ref()).flatten()
    }

    /// Quorate as far as this node can tell now.
    pub(crate) fn quorate(&self) -> bool {
        !self.membership.quorum_lost && self.view().is_some_and(|v| v.quorum.quorate)
    }

    pub(crate) fn beacon_now(&self) -> Beacon {
        let view = self.view();
        Beacon {
            incarnation: self.config.incarnation,
            view: view.map_or((0, 0), |v| (v.id.counter, v.id.proposer)),
            broken: self.membership.broken.is_some(),
            dc: view.map_or(0, |v| v.dc),
            quorate: self.quorate(),
            layout: self.config.layout.version,
        }
    }

    pub(crate) fn take_connectivity(&mut self, net: Connectivity) {
        if net.late_ms >= self.config.layout.token_ms {
            self.was_late(net.late_ms);
        }
        let before = self.heard();
        if self
            .net
            .rows
            .iter()
            .map(|(id, r)| (id, &r.hears))
            .ne(net.rows.iter().map(|(id, r)| (id, &r.hears)))
        {
            self.membership.matrix_changed = self.now.mono_ms;
        }
        self.net = net;
        self.target_changes();
        let heard = self.heard();
        for (id, row) in self.net.rows.clone() {
            if id == self.me() || !heard.contains(&id) {
                continue;
            }
            let known = self.channel_mut(id).map_or(0, |c| c.peer());
            if row.beacon.incarnation > known {
                if let Some(channel) = self.channel_mut(id) {
                    channel.set_peer(row.beacon.incarnation);
                }
                self.membership.young.insert(id, self.now.mono_ms);
                let member = self.view().is_some_and(|v| v.members.contains_key(&id));
                if member {
                    let text = format!("{} is in a new life", self.name(id));
                    self.break_view(text);
                }
            }
            self.membership.suspected.remove(&id);
        }
        for id in before.difference(&heard) {
            self.suspect(*id);
        }
        self.judge_quorum();
    }

    /// Peers that this node hears now.
    pub(crate) fn heard(&self) -> BTreeSet<NodeId> {
        self.net.rows.get(&self.me()).map(|r| r.hears.clone()).unwrap_or_default()
    }

    fn suspect(&mut self, id: NodeId) {
        let last = self.net.last_heard.get(&id).copied().unwrap_or(0);
        let silence = self.now.mono_ms.saturating_sub(last);
        if self.membership.suspected.insert(id) {
            self.event(
                "peer_suspected",
                format!("{} is silent for {silence} ms", self.name(id)),
                json!({"node": self.name(id), "silent_ms": silence}),
            );
        }
        // What was on the way to it is lost; so is the order of this view.
        if let Some(channel) = self.channel_mut(id) {
            channel.reset();
        }
        if self.view().is_some_and(|v| v.members.contains_key(&id)) {
            let text = format!("{} was lost", self.name(id));
            self.break_view(text);
        }
    }

    pub(crate) fn break_view(&mut self, why: String) {
        if matches!(self.membership.phase, Phase::Installed) && self.membership.broken.is_none() {
            self.membership.broken = Some(why);
        }
    }

    /// This process did not run for longer than `token`: the others may have gone on without it.
    pub(crate) fn was_late(&mut self, late_ms: u64) {
        self.event("late", format!("this node did not run for {late_ms} ms"), json!({"late_ms": late_ms}));
        self.leave_view();
        self.membership.broken = Some("late".to_owned());
        // The others have said by their next beats whether they still hear this node.
        let beat = crate::heartbeat::interval_ms(self.config.layout.token_ms);
        self.membership.settle_until = self.membership.settle_until.max(self.now.mono_ms + 2 * beat);
    }

    /// Nothing is started and nothing is ordered from here until a view is installed.
    fn leave_view(&mut self) {
        if matches!(self.membership.phase, Phase::Installed) {
            self.dc_suspend();
        }
        self.membership.phase = Phase::Out;
        self.membership.early.clear();
    }

    /// S2: without asking anybody, as soon as those who are heard carry no quorum.
    fn judge_quorum(&mut self) {
        let Some(view) = &self.membership.view else { return };
        if self.membership.quorum_lost || !view.quorum.quorate {
            return;
        }
        let heard = self.heard();
        let mut here: BTreeSet<NodeId> = view.ids().intersection(&heard).copied().collect();
        here.insert(self.me());
        if !quorum::judge(&self.config, &self.quorum, &here).quorate {
            self.membership.quorum_lost = true;
            self.event("quorum", "quorum lost", json!({"quorate": false}));
            self.quorum_was_lost();
        }
    }

    pub(crate) fn tick_membership(&mut self) {
        let now = self.now.mono_ms;
        self.tell_the_fenced();
        let until = self.membership.target_until;
        if self.membership.target_stale || now >= until || self.membership.target.is_empty() {
            self.retarget();
        }
        let target = self.membership.target.clone();
        match &self.membership.phase {
            Phase::Proposing { members, deadline, states, .. } => {
                if *members != target {
                    self.membership.phase = Phase::Out;
                    self.membership.next_try = now;
                } else if now >= *deadline {
                    let silent: Vec<NodeId> =
                        members.keys().copied().filter(|id| !states.contains_key(id)).collect();
                    self.membership.attempts += 1;
                    if self.membership.attempts >= 3 {
                        for id in silent {
                            let life = self.incarnation_of(id);
                            self.membership
                                .excluded
                                .insert(id, (now + 2 * self.config.layout.token_ms, life));
                            self.membership.target_stale = true;
                        }
                    }
                    self.membership.phase = Phase::Out;
                } else {
                    return;
                }
            }
            Phase::Flushed { deadline, proposer, .. } => {
                if now < *deadline && self.heard().contains(proposer) {
                    return;
                }
                self.membership.phase = Phase::Out;
            }
            Phase::Out | Phase::Installed => {}
        }
        if !self.needs_view(&target) {
            self.membership.needed_since = None;
            self.membership.attempts = 0;
            return;
        }
        let since = *self.membership.needed_since.get_or_insert(now);
        let hold = self.await_the_young(&target).max(self.await_the_matrix(&target));
        let hold = hold.max(self.await_the_layout(&target, since));
        self.membership.hold_until = hold;
        if now < hold || now < self.membership.settle_until || now < self.membership.next_try {
            return;
        }
        if self.coordinator(&target) == self.me() || now >= since + self.patience(&target) {
            self.propose(target);
        }
    }

    fn propose(&mut self, members: Members) {
        let now = self.now.mono_ms;
        self.leave_view();
        let highest = self.net.rows.values().map(|r| r.beacon.view.0).max().unwrap_or(0);
        let counter = self.membership.promised.counter.max(highest) + 1;
        let view = ViewId { counter, proposer: self.me() };
        self.membership.promised = view;
        self.counters.proposals += 1;
        let message = Message::Propose {
            view,
            members: members.clone(),
            config: self.brings().stamp.clone(),
            layout: self.config.layout.version,
        };
        let me = self.me();
        for id in members.keys().filter(|id| **id != me) {
            self.send(*id, &message);
        }
        let mine = self.flush_state(None);
        let deadline = now + self.config.layout.token_ms / 2;
        self.membership.next_try = now + 20;
        self.membership.phase =
            Phase::Proposing { view, members, states: BTreeMap::from([(me, mine)]), deadline };
        self.try_install();
    }

    pub(crate) fn take_propose(
        &mut self,
        from: NodeId,
        view: ViewId,
        members: Members,
        config: Stamp,
        layout: u64,
    ) {
        if members.get(&self.me()) != Some(&self.config.incarnation) {
            return;
        }
        let heard = self.heard();
        let unreachable: Vec<NodeId> =
            members.keys().copied().filter(|id| *id != self.me() && !heard.contains(id)).collect();
        let same_layout = layout == self.config.layout.version;
        if !self.may_promise(view) || !unreachable.is_empty() || !same_layout {
            let promised = self.membership.promised;
            self.send(from, &Message::Refuse { view, promised, unreachable });
            return;
        }
        self.leave_view();
        self.membership.promised = view;
        let state = Box::new(self.flush_state(Some(&config)));
        self.send(from, &Message::Flush { view, state });
        let deadline = self.now.mono_ms + self.config.layout.token_ms;
        self.membership.phase = Phase::Flushed { view, proposer: from, deadline };
    }

    fn may_promise(&self, view: ViewId) -> bool {
        #[cfg(any(test, feature = "bugs"))]
        if self.config.bugs.accept_old_view {
            return true;
        }
        view > self.membership.promised
    }

    pub(crate) fn take_refuse(
        &mut self,
        from: NodeId,
        view: ViewId,
        promised: ViewId,
        unreachable: &[NodeId],
    ) {
        let Phase::Proposing { view: mine, .. } = &self.membership.phase else { return };
        if *mine != view {
            return;
        }
        self.membership.phase = Phase::Out;
        // The counter goes on from the highest that anybody promised; different nodes come back
        // after different times.
        self.membership.promised.counter = self.membership.promised.counter.max(promised.counter);
        self.membership.attempts += 1;
        let wait = if unreachable.is_empty() { 10 } else { self.config.layout.token_ms / 10 };
        let spread = u64::from(self.me() % 16) * 7;
        let tries = u64::from(self.membership.attempts.min(8));
        self.membership.next_try = self.now.mono_ms + wait + spread + tries * 5;
        if self.membership.attempts > 20 {
            // It keeps refusing although the matrix says otherwise: leave it out for a while.
            let life = self.incarnation_of(from);
            self.membership.excluded.insert(from, (self.now.mono_ms + self.config.layout.token_ms, life));
            self.membership.attempts = 0;
            self.target_changes();
        }
    }

    pub(crate) fn take_flush(&mut self, from: NodeId, view: ViewId, state: FlushState) {
        if let Phase::Proposing { view: mine, members, states, .. } = &mut self.membership.phase {
            if *mine == view && members.contains_key(&from) {
                states.insert(from, state);
                self.try_install();
            }
        }
    }

    pub(crate) fn take_ordered(&mut self, from: NodeId, view: ViewId, number: u64, entry: Entry) {
        match &self.membership.phase {
            Phase::Installed => {
                let Some(current) = &self.membership.view else { return };
                if (current.id == view || self.accepts_old(view)) && current.dc == from {
                    if current.id == view && number != self.membership.next_number {
                        self.break_view(format!("entry {number} of view {view} is out of order"));
                        return;
                    }
                    self.membership.next_number = number + 1;
                    self.todo.push_back((number, entry));
                }
            }
            Phase::Flushed { view: promised, .. }
                if *promised == view && self.membership.early.len() < EARLY_MAX =>
            {
                self.membership.early.push((from, view, number, entry));
            }
            _ => {}
        }
    }

    fn accepts_old(&self, _view: ViewId) -> bool {
        #[cfg(any(test, feature = "bugs"))]
        if self.config.bugs.accept_old_view {
            return true;
        }
        false
    }

    /// It leaves in order: wait for no timeout.
    pub(crate) fn take_leave(&mut self, from: NodeId) {
        let incarnation = self.channel_mut(from).map_or(0, |c| c.peer());
        self.event("left", format!("{} leaves", self.name(from)), json!({"node": self.name(from)}));
        self.membership
            .excluded
            .insert(from, (self.now.mono_ms + 2 * self.config.layout.token_ms, incarnation));
        if let Some(row) = self.net.rows.get_mut(&self.config.id) {
            row.hears.remove(&from);
        }
        self.net.rows.remove(&from);
        self.target_changes();
        if let Some(part) = self.replica.status.parts.get_mut(&from) {
            if part.incarnation <= incarnation {
                part.expected = false;
                part.attributes.clear();
            }
        }
        if self.view().is_some_and(|v| v.members.contains_key(&from)) {
            let text = format!("{} left", self.name(from));
            self.break_view(text);
        }
    }

    /// A node whose life was confirmed as fenced, and which still beats, is told so, once a second.
    fn tell_the_fenced(&mut self) {
        let now = self.now.mono_ms;
        let fenced: Vec<NodeId> =
            self.net.rows.keys().copied().filter(|id| *id != self.me() && self.is_fenced_life(*id)).collect();
        for id in fenced {
            if self.membership.told_fenced.get(&id).is_none_or(|at| now >= at + 1000) {
                self.membership.told_fenced.insert(id, now);
                let incarnation = self.incarnation_of(id);
                self.send(id, &Message::YouWereFenced { incarnation });
            }
        }
    }

    pub(crate) fn take_you_were_fenced(&mut self, from: NodeId, incarnation: Incarnation) {
        if incarnation == self.config.incarnation {
            let reason = format!("{} holds this node for fenced", self.name(from));
            self.event("fence", reason.clone(), json!({"node": self.name(self.me()), "result": "alive"}));
            self.exit(crate::Exit::Restart { reason });
        }
    }

    pub(crate) fn membership_deadline(&self) -> Option<u64> {
        let m = &self.membership;
        let phase = match &m.phase {
            Phase::Proposing { deadline, .. } | Phase::Flushed { deadline, .. } => Some(*deadline),
            _ => None,
        };
        let needed = m.needed_since.map(|since| {
            let coordinator = self.coordinator(&m.target) == self.me();
            let turn = if coordinator { 0 } else { since + self.patience(&m.target) };
            turn.max(m.settle_until).max(m.hold_until).max(m.next_try)
        });
        // A view that a member did not reach is noticed after the grace.
        let grace =
            matches!(m.phase, Phase::Installed).then_some(m.installed_at + self.config.layout.token_ms / 2);
        let grace = grace.filter(|at| *at > self.now.mono_ms);
        let excluded = m.excluded.values().map(|e| e.0).filter(|at| *at > self.now.mono_ms).min();
        if matches!(m.phase, Phase::Proposing { .. } | Phase::Flushed { .. }) {
            return phase;
        }
        [needed, grace, excluded].into_iter().flatten().min()
    }
}
