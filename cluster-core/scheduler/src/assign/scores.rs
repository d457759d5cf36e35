//! The wishes of dependents: scores of resources that want to be with this one, attenuated.

use crate::constraints::ColocationIdx;
use crate::model::*;
use crate::plan::Plan;
use crate::unpack::history::add_location;
use smol_str::SmolStr;

/// How a merge treats scores.
#[derive(Debug, Clone, Copy)]
pub struct Select {
    /// A positive score does not become negative, but 1.
    pub nonnegative: bool,
    /// Drop a merge that would leave no node.
    pub active: bool,
    /// Follow what the resource is with, rather than what is with it.
    pub this_with: bool,
}

/// Marks a node that was kept from becoming negative.
const KEPT: i32 = -2 * INFINITY;

impl Plan<'_> {
    pub fn add_dependent_scores(&mut self, c: ColocationIdx, target: ResourceIdx) {
        let col = &self.colocations[c.0 as usize];
        let (dependent, score) = (col.dependent, col.score);
        if !self.has_influence(c, None) {
            return;
        }
        let select = Select { nonnegative: self.is_clone_like(target), active: true, this_with: false };
        let factor = score as f32 / INFINITY as f32;
        let mut table = std::mem::take(&mut self.c[target].allowed);
        // The target's own table is read during the merge (availability of loops), so it stays visible.
        self.c[target].allowed = table.clone();
        self.merge_scores(dependent, target, &mut table, Some(c), factor, select);
        self.c[target].allowed = table;
    }

    fn is_clone_like(&self, rsc: ResourceIdx) -> bool {
        self.c[rsc].variant == Variant::Clone
    }

    /// Whether a dependent's preferences count for the primary.
    pub fn has_influence(&self, c: ColocationIdx, rsc: Option<ResourceIdx>) -> bool {
        let col = &self.colocations[c.0 as usize];
        let rsc = rsc.unwrap_or(col.primary);
        let r = &self.c[rsc];
        let bundle_connection = self.c[col.dependent].is(Flags::REMOTE_CONNECTION)
            && self.c[self.c.top_of(col.dependent)].variant == Variant::Bundle;
        if bundle_connection && !r.is_failed() && r.active.len() == 1 {
            return false;
        }
        col.influence || r.active.is_empty()
    }

    /// Add the scores of `source` (and of what depends on it) to `nodes`.
    pub fn merge_scores(
        &mut self,
        source: ResourceIdx,
        target: ResourceIdx,
        nodes: &mut NodeTable,
        colocation: Option<ColocationIdx>,
        factor: f32,
        select: Select,
    ) {
        if self.c[source].is(Flags::UPDATING_NODES) || factor == 0.0 {
            return;
        }
        if self.c[source].variant == Variant::Group {
            let members = &self.c[source].children;
            // The last member is with all the others: that is where the way to the primaries begins.
            let beginning = select.this_with && colocation.is_none();
            let member = if beginning { members.last() } else { members.first() };
            let Some(member) = member.copied() else { return };
            self.c[source].set(Flags::UPDATING_NODES);
            self.merge_scores(member, target, nodes, colocation, factor, select);
            self.c[source].clear(Flags::UPDATING_NODES);
            return;
        }
        self.c[source].set(Flags::UPDATING_NODES);
        let mut work = nodes.clone();
        if let Some(c) = colocation {
            self.add_matching(&mut work, source, target, c, factor, select.nonnegative);
        }
        if self.any_available(&work) {
            let list = if select.this_with { self.this_with_of(source) } else { self.with_this_of(source) };
            for c in list {
                let col = &self.colocations[c.0 as usize];
                let other = if select.this_with { col.primary } else { col.dependent };
                let other_factor = factor * (col.score as f32 / INFINITY as f32);
                if !select.this_with && !self.has_influence(c, None) {
                    continue;
                }
                self.merge_scores(other, target, &mut work, Some(c), other_factor, select);
            }
        } else if select.active {
            self.c[source].clear(Flags::UPDATING_NODES);
            return;
        }
        if select.nonnegative {
            for (_, e) in work.iter_mut() {
                if e.score == KEPT {
                    e.score = 1;
                }
            }
        }
        *nodes = work;
        self.c[source].clear(Flags::UPDATING_NODES);
    }

    fn add_matching(
        &mut self,
        nodes: &mut NodeTable,
        source: ResourceIdx,
        target: ResourceIdx,
        c: ColocationIdx,
        factor: f32,
        nonnegative: bool,
    ) {
        let col = self.colocations[c.0 as usize].clone();
        let attribute = col.node_attribute.clone();
        let table = self.preferences(source, c);
        let _ = target;
        let all: Vec<NodeIdx> = nodes.iter().map(|(n, _)| n).collect();
        for n in all {
            let score = self.best_matching(&table, n, attribute.as_ref());
            if factor < 0.0 && score < 0 {
                let stays = self.c[col.primary].stickiness >= -score
                    || !self.has_influence(c, None)
                    || !self.allowed_on_one(col.dependent);
                if stays {
                    continue;
                }
            }
            let Some(entry) = nodes.get_mut(n) else { continue };
            if entry.score == KEPT {
                continue;
            }
            let exact = factor * score as f32;
            let mut delta = (if exact < 0.0 { exact - 0.5 } else { exact + 0.5 }) as i32;
            if delta == 0 && score != 0 {
                delta = if factor > 0.0 {
                    1
                } else if factor < 0.0 {
                    -1
                } else {
                    0
                };
            }
            let new = add_scores(delta, entry.score);
            if nonnegative && new < 0 && entry.score > 0 {
                entry.score = KEPT;
                continue;
            }
            if nonnegative && new < 0 && entry.score == 0 {
                continue;
            }
            entry.score = new;
        }
    }

    /// The dependent's table; for an explicit colocation of a later group member, with the group's locations.
    fn preferences(&mut self, source: ResourceIdx, c: ColocationIdx) -> NodeTable {
        let col = &self.colocations[c.0 as usize];
        let explicit_member = col.explicit && col.dependent == source;
        let Some(group) = self.c[source].parent.filter(|p| self.c[*p].variant == Variant::Group) else {
            return self.c[source].allowed.clone();
        };
        if !explicit_member || self.c[group].children.first() == Some(&source) {
            return self.c[source].allowed.clone();
        }
        let mut table = self.c[source].allowed.clone();
        for l in self.locations.iter().filter(|l| l.rsc == group && l.role == Role::Unknown) {
            for (n, s) in &l.nodes {
                match table.get_mut(*n) {
                    Some(e) => e.score = add_scores(e.score, *s),
                    None => {
                        table.entry(*n, *s);
                    }
                }
            }
        }
        table
    }

    fn best_matching(&self, table: &NodeTable, node: NodeIdx, attribute: Option<&SmolStr>) -> i32 {
        match attribute {
            None => match table.score(node) {
                Some(s) if self.is_available(node, None, false) => s.max(-INFINITY),
                _ => -INFINITY,
            },
            Some(a) => table
                .iter()
                .filter(|(n, _)| self.is_available(*n, None, false) && self.same_attribute(*n, node, Some(a)))
                .map(|(_, e)| e.score)
                .max()
                .unwrap_or(-INFINITY)
                .max(-INFINITY),
        }
    }

    /// Nodes that are one place for a colocation.
    pub fn same_attribute(&self, a: NodeIdx, b: NodeIdx, attribute: Option<&SmolStr>) -> bool {
        match attribute {
            None => a == b,
            Some(name) => {
                let value = |n: NodeIdx| self.c[n].attr(name).map(str::to_ascii_lowercase);
                value(a) == value(b)
            }
        }
    }

    fn allowed_on_one(&self, rsc: ResourceIdx) -> bool {
        self.c[rsc].allowed.iter().filter(|(_, e)| e.score >= 0).count() == 1
    }

    pub fn limit_to(&mut self, rsc: ResourceIdx, node: NodeIdx) {
        for n in 0..self.c.nodes.len() as u32 {
            if NodeIdx(n) != node {
                add_location(&mut self.c, rsc, NodeIdx(n), -INFINITY);
            }
        }
    }
}
