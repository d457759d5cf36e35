//! Promotable clones: which instances are promoted.

use super::scores::Select;
use crate::constraints::Colocation;
use crate::model::*;
use crate::plan::Plan;
use crate::unpack::history::strip_number;
use crate::unpack::values;
use std::cmp::Ordering;

impl Plan<'_> {
    /// Promotion scores make an instance prefer a node.
    pub(super) fn add_promotion_scores(&mut self, clone: ResourceIdx) {
        for i in self.children(clone) {
            let nodes: Vec<NodeIdx> = self.c[i].allowed.iter().map(|(n, _)| n).collect();
            for n in nodes {
                if !self.is_available(n, None, false) {
                    continue;
                }
                let score = self.promotion_score(i, n).unwrap_or(0);
                if score > 0 {
                    self.c[i].allowed.add_present(n, score);
                }
                self.c[i].best_promotion = self.c[i].best_promotion.max(score);
            }
        }
    }

    /// The promotion score of an instance on a node; `None` if none is set. A group has the sum.
    fn promotion_score(&self, rsc: ResourceIdx, node: NodeIdx) -> Option<i32> {
        let children = &self.c[rsc].children;
        if !children.is_empty() {
            let scores: Vec<i32> = children.iter().filter_map(|c| self.promotion_score(*c, node)).collect();
            let sum = scores.iter().fold(0i32, |sum, s| sum.saturating_add(*s));
            return (!scores.is_empty()).then_some(sum);
        }
        if !self.promotion_score_applies(rsc, node) {
            return None;
        }
        let node = self.attribute_node(rsc, node)?;
        let value = |name: &str| self.c[node].attr(&format!("master-{name}")).map(str::to_owned);
        let name = self.c[rsc].history_name().to_string();
        let found = value(&name).or_else(|| {
            let base = strip_number(&self.c[rsc].id);
            (!self.c[rsc].is_unique() && base != self.c[rsc].id).then(|| value(base)).flatten()
        })?;
        Some(values::score(&found).unwrap_or(0))
    }

    fn promotion_score_applies(&self, rsc: ResourceIdx, node: NodeIdx) -> bool {
        let r = &self.c[rsc];
        let allowed = r.allowed.score(node).is_some_and(|s| s >= 0);
        if !r.is_unique() {
            let top = self.c.top_below_bundle(rsc);
            let base = &r.definition.id;
            let mut peers = self.c[top].children.iter().filter_map(|i| self.part_with_id(*i, base));
            let active = peers.clone().find(|p| self.c[*p].active.contains(&node));
            if active == Some(rsc) {
                return allowed;
            }
            if active.is_none() && peers.any(|p| self.c[p].known_on.contains(&node)) {
                return true;
            }
        }
        if r.active.is_empty() && r.known_on.is_empty() {
            return true;
        }
        (r.active.contains(&node) || r.known_on.contains(&node)) && allowed
    }

    fn part_with_id(&self, rsc: ResourceIdx, base: &str) -> Option<ResourceIdx> {
        if self.c[rsc].is_primitive() {
            return (self.c[rsc].definition.id == base).then_some(rsc);
        }
        self.c[rsc].children.iter().find_map(|c| self.part_with_id(*c, base))
    }

    /// Decide the roles of all instances.
    pub(super) fn set_instance_roles(&mut self, clone: ResourceIdx) {
        for n in 0..self.c.nodes.len() as u32 {
            if let Some(e) = self.c[clone].allowed.get_mut(NodeIdx(n)) {
                e.count = 0;
            }
        }
        let instances = self.children(clone);
        for i in &instances {
            self.set_current_unpromoted(*i);
            self.set_promotion_priority(*i, clone);
        }
        self.sort_promotable(clone);
        let (max, node_max) = match &self.c[clone].clone {
            Some(d) => (d.promoted_max, d.promoted_node_max),
            None => (0, 0),
        };
        let mut promoted = 0;
        for i in self.children(clone) {
            self.show_promotion_score(i);
            let mut chosen = None;
            if self.c[i].promotion_priority >= 0 && (promoted < max || !self.c[clone].is_managed()) {
                chosen = self.promotable_on(i, node_max);
            }
            let frozen = self.c[i].role < Role::Promoted
                && !self.c.quorate
                && self.c.options.no_quorum == NoQuorum::Freeze;
            match chosen {
                Some(n) if !frozen => {
                    if let Some(e) = self.c[clone].allowed.get_mut(n) {
                        e.count += 1;
                    }
                    self.set_promoted(i);
                    promoted += 1;
                }
                _ => self.set_unpromoted(i),
            }
        }
    }

    fn set_current_unpromoted(&mut self, rsc: ResourceIdx) {
        if self.c[rsc].role == Role::Started {
            self.c[rsc].role = Role::Unpromoted;
        }
        for child in self.children(rsc) {
            self.set_current_unpromoted(child);
        }
    }

    fn set_promotion_priority(&mut self, i: ResourceIdx, clone: ResourceIdx) {
        let node = self.single_location(i, false);
        match self.state(i, false) {
            Role::Unpromoted | Role::Stopped => self.c[i].promotion_priority = -INFINITY,
            Role::Promoted => self.c[i].promotion_priority = INFINITY,
            _ if node.is_none() => self.c[i].promotion_priority = -INFINITY,
            _ => {
                self.c[i].promotion_priority = node.and_then(|n| self.promotion_score(i, n)).unwrap_or(-1);
            }
        }
        if let Some(n) = node {
            for r in [i, clone] {
                for l in self.locations_of[r.0 as usize].clone() {
                    let Some(l) = self.locations.get(l as usize) else { continue };
                    if l.role == Role::Promoted
                        && let Some((_, s)) = l.nodes.iter().find(|(x, _)| *x == n)
                    {
                        let s = *s;
                        self.c[i].promotion_priority = add_scores(self.c[i].promotion_priority, s);
                    }
                }
            }
        }
        // What a bundle is with concerns the container around an instance.
        let placed = self.container_around(i).unwrap_or(i);
        for c in self.this_with_of(placed) {
            let primary = self.colocations[c.0 as usize].primary;
            self.apply_colocation(placed, primary, c);
        }
        if self.state(i, false) == Role::Promoted {
            self.c[i].promotion_priority = INFINITY;
        }
    }

    fn sort_promotable(&mut self, clone: ResourceIdx) {
        self.c[clone].set(Flags::UPDATING_NODES);
        for i in self.children(clone) {
            let priority = self.c[i].promotion_priority;
            if priority >= 0
                && let Some(n) = self.single_location(i, false)
            {
                self.c[clone].allowed.add_present(n, priority);
            }
        }
        let mut table = self.c[clone].allowed.clone();
        for c in self.with_this_of(clone) {
            let col = &self.colocations[c.0 as usize];
            if col.primary_role != Role::Promoted || !self.has_influence(c, None) {
                continue;
            }
            let (dependent, score) = (col.dependent, col.score);
            let select = Select { nonnegative: true, active: true, this_with: false };
            self.merge_scores(dependent, clone, &mut table, Some(c), score as f32 / INFINITY as f32, select);
        }
        self.add_wishes_for_bundle(clone, &mut table);
        self.c[clone].allowed = table;
        self.require_promotion_tickets(clone);
        for i in self.children(clone) {
            let node = self.single_location(i, false);
            if !self.c[i].is_managed() && self.c[i].next_role == Role::Promoted {
                self.c[i].promotion_priority = INFINITY;
            } else if let Some(n) = node
                && self.c[i].promotion_priority >= 0
                && let Some(score) = self.c[clone].allowed.score(n)
            {
                self.c[i].promotion_priority = score;
            }
        }
        let list = self.children(clone);
        let sorted = self.merge_sort(list, &mut |plan, a, b| {
            let (x, y) = (&plan.c[a], &plan.c[b]);
            let by_priority = y.promotion_priority.cmp(&x.promotion_priority);
            if by_priority != Ordering::Equal {
                return by_priority;
            }
            let (ra, rb) = (plan.state(a, true), plan.state(b, true));
            rb.cmp(&ra)
        });
        self.c[clone].children = sorted;
        self.c[clone].clear(Flags::UPDATING_NODES);
    }

    fn require_promotion_tickets(&mut self, clone: ResourceIdx) {
        for t in self.tickets_of[clone.0 as usize].clone() {
            let t = self.tickets[t as usize].clone();
            if t.role == Role::Promoted && !self.ticket_usable(&t) {
                self.ban_all(clone);
            }
        }
    }

    fn promotable_on(&self, i: ResourceIdx, node_max: i32) -> Option<NodeIdx> {
        for child in &self.c[i].children {
            self.promotable_on(*child, node_max)?;
        }
        let node = self.single_location(i, false)?;
        if !self.c[i].is_managed() {
            if self.state(i, true) != Role::Promoted {
                return None;
            }
        } else if self.c[i].promotion_priority < 0 || !self.is_available(node, None, true) {
            return None;
        }
        let top = self.c.top_below_bundle(i);
        let entry = self.c[top].allowed.get(node)?;
        if entry.count as i32 >= node_max && self.c[i].is_managed() {
            return None;
        }
        Some(node)
    }

    fn set_promoted(&mut self, rsc: ResourceIdx) {
        if self.c[rsc].next_role == Role::Unknown {
            self.set_next_role(rsc, Role::Promoted, "promoted instance");
        }
        for child in self.children(rsc) {
            self.set_promoted(child);
        }
    }

    fn set_unpromoted(&mut self, rsc: ResourceIdx) {
        let role = if self.location(rsc, false).is_empty() { Role::Stopped } else { Role::Unpromoted };
        self.set_next_role(rsc, role, "unpromoted instance");
        for child in self.children(rsc) {
            self.set_unpromoted(child);
        }
    }

    /// A dependent of a promotable clone by role.
    pub(super) fn with_promotable(&mut self, dependent: ResourceIdx, primary: ResourceIdx, col: &Colocation) {
        if !self.c[dependent].is(Flags::UNASSIGNED) {
            if col.dependent_role == Role::Promoted {
                let with_partner = self.has_partner_in_role(dependent, primary, col);
                let r = &mut self.c[dependent];
                if with_partner {
                    r.promotion_priority = add_scores(r.promotion_priority, col.score);
                } else if col.score >= INFINITY {
                    r.promotion_priority = -INFINITY;
                }
            }
            return;
        }
        let mut affected = Vec::new();
        for i in self.children(primary) {
            let Some(node) = self.single_location(i, false) else { continue };
            if self.state(i, false) != col.primary_role {
                continue;
            }
            if col.score < INFINITY {
                let nodes: Vec<NodeIdx> = self.c[dependent].allowed.iter().map(|(n, _)| n).collect();
                for n in nodes {
                    if self.same_attribute(n, node, col.node_attribute.as_ref()) {
                        self.c[dependent].allowed.add_present(n, col.score);
                    }
                }
            }
            let score = self.c[i].allowed.score(node).unwrap_or(0);
            affected.insert(0, (node, score));
        }
        if col.score >= INFINITY
            && (col.dependent_role != Role::Promoted || col.primary_role != Role::Promoted)
        {
            self.intersect(dependent, col, &affected, true);
        }
    }

    /// Some instance of `primary` has the role at the place of `rsc`.
    fn has_partner_in_role(&self, rsc: ResourceIdx, primary: ResourceIdx, col: &Colocation) -> bool {
        let Some(here) = self.single_location(rsc, false) else { return false };
        self.c[primary].children.iter().any(|i| {
            !self.any_blocked(*i)
                && self.state(*i, false) == col.primary_role
                && self
                    .single_location(*i, false)
                    .is_some_and(|there| self.same_attribute(here, there, col.node_attribute.as_ref()))
        })
    }
}
