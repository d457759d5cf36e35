//! A group: its members in order.

use crate::model::*;
use crate::plan::Plan;

impl Plan<'_> {
    pub(super) fn assign_group(
        &mut self,
        rsc: ResourceIdx,
        prefer: Option<NodeIdx>,
        stop_if_fail: bool,
    ) -> Option<NodeIdx> {
        if !self.c[rsc].is(Flags::UNASSIGNED) || self.c[rsc].is(Flags::ASSIGNING) {
            return None;
        }
        let members = self.children(rsc);
        let Some(first) = members.first().copied() else {
            self.c[rsc].clear(Flags::UNASSIGNED);
            return None;
        };
        self.c[rsc].set(Flags::ASSIGNING);
        self.c[rsc].role = self.c[first].role;
        self.show_scores(rsc, "pcmk__group_assign");
        let mut chosen = None;
        for m in members {
            let node = self.assign_resource(m, prefer, stop_if_fail);
            chosen = chosen.or(node);
        }
        let role = self.c[first].next_role;
        self.set_next_role(rsc, role, "first group member");
        self.c[rsc].clear(Flags::ASSIGNING.and(Flags::UNASSIGNED));
        if self.c[rsc].is(Flags::COLLOCATED) { chosen } else { None }
    }
}
