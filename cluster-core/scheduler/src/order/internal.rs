//! Orderings that come with being a primitive, a group, a clone.

use super::Side;
use super::flags::*;
use crate::actions::Task;
use crate::model::*;
use crate::plan::Plan;

/// So many instances of an ordered clone wait for one before them, so that one that needs nothing
/// done does not break the chain. More would only cost time.
const MAX_CHAINED: usize = 100;

impl Plan<'_> {
    pub fn internal_constraints(&mut self) {
        for rsc in self.c.top.clone() {
            self.internal_of(rsc);
        }
    }

    pub(super) fn internal_of(&mut self, rsc: ResourceIdx) {
        match self.c[rsc].variant {
            Variant::Primitive => self.internal_primitive(rsc),
            Variant::Group => self.internal_group(rsc),
            Variant::Clone => self.internal_clone(rsc),
            Variant::Bundle => self.internal_bundle(rsc),
        }
    }

    fn internal_primitive(&mut self, rsc: ResourceIdx) {
        if !self.c[rsc].is_managed() {
            return;
        }
        let top = self.c.top_below_bundle(rsc);
        self.order_tasks(rsc, Task::STOP, rsc, Task::START, ORDERED | FIRST_IMPLIES_THEN | INTERMEDIATE_STOP);
        if self.c[top].is_promotable() || self.c[rsc].role > Role::Unpromoted {
            self.order_tasks(rsc, Task::DEMOTE, rsc, Task::STOP, ORDERED | PROMOTED_THEN_IMPLIES_FIRST);
            self.order_tasks(rsc, Task::START, rsc, Task::PROMOTE, UNRUNNABLE_FIRST_BLOCKS);
        }
        self.order_tasks(rsc, Task::DELETE, rsc, Task::MONITOR, IF_ON_SAME_NODE | THEN_CANCELS_FIRST);
        if self.c[rsc].is(Flags::NEEDS_UNFENCING) && self.c.enable_unfencing {
            self.order_unfencing(rsc);
        }
        let strategy = self.c.options.placement;
        if strategy != Placement::Default && !self.c[rsc].utilization.is_empty() {
            self.order_load_stopped(rsc);
        }
        self.order_container(rsc);
        if self.c.has_remote_nodes && !self.may_be_remote(rsc) {
            for n in 0..self.c.nodes.len() as u32 {
                let node = NodeIdx(n);
                if self.c[node].is_remote()
                    && let Some(entry) = self.c[rsc].allowed.get_mut(node)
                {
                    entry.score = -INFINITY;
                }
            }
        }
    }

    /// Nothing that a remote node depends on may run on one, nor guests inside guests. Containers of
    /// bundles may.
    fn may_be_remote(&self, rsc: ResourceIdx) -> bool {
        let r = &self.c[rsc];
        let holds_guest = r.launched.iter().any(|l| self.c[*l].is(Flags::REMOTE_CONNECTION));
        !r.is(Flags::REMOTE_CONNECTION)
            && !r.is(Flags::FENCE_DEVICE)
            && (!holds_guest || self.c[self.c.top_of(rsc)].variant == Variant::Bundle)
    }

    fn order_unfencing(&mut self, rsc: ResourceIdx) {
        let nodes: Vec<NodeIdx> = self.allowed_by_name(rsc);
        for node in nodes {
            let unfence = self.fence_action(node, Some("on"), true, None, false);
            let side = self.side(unfence);
            let flags = IF_ON_SAME_NODE | FIRST_IMPLIES_SAME_NODE_THEN;
            self.order(
                Side::task(rsc, Task::STOP),
                Side::action_of(None, unfence),
                ORDERED | IF_ON_SAME_NODE,
            );
            self.order(side, Side::task(rsc, Task::START), flags);
        }
    }

    pub fn allowed_by_name(&self, rsc: ResourceIdx) -> Vec<NodeIdx> {
        self.c.node_order.iter().copied().filter(|n| self.c[rsc].allowed.contains(*n)).collect()
    }

    fn order_load_stopped(&mut self, rsc: ResourceIdx) {
        for node in self.c[rsc].active.clone() {
            let load = self.load_stopped(node);
            self.order(Side::task(rsc, Task::STOP), Side::action(load), IF_ON_SAME_NODE_OR_TARGET);
        }
        for node in self.allowed_by_name(rsc) {
            let load = self.load_stopped(node);
            self.order(Side::action(load), Side::task(rsc, Task::START), IF_ON_SAME_NODE_OR_TARGET);
            self.order(Side::action(load), Side::task(rsc, Task::MIGRATE_TO), IF_ON_SAME_NODE_OR_TARGET);
        }
    }

    /// The milestone of a node having been relieved.
    fn load_stopped(&mut self, node: NodeIdx) -> crate::actions::ActionIdx {
        let name = format!("load_stopped_{}", self.c[node].name);
        let load = self.pseudo(&name);
        let action = self.action_mut(load);
        if action.node.is_none() {
            action.node = Some(node);
            action.clear(crate::actions::OPTIONAL);
        }
        load
    }

    fn internal_group(&mut self, group: ResourceIdx) {
        let ordered = self.c[group].is(Flags::ORDERED);
        let collocated = self.c[group].is(Flags::COLLOCATED);
        let top = self.c.top_of(group);
        let promotable = self.c[top].is_promotable();
        self.order_tasks(group, Task::STOP, group, Task::STOPPED, UNRUNNABLE_FIRST_BLOCKS);
        self.order_tasks(group, Task::STOPPED, group, Task::START, ORDERED);
        self.order_tasks(group, Task::START, group, Task::RUNNING, UNRUNNABLE_FIRST_BLOCKS);
        let mut last: Option<ResourceIdx> = None;
        let mut last_active: Option<ResourceIdx> = None;
        for m in self.children(group) {
            self.internal_of(m);
            if let Some(prev) = last
                && collocated
            {
                let critical = self.c[m].is(Flags::CRITICAL);
                self.colocate("#group-members", None, INFINITY, (m, None), (prev, None), critical, false);
            }
            if promotable {
                self.order_tasks(group, Task::DEMOTE, m, Task::DEMOTE, THEN_IMPLIES_FIRST_GRAPHED);
                self.order_tasks(m, Task::DEMOTE, group, Task::DEMOTED, FIRST_IMPLIES_THEN_GRAPHED);
                self.order_tasks(
                    m,
                    Task::PROMOTE,
                    group,
                    Task::PROMOTED,
                    ORDERED | FIRST_IMPLIES_THEN_GRAPHED | UNRUNNABLE_FIRST_BLOCKS,
                );
                self.order_tasks(group, Task::PROMOTE, m, Task::PROMOTE, THEN_IMPLIES_FIRST_GRAPHED);
            }
            self.order_tasks(group, Task::START, m, Task::START, THEN_IMPLIES_FIRST_GRAPHED);
            self.order_tasks(group, Task::STOP, m, Task::STOP, THEN_IMPLIES_FIRST_GRAPHED);
            self.order_tasks(m, Task::STOP, group, Task::STOPPED, FIRST_IMPLIES_THEN_GRAPHED);
            self.order_tasks(
                m,
                Task::START,
                group,
                Task::RUNNING,
                ORDERED | FIRST_IMPLIES_THEN_GRAPHED | UNRUNNABLE_FIRST_BLOCKS,
            );
            if !ordered {
                self.order_tasks(
                    group,
                    Task::START,
                    m,
                    Task::START,
                    ORDERED | FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS | THEN_IMPLIES_FIRST_GRAPHED,
                );
                if promotable {
                    self.order_tasks(
                        group,
                        Task::PROMOTE,
                        m,
                        Task::PROMOTE,
                        ORDERED | FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS | THEN_IMPLIES_FIRST_GRAPHED,
                    );
                }
            } else if let Some(prev) = last {
                self.chain_members(prev, m, promotable);
            }
            // An active member behind an inactive one has to stop before that one starts.
            if let Some(prev) = last
                && ordered
                && !self.c[m].active.is_empty()
                && self.c[prev].active.is_empty()
            {
                self.order_tasks(
                    m,
                    Task::STOP,
                    prev,
                    Task::START,
                    ORDERED | THEN_IMPLIES_FIRST | UNRUNNABLE_FIRST_BLOCKS,
                );
                if let Some(active) = last_active {
                    self.order_tasks(m, Task::STOP, active, Task::STOP, ORDERED | THEN_IMPLIES_FIRST);
                }
            }
            if !self.c[m].active.is_empty() {
                last_active = Some(m);
            }
            last = Some(m);
        }
    }

    fn chain_members(&mut self, prev: ResourceIdx, m: ResourceIdx, promotable: bool) {
        let down = ORDERED | INTERMEDIATE_STOP;
        self.order_tasks(
            prev,
            Task::START,
            m,
            Task::START,
            ORDERED | FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS,
        );
        self.order_tasks(m, Task::STOP, prev, Task::STOP, down);
        if promotable {
            self.order_tasks(
                prev,
                Task::PROMOTE,
                m,
                Task::PROMOTE,
                ORDERED | FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS,
            );
            self.order_tasks(m, Task::DEMOTE, prev, Task::DEMOTE, down);
        }
    }

    fn internal_clone(&mut self, clone: ResourceIdx) {
        self.order_tasks(clone, Task::STOPPED, clone, Task::START, ORDERED);
        self.order_tasks(clone, Task::START, clone, Task::RUNNING, UNRUNNABLE_FIRST_BLOCKS);
        self.order_tasks(clone, Task::STOP, clone, Task::STOPPED, UNRUNNABLE_FIRST_BLOCKS);
        let promotable = self.c[clone].is_promotable();
        if promotable {
            self.order_tasks(clone, Task::DEMOTED, clone, Task::STOP, ORDERED);
            self.order_tasks(clone, Task::RUNNING, clone, Task::PROMOTE, UNRUNNABLE_FIRST_BLOCKS);
        }
        let ordered = self.c[clone].is(Flags::ORDERED);
        let instances = self.children(clone);
        for (i, instance) in instances.iter().copied().enumerate() {
            self.internal_of(instance);
            self.order_tasks(
                clone,
                Task::START,
                instance,
                Task::START,
                UNRUNNABLE_FIRST_BLOCKS | THEN_IMPLIES_FIRST_GRAPHED,
            );
            self.order_tasks(instance, Task::START, clone, Task::RUNNING, FIRST_IMPLIES_THEN_GRAPHED);
            self.order_tasks(clone, Task::STOP, instance, Task::STOP, THEN_IMPLIES_FIRST_GRAPHED);
            self.order_tasks(instance, Task::STOP, clone, Task::STOPPED, FIRST_IMPLIES_THEN_GRAPHED);
            if ordered {
                for later in instances[i + 1..].iter().copied().take(MAX_CHAINED) {
                    self.order_tasks(instance, Task::START, later, Task::START, ORDERED);
                    self.order_tasks(later, Task::STOP, instance, Task::STOP, ORDERED);
                }
            }
        }
        if promotable {
            self.order_promotable(clone);
        }
    }

    /// The order of a promotable clone's (or bundle's) milestones: down before up.
    pub(super) fn order_role_changes(&mut self, rsc: ResourceIdx) {
        self.order_tasks(rsc, Task::STOPPED, rsc, Task::PROMOTE, ORDERED);
        self.order_tasks(rsc, Task::DEMOTED, rsc, Task::START, ORDERED);
        self.order_tasks(rsc, Task::DEMOTED, rsc, Task::PROMOTE, ORDERED);
        self.order_tasks(rsc, Task::DEMOTE, rsc, Task::DEMOTED, ORDERED);
    }

    fn order_promotable(&mut self, clone: ResourceIdx) {
        self.order_role_changes(clone);
        let ordered = self.c[clone].is(Flags::ORDERED);
        let mut previous: Option<ResourceIdx> = None;
        for instance in self.children(clone) {
            self.order_tasks(instance, Task::DEMOTE, instance, Task::PROMOTE, ORDERED);
            self.order_tasks(clone, Task::PROMOTE, instance, Task::PROMOTE, ORDERED);
            self.order_tasks(instance, Task::PROMOTE, clone, Task::PROMOTED, ORDERED);
            self.order_tasks(clone, Task::DEMOTE, instance, Task::DEMOTE, ORDERED);
            self.order_tasks(instance, Task::DEMOTE, clone, Task::DEMOTED, ORDERED);
            if ordered && let Some(p) = previous {
                self.order_tasks(p, Task::PROMOTE, instance, Task::PROMOTE, ORDERED);
                self.order_tasks(instance, Task::DEMOTE, p, Task::DEMOTE, ORDERED);
            }
            previous = Some(instance);
        }
    }
}
