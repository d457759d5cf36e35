//! A clone: its instances spread over the nodes, moving as few as possible.

use super::scores::Select;
use crate::explain::Cause;
use crate::model::*;
use crate::plan::Plan;
use std::cmp::Ordering;

impl Plan<'_> {
    pub(super) fn assign_clone(
        &mut self,
        clone: ResourceIdx,
        prefer: Option<NodeIdx>,
        stop_if_fail: bool,
    ) -> Option<NodeIdx> {
        if !self.c[clone].is(Flags::UNASSIGNED) || self.c[clone].is(Flags::ASSIGNING) {
            return None;
        }
        let promotable = self.c[clone].is_promotable();
        if promotable {
            self.add_promotion_scores(clone);
            self.note(|_| Cause::PromotionScore);
        }
        self.c[clone].set(Flags::ASSIGNING);
        for c in self.this_with_of(clone) {
            let primary = self.colocations[c.0 as usize].primary;
            self.assign_resource(primary, prefer, stop_if_fail);
        }
        for c in self.with_this_of(clone) {
            self.add_dependent_scores(c, clone);
            self.note_colocation(c);
        }
        self.show_scores(clone, "pcmk__clone_assign");
        let mut instances = self.children(clone);
        self.sort_instances(&mut instances);
        self.c[clone].children = instances.clone();
        let (max, node_max) = match &self.c[clone].clone {
            Some(d) => (d.max, d.node_max),
            None => (0, 1),
        };
        self.assign_instances(clone, &instances, max, node_max);
        if promotable {
            self.set_instance_roles(clone);
        }
        self.c[clone].clear(Flags::ASSIGNING.and(Flags::UNASSIGNED));
        None
    }

    pub(super) fn sort_instances(&mut self, instances: &mut Vec<ResourceIdx>) {
        // A stable merge with a comparison that may need scores.
        let list = std::mem::take(instances);
        *instances = self.merge_sort(list, &mut |plan, a, b| plan.compare_instances(a, b));
    }

    pub(super) fn merge_sort(
        &mut self,
        mut list: Vec<ResourceIdx>,
        cmp: &mut dyn FnMut(&mut Self, ResourceIdx, ResourceIdx) -> Ordering,
    ) -> Vec<ResourceIdx> {
        if list.len() < 2 {
            return list;
        }
        let right = list.split_off(list.len() / 2);
        let left = self.merge_sort(list, cmp);
        let right = self.merge_sort(right, cmp);
        let (mut out, mut i, mut j) = (Vec::with_capacity(left.len() + right.len()), 0, 0);
        while i < left.len() && j < right.len() {
            if cmp(self, left[i], right[j]) == Ordering::Greater {
                out.push(right[j]);
                j += 1;
            } else {
                out.push(left[i]);
                i += 1;
            }
        }
        out.extend_from_slice(&left[i..]);
        out.extend_from_slice(&right[j..]);
        out
    }

    pub(super) fn compare_instances(&mut self, a: ResourceIdx, b: ResourceIdx) -> Ordering {
        let (na, count_a, _) = self.active_info(a);
        let (nb, count_b, _) = self.active_info(b);
        if count_a > 0 && count_b > 0 && count_a != count_b {
            return count_a.cmp(&count_b);
        }
        let allowed = |plan: &Self, r: ResourceIdx, n: Option<NodeIdx>| {
            n.is_none_or(|n| plan.c[r].allowed.score(n).is_some_and(|s| s >= 0))
        };
        let (ok_a, ok_b) = (allowed(self, a, na), allowed(self, b, nb));
        if ok_a != ok_b {
            return ok_b.cmp(&ok_a);
        }
        let (na, nb) = (na.filter(|_| ok_a), nb.filter(|_| ok_b));
        let priority = |r: &Resource| r.priority.max(r.best_promotion);
        let by_priority = priority(&self.c[b]).cmp(&priority(&self.c[a]));
        if by_priority.is_ne() {
            return by_priority;
        }
        let by_number = |plan: &Self| plan.c[a].number.cmp(&plan.c[b].number);
        let (na, nb) = match (na, nb) {
            (None, None) => return by_number(self),
            (None, Some(_)) => return Ordering::Greater,
            (Some(_), None) => return Ordering::Less,
            (Some(x), Some(y)) => (x, y),
        };
        let usable = |plan: &Self, n: NodeIdx| plan.is_available(n, None, false);
        let by_node = usable(self, nb).cmp(&usable(self, na));
        if by_node.is_ne() {
            return by_node;
        }
        let count = |plan: &Self, r: ResourceIdx, n: NodeIdx| plan.top_table(r).get(n).map(|e| e.count);
        match (count(self, a, na), count(self, b, nb)) {
            (None, None) => {}
            (None, Some(_)) => return Ordering::Greater,
            (Some(_), None) => return Ordering::Less,
            (Some(x), Some(y)) if x != y => return x.cmp(&y),
            _ => {}
        }
        let failed = |plan: &Self, r: ResourceIdx| plan.did_fail(r);
        let by_failure = failed(self, a).cmp(&failed(self, b));
        if by_failure.is_ne() {
            return by_failure;
        }
        let (sa, sb) = (self.colocation_wish(a, na), self.colocation_wish(b, nb));
        sb.cmp(&sa).then_with(|| by_number(self))
    }

    fn did_fail(&self, rsc: ResourceIdx) -> bool {
        self.c[rsc].is_failed() || self.c[rsc].children.iter().any(|c| self.did_fail(*c))
    }

    /// What colocations say about an instance's current node.
    fn colocation_wish(&mut self, rsc: ResourceIdx, node: NodeIdx) -> i32 {
        let (this_with, with_this) = (self.this_with_of(rsc), self.with_this_of(rsc));
        if this_with.is_empty() && with_this.is_empty() {
            return 0;
        }
        let mut table = NodeTable::default();
        let score = self.c[node].score;
        table.entry(node, score);
        for c in this_with {
            let col = &self.colocations[c.0 as usize];
            let (other, factor) = (col.primary, col.score as f32 / INFINITY as f32);
            let select = Select { nonnegative: false, active: false, this_with: false };
            self.merge_scores(other, rsc, &mut table, Some(c), factor, select);
        }
        for c in with_this {
            if !self.has_influence(c, Some(rsc)) {
                continue;
            }
            let col = &self.colocations[c.0 as usize];
            let (other, factor) = (col.dependent, col.score as f32 / INFINITY as f32);
            let select = Select { nonnegative: true, active: false, this_with: false };
            self.merge_scores(other, rsc, &mut table, Some(c), factor, select);
        }
        table.score(node).unwrap_or(0)
    }

    /// The table that counts instances: the parent's, for an instance.
    pub fn top_table(&self, rsc: ResourceIdx) -> &NodeTable {
        match self.c[rsc].parent {
            Some(p) => &self.c[p].allowed,
            None => &self.c[rsc].allowed,
        }
    }

    fn top_table_mut(&mut self, rsc: ResourceIdx) -> &mut NodeTable {
        match self.c[rsc].parent {
            Some(p) => &mut self.c[p].allowed,
            None => &mut self.c[rsc].allowed,
        }
    }

    pub(super) fn assign_instances(
        &mut self,
        collective: ResourceIdx,
        instances: &[ResourceIdx],
        max: i32,
        node_max: i32,
    ) {
        let mut available = 0;
        let nodes: Vec<(NodeIdx, i32)> =
            self.c[collective].allowed.iter().map(|(n, e)| (n, e.score)).collect();
        for (n, score) in nodes {
            if self.is_available(n, Some(score), false) {
                available += 1;
            }
            if let Some(e) = self.c[collective].allowed.get_mut(n) {
                e.count = 0;
            }
        }
        let optimal = if available > 0 { max / available } else { 0 }.max(1);
        let mut assigned = 0;
        for i in instances.iter().copied() {
            if assigned >= max {
                break;
            }
            if let Some(node) = self.preferred_node(i, optimal)
                && self.assign_early(i, node, node_max, max - assigned)
            {
                assigned += 1;
            }
        }
        for i in instances.iter().copied() {
            if !self.c[i].is(Flags::UNASSIGNED) {
                continue;
            }
            if assigned >= max {
                self.ban_all(i);
            } else if self.assign_instance(i, None, node_max).is_some() {
                assigned += 1;
            }
        }
    }

    fn preferred_node(&self, rsc: ResourceIdx, optimal: i32) -> Option<NodeIdx> {
        let r = &self.c[rsc];
        if r.active.is_empty() || !r.is(Flags::UNASSIGNED) || r.is_failed() {
            return None;
        }
        let node = self.current_node(rsc)?;
        if !self.is_available(node, Some(self.c[node].score), false) {
            return None;
        }
        if self.top_table(rsc).get(node).is_some_and(|e| e.count as i32 >= optimal) {
            return None;
        }
        Some(node)
    }

    fn assign_instance(
        &mut self,
        rsc: ResourceIdx,
        prefer: Option<NodeIdx>,
        node_max: i32,
    ) -> Option<NodeIdx> {
        if self.c[rsc].is(Flags::ASSIGNING) {
            return None;
        }
        self.ban_unavailable(rsc, node_max);
        self.note(|_| Cause::InstanceLimit);
        let chosen = self.assign_resource(rsc, prefer, prefer.is_none());
        if let Some(n) = chosen {
            self.count_instance(rsc, n);
        }
        chosen
    }

    fn count_instance(&mut self, rsc: ResourceIdx, node: NodeIdx) {
        if let Some(e) = self.top_table_mut(rsc).get_mut(node) {
            e.count += 1;
        }
    }

    fn ban_unavailable(&mut self, rsc: ResourceIdx, node_max: i32) {
        let nodes: Vec<(NodeIdx, i32)> = self.c[rsc].allowed.iter().map(|(n, e)| (n, e.score)).collect();
        for (n, score) in nodes {
            let fits = !self.c[rsc].is_removed()
                && self.is_available(n, Some(score), false)
                && self.top_table(rsc).get(n).is_some_and(|e| e.score >= 0 && (e.count as i32) < node_max);
            if fits {
                continue;
            }
            if let Some(e) = self.c[rsc].allowed.get_mut(n) {
                e.score = -INFINITY;
            }
            for child in self.children(rsc) {
                if let Some(e) = self.c[child].allowed.get_mut(n) {
                    e.score = -INFINITY;
                }
            }
        }
    }

    /// Try to keep an instance at home. Each time it would go elsewhere, that place is reserved for
    /// another instance and it is tried again.
    fn assign_early(&mut self, rsc: ResourceIdx, home: NodeIdx, node_max: i32, available: i32) -> bool {
        let score = self.c[rsc].allowed.score(home);
        if score.is_none() || !self.is_available(home, score, false) {
            return false;
        }
        let saved = self.save_tables(rsc);
        let notes = self.notes();
        let parent = self.c[rsc].parent;
        let saved_parent = parent.map(|p| self.c[p].allowed.clone());
        let mut reserved = 0;
        let mut at_home = false;
        while reserved < available {
            match self.assign_instance(rsc, Some(home), node_max) {
                Some(n) if n == home => {
                    at_home = true;
                    break;
                }
                Some(_) => {
                    self.restore_tables(&saved);
                    self.forget_notes(notes, |r| saved.iter().any(|(s, _)| *s == r));
                    reserved += 1;
                    self.unassign(rsc);
                }
                None => {
                    self.restore_tables(&saved);
                    self.forget_notes(notes, |r| saved.iter().any(|(s, _)| *s == r));
                    // It fits nowhere: the members of a group are not tried again.
                    self.c[rsc].set(Flags::UNASSIGNED);
                    break;
                }
            }
        }
        if let (Some(p), Some(table)) = (parent, saved_parent) {
            self.c[p].allowed = table;
        }
        if at_home {
            self.count_instance(rsc, home);
        }
        at_home
    }

    fn save_tables(&self, rsc: ResourceIdx) -> Vec<(ResourceIdx, NodeTable)> {
        let all = crate::unpack::resources::subtree(&self.c, rsc);
        all.into_iter().map(|r| (r, self.c[r].allowed.clone())).collect()
    }

    fn restore_tables(&mut self, saved: &[(ResourceIdx, NodeTable)]) {
        for (r, table) in saved {
            self.c[*r].allowed = table.clone();
        }
    }
}
