//! A primitive: merge what it is colocated with, then take the best node.

use crate::constraints::ColocationIdx;
use crate::explain::Cause;
use crate::model::*;
use crate::plan::Plan;
use crate::unpack::history::add_location;

impl Plan<'_> {
    pub(super) fn assign_primitive(
        &mut self,
        rsc: ResourceIdx,
        prefer: Option<NodeIdx>,
        stop_if_fail: bool,
    ) -> Option<NodeIdx> {
        if let Some(p) = self.c[rsc].parent
            && !self.c[p].is(Flags::ASSIGNING)
            && self.c[p].is(Flags::UNASSIGNED)
        {
            self.assign_resource(p, prefer, stop_if_fail);
        }
        if !self.c[rsc].is(Flags::UNASSIGNED) {
            return self.c[rsc].assigned;
        }
        if self.c[rsc].is(Flags::ASSIGNING) {
            return None;
        }
        self.c[rsc].set(Flags::ASSIGNING);
        let this_with = self.this_with_of(rsc);
        let with_this = self.with_this_of(rsc);
        let mandatory =
            |plan: &Self, c: ColocationIdx| plan.colocations[c.0 as usize].score.abs() >= INFINITY;
        for pass in [true, false] {
            for c in this_with.iter().copied().filter(|c| mandatory(self, *c) == pass).collect::<Vec<_>>() {
                self.apply_this_with(c, rsc);
                self.note_colocation(c);
            }
            for c in with_this.iter().copied().filter(|c| mandatory(self, *c) == pass).collect::<Vec<_>>() {
                self.add_dependent_scores(c, rsc);
                self.note_colocation(c);
            }
        }
        if self.c[rsc].next_role == Role::Stopped {
            self.ban_all(rsc);
            self.note(|_| Cause::Stopped);
        } else if self.c[rsc].next_role > self.c[rsc].role
            && !self.c.quorate
            && self.c.options.no_quorum == NoQuorum::Freeze
        {
            let role = self.c[rsc].role;
            self.set_next_role(rsc, role, "no-quorum-policy=freeze");
        }
        self.show_scores(rsc, "pcmk__primitive_assign");
        if self.c.options.fencing && !self.c.has_fence_device && !self.c.options.have_watchdog {
            self.c[rsc].clear(Flags::MANAGED);
        }
        if !self.c[rsc].is_managed() {
            self.c[rsc].next_role = self.c[rsc].role;
            let current = self.current_node(rsc);
            self.assign(rsc, current, true, stop_if_fail);
        } else if self.c.options.stop_all {
            self.assign(rsc, None, true, stop_if_fail);
        } else {
            self.assign_best(rsc, prefer, stop_if_fail);
        }
        self.c[rsc].clear(Flags::ASSIGNING);
        if let Some(remote) = self.c[rsc].remote_node
            && self.c[rsc].is(Flags::REMOTE_CONNECTION)
        {
            self.connection_assigned(rsc, remote);
        }
        self.c[rsc].assigned
    }

    fn connection_assigned(&mut self, rsc: ResourceIdx, remote: NodeIdx) {
        let will_run = self.c[rsc].assigned.is_some() && self.c[rsc].next_role != Role::Stopped;
        let node = &mut self.c[remote];
        if will_run {
            node.online = true;
            if node.unseen && node.unclean {
                node.unclean = false;
                self.revoke_fencing(remote);
            }
        } else {
            node.shutdown = true;
        }
    }

    fn apply_this_with(&mut self, c: ColocationIdx, rsc: ResourceIdx) {
        let col = &self.colocations[c.0 as usize];
        let (other, score) = (col.primary, col.score);
        let revocable = col.dependent_role >= Role::Promoted || (score < 0 && score > -INFINITY);
        let archive = revocable.then(|| self.c[rsc].allowed.clone());
        if self.c[other].is(Flags::UNASSIGNED) {
            self.assign_resource(other, None, true);
        }
        self.apply_colocation(rsc, other, c);
        if let Some(archive) = archive
            && !self.any_available(&self.c[rsc].allowed)
        {
            self.c[rsc].allowed = archive;
        }
    }

    fn assign_best(&mut self, rsc: ResourceIdx, prefer: Option<NodeIdx>, stop_if_fail: bool) {
        let roomiest = self.ban_insufficient_capacity(rsc);
        self.note(|_| Cause::Utilization);
        let prefer = prefer.or(roomiest);
        if !self.c[rsc].is(Flags::UNASSIGNED) {
            return;
        }
        let current = self.current_node(rsc);
        let nodes = self.sorted_nodes(&self.c[rsc].allowed, current);
        let Some((best, best_score)) = nodes.first().copied() else {
            self.assign(rsc, None, false, stop_if_fail);
            return;
        };
        let preferred = prefer.filter(|p| match self.c[rsc].allowed.score(*p) {
            Some(score) => score >= best_score && self.is_available(*p, Some(score), false),
            None => false,
        });
        let mut chosen = preferred.unwrap_or(best);
        if preferred.is_none() {
            let unique_instance =
                self.c[rsc].parent.is_some_and(|p| self.c.is_clone(p) && self.c[p].is_unique());
            if !unique_instance
                && best_score > 0
                && self.is_available(best, Some(best_score), false)
                && let Some(running) = current
                && self.is_available(running, Some(self.c[running].score), false)
                && nodes.iter().take_while(|(_, s)| *s == best_score).any(|(n, _)| *n == running)
            {
                chosen = running;
            }
        }
        self.assign(rsc, Some(chosen), false, stop_if_fail);
    }

    /// Bans everywhere, for a resource that must not run.
    pub fn ban_from_all(&mut self, rsc: ResourceIdx) {
        for n in 0..self.c.nodes.len() as u32 {
            add_location(&mut self.c, rsc, NodeIdx(n), -INFINITY);
        }
    }
}
