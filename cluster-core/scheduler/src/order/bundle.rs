//! Orderings of containers: bundles, guest nodes and what else runs inside something.

use super::flags::*;
use crate::actions::{ActionIdx, Task};
use crate::model::*;
use crate::plan::Plan;

/// How much a bundle's connection wants to be where its container is.
const BESIDE_CONTAINER: i32 = 10_000;

impl Plan<'_> {
    /// What runs inside a container starts after it and moves with it.
    pub(super) fn order_container(&mut self, rsc: ResourceIdx) {
        let Some(container) = self.c[rsc].container else { return };
        if self.c[rsc].is(Flags::REMOTE_CONNECTION) {
            // A connection that is up says nothing before it is known what the container does.
            self.order_tasks(container, Task::MONITOR, rsc, Task::STOP, ORDERED);
        } else if let Some(guest) = self.guest_of_container(container) {
            // What is inside a guest's container is inside the guest.
            self.limit_to(rsc, guest);
            return;
        }
        self.order_tasks(
            container,
            Task::START,
            rsc,
            Task::START,
            ORDERED | FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS,
        );
        self.order_tasks(rsc, Task::STOP, container, Task::STOP, ORDERED | THEN_IMPLIES_FIRST);
        let bundled = self.c[self.c.top_of(rsc)].variant == Variant::Bundle;
        let score = if bundled { BESIDE_CONTAINER } else { INFINITY };
        self.colocate("#resource-with-container", None, score, (rsc, None), (container, None), true, false);
    }

    /// The guest node a container holds, if it is that kind of container.
    fn guest_of_container(&self, container: ResourceIdx) -> Option<NodeIdx> {
        self.c[container]
            .launched
            .iter()
            .find_map(|r| self.c[*r].remote_node.filter(|n| self.c[*n].is_guest()))
    }

    /// An ordering between the container of a guest node and something in that guest: what the guest
    /// itself brings is enough, and what else is configured would make them wait for each other.
    pub(super) fn contradicts_container(&self, first: ActionIdx, then: ActionIdx) -> bool {
        let inside = |outer: ActionIdx, inner: ActionIdx| {
            let node = self.action(inner).node.filter(|_| self.action(inner).rsc.is_some());
            let container = node.and_then(|n| self.container_of_guest(n));
            container.is_some() && self.action(outer).rsc == container
        };
        inside(first, then) || inside(then, first)
    }

    pub(super) fn internal_bundle(&mut self, bundle: ResourceIdx) {
        let Some(data) = self.c[bundle].bundle.clone() else { return };
        if let Some(child) = data.child {
            self.order_tasks(bundle, Task::START, child, Task::START, THEN_IMPLIES_FIRST_GRAPHED);
            self.order_tasks(bundle, Task::STOP, child, Task::STOP, THEN_IMPLIES_FIRST_GRAPHED);
            self.order_tasks(child, Task::RUNNING, bundle, Task::RUNNING, FIRST_IMPLIES_THEN_GRAPHED);
            self.order_tasks(child, Task::STOPPED, bundle, Task::STOPPED, FIRST_IMPLIES_THEN_GRAPHED);
        }
        for r in &data.replicas {
            self.order_replica(bundle, r);
        }
        let Some(child) = data.child else { return };
        self.internal_of(child);
        if !self.c[child].is_promotable() {
            return;
        }
        self.order_tasks(bundle, Task::STOPPED, bundle, Task::START, ORDERED);
        self.order_role_changes(bundle);
        self.order_tasks(bundle, Task::DEMOTED, bundle, Task::STOP, ORDERED);
        self.order_tasks(bundle, Task::RUNNING, bundle, Task::PROMOTE, ORDERED);
        self.order_tasks(child, Task::DEMOTED, bundle, Task::DEMOTED, FIRST_IMPLIES_THEN_GRAPHED);
        self.order_tasks(bundle, Task::DEMOTE, child, Task::DEMOTE, THEN_IMPLIES_FIRST_GRAPHED);
        self.order_tasks(child, Task::PROMOTED, bundle, Task::PROMOTED, FIRST_IMPLIES_THEN_GRAPHED);
        self.order_tasks(bundle, Task::PROMOTE, child, Task::PROMOTE, THEN_IMPLIES_FIRST_GRAPHED);
    }

    fn order_replica(&mut self, bundle: ResourceIdx, r: &Replica) {
        let container = r.container;
        self.internal_of(container);
        self.order_tasks(
            bundle,
            Task::START,
            container,
            Task::START,
            UNRUNNABLE_FIRST_BLOCKS | THEN_IMPLIES_FIRST_GRAPHED,
        );
        if let Some(child) = r.child {
            self.order_tasks(bundle, Task::STOP, child, Task::STOP, THEN_IMPLIES_FIRST_GRAPHED);
        }
        self.order_tasks(bundle, Task::STOP, container, Task::STOP, THEN_IMPLIES_FIRST_GRAPHED);
        self.order_tasks(container, Task::START, bundle, Task::RUNNING, FIRST_IMPLIES_THEN_GRAPHED);
        self.order_tasks(container, Task::STOP, bundle, Task::STOPPED, FIRST_IMPLIES_THEN_GRAPHED);
        if let Some(ip) = r.ip {
            self.internal_of(ip);
            let up = ORDERED | FIRST_IMPLIES_THEN | UNRUNNABLE_FIRST_BLOCKS;
            self.order_tasks(ip, Task::START, container, Task::START, up);
            self.order_tasks(container, Task::STOP, ip, Task::STOP, ORDERED | THEN_IMPLIES_FIRST);
            self.colocate("#ip-with-container", None, INFINITY, (ip, None), (container, None), true, false);
        }
        if let Some(connection) = r.connection {
            self.internal_of(connection);
        }
    }
}
