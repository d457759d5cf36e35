//! Ordering constraints.

use super::{Named, Set};
use crate::actions::{MIN_RUNNABLE, Task};
use crate::model::*;
use crate::order::{Side, flags as rel};
use crate::plan::Plan;
use crate::unpack::values;
use rhapsody_xml::Element;
use smol_str::SmolStr;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Optional,
    Mandatory,
    Serialize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Symmetry {
    Asymmetric,
    Symmetric,
    Inverse,
}

fn relation(kind: Kind, first: Task, symmetry: Symmetry) -> u32 {
    match (kind, symmetry) {
        (Kind::Optional | Kind::Serialize, _) => rel::ORDERED,
        (_, Symmetry::Asymmetric) => rel::ORDERED | rel::ASYMMETRIC,
        (_, Symmetry::Symmetric) => {
            let blocks =
                if matches!(first, Task::START | Task::PROMOTE) { rel::UNRUNNABLE_FIRST_BLOCKS } else { 0 };
            rel::ORDERED | rel::FIRST_IMPLIES_THEN | blocks
        }
        (_, Symmetry::Inverse) => rel::ORDERED | rel::THEN_IMPLIES_FIRST,
    }
}

fn invert(task: Task) -> Option<Task> {
    Some(match task {
        Task::START => Task::STOP,
        Task::STOP => Task::START,
        Task::PROMOTE => Task::DEMOTE,
        Task::DEMOTE => Task::PROMOTE,
        Task::RUNNING => Task::STOPPED,
        Task::STOPPED => Task::RUNNING,
        Task::PROMOTED => Task::DEMOTED,
        Task::DEMOTED => Task::PROMOTED,
        _ => return None,
    })
}

impl Plan<'_> {
    fn order_kind(&mut self, e: Element, id: &str) -> Kind {
        let doc = self.env.doc;
        match doc.attr(e, "kind") {
            None => match doc.attr(e, "score").and_then(values::score) {
                Some(0) => Kind::Optional,
                Some(s) if s < 0 => Kind::Optional,
                _ => Kind::Mandatory,
            },
            Some(k) if k.eq_ignore_ascii_case("mandatory") => Kind::Mandatory,
            Some(k) if k.eq_ignore_ascii_case("optional") => Kind::Optional,
            Some(k) if k.eq_ignore_ascii_case("serialize") => Kind::Serialize,
            Some(k) => {
                let text = format!("Resetting kind of constraint '{id}' to mandatory: unknown kind '{k}'");
                self.issue(Some(id), text);
                Kind::Mandatory
            }
        }
    }

    pub(super) fn order_constraint(&mut self, e: Element, id: &str) {
        let doc = self.env.doc;
        let kind = self.order_kind(e, id);
        let symmetrical = doc.attr(e, "symmetrical").and_then(values::boolean);
        let symmetry = match (symmetrical, kind) {
            (Some(false), _) | (_, Kind::Serialize) => Symmetry::Asymmetric,
            _ => Symmetry::Symmetric,
        };
        let sets: Vec<Element> = doc.children_named(e, "resource_set").collect();
        if !sets.is_empty() {
            let mut last: Option<Set> = None;
            for s in sets {
                let set = self.read_set(s, id);
                self.order_inside(&set, kind, symmetrical);
                if let Some(last) = &last {
                    self.order_sets(last, &set, kind, symmetry);
                    if symmetry == Symmetry::Symmetric {
                        self.order_sets(&set, last, kind, Symmetry::Inverse);
                    }
                }
                last = Some(set);
            }
            return;
        }
        let (Some(a), Some(b)) = (doc.attr(e, "first"), doc.attr(e, "then")) else {
            self.issue(Some(id), format!("Ignoring order '{id}': first or then is missing"));
            return;
        };
        let (Some(a), Some(b)) = (self.named(a, id), self.named(b, id)) else { return };
        let first_action = doc.attr(e, "first-action").unwrap_or("start").to_owned();
        let then_action = doc.attr(e, "then-action").unwrap_or(&first_action).to_owned();
        match (a, b) {
            (Named::One(a), Named::One(b)) => {
                let (ta, tb) = (self.tasks.intern(&first_action), self.tasks.intern(&then_action));
                let require_all = doc.attr(e, "require-all").and_then(values::boolean).unwrap_or(true);
                self.order_simple(id, (a, ta), (b, tb), kind, symmetry, require_all);
            }
            (a, b) => {
                let one = self.set_of(a, None, Some(SmolStr::from(first_action)));
                let two = self.set_of(b, None, Some(SmolStr::from(then_action)));
                self.order_sets(&one, &two, kind, symmetry);
                if symmetry == Symmetry::Symmetric {
                    self.order_sets(&two, &one, kind, Symmetry::Inverse);
                }
            }
        }
    }

    fn order_simple(
        &mut self,
        id: &str,
        (first, first_task): (ResourceIdx, Task),
        (then, then_task): (ResourceIdx, Task),
        kind: Kind,
        symmetry: Symmetry,
        require_all: bool,
    ) {
        let flags = relation(kind, first_task, symmetry);
        let min = match &self.c[first].clone {
            Some(data) if data.min > 0 => data.min,
            Some(_) if !require_all => 1,
            _ if self.is_collective(first) && !require_all => 1,
            _ => 0,
        };
        if min > 0 && matches!(first_task, Task::START | Task::PROMOTE) {
            self.order_after_some(id, first, first_task, (then, then_task), flags, min);
        } else {
            self.order_tasks(first, first_task, then, then_task, flags);
        }
        if symmetry == Symmetry::Symmetric
            && let (Some(a), Some(b)) = (invert(first_task), invert(then_task))
        {
            self.order_tasks(then, b, first, a, relation(kind, b, Symmetry::Inverse));
        }
    }

    /// `then` needs only `min` instances of the clone.
    fn order_after_some(
        &mut self,
        id: &str,
        clone: ResourceIdx,
        task: Task,
        (then, then_task): (ResourceIdx, Task),
        flags: u32,
        min: i32,
    ) {
        let met = self.pseudo(&format!("clone-one-or-more:{id}"));
        let action = self.action_mut(met);
        action.required_runnable_before = min;
        action.set(MIN_RUNNABLE);
        for instance in self.instances(clone) {
            let first = Side::task(instance, task);
            self.order(first, Side::action(met), rel::COUNTS_RUNNABLE | rel::FIRST_IMPLIES_THEN_GRAPHED);
        }
        let side = Side::action_of(None, met);
        self.order(side, Side::task(then, then_task), flags | rel::UNRUNNABLE_FIRST_BLOCKS);
    }

    fn set_task(&mut self, set: &Set) -> Task {
        match &set.action {
            Some(a) => self.tasks.intern(a),
            None => Task::START,
        }
    }

    fn order_inside(&mut self, set: &Set, parent: Kind, parent_symmetrical: Option<bool>) {
        let kind = match set.kind.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("optional") => Kind::Optional,
            Some("serialize") => Kind::Serialize,
            Some("mandatory") => Kind::Mandatory,
            _ => match set.score {
                Some(0) => Kind::Optional,
                _ => parent,
            },
        };
        let symmetry = match (set.symmetrical.or(parent_symmetrical), kind) {
            (Some(false), _) | (_, Kind::Serialize) => Symmetry::Asymmetric,
            _ => Symmetry::Symmetric,
        };
        let task = self.set_task(set);
        if set.members.len() < 2 {
            return;
        }
        let flags = relation(kind, task, symmetry);
        for (i, rsc) in set.members.iter().enumerate() {
            if kind == Kind::Serialize {
                for later in &set.members[i + 1..] {
                    self.order_tasks(*rsc, task, *later, task, flags);
                }
            } else if set.sequential && i > 0 {
                self.order_tasks(set.members[i - 1], task, *rsc, task, flags);
            }
        }
        if symmetry == Symmetry::Asymmetric || !set.sequential {
            return;
        }
        let Some(inverse) = invert(task) else { return };
        let flags = relation(kind, inverse, Symmetry::Inverse);
        for pair in set.members.windows(2) {
            self.order_tasks(pair[1], inverse, pair[0], inverse, flags);
        }
    }

    fn order_sets(&mut self, one: &Set, two: &Set, kind: Kind, symmetry: Symmetry) {
        let (mut t1, mut t2) = (self.set_task(one), self.set_task(two));
        let mut require_all = one.require_all;
        let inverse = symmetry == Symmetry::Inverse;
        if inverse {
            let (Some(a), Some(b)) = (invert(t1), invert(t2)) else { return };
            (t1, t2) = (a, b);
        }
        if matches!(t1, Task::STOP | Task::DEMOTE) {
            require_all = true;
        }
        let flags = relation(kind, t1, symmetry);
        if !require_all {
            let any = self.pseudo(&format!("one-or-more:{}", one.id));
            self.action_mut(any).set(MIN_RUNNABLE);
            for rsc in &one.members {
                let first = Side::task(*rsc, t1);
                self.order(first, Side::action(any), rel::COUNTS_RUNNABLE | rel::FIRST_IMPLIES_THEN_GRAPHED);
            }
            for rsc in &two.members {
                self.order(Side::action(any), Side::task(*rsc, t2), flags | rel::UNRUNNABLE_FIRST_BLOCKS);
            }
            return;
        }
        let edge = |set: &Set, last: bool| -> Vec<ResourceIdx> {
            if !set.sequential {
                return set.members.clone();
            }
            let one = if last { set.members.last() } else { set.members.first() };
            one.copied().into_iter().collect()
        };
        for a in edge(one, !inverse) {
            for b in edge(two, inverse) {
                self.order_tasks(a, t1, b, t2, flags);
            }
        }
    }
}
