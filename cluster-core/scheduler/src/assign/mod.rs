//! Assigning resources to nodes.

mod bundle;
mod clone;
mod colocate;
mod group;
mod primitive;
mod promotable;
mod scores;
mod startup;
mod utilization;

use crate::actions::{OPTIONAL, RUNNABLE, Task};
use crate::model::*;
use crate::plan::Plan;
use std::cmp::Ordering;

impl Plan<'_> {
    /// Assign everything: remote connections first, then in list order.
    pub fn assign_all(&mut self) {
        self.show_capacity("Original");
        if self.c.options.placement != Placement::Default {
            self.sort_by_utilization();
        }
        let top = self.c.top.clone();
        if self.c.has_remote_nodes {
            for rsc in &top {
                if self.c[*rsc].is(Flags::REMOTE_CONNECTION) {
                    let prefer = self.c[*rsc].migration_target;
                    self.assign_resource(*rsc, prefer, true);
                }
            }
        }
        for rsc in &top {
            if !self.c[*rsc].is(Flags::REMOTE_CONNECTION) || !self.c.has_remote_nodes {
                self.assign_resource(*rsc, None, true);
            }
        }
        self.show_capacity("Remaining");
    }

    /// Choose a node for a resource in the way of its variant.
    pub fn assign_resource(
        &mut self,
        rsc: ResourceIdx,
        prefer: Option<NodeIdx>,
        stop_if_fail: bool,
    ) -> Option<NodeIdx> {
        const MAX_DEPTH: u32 = 500;
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let chosen = match self.c[rsc].variant {
            Variant::Primitive => self.assign_primitive(rsc, prefer, stop_if_fail),
            Variant::Group => self.assign_group(rsc, prefer, stop_if_fail),
            Variant::Clone => self.assign_clone(rsc, prefer, stop_if_fail),
            Variant::Bundle => self.assign_bundle(rsc, prefer, stop_if_fail),
        };
        self.depth -= 1;
        chosen
    }

    /// Put a resource (or all of it) on a node, or nowhere. True if that changes anything.
    pub fn assign(
        &mut self,
        rsc: ResourceIdx,
        node: Option<NodeIdx>,
        force: bool,
        stop_if_fail: bool,
    ) -> bool {
        let children = self.children(rsc);
        if !children.is_empty() {
            let mut changed = false;
            for child in children {
                changed |= self.assign(child, node, force, stop_if_fail);
            }
            return changed;
        }
        let mut node = node;
        if let Some(n) = node
            && !force
        {
            let score = self.c[rsc].allowed.score(n).unwrap_or(self.c[n].score);
            if score < 0 || (!self.is_available(n, Some(score), false) && !self.c[n].is_guest()) {
                if stop_if_fail {
                    self.set_next_role(rsc, Role::Stopped, "node availability");
                }
                node = None;
            }
        }
        let changed = self.c[rsc].assigned != node;
        self.unassign(rsc);
        self.c[rsc].clear(Flags::UNASSIGNED);
        let Some(n) = node else {
            if stop_if_fail {
                self.set_next_role(rsc, Role::Stopped, "unable to assign");
                self.stop_actions_of(rsc);
            }
            return changed;
        };
        self.c[rsc].assigned = Some(n);
        self.c[n].assigned_count += 1;
        self.consume(rsc, n, true);
        self.show_utilization(rsc, n);
        changed
    }

    fn stop_actions_of(&mut self, rsc: ResourceIdx) {
        for i in 0..self.of_resource[rsc.0 as usize].len() {
            let a = self.of_resource[rsc.0 as usize][i];
            let action = self.action_mut(a);
            match action.task {
                Task::STOP => action.clear(OPTIONAL),
                Task::START => action.clear(RUNNABLE),
                _ if action.interval_ms > 0 && action.meta("op_target_rc") != Some("7") => {
                    action.clear(RUNNABLE)
                }
                _ => {}
            }
        }
    }

    pub fn unassign(&mut self, rsc: ResourceIdx) {
        let children = self.children(rsc);
        if !children.is_empty() {
            self.c[rsc].set(Flags::UNASSIGNED);
            for child in children {
                self.unassign(child);
            }
            return;
        }
        self.c[rsc].set(Flags::UNASSIGNED);
        if let Some(old) = self.c[rsc].assigned.take() {
            self.c[old].assigned_count = self.c[old].assigned_count.saturating_sub(1);
            self.consume(rsc, old, false);
        }
    }

    /// Nodes of a table, best first.
    pub fn sorted_nodes(&self, table: &NodeTable, active: Option<NodeIdx>) -> Vec<(NodeIdx, i32)> {
        let mut nodes: Vec<(NodeIdx, i32, i32)> = table
            .iter()
            .map(|(n, e)| {
                let effective = if self.is_available(n, Some(e.score), false) { e.score } else { -INFINITY };
                (n, e.score, effective)
            })
            .collect();
        let strategy = self.c.options.placement;
        nodes.sort_by(|a, b| {
            let by_name = || self.c[a.0].name.cmp(&self.c[b.0].name);
            let by_score = b.2.cmp(&a.2);
            if strategy == Placement::Minimal {
                return by_score.then_with(by_name);
            }
            by_score
                .then_with(|| match strategy {
                    Placement::Balanced => self.compare_capacity(a.0, b.0),
                    _ => Ordering::Equal,
                })
                .then_with(|| self.c[a.0].assigned_count.cmp(&self.c[b.0].assigned_count))
                .then_with(|| (active == Some(b.0)).cmp(&(active == Some(a.0))))
                .then_with(by_name)
        });
        nodes.into_iter().map(|(n, s, _)| (n, s)).collect()
    }

    pub fn any_available(&self, table: &NodeTable) -> bool {
        table.iter().any(|(n, e)| e.score >= 0 && self.is_available(n, Some(e.score), false))
    }
}

pub fn score_text(score: i32) -> String {
    if score >= INFINITY {
        "INFINITY".into()
    } else if score <= -INFINITY {
        "-INFINITY".into()
    } else {
        score.to_string()
    }
}
