//! Probes: finding out whether a resource is active where nobody knows.

mod order;

use crate::actions::{OPTIONAL, RUNNABLE, Task};
use crate::model::*;
use crate::order::{Side, flags::*};
use crate::plan::Plan;

impl Plan<'_> {
    pub fn schedule_probes(&mut self) {
        for node in self.c.node_order.clone() {
            let n = &self.c[node];
            if !n.online {
                if n.kind == NodeKind::Remote && self.connection_is_lost(node) {
                    self.require_fencing(node, "the connection is unrecoverable");
                }
                continue;
            }
            if n.unclean || !n.discovery_enabled {
                continue;
            }
            for rsc in self.c.top.clone() {
                self.probe(rsc, node);
            }
        }
    }

    fn probe(&mut self, rsc: ResourceIdx, node: NodeIdx) -> bool {
        match self.c[rsc].variant {
            Variant::Primitive => self.probe_primitive(rsc, node),
            Variant::Group => {
                let mut any = false;
                for m in self.children(rsc) {
                    any |= self.probe(m, node);
                }
                any
            }
            Variant::Clone => self.probe_clone(rsc, node),
            Variant::Bundle => self.probe_bundle(rsc, node),
        }
    }

    fn probe_clone(&mut self, clone: ResourceIdx, node: NodeIdx) -> bool {
        if self.c[clone].is(Flags::EXCLUSIVE_PROBES)
            && let Some(e) = self.c[clone].allowed.get(node)
            && e.discovery != Discovery::Exclusive
        {
            self.c[clone].allowed.remove(node);
            return false;
        }
        let mut instances = self.children(clone);
        instances.sort_by_key(|i| self.c[*i].number);
        self.c[clone].children = instances.clone();
        if self.c[clone].is_unique() {
            let mut any = false;
            for i in instances {
                any |= self.probe(i, node);
            }
            return any;
        }
        let known = instances.iter().copied().find(|i| self.is_known(*i, node));
        let assigned = || instances.iter().copied().find(|i| self.location(*i, false).first() == Some(&node));
        let Some(one) = known.or_else(assigned).or(instances.first().copied()) else { return false };
        self.probe(one, node)
    }

    fn is_known(&self, rsc: ResourceIdx, node: NodeIdx) -> bool {
        let children = &self.c[rsc].children;
        if children.is_empty() {
            return self.c[rsc].known_on.contains(&node);
        }
        children.iter().any(|c| self.is_known(*c, node))
    }

    fn needs_probe(&mut self, rsc: ResourceIdx, node: NodeIdx) -> bool {
        let r = &self.c[rsc];
        let n = &self.c[node];
        if !self.c.options.startup_probes {
            return false;
        }
        if n.is_remote()
            && (r.is(Flags::FENCE_DEVICE)
                || r.is(Flags::REMOTE_CONNECTION)
                || (n.is_guest() && r.launched.iter().any(|l| self.c[*l].is(Flags::REMOTE_CONNECTION))))
        {
            return false;
        }
        if r.container.is_some() && !r.is(Flags::REMOTE_CONNECTION) {
            return false;
        }
        if r.is_removed() || r.known_on.contains(&node) {
            return false;
        }
        let allowed = r.allowed.get(node);
        if allowed.is_none() && self.c.is_bundle_node(node) {
            return false;
        }
        if self.c.is_exclusive(rsc) {
            return allowed.is_some_and(|e| e.discovery == Discovery::Exclusive)
                && self.guest_tells(rsc, node);
        }
        if allowed.is_some_and(|e| e.discovery == Discovery::Never) {
            return false;
        }
        self.guest_tells(rsc, node)
    }

    /// A guest that is down, or will be, tells nothing. What is to start there waits until it is
    /// known what becomes of the container.
    fn guest_tells(&mut self, rsc: ResourceIdx, node: NodeIdx) -> bool {
        let n = &self.c[node];
        if !n.is_guest() {
            return true;
        }
        let Some(connection) = n.connection else { return false };
        let Some(container) = self.c[connection].container else { return false };
        let k = &self.c[container];
        let stays = k.assigned.is_none_or(|a| k.active.contains(&a));
        let top = self.c.top_below_bundle(rsc);
        let scope = if self.c.is_clone(top) { top } else { rsc };
        if k.role == Role::Stopped {
            self.order_tasks(container, Task::MONITOR, scope, Task::START, ORDERED);
            return false;
        }
        let c = &self.c[connection];
        if k.is_failed() || !stays || c.is_failed() || c.next_role == Role::Stopped {
            self.order_tasks(container, Task::STOP, scope, Task::START, ORDERED);
            return false;
        }
        true
    }

    fn probe_primitive(&mut self, rsc: ResourceIdx, node: NodeIdx) -> bool {
        if !self.needs_probe(rsc, node) {
            return false;
        }
        let top = self.c.top_below_bundle(rsc);
        let scope = if self.c.is_clone(top) { top } else { rsc };
        let probe = self.op(rsc, Task::MONITOR, Some(node), false);
        self.action_mut(probe).clear(OPTIONAL);
        self.order_vs_unfence(rsc, node, probe, ORDERED);
        if !self.c[rsc].active.contains(&node) {
            self.action_mut(probe).set_meta("op_target_rc", "7");
        } else if self.c[rsc].role == Role::Promoted {
            self.action_mut(probe).set_meta("op_target_rc", "8");
        }
        let mut flags = ORDERED;
        if !self.action(probe).is(RUNNABLE) && self.c[scope].active.is_empty() {
            flags |= UNRUNNABLE_FIRST_BLOCKS;
        }
        let first = Side::action_of(Some(rsc), probe);
        self.order(first, Side::task(scope, Task::START), flags);
        self.order(first, Side::task(scope, Task::RELOAD_AGENT), ORDERED);
        true
    }

    fn probe_bundle(&mut self, bundle: ResourceIdx, node: NodeIdx) -> bool {
        let Some(data) = self.c[bundle].bundle.clone() else { return false };
        let mut any = false;
        for r in &data.replicas {
            if let Some(ip) = r.ip {
                any |= self.probe(ip, node);
            }
            if let Some(child) = r.child
                && r.node == Some(node)
            {
                any |= self.probe(child, node);
            }
            if self.probe(r.container, node) {
                any = true;
                if data.per_host == 1 {
                    let probe = self.on_node(r.container, Task::MONITOR, 0, node);
                    for other in &data.replicas {
                        if other.container != r.container
                            && let Some(probe) = probe
                        {
                            let first = Side::action_of(Some(r.container), probe);
                            self.order(
                                first,
                                Side::task(other.container, Task::START),
                                ORDERED | IF_ON_SAME_NODE,
                            );
                        }
                    }
                }
            }
            if let Some(connection) = r.connection
                && self.probe(connection, node)
                && let Some(probe) = self.on_node(connection, Task::MONITOR, 0, node)
            {
                // The connection can only be probed once its container is up.
                let then = Side::action_of(Some(connection), probe);
                self.order(Side::task(r.container, Task::START), then, NESTED_REMOTE_PROBE);
                any = true;
            }
        }
        any
    }
}
