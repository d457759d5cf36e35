//! Capacity: nodes have so much of each attribute, resources need some of it.

use crate::constraints::Colocation;
use crate::model::*;
use crate::plan::Plan;
use indexmap::IndexMap;
use smol_str::SmolStr;
use std::cmp::Ordering;

type Needs = IndexMap<SmolStr, i64>;

impl Plan<'_> {
    /// Take (or give back) what a resource needs of a node.
    pub(super) fn consume(&mut self, rsc: ResourceIdx, node: NodeIdx, take: bool) {
        if self.c[rsc].utilization.is_empty() {
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
        if set.iter().all(|r| self.c[*r].utilization.is_empty()) {
            return None;
        }
        let unassigned: Vec<ResourceIdx> =
            set.into_iter().filter(|r| self.c[*r].is(Flags::UNASSIGNED)).collect();
        let needs = self.needs_of(&unassigned);
        let nodes: Vec<(NodeIdx, i32)> = self.c[rsc].allowed.iter().map(|(n, e)| (n, e.score)).collect();
        let usable: Vec<NodeIdx> =
            nodes.iter().filter(|(n, s)| self.is_available(*n, Some(*s), false)).map(|(n, _)| *n).collect();
        let any_fits = usable.iter().any(|n| self.fits(*n, &needs));
        let own = self.needs_of(&self.leaves(rsc));
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

    fn needs_of(&self, primitives: &[ResourceIdx]) -> Needs {
        let mut needs = Needs::new();
        for r in primitives {
            for (k, v) in &self.c[*r].utilization {
                let sum = needs.entry(k.clone()).or_insert(0);
                *sum = sum.saturating_add(*v);
            }
        }
        needs
    }

    fn leaves(&self, rsc: ResourceIdx) -> Vec<ResourceIdx> {
        let all = crate::unpack::resources::subtree(&self.c, rsc);
        all.into_iter().filter(|r| self.c[*r].is_primitive()).collect()
    }

    /// The primitives that have to be where this resource is. Of a clone one instance has to be
    /// there; what else is colocated with the clone may be with another instance.
    fn colocated_set(&self, rsc: ResourceIdx) -> Vec<ResourceIdx> {
        let mut primitives = self.leaves(rsc);
        let mut seen = vec![rsc];
        let mut i = 0;
        while i < seen.len() {
            let r = seen[i];
            i += 1;
            if self.is_collective(r) {
                continue;
            }
            let by_place = |c: &Colocation| c.score >= INFINITY && c.dependent_role <= Role::Started;
            let this_with = self.this_with_of(r);
            let with_this = self.with_this_of(r);
            let primaries = this_with.iter().map(|c| (&self.colocations[c.0 as usize], true));
            let dependents = with_this.iter().map(|c| (&self.colocations[c.0 as usize], false));
            for (col, primary) in primaries.chain(dependents) {
                let other = if primary { col.primary } else { col.dependent };
                if !by_place(col) || seen.contains(&other) {
                    continue;
                }
                seen.push(other);
                let all = self.leaves(other);
                if !self.is_collective(other) {
                    primitives
                        .extend(all.into_iter().filter(|p| !primitives.contains(p)).collect::<Vec<_>>());
                } else if !all.iter().any(|p| primitives.contains(p))
                    && let Some(instance) = self.instances(other).first()
                {
                    primitives.extend(self.leaves(*instance));
                }
            }
        }
        primitives
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

    /// Where a resource would like to be, with the wishes of what it is with. A group stands and
    /// falls with its last member, which is with all the others.
    fn merged_table(&mut self, rsc: ResourceIdx) -> NodeTable {
        let r = &self.c[rsc];
        let last = r.children.last().filter(|_| r.variant == Variant::Group);
        let mut table = self.c[last.copied().unwrap_or(rsc)].allowed.clone();
        let select = super::scores::Select { nonnegative: false, active: true, this_with: true };
        self.merge_scores(rsc, rsc, &mut table, None, 1.0, select);
        table
    }
}
