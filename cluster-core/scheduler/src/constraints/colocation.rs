//! Colocation constraints, and which of them a resource has to honour.

use super::{Named, Set};
use crate::actions::Task;
use crate::model::*;
use crate::order::flags as rel;
use crate::plan::Plan;
use crate::unpack::values;
use rhapsody_xml::Element;
use smol_str::SmolStr;
use std::cmp::Ordering;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColocationIdx(pub u32);

/// `dependent` is placed in relation to where `primary` is.
#[derive(Debug, Clone)]
pub struct Colocation {
    pub id: SmolStr,
    pub dependent: ResourceIdx,
    pub primary: ResourceIdx,
    /// Unknown is any role.
    pub dependent_role: Role,
    pub primary_role: Role,
    pub score: i32,
    pub node_attribute: Option<SmolStr>,
    /// The dependent may pull the primary.
    pub influence: bool,
    /// From the configuration, not from a group or container.
    pub explicit: bool,
}

impl Plan<'_> {
    pub(super) fn colocation_constraint(&mut self, e: Element, id: &str) {
        let doc = self.env.doc;
        let score = match doc.attr(e, "score") {
            Some(text) => values::score(text).unwrap_or_else(|| {
                self.issue(Some(id), format!("Constraint '{id}': score '{text}' is not a score"));
                0
            }),
            None => 0,
        };
        let influence = doc.attr(e, "influence").and_then(values::boolean);
        let sets: Vec<Element> = doc.children_named(e, "resource_set").collect();
        if !sets.is_empty() {
            let mut last: Option<Set> = None;
            for s in sets {
                let set = self.read_set(s, id);
                self.colocate_inside(id, &set, score, influence);
                if let Some(last) = &last {
                    self.colocate_sets(id, last, &set, score, influence);
                }
                last = Some(set);
            }
            return;
        }
        let (Some(a), Some(b)) = (doc.attr(e, "rsc"), doc.attr(e, "with-rsc")) else {
            self.issue(Some(id), format!("Ignoring colocation '{id}': rsc or with-rsc is missing"));
            return;
        };
        let (Some(a), Some(b)) = (self.named(a, id), self.named(b, id)) else { return };
        let role = |name: &str| doc.attr(e, name).and_then(Role::parse);
        let (ra, rb) = (role("rsc-role"), role("with-rsc-role"));
        let attribute = doc.attr(e, "node-attribute").map(SmolStr::from);
        match (a, b) {
            (Named::One(a), Named::One(b)) => {
                let influence = influence.unwrap_or(self.c[a].is(Flags::CRITICAL));
                self.colocate(id, attribute, score, (a, ra), (b, rb), influence, true);
            }
            (Named::Many(_), Named::Many(_)) => {
                let text = format!("Ignoring colocation '{id}': two tags or templates cannot be colocated");
                self.issue(Some(id), text);
            }
            (a, b) => {
                let (a, b) = (self.set_of(a, ra, None), self.set_of(b, rb, None));
                self.colocate_sets(id, &a, &b, score, influence);
            }
        }
    }

    fn colocate_inside(&mut self, id: &str, set: &Set, score: i32, influence: Option<bool>) {
        let score = set.score.unwrap_or(score);
        if score == 0 || !set.sequential {
            return;
        }
        let influence_of = |plan: &Self, r: ResourceIdx| influence.unwrap_or(plan.c[r].is(Flags::CRITICAL));
        let pair = |plan: &mut Self, a: ResourceIdx, b: ResourceIdx| {
            let inf = influence_of(plan, a);
            plan.colocate(id, None, score, (a, set.role), (b, set.role), inf, true);
        };
        if score > 0 {
            for neighbours in set.members.windows(2) {
                let (before, after) = (neighbours[0], neighbours[1]);
                let (a, b) = if set.listed { (before, after) } else { (after, before) };
                pair(self, a, b);
            }
            return;
        }
        for (i, a) in set.members.iter().enumerate() {
            for b in &set.members[..i] {
                pair(self, *a, *b);
            }
        }
    }

    fn colocate_sets(&mut self, id: &str, one: &Set, two: &Set, score: i32, influence: Option<bool>) {
        let dependents: Vec<_> = if one.sequential {
            one.members.first().into_iter().collect()
        } else {
            one.members.iter().collect()
        };
        let primaries: Vec<_> = if two.sequential {
            two.members.last().into_iter().collect()
        } else {
            two.members.iter().collect()
        };
        for a in &dependents {
            let inf = influence.unwrap_or(self.c[**a].is(Flags::CRITICAL));
            for b in &primaries {
                self.colocate(id, None, score, (**a, one.role), (**b, two.role), inf, true);
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub fn colocate(
        &mut self,
        id: &str,
        node_attribute: Option<SmolStr>,
        score: i32,
        (dependent, dependent_role): (ResourceIdx, Option<Role>),
        (primary, primary_role): (ResourceIdx, Option<Role>),
        influence: bool,
        explicit: bool,
    ) {
        if score == 0 {
            return;
        }
        let role = |r: Option<Role>| r.filter(|r| *r != Role::Started).unwrap_or(Role::Unknown);
        let at = ColocationIdx(self.colocations.len() as u32);
        let node_attribute = node_attribute.filter(|a| a != "#uname");
        let (dependent_role, primary_role) = (role(dependent_role), role(primary_role));
        let new = Colocation {
            id: id.into(),
            dependent,
            primary,
            dependent_role,
            primary_role,
            score,
            node_attribute,
            influence,
            explicit,
        };
        self.colocations.push(new);
        let mut list = std::mem::take(&mut self.this_with[dependent.0 as usize]);
        self.insert_sorted(&mut list, at, false);
        self.this_with[dependent.0 as usize] = list;
        let mut list = std::mem::take(&mut self.with_this[primary.0 as usize]);
        self.insert_sorted(&mut list, at, true);
        self.with_this[primary.0 as usize] = list;
        if score <= -INFINITY {
            self.anti_order(dependent, dependent_role, primary, primary_role);
            self.anti_order(primary, primary_role, dependent, dependent_role);
        }
    }

    /// What may not be together has to leave before the other arrives.
    fn anti_order(&mut self, first: ResourceIdx, first_role: Role, then: ResourceIdx, then_role: Role) {
        let leaving: &[Task] = match first_role {
            Role::Promoted => &[Task::DEMOTE],
            Role::Unpromoted => &[Task::STOP, Task::PROMOTE],
            _ => &[Task::STOP],
        };
        let arriving: &[Task] = match then_role {
            Role::Promoted => &[Task::PROMOTE],
            Role::Unpromoted => &[Task::START, Task::DEMOTE],
            _ => &[Task::START],
        };
        for a in leaving {
            for b in arriving {
                self.order_tasks(first, *a, then, *b, rel::IF_REQUIRED_ON_SAME_NODE);
            }
        }
    }

    fn insert_sorted(&self, list: &mut Vec<ColocationIdx>, new: ColocationIdx, by_dependent: bool) {
        let place =
            list.partition_point(|old| self.colocation_cmp(*old, new, by_dependent) == Ordering::Less);
        list.insert(place, new);
    }

    /// By the other side: higher priority, more complex, promotable, then id.
    fn colocation_cmp(&self, a: ColocationIdx, b: ColocationIdx, by_dependent: bool) -> Ordering {
        let (x, y) = (&self.colocations[a.0 as usize], &self.colocations[b.0 as usize]);
        let pick = |c: &Colocation| if by_dependent { c.dependent } else { c.primary };
        let (rx, ry) = (&self.c[pick(x)], &self.c[pick(y)]);
        let rank = |r: &Resource| match r.variant {
            Variant::Primitive => 0,
            Variant::Group => 1,
            Variant::Clone => 2,
            Variant::Bundle => 3,
        };
        let promotable = |r: &Resource| r.variant == Variant::Clone && r.is_promotable();
        ry.priority
            .cmp(&rx.priority)
            .then_with(|| rank(ry).cmp(&rank(rx)))
            .then_with(|| promotable(ry).cmp(&promotable(rx)))
            .then_with(|| rx.id.cmp(&ry.id))
    }

    /// Colocations in which `rsc` is (or stands for) the dependent.
    pub fn this_with_of(&self, rsc: ResourceIdx) -> Vec<ColocationIdx> {
        let mut list = Vec::new();
        self.collect(rsc, rsc, false, &mut list);
        list
    }

    /// Colocations in which `rsc` is (or stands for) the primary.
    pub fn with_this_of(&self, rsc: ResourceIdx) -> Vec<ColocationIdx> {
        let mut list = Vec::new();
        self.collect(rsc, rsc, true, &mut list);
        list
    }

    fn merge(&self, list: &mut Vec<ColocationIdx>, more: &[ColocationIdx], with_this: bool) {
        if list.is_empty() {
            list.extend_from_slice(more);
            return;
        }
        for c in more {
            self.insert_sorted(list, *c, with_this);
        }
    }

    fn collect(&self, rsc: ResourceIdx, orig: ResourceIdx, with_this: bool, list: &mut Vec<ColocationIdx>) {
        let own = if with_this { &self.with_this[rsc.0 as usize] } else { &self.this_with[rsc.0 as usize] };
        let parent = self.c[rsc].parent;
        match self.c[rsc].variant {
            Variant::Primitive => {
                if rsc == orig {
                    self.merge(list, own, with_this);
                    if let Some(p) = parent {
                        self.collect(p, orig, with_this, list);
                    }
                } else {
                    // Standing for the group: only what was configured.
                    let explicit: Vec<_> =
                        own.iter().copied().filter(|c| self.colocations[c.0 as usize].explicit).collect();
                    for c in explicit {
                        self.insert_sorted(list, c, with_this);
                    }
                }
            }
            Variant::Group => self.collect_group(rsc, orig, with_this, list),
            Variant::Clone => {
                self.merge(list, own, with_this);
                if let Some(p) = parent {
                    self.collect(p, orig, with_this, list);
                }
            }
            Variant::Bundle => {
                let is_container = |r: ResourceIdx| {
                    self.c[rsc].bundle.as_ref().is_some_and(|b| b.replicas.iter().any(|x| x.container == r))
                };
                if orig == rsc || is_container(orig) {
                    self.merge(list, own, with_this);
                }
            }
        }
    }

    fn collect_group(
        &self,
        group: ResourceIdx,
        orig: ResourceIdx,
        with_this: bool,
        list: &mut Vec<ColocationIdx>,
    ) {
        let members = &self.c[group].children;
        let edge = if with_this { members.last() } else { members.first() };
        let Some(edge) = edge.copied() else { return };
        let own =
            if with_this { &self.with_this[group.0 as usize] } else { &self.this_with[group.0 as usize] };
        if orig == group || orig == edge {
            self.merge(list, own, with_this);
            if let Some(p) = self.c[group].parent {
                self.collect(p, orig, with_this, list);
            }
            for m in members.iter().filter(|m| **m != orig) {
                self.collect(*m, orig, with_this, list);
            }
            return;
        }
        if with_this {
            return;
        }
        // The chain to the first member breaks at an unmanaged one: mandatory colocations are passed on.
        let earlier = members.iter().take_while(|m| **m != orig);
        if earlier.into_iter().any(|m| !self.c[*m].is_managed()) {
            let mandatory: Vec<_> =
                own.iter().copied().filter(|c| self.colocations[c.0 as usize].score >= INFINITY).collect();
            for c in mandatory {
                self.insert_sorted(list, c, with_this);
            }
        }
    }
}
