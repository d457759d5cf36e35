//! Scores that exist before anything is assigned: shutdown locks, stickiness, failure thresholds.

use crate::explain::Cause;
use crate::model::*;
use crate::plan::Plan;
use crate::unpack::failcount;
use crate::unpack::health;
use crate::unpack::history::add_location;

impl Plan<'_> {
    /// Node health as location scores of every resource.
    pub fn apply_health(&mut self) {
        if self.c.options.health == HealthStrategy::None {
            return;
        }
        for node in self.c.node_order.clone() {
            let score = health::node_score(&self.c.options, &self.c[node]);
            if score == 0 {
                continue;
            }
            for rsc in self.c.top.clone() {
                let tolerant = crate::unpack::values::is_true(self.c[rsc].meta("allow-unhealthy-nodes"));
                if score > 0 || !tolerant {
                    self.push_location("node-health", rsc, None, Discovery::Always, vec![(node, score)]);
                }
            }
        }
    }

    /// Stickiness, thresholds and exclusive discovery.
    pub fn apply_history_scores(&mut self) {
        self.apply_shutdown_locks();
        self.apply_locations();
        for rsc in self.c.top.clone() {
            self.apply_stickiness(rsc);
        }
        for node in self.c.node_order.clone() {
            for rsc in self.c.top.clone() {
                self.check_threshold(rsc, node);
                self.apply_exclusive(rsc, node);
            }
        }
    }

    fn apply_stickiness(&mut self, rsc: ResourceIdx) {
        for child in self.children(rsc) {
            self.apply_stickiness(child);
        }
        if !self.c[rsc].is_primitive() {
            return;
        }
        let r = &self.c[rsc];
        let [node] = r.active.as_slice() else { return };
        let node = *node;
        if !r.is_managed() || r.stickiness < 1 {
            return;
        }
        if !self.c.options.symmetric && !r.allowed.contains(node) {
            return;
        }
        let stickiness = r.stickiness;
        add_location(&mut self.c, rsc, node, stickiness);
        self.note_added(rsc, node, stickiness, || Cause::Stickiness);
    }

    fn check_threshold(&mut self, rsc: ResourceIdx, node: NodeIdx) {
        for child in self.children(rsc) {
            self.check_threshold(child, node);
        }
        if !self.c[rsc].is_primitive() {
            return;
        }
        if self.reached_threshold(rsc, node) {
            let top = self.c.top_below_bundle(rsc);
            let scope = if self.c.is_clone(top) && !self.c[top].is_unique() { top } else { rsc };
            add_location(&mut self.c, scope, node, -INFINITY);
            if self.trace.is_some() {
                let count = failcount::with_launched(self.env, &mut self.c, rsc, node).count;
                let threshold = self.c[rsc].migration_threshold;
                self.note_added(scope, node, -INFINITY, || Cause::Failures { count, threshold });
            }
        }
    }

    /// Too many failures there.
    pub fn reached_threshold(&mut self, rsc: ResourceIdx, node: NodeIdx) -> bool {
        let r = &self.c[rsc];
        if r.migration_threshold == 0 || r.is(Flags::FAILURE_IGNORED) {
            return false;
        }
        if !self.c[node].attributes.keys().any(|k| k.starts_with("fail-count-")) {
            return false;
        }
        let failures = failcount::with_launched(self.env, &mut self.c, rsc, node);
        if failures.count <= 0 {
            return false;
        }
        let cleared = self.on_node(rsc, crate::actions::Task::CLEAR_FAILCOUNT, 0, node).is_some();
        !cleared && failures.count >= self.c[rsc].migration_threshold
    }

    /// Some node asked for exclusive discovery: others are out.
    fn apply_exclusive(&mut self, rsc: ResourceIdx, node: NodeIdx) {
        if !self.c.is_exclusive(rsc) {
            return;
        }
        for child in self.children(rsc) {
            self.apply_exclusive(child, node);
        }
        if let Some(entry) = self.c[rsc].allowed.get_mut(node)
            && entry.discovery != Discovery::Exclusive
        {
            entry.score = -INFINITY;
            self.note(|_| Cause::ExclusiveDiscovery);
        }
    }

    fn apply_shutdown_locks(&mut self) {
        if !self.c.options.shutdown_lock {
            return;
        }
        for rsc in self.c.top.clone() {
            self.shutdown_lock(rsc);
        }
    }

    fn shutdown_lock(&mut self, rsc: ResourceIdx) {
        match self.c[rsc].variant {
            Variant::Group => {
                for m in self.children(rsc) {
                    self.shutdown_lock(m);
                }
                return;
            }
            Variant::Primitive => {}
            _ => return,
        }
        if self.c[rsc].is(Flags::FENCE_DEVICE) || self.c[rsc].is(Flags::REMOTE_CONNECTION) {
            return;
        }
        if let Some(locked) = self.c[rsc].lock_node {
            if !self.c[rsc].active.is_empty() {
                // Active elsewhere, so the lock is obsolete.
                self.c[rsc].lock_node = None;
                self.clear_history(rsc, locked);
                return;
            }
        } else if let [node] = self.c[rsc].active.as_slice() {
            let node = *node;
            let n = &self.c[node];
            if n.shutdown && !n.unclean && n.kind == NodeKind::Cluster {
                self.c[rsc].lock_time =
                    n.attr("shutdown").and_then(crate::unpack::values::leading_integer).unwrap_or(0);
                self.c[rsc].lock_node = Some(node);
            }
        }
        let Some(locked) = self.c[rsc].lock_node else { return };
        let limit = self.c.options.shutdown_lock_limit_ms as i64 / 1000;
        if limit > 0 {
            let expires = self.c[rsc].lock_time + limit;
            self.c.recheck(expires + 1);
        }
        for n in 0..self.c.nodes.len() as u32 {
            if NodeIdx(n) != locked {
                add_location(&mut self.c, rsc, NodeIdx(n), -INFINITY);
            }
        }
        self.note(|_| Cause::ShutdownLock);
    }

    /// Nothing will clear the fail counts of a resource that is gone.
    pub fn clear_failcounts_of_removed(&mut self) {
        if !self.c.options.stop_removed {
            return;
        }
        for rsc in self.c.top.clone() {
            if !self.c[rsc].is_removed() {
                continue;
            }
            for node in self.c.node_order.clone() {
                if !self.c[node].online
                    || failcount::count(self.env, &mut self.c, rsc, node, true, None).count == 0
                {
                    continue;
                }
                let clear = self.clear_failcount(rsc, node, "it is orphaned");
                let first = crate::order::Side::action(clear);
                let then = crate::order::Side::task(rsc, crate::actions::Task::STOP);
                self.order(first, then, crate::order::flags::ORDERED);
            }
        }
    }
}
