//! Capacity: nodes have so much of each attribute, resources need some of it.

use crate::model::*;
use crate::plan::Plan;
use indexmap::IndexMap;
use smol_str::SmolStr;
use std::cmp::Ordering;

type Needs = IndexMap<SmolStr, i64>;

impl Plan<'_> {
    /// Take (or give back) what a resource needs of a node.
    pub(super) fn consume(&mut self, rsc: ResourceIdx, node: NodeIdx, take: bool) {
        if self.c[rsc].utilization.is_empty() || self.c.options.placement == Placement::Default {
            return;
        }
        let needs = self.c[rsc].utilization.clone();
        for (name, amount) in needs {
            if let Some(have) = self.c[node].utilization.get_mut(&name) {
                *have = if take { have.saturating_sub(amount) } else { have.saturating_add(amount) };
            }
        }
    }

    /// More free capacity first: attributes where it is larger minus those where it is smaller.
    pub(super) fn compare_capacity(&self, a: NodeIdx, b: NodeIdx) -> Ordering {
        let (x, y) = (&self.c[a].utilization, &self.c[b].utilization);
        let mut balance = 0i32;
        for (name, have) in x {
            let other = y.get(name).copied().unwrap_or(0);
            balance += i32::from(*have > other) - i32::from(*have < other);
        }
        for (name, other) in y {
            if !x.contains_key(name) {
                balance += i32::from(0 > *other) - i32::from(0 < *other);
            }
        }
        0.cmp(&balance)
    }

    fn fits(&self, node: NodeIdx, needs: &Needs) -> bool {
        needs.iter().all(|(name, amount)| *amount <= self.c[node].utilization.get(name).copied().unwrap_or(0))
    }

    /// Ban nodes that are too small; returns the one with most room where nothing fits everything.
    pub(super) fn ban_insufficient_capacity(&mut self, rsc: ResourceIdx) -> Option<NodeIdx> {
        if self.c.options.placement == Placement::Default {
            return None;
        }
        let set = self.colocated_set(rsc);
        if set.iter().all(|r| self.total_needs(*r).is_empty()) {
            return None;
        }
        let mut needs = Needs::new();
        for r in &set {
            if self.c[*r].is(Flags::UNASSIGNED) {
                for (k, v) in self.total_needs(*r) {
                    let sum = needs.entry(k).or_insert(0);
                    *sum = sum.saturating_add(v);
                }
            }
        }
        let nodes: Vec<(NodeIdx, i32)> = self.c[rsc].allowed.iter().map(|(n, e)| (n, e.score)).collect();
        let usable: Vec<NodeIdx> =
            nodes.iter().filter(|(n, s)| self.is_available(*n, Some(*s), false)).map(|(n, _)| *n).collect();
        let any_fits = usable.iter().any(|n| self.fits(*n, &needs));
        let own = self.total_needs(rsc);
        let mut roomiest: Option<NodeIdx> = None;
        for n in &usable {
            if roomiest.is_none_or(|m| self.compare_capacity(*n, m) == Ordering::Less) {
                roomiest = Some(*n);
            }
        }
        let wanted = if any_fits { &needs } else { &own };
        for n in &usable {
            if !self.fits(*n, wanted)
                && let Some(e) = self.c[rsc].allowed.get_mut(*n)
            {
                e.score = -INFINITY;
            }
        }
        if any_fits { None } else { roomiest }
    }

    fn total_needs(&self, rsc: ResourceIdx) -> Needs {
        let mut needs = Needs::new();
        for r in crate::unpack::resources::subtree(&self.c, rsc) {
            for (k, v) in &self.c[r].utilization {
                let sum = needs.entry(k.clone()).or_insert(0);
                *sum = sum.saturating_add(*v);
            }
        }
        needs
    }

    /// Everything that has to be where this resource is.
    fn colocated_set(&self, rsc: ResourceIdx) -> Vec<ResourceIdx> {
        let mut set = vec![rsc];
        let mut i = 0;
        while i < set.len() {
            let r = set[i];
            for c in self.this_with_of(r) {
                let col = &self.colocations[c.0 as usize];
                let by_place = col.dependent_role == Role::Unknown && col.primary_role == Role::Unknown;
                let by_place = by_place || col.dependent_role <= Role::Started;
                if col.score >= INFINITY && by_place && !set.contains(&col.primary) {
                    set.push(col.primary);
                }
            }
            for c in self.with_this_of(r) {
                let col = &self.colocations[c.0 as usize];
                if col.score >= INFINITY
                    && col.dependent_role <= Role::Started
                    && !set.contains(&col.dependent)
                {
                    set.push(col.dependent);
                }
            }
            i += 1;
        }
        set
    }

    /// With a placement strategy the order of assignment follows scores.
    pub(super) fn sort_by_utilization(&mut self) {
        let nodes = {
            let mut table = NodeTable::default();
            for n in 0..self.c.nodes.len() as u32 {
                let score = self.c[NodeIdx(n)].score;
                table.entry(NodeIdx(n), score);
            }
            self.sorted_nodes(&table, None)
        };
        let list = self.c.top.clone();
        let nodes: Vec<NodeIdx> = nodes.into_iter().map(|(n, _)| n).collect();
        let sorted = self.merge_sort(list, &mut |plan, a, b| plan.compare_for_assignment(a, b, &nodes));
        self.c.top = sorted;
    }

    fn compare_for_assignment(&mut self, a: ResourceIdx, b: ResourceIdx, nodes: &[NodeIdx]) -> Ordering {
        let by_priority = self.c[b].priority.cmp(&self.c[a].priority);
        if by_priority.is_ne() {
            return by_priority;
        }
        let (ta, tb) = (self.merged_table(a), self.merged_table(b));
        let current = |plan: &Self, r: ResourceIdx| plan.current_node(r);
        let at = |t: &NodeTable, n: Option<NodeIdx>| n.and_then(|n| t.score(n)).unwrap_or(-INFINITY);
        if self.c[a].active.len().max(self.c[b].active.len()) > 0 {
            let (sa, sb) = (at(&ta, current(self, a)), at(&tb, current(self, b)));
            if sa != sb {
                return sb.cmp(&sa);
            }
        }
        for n in nodes {
            let (sa, sb) = (at(&ta, Some(*n)), at(&tb, Some(*n)));
            if sa != sb {
                return sb.cmp(&sa);
            }
        }
        Ordering::Equal
    }

    fn merged_table(&mut self, rsc: ResourceIdx) -> NodeTable {
        let mut table = self.c[rsc].allowed.clone();
        let select = super::scores::Select { nonnegative: false, active: true, this_with: true };
        self.merge_scores(rsc, rsc, &mut table, None, 1.0, select);
        table
    }
}
