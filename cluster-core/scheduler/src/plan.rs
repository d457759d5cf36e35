//! The state of one run: the model, the actions, and what relates them.

use crate::actions::{Action, ActionIdx, Task, Tasks};
use crate::constraints::{Colocation, ColocationIdx, Location, TicketConstraint};
use crate::explain::trace::Trace;
use crate::model::{Cluster, Flags, NodeIdx, ResourceIdx, Role, Variant};
use crate::order::Ordering;
use crate::report::scores::ScoreLine;
use crate::unpack::Env;
use crate::unpack::rules::Values;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;
use std::sync::Arc;

pub struct Plan<'a> {
    pub env: &'a Env<'a>,
    pub c: Cluster,
    pub tasks: Tasks,
    pub actions: Vec<Action>,
    /// The actions of each resource, oldest first.
    pub of_resource: Vec<Vec<ActionIdx>>,
    /// Actions without a resource, by key.
    pub singletons: FxHashMap<SmolStr, ActionIdx>,
    /// Flags of the relation between two actions.
    pub pairs: FxHashMap<(ActionIdx, ActionIdx), u32>,
    pub orderings: Vec<Ordering>,
    pub colocations: Vec<Colocation>,
    /// Per resource: where it is the dependent, where it is the primary.
    pub this_with: Vec<Vec<ColocationIdx>>,
    pub with_this: Vec<Vec<ColocationIdx>>,
    pub locations: Vec<Location>,
    /// Of each resource, for promotion.
    pub locations_of: Vec<Vec<u32>>,
    pub tickets: Vec<TicketConstraint>,
    pub tickets_of: Vec<Vec<u32>>,
    /// Listens to what happens to scores, when somebody wants to know.
    pub trace: Option<Box<Trace>>,
    pub show_scores: bool,
    pub show_utilization: bool,
    pub scores: Vec<ScoreLine>,
    pub param_cache: FxHashMap<(usize, Option<NodeIdx>), Arc<Values>>,
    pub meta_cache: FxHashMap<(usize, Task, u64), Arc<Values>>,
    pub recorded_recurring: FxHashMap<(ResourceIdx, NodeIdx), Vec<ActionIdx>>,
    /// Recurring operations whose recorded failure expired.
    pub reschedule: Vec<(ResourceIdx, NodeIdx, SmolStr, u64)>,
    /// Histories to be compared once it is known where containers will be.
    pub deferred_checks: Vec<(ResourceIdx, NodeIdx, crate::unpack::history::Entry)>,
    pub notify: crate::notify::State,
    /// Assignment of remote connections comes before everything else.
    pub depth: u32,
    pub update_queue: std::collections::VecDeque<ActionIdx>,
    /// How many updates of actions this run has made.
    pub updates: u64,
}

impl<'a> Plan<'a> {
    pub fn new(env: &'a Env<'a>, c: Cluster, options: &crate::Options) -> Plan<'a> {
        let n = c.resources.len();
        Plan {
            env,
            c,
            tasks: Tasks::default(),
            actions: Vec::new(),
            of_resource: vec![Vec::new(); n],
            singletons: FxHashMap::default(),
            pairs: FxHashMap::default(),
            orderings: Vec::new(),
            colocations: Vec::new(),
            this_with: vec![Vec::new(); n],
            with_this: vec![Vec::new(); n],
            locations: Vec::new(),
            locations_of: vec![Vec::new(); n],
            tickets: Vec::new(),
            tickets_of: vec![Vec::new(); n],
            trace: None,
            show_scores: options.show_scores,
            show_utilization: options.show_utilization,
            scores: Vec::new(),
            param_cache: FxHashMap::default(),
            meta_cache: FxHashMap::default(),
            recorded_recurring: FxHashMap::default(),
            reschedule: Vec::new(),
            deferred_checks: Vec::new(),
            notify: crate::notify::State::default(),
            depth: 0,
            update_queue: std::collections::VecDeque::new(),
            updates: 0,
        }
    }

    pub fn action(&self, a: ActionIdx) -> &Action {
        &self.actions[a.0 as usize]
    }

    pub fn action_mut(&mut self, a: ActionIdx) -> &mut Action {
        &mut self.actions[a.0 as usize]
    }

    pub fn own_actions(&self, rsc: ResourceIdx) -> &[ActionIdx] {
        &self.of_resource[rsc.0 as usize]
    }

    /// `RSC_TASK_INTERVAL`, or the name of an action without resource.
    pub fn key(&self, a: ActionIdx) -> String {
        let action = self.action(a);
        match action.rsc {
            Some(r) if action.name.is_empty() => {
                format!("{}_{}_{}", self.c[r].id, self.tasks.name(action.key_task), action.interval_ms)
            }
            _ => action.name.to_string(),
        }
    }

    /// Actions of a resource with this key, oldest first.
    pub fn with_key(
        &self,
        rsc: ResourceIdx,
        task: Task,
        interval_ms: u64,
    ) -> impl Iterator<Item = ActionIdx> + '_ {
        self.own_actions(rsc).iter().copied().filter(move |a| {
            let action = self.action(*a);
            action.key_task == task && action.interval_ms == interval_ms
        })
    }

    /// The same on one node (an action without a node does not count).
    pub fn on_node(
        &self,
        rsc: ResourceIdx,
        task: Task,
        interval_ms: u64,
        node: NodeIdx,
    ) -> Option<ActionIdx> {
        self.with_key(rsc, task, interval_ms).find(|a| self.action(*a).node == Some(node))
    }

    /// The newest action with that task; with a node, only there.
    pub fn newest(&self, rsc: ResourceIdx, task: Task, node: Option<NodeIdx>) -> Option<ActionIdx> {
        self.own_actions(rsc).iter().rev().copied().find(|a| {
            let action = self.action(*a);
            action.task == task && (node.is_none() || action.node == node)
        })
    }

    /// The newest action with that key.
    pub fn newest_key(&self, rsc: ResourceIdx, task: Task) -> Option<ActionIdx> {
        self.own_actions(rsc).iter().rev().copied().find(|a| {
            let action = self.action(*a);
            action.key_task == task && action.interval_ms == 0
        })
    }

    // --- questions about resources that many phases ask ---

    pub fn children(&self, rsc: ResourceIdx) -> Vec<ResourceIdx> {
        self.c[rsc].children.clone()
    }

    /// What counts as an instance of a clone or bundle: for a bundle its containers.
    pub fn instances(&self, rsc: ResourceIdx) -> Vec<ResourceIdx> {
        match &self.c[rsc].bundle {
            Some(b) => b.replicas.iter().map(|r| r.container).collect(),
            None => self.c[rsc].children.clone(),
        }
    }

    pub fn is_collective(&self, rsc: ResourceIdx) -> bool {
        matches!(self.c[rsc].variant, Variant::Clone | Variant::Bundle)
    }

    /// Active anywhere; with `all`, every part of it.
    pub fn is_active(&self, rsc: ResourceIdx, all: bool) -> bool {
        let r = &self.c[rsc];
        match r.variant {
            Variant::Primitive => r.active.iter().any(|n| {
                let node = &self.c[*n];
                node.unclean || node.online || !r.is_managed()
            }),
            _ => {
                let mut children = match &r.bundle {
                    Some(b) => {
                        let mut all: Vec<ResourceIdx> = Vec::new();
                        for x in &b.replicas {
                            all.extend(x.ip);
                            all.extend(x.child);
                            all.push(x.container);
                            all.extend(x.connection);
                        }
                        all
                    }
                    None => r.children.clone(),
                };
                children.dedup();
                let mut any = false;
                for child in children {
                    let active = self.is_active(child, all);
                    if all && !active {
                        return false;
                    }
                    if !all && active {
                        return true;
                    }
                    any |= active;
                }
                any
            }
        }
    }

    /// Its role now, or the one it will have.
    pub fn state(&self, rsc: ResourceIdx, current: bool) -> Role {
        let r = &self.c[rsc];
        match r.variant {
            Variant::Primitive => {
                if current {
                    r.role
                } else {
                    r.next_role
                }
            }
            Variant::Bundle => Role::Unknown,
            _ => r.children.iter().map(|c| self.state(*c, current)).max().unwrap_or(Role::Unknown),
        }
    }

    /// Where it is now (or will be): the first node and all of them.
    pub fn location(&self, rsc: ResourceIdx, current: bool) -> Vec<NodeIdx> {
        let mut out = Vec::new();
        self.collect_location(rsc, current, &mut out);
        out
    }

    fn collect_location(&self, rsc: ResourceIdx, current: bool, out: &mut Vec<NodeIdx>) {
        let r = &self.c[rsc];
        if r.is_primitive() {
            let add = |n: NodeIdx, out: &mut Vec<NodeIdx>| {
                if !out.contains(&n) {
                    out.push(n);
                }
            };
            if current {
                r.active.iter().for_each(|n| add(*n, out));
            } else if let Some(n) = r.assigned {
                add(n, out);
            }
            return;
        }
        let children = match &r.bundle {
            Some(b) => b.replicas.iter().map(|x| x.container).collect(),
            None => r.children.clone(),
        };
        for child in children {
            self.collect_location(child, current, out);
        }
    }

    /// The only node of [`Plan::location`]; none if it is on several (or none).
    pub fn single_location(&self, rsc: ResourceIdx, current: bool) -> Option<NodeIdx> {
        match self.location(rsc, current).as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// Is `ancestor` around `rsc`?
    pub fn is_inside(&self, rsc: ResourceIdx, ancestor: ResourceIdx) -> bool {
        let mut at = self.c[rsc].parent;
        while let Some(p) = at {
            if p == ancestor {
                return true;
            }
            at = self.c[p].parent;
        }
        false
    }

    /// Where a primitive is now, for planning: a migration's source, or the best of several nodes.
    pub fn current_node(&self, rsc: ResourceIdx) -> Option<NodeIdx> {
        self.active_info(rsc).0
    }

    /// The current node, on how many nodes it is active, and on how many clean ones.
    pub fn active_info(&self, rsc: ResourceIdx) -> (Option<NodeIdx>, usize, usize) {
        let r = &self.c[rsc];
        if !r.is_primitive() {
            let nodes = self.location(rsc, true);
            let clean = nodes.iter().filter(|n| self.c[**n].online && !self.c[**n].unclean).count();
            return (nodes.first().copied(), nodes.len(), clean);
        }
        let (mut best, mut all, mut clean) = (None, 0, 0);
        let mut keep_looking = !r.is(Flags::NEEDS_FENCING);
        for n in &r.active {
            let node = &self.c[*n];
            let is_happy = node.online && !node.unclean;
            all += 1;
            if is_happy {
                clean += 1;
            }
            if r.migration_source == Some(*n) {
                // A partial migration counts as active on its source.
                best = Some(*n);
                keep_looking = false;
            } else if best.is_none() || (keep_looking && is_happy) {
                best = Some(*n);
                if is_happy {
                    keep_looking = false;
                }
            }
        }
        (best, all, clean)
    }

    pub fn issue(&mut self, id: Option<&str>, text: String) {
        self.c.issue(true, id, text);
    }
}
