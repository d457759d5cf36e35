//! Who should be in a view with this node, who proposes it, and how long each waits before it does.

use super::{Members, SETTLE_MS, clique};
use crate::{Incarnation, Node, NodeId, quorum};
use std::collections::BTreeMap;

impl Node {
    /// Who should be in a view with this node, from the matrix.
    pub(super) fn compute_target(&self) -> Members {
        let now = self.now.mono_ms;
        let me = self.me();
        let usable = |id: NodeId| {
            id == me
                || (self
                    .membership
                    .excluded
                    .get(&id)
                    .is_none_or(|(until, life)| now >= *until || self.incarnation_of(id) > *life)
                    && !self.is_fenced_life(id)
                    && self.config.peer(id).is_some())
        };
        let votes = quorum::votes(&self.config);
        let mut mesh = clique::Mesh { hears: BTreeMap::new(), votes, views: BTreeMap::new() };
        for (id, row) in self.net.rows.iter().filter(|(id, _)| usable(**id)) {
            mesh.hears.insert(*id, row.hears.iter().copied().filter(|p| usable(*p)).collect());
            if row.beacon.view != (0, 0) {
                mesh.views.insert(*id, row.beacon.view);
            }
        }
        let group = clique::group_of(me, &mesh);
        group.into_iter().map(|id| (id, self.incarnation_of(id))).collect()
    }

    pub(super) fn incarnation_of(&self, id: NodeId) -> Incarnation {
        if id == self.me() {
            return self.config.incarnation;
        }
        self.net.rows.get(&id).map_or(0, |r| r.beacon.incarnation)
    }

    /// The life that is heard of this node was confirmed as fenced.
    pub(super) fn is_fenced_life(&self, id: NodeId) -> bool {
        self.replica
            .status
            .parts
            .get(&id)
            .is_some_and(|p| p.fenced && p.incarnation >= self.incarnation_of(id))
    }

    pub(super) fn retarget(&mut self) {
        let now = self.now.mono_ms;
        let target = self.compute_target();
        let m = &mut self.membership;
        m.target_stale = false;
        m.target_until = m.excluded.values().map(|e| e.0).filter(|at| *at > now).min().unwrap_or(u64::MAX);
        if target != m.target {
            let old = std::mem::replace(&mut m.target, target.clone());
            let growth = old.iter().all(|(id, inc)| target.get(id) == Some(inc));
            let all = target.len() == self.config.layout.nodes.len();
            // Who stays of the present view joins nothing: the survivors of a loss wait for nobody.
            let stay = m
                .view
                .as_ref()
                .is_some_and(|v| target.iter().all(|(id, inc)| v.members.get(id) == Some(inc)));
            m.settle_until = if all || stay || !growth { now } else { m.settle_until.max(now + SETTLE_MS) };
        }
    }

    /// Who is left out, or is fenced, is another question from here on.
    pub(crate) fn target_changes(&mut self) {
        self.membership.target_stale = true;
    }

    /// A member whose process came back in time is not lost (S8): nobody forms a view without it
    /// before it had the time to hear the others again.
    pub(super) fn await_the_young(&self, target: &Members) -> u64 {
        let Some(view) = &self.membership.view else { return 0 };
        let grace = self.config.layout.token_ms / 2;
        let young = &self.membership.young;
        let until = |id: &NodeId| young.get(id).map_or(0, |born| born + grace);
        let absent: Vec<u64> = view.members.keys().filter(|id| !target.contains_key(id)).map(until).collect();
        let all_young = !absent.is_empty() && absent.iter().all(|until| *until > self.now.mono_ms);
        if all_young { absent.into_iter().max().unwrap_or(0) } else { 0 }
    }

    /// When a node dies, what the others say of it is older than what this node found out itself,
    /// and for a moment they seem to go with the dead one. Whoever would part from a node that it
    /// hears waits for that node's next beat.
    pub(super) fn await_the_matrix(&self, target: &Members) -> u64 {
        let hears: clique::Matrix = self.net.rows.iter().map(|(id, row)| (*id, row.hears.clone())).collect();
        let me = self.me();
        let parts = self.heard().into_iter().any(|id| {
            !target.contains_key(&id) && clique::linked(&hears, me, id) && !self.is_fenced_life(id)
        });
        let beat = crate::heartbeat::interval_ms(self.config.layout.token_ms);
        if parts { self.membership.matrix_changed + beat + beat / 2 } else { 0 }
    }

    /// A view has one layout: those with another are on their way to it, for a moment.
    pub(super) fn await_the_layout(&self, target: &Members, since: u64) -> u64 {
        let held = self.config.layout.version;
        let one = target.keys().all(|id| self.layout_of(*id) == held);
        if one { 0 } else { since + self.config.layout.token_ms / 2 }
    }

    pub(super) fn needs_view(&self, target: &Members) -> bool {
        let Some(view) = self.view() else { return true };
        if self.membership.broken.is_some() || view.members != *target {
            return true;
        }
        let mine = (view.id.counter, view.id.proposer);
        let grace = self.now.mono_ms < self.membership.installed_at + self.config.layout.token_ms / 2;
        target.keys().filter(|id| **id != self.me()).any(|id| {
            self.net.rows.get(id).is_some_and(|row| {
                let b = &row.beacon;
                (b.view == mine && b.broken) || b.view > mine || (b.view != mine && !grace)
            })
        })
    }

    /// A quorate coordinator first, then any coordinator, then the lowest number.
    pub(super) fn coordinator(&self, target: &Members) -> NodeId {
        let own = self.beacon_now();
        let rank = |id: &NodeId| {
            let beacon = if *id == self.me() { Some(&own) } else { self.net.rows.get(id).map(|r| &r.beacon) };
            let dc = beacon.is_some_and(|b| b.dc == *id);
            (!(dc && beacon.is_some_and(|b| b.quorate)), !dc, *id)
        };
        target.keys().copied().min_by_key(rank).unwrap_or(self.me())
    }

    /// How long to wait for the coordinator before trying oneself.
    pub(super) fn patience(&self, target: &Members) -> u64 {
        let place = target.keys().position(|id| *id == self.me()).unwrap_or(0) as u64;
        self.config.layout.token_ms / 2 + place * (self.config.layout.token_ms / 8) + SETTLE_MS
    }
}
