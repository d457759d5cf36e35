//! Fencing and shutdown of nodes, and what they mean for actions there.

mod guest;
mod unfence;

use crate::actions::*;
use crate::model::*;
use crate::order::{Side, flags::*};
use crate::plan::Plan;
use crate::unpack::fence;

impl Plan<'_> {
    pub fn schedule_fencing_and_shutdowns(&mut self) {
        let any_managed = self.c.top.iter().any(|r| self.any_managed(*r));
        let (mut dc_down, mut fencings, mut shutdowns) = (None, Vec::new(), Vec::new());
        for node in self.c.node_order.clone() {
            if self.c[node].is_guest() {
                if self.c[node].requires_reset && any_managed && fence::can_fence(&self.c, node) {
                    self.fence_guest(node);
                }
                continue;
            }
            if self.c[node].unclean && any_managed && fence::can_fence(&self.c, node) {
                let a = self.fence_action(node, None, false, Some("node is unclean"), false);
                self.order_vs_fence(a, node);
                if self.c[node].is_dc {
                    dc_down = Some(a);
                } else {
                    if !self.c.options.concurrent_fencing
                        && let Some(last) = fencings.last()
                    {
                        self.relate(*last, a, ORDERED);
                    }
                    fencings.push(a);
                }
            } else if self.c[node].shutdown && self.c[node].online && !self.c[node].is_remote() {
                let a = self.shutdown_action(node);
                if self.c[node].is_dc {
                    dc_down = Some(a);
                } else {
                    shutdowns.push(a);
                }
            }
        }
        let Some(dc) = dc_down else { return };
        if self.action(dc).task == Task::DO_SHUTDOWN {
            for a in shutdowns.into_iter().rev() {
                self.relate(a, dc, ORDERED);
            }
        }
        if self.c.options.concurrent_fencing {
            for a in fencings.into_iter().rev() {
                self.relate(a, dc, ORDERED);
            }
        } else if let Some(last) = fencings.last() {
            self.relate(*last, dc, ORDERED);
        }
    }

    fn any_managed(&self, rsc: ResourceIdx) -> bool {
        self.c[rsc].is_managed() || self.c[rsc].children.iter().any(|c| self.any_managed(*c))
    }

    fn shutdown_action(&mut self, node: NodeIdx) -> ActionIdx {
        let name = format!("do_shutdown-{}", self.c[node].name);
        let a = self.singleton(&name, Task::DO_SHUTDOWN, Some(node), RUNNABLE);
        self.order_stops_before_shutdown(node, a);
        self.action_mut(a).set_meta("op_no_wait", "true");
        a
    }

    fn order_stops_before_shutdown(&mut self, node: NodeIdx, shutdown: ActionIdx) {
        for i in (0..self.actions.len() as u32).rev() {
            let stop = ActionIdx(i);
            let action = self.action(stop);
            if action.node != Some(node) || action.task != Task::STOP {
                continue;
            }
            let Some(rsc) = action.rsc else { continue };
            let r = &self.c[rsc];
            if r.is(Flags::MAINTENANCE)
                || self.c[node].maintenance
                || !r.any(Flags::MANAGED.and(Flags::BLOCKED))
            {
                continue;
            }
            self.action_mut(stop).clear(OPTIONAL);
            let (first, then) = (Side::action_of(Some(rsc), stop), Side::action(shutdown));
            self.order(first, then, ORDERED | UNRUNNABLE_FIRST_BLOCKS);
        }
    }

    pub fn order_vs_fence(&mut self, fencing: ActionIdx, target: NodeIdx) {
        for rsc in self.c.top.clone() {
            self.order_resource_vs_fence(rsc, fencing, target);
        }
    }

    fn order_resource_vs_fence(&mut self, rsc: ResourceIdx, fencing: ActionIdx, target: NodeIdx) {
        let inside = self.children(rsc);
        if !inside.is_empty() {
            for c in inside {
                self.order_resource_vs_fence(c, fencing, target);
            }
            return;
        }
        if !self.c[rsc].is_managed() {
            return;
        }
        self.start_after_fencing(rsc, fencing, target);
        self.stop_after_fencing(rsc, fencing, target);
    }

    fn start_after_fencing(&mut self, rsc: ResourceIdx, fencing: ActionIdx, target: NodeIdx) {
        let actions: Vec<ActionIdx> = self.own_actions(rsc).iter().rev().copied().collect();
        for a in actions {
            let action = self.action(a);
            match action.needs {
                Requires::Nothing => {}
                Requires::Fencing | Requires::Unfencing => {
                    self.relate(fencing, a, ORDERED);
                }
                Requires::Quorum => {
                    let unknown = !self.is_known_on(rsc, target);
                    if action.task == Task::START && self.c[rsc].allowed.contains(target) && unknown {
                        self.relate(fencing, a, ORDERED | UNRUNNABLE_FIRST_BLOCKS);
                    }
                }
            }
        }
    }

    /// Its state there has been read; instances that cannot be told apart share that knowledge. (Not
    /// so for a cloned group's members: knowing one of them says nothing about the others.)
    fn is_known_on(&self, rsc: ResourceIdx, node: NodeIdx) -> bool {
        let clone = self.c[rsc].parent.filter(|p| self.c.is_clone(*p) && !self.c[*p].is_unique());
        [Some(rsc), clone].into_iter().flatten().any(|r| self.c[r].known_on.contains(&node))
    }

    fn stop_after_fencing(&mut self, rsc: ResourceIdx, fencing: ActionIdx, target: NodeIdx) {
        let top = self.c.top_below_bundle(rsc);
        let bundled = self.c[self.c.top_of(rsc)].variant == Variant::Bundle;
        let implicit = self.c[rsc].is(Flags::NEEDS_FENCING) || self.c[target].is_guest();
        let of = |plan: &Self, task: Task| -> Vec<ActionIdx> {
            plan.own_actions(rsc)
                .iter()
                .rev()
                .copied()
                .filter(|a| plan.action(*a).task == task && plan.action(*a).node == Some(target))
                .collect()
        };
        for a in of(self, Task::STOP) {
            self.action_mut(a).set(PSEUDO | RUNNABLE);
            if implicit {
                if !bundled {
                    self.relate(fencing, a, GUEST_ALLOWED);
                }
                if let Some(parent) = self.newest(top, Task::STOP, None) {
                    self.relate(fencing, parent, GUEST_ALLOWED);
                }
            }
            if self.c[rsc].is(Flags::NOTIFY) {
                self.notify_after_fencing(a, rsc, fencing);
            }
        }
        for a in of(self, Task::DEMOTE) {
            let n = &self.c[target];
            if n.online && !n.unclean && !self.c[rsc].is_failed() {
                continue;
            }
            self.action_mut(a).set(PSEUDO | RUNNABLE);
            if !bundled && implicit {
                self.relate(fencing, a, GUEST_ALLOWED | ORDERED);
            }
        }
    }
}
