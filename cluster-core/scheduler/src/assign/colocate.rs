//! What a colocation does to a dependent once its primary is assigned.

use crate::constraints::{Colocation, ColocationIdx};
use crate::model::*;
use crate::plan::Plan;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Affects {
    Nothing,
    Role,
    Location,
}

impl Plan<'_> {
    /// Apply a colocation of `dependent` (a part of the configured one) with `primary`.
    pub fn apply_colocation(&mut self, dependent: ResourceIdx, primary: ResourceIdx, c: ColocationIdx) {
        let decided = !self.c[dependent].is(Flags::UNASSIGNED);
        if self.c[dependent].variant == Variant::Group && !decided {
            let members = self.children(dependent);
            if self.c[dependent].is(Flags::COLLOCATED) {
                if let Some(first) = members.first() {
                    self.apply_colocation(*first, primary, c);
                }
            } else if self.colocations[c.0 as usize].score < INFINITY {
                for m in members {
                    self.apply_colocation(m, primary, c);
                }
            }
            return;
        }
        self.with_primary(dependent, primary, c);
    }

    fn with_primary(&mut self, dependent: ResourceIdx, primary: ResourceIdx, c: ColocationIdx) {
        let col = self.colocations[c.0 as usize].clone();
        match self.c[primary].variant {
            Variant::Primitive => match self.affects(dependent, primary, &col) {
                Affects::Nothing => {}
                Affects::Role => self.apply_to_priority(dependent, primary, &col),
                Affects::Location => self.apply_to_scores(dependent, primary, &col),
            },
            Variant::Group => {
                if self.c[primary].is(Flags::UNASSIGNED) {
                    return;
                }
                let members = self.children(primary);
                if self.c[primary].is(Flags::COLLOCATED) {
                    let member = if col.score >= INFINITY { members.last() } else { members.first() };
                    if let Some(m) = member {
                        self.with_primary(dependent, *m, c);
                    }
                } else if col.score < INFINITY {
                    for m in members {
                        self.with_primary(dependent, m, c);
                    }
                }
            }
            Variant::Clone => self.with_clone(dependent, primary, c, &col),
            Variant::Bundle => self.with_bundle(dependent, primary, c, &col),
        }
    }

    fn with_clone(
        &mut self,
        dependent: ResourceIdx,
        primary: ResourceIdx,
        c: ColocationIdx,
        col: &Colocation,
    ) {
        if self.c[primary].is(Flags::UNASSIGNED) {
            return;
        }
        if self.c[primary].is_promotable() && col.primary_role != Role::Unknown {
            self.with_promotable(dependent, primary, col);
            return;
        }
        if self.interleaves(col) {
            match self.compatible_instance(dependent, primary, Role::Unknown, false) {
                Some(partner) => self.with_primary(dependent, partner, c),
                None if col.score >= INFINITY => {
                    self.assign(dependent, None, true, true);
                }
                None => {}
            }
            return;
        }
        let instances = self.children(primary);
        if col.score >= INFINITY {
            let mut nodes = Vec::new();
            for i in instances {
                if let Some(node) = self.single_location(i, false)
                    && !self.any_blocked(i)
                {
                    nodes.push((node, 0));
                }
            }
            self.intersect(dependent, col, &nodes, false);
            return;
        }
        for i in instances {
            self.with_primary(dependent, i, c);
        }
    }

    fn with_bundle(
        &mut self,
        dependent: ResourceIdx,
        primary: ResourceIdx,
        c: ColocationIdx,
        col: &Colocation,
    ) {
        if self.c[primary].is(Flags::UNASSIGNED) {
            return;
        }
        let Some(data) = self.c[primary].bundle.clone() else { return };
        if self.is_collective(col.dependent) {
            // Instance by instance: each with the container beside it.
            match self.compatible_instance(dependent, primary, Role::Unknown, false) {
                Some(partner) => self.with_primary(dependent, partner, c),
                None if col.score >= INFINITY => {
                    self.assign(dependent, None, true, true);
                }
                None => {}
            }
            return;
        }
        if col.score < INFINITY {
            for r in &data.replicas {
                self.with_primary(dependent, r.container, c);
            }
            return;
        }
        let mut nodes = Vec::new();
        for r in &data.replicas {
            let Some(host) = self.c[r.container].assigned else { continue };
            if self.any_blocked(r.container) {
                continue;
            }
            let role_fits = match r.child {
                Some(child) if col.primary_role >= Role::Promoted => {
                    self.c[child].next_role == Role::Promoted
                }
                _ => true,
            };
            if role_fits {
                nodes.push((host, 0));
            }
        }
        self.intersect(dependent, col, &nodes, false);
    }

    pub fn any_blocked(&self, rsc: ResourceIdx) -> bool {
        self.c[rsc].is_blocked() || self.c[rsc].children.iter().any(|c| self.any_blocked(*c))
    }

    fn interleaves(&self, col: &Colocation) -> bool {
        let (d, p) = (col.dependent, col.primary);
        if !self.c.is_clone(d) || !self.c[d].is(Flags::INTERLEAVE) {
            return false;
        }
        let node_max = |r: ResourceIdx| self.c[r].clone.as_ref().map(|x| x.node_max);
        node_max(d) == node_max(p)
    }

    /// Limit the dependent to places where the primary is.
    pub fn intersect(
        &mut self,
        dependent: ResourceIdx,
        col: &Colocation,
        primary: &[(NodeIdx, i32)],
        merge: bool,
    ) {
        let attribute = col.node_attribute.clone();
        let nodes: Vec<NodeIdx> = self.c[dependent].allowed.iter().map(|(n, _)| n).collect();
        for n in nodes {
            let found = primary.iter().find(|(p, _)| self.same_attribute(n, *p, attribute.as_ref())).copied();
            let Some(entry) = self.c[dependent].allowed.get_mut(n) else { continue };
            match found {
                None => entry.score = -INFINITY,
                Some((_, s)) if merge => entry.score = add_scores(entry.score, s),
                Some(_) => {}
            }
        }
    }

    /// Whose role a colocation by role looks at: what runs inside a container.
    fn role_holder(&self, rsc: ResourceIdx) -> ResourceIdx {
        if let Some(b) = self.c[rsc].parent.and_then(|p| self.c[p].bundle.as_ref())
            && let Some(r) = b.replicas.iter().find(|r| r.container == rsc)
        {
            return r.child.unwrap_or(rsc);
        }
        rsc
    }

    /// The container in which an instance of a bundle's primitive runs.
    pub(super) fn container_around(&self, rsc: ResourceIdx) -> Option<ResourceIdx> {
        let bundle = self.c[self.c.top_of(rsc)].bundle.as_ref()?;
        bundle.replicas.iter().find(|r| r.child == Some(rsc)).map(|r| r.container)
    }

    fn affects(&self, dependent: ResourceIdx, primary: ResourceIdx, col: &Colocation) -> Affects {
        if self.c[primary].is(Flags::UNASSIGNED) {
            return Affects::Nothing;
        }
        let holder = self.role_holder(dependent);
        let unassigned = self.c[dependent].is(Flags::UNASSIGNED);
        let promotable =
            self.c[holder].parent.is_some_and(|_| self.c[self.c.top_below_bundle(holder)].is_promotable());
        if col.dependent_role >= Role::Started && promotable && !unassigned {
            return Affects::Role;
        }
        if !unassigned {
            return Affects::Nothing;
        }
        if col.dependent_role != Role::Unknown && self.c[holder].next_role != col.dependent_role {
            return Affects::Nothing;
        }
        if col.primary_role != Role::Unknown
            && self.c[self.role_holder(primary)].next_role != col.primary_role
        {
            return Affects::Nothing;
        }
        Affects::Location
    }

    fn apply_to_scores(&mut self, dependent: ResourceIdx, primary: ResourceIdx, col: &Colocation) {
        let at = self.c[primary].assigned;
        if at.is_none() && col.score < 0 {
            return;
        }
        let mut work = self.c[dependent].allowed.clone();
        let attribute = col.node_attribute.as_ref();
        for (n, e) in work.iter_mut() {
            match at {
                None => e.score = add_scores(-col.score, e.score),
                Some(p) if self.same_attribute(n, p, attribute) => {
                    if col.score < INFINITY {
                        e.score = add_scores(col.score, e.score);
                    }
                }
                Some(_) if col.score >= INFINITY => e.score = -INFINITY,
                Some(_) => {}
            }
        }
        if col.score.abs() >= INFINITY || self.any_available(&work) {
            self.c[dependent].allowed = work;
        }
    }

    fn apply_to_priority(&mut self, dependent: ResourceIdx, primary: ResourceIdx, col: &Colocation) {
        let Some(d) = self.single_location(dependent, false) else { return };
        let together =
            self.c[primary].assigned.is_some_and(|p| self.same_attribute(d, p, col.node_attribute.as_ref()));
        let holder = self.role_holder(dependent);
        if !together {
            if col.score >= INFINITY && col.dependent_role == Role::Promoted {
                self.c[holder].promotion_priority = -INFINITY;
            }
            return;
        }
        if col.primary_role != Role::Unknown
            && self.c[self.role_holder(primary)].next_role != col.primary_role
        {
            return;
        }
        let delta = if col.dependent_role == Role::Unpromoted { -col.score } else { col.score };
        let r = &mut self.c[holder];
        r.promotion_priority = add_scores(delta, r.promotion_priority);
        // A cloned group is with the primary by its first member, whose actions then matter as much.
        if r.variant == Variant::Group
            && let Some(first) = r.children.first().copied()
        {
            let member = &mut self.c[first];
            member.priority = add_scores(delta, member.priority);
        }
    }

    /// The instance of a clone (or container of a bundle) on the same node as `rsc`.
    pub fn compatible_instance(
        &self,
        rsc: ResourceIdx,
        with: ResourceIdx,
        role: Role,
        current: bool,
    ) -> Option<ResourceIdx> {
        if let Some(node) = self.single_or_first(rsc, current) {
            return self.instance_on(with, node, role, current);
        }
        // Not assigned: try its nodes, best first.
        let nodes = self.sorted_nodes(&self.c[rsc].allowed, None);
        nodes.into_iter().find_map(|(n, _)| self.instance_on(with, n, role, current))
    }

    fn single_or_first(&self, rsc: ResourceIdx, current: bool) -> Option<NodeIdx> {
        match self.location(rsc, current).as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    fn instance_on(
        &self,
        with: ResourceIdx,
        node: NodeIdx,
        role: Role,
        current: bool,
    ) -> Option<ResourceIdx> {
        self.instances(with).into_iter().find(|i| {
            if role != Role::Unknown && self.state(*i, current) != role {
                return false;
            }
            if !current && self.any_blocked(*i) {
                return false;
            }
            self.single_or_first(*i, current) == Some(node)
        })
    }
}
