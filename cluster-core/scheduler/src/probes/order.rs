//! What a probe must precede, beyond the start of its own resource.

use crate::actions::{ActionIdx, PSEUDO, RUNNABLE, TRACKED, Task};
use crate::model::{ResourceIdx, Variant};
use crate::order::flags::*;
use crate::order::{Ordering, What};
use crate::plan::Plan;

impl Plan<'_> {
    pub fn order_probes(&mut self) {
        let all: Vec<ResourceIdx> = self.c.top.clone();
        for rsc in all {
            self.order_probes_of(rsc);
        }
    }

    fn order_probes_of(&mut self, rsc: ResourceIdx) {
        let children = self.children(rsc);
        if !children.is_empty() {
            for c in children {
                self.order_probes_of(c);
            }
            return;
        }
        let probes: Vec<ActionIdx> = self.with_key(rsc, Task::MONITOR, 0).collect();
        for probe in probes {
            let after: Vec<(ActionIdx, u32)> =
                self.action(probe).after.iter().rev().map(|r| (r.other, r.flags)).collect();
            for (then, flags) in after {
                self.start_of_instances(probe, then, flags);
                let mut touched = Vec::new();
                self.restarts_after(probe, then, &mut touched);
                for a in touched {
                    self.action_mut(a).clear(TRACKED);
                }
            }
        }
    }

    /// A probe that cannot run keeps inactive instances of its clone from starting.
    fn start_of_instances(&mut self, probe: ActionIdx, after: ActionIdx, flags: u32) {
        let (Some(probed), Some(clone)) = (self.action(probe).rsc, self.action(after).rsc) else { return };
        if !self.is_collective(clone)
            || self.action(probe).is(RUNNABLE)
            || flags & UNRUNNABLE_FIRST_BLOCKS != 0
            || self.c.top_of(probed) != clone
            || self.action(after).task != Task::START
        {
            return;
        }
        let thens: Vec<ActionIdx> = self.action(after).after.iter().rev().map(|r| r.other).collect();
        for then in thens {
            let Some(rsc) = self.action(then).rsc else { continue };
            if !self.c[rsc].active.is_empty()
                || self.c.top_of(rsc) != clone
                || self.action(then).task != Task::START
            {
                continue;
            }
            self.relate(probe, then, ORDERED | UNRUNNABLE_FIRST_BLOCKS);
        }
    }

    /// Follow what a start implies: things that will be restarted must not stop before the probe.
    fn restarts_after(&mut self, probe: ActionIdx, after: ActionIdx, touched: &mut Vec<ActionIdx>) {
        const MAX_FOLLOWED: usize = 20_000;
        if self.action(after).is(TRACKED) || touched.len() > MAX_FOLLOWED {
            return;
        }
        self.action_mut(after).set(TRACKED);
        touched.push(after);
        let (Some(probed), Some(rsc)) = (self.action(probe).rsc, self.action(after).rsc) else { return };
        let task = self.action(after).task;
        let mut interleaved_with = None;
        let mut interleave = false;
        if self.c[rsc].variant as u8 > Variant::Group as u8 {
            interleave = crate::unpack::values::is_true(self.c[rsc].meta("interleave"));
            if interleave {
                interleaved_with = self.compatible_instance(probed, rsc, crate::model::Role::Unknown, false);
            }
        }
        let own_top = self.c.top_of(probed) == self.c.top_of(rsc)
            && self.c[self.c.top_of(rsc)].variant == Variant::Clone;
        let going_down = match task {
            Task::START => Some(Task::STOP),
            Task::PROMOTE => Some(Task::DEMOTE),
            _ => None,
        };
        if let Some(down) = going_down
            && rsc != probed
            && !own_top
        {
            let stops: Vec<ActionIdx> = self
                .with_key(rsc, down, 0)
                // What fencing implies waits for the fencing alone.
                .filter(|a| !self.action(*a).is(PSEUDO))
                .collect();
            for stop in stops {
                self.relate(probe, stop, ORDERED);
            }
        }
        let followers: Vec<(ActionIdx, u32)> =
            self.action(after).after.iter().rev().map(|r| (r.other, r.flags)).collect();
        for (then, flags) in followers {
            if flags & FIRST_IMPLIES_THEN == 0 {
                let Some(child) = self.action(then).rsc else { continue };
                let parent = self.c[child].parent;
                if self.c[rsc].is_primitive()
                    || self.c[probed].parent == Some(rsc)
                    || self.is_collective(child)
                    || parent != Some(rsc)
                {
                    continue;
                }
                if interleave && interleaved_with != Some(child) {
                    continue;
                }
            }
            self.restarts_after(probe, then, touched);
        }
    }

    /// What a resource does after another one's stop it also does after that one's probes: it may
    /// have to be stopped after all.
    pub fn order_probes_like_stops(&mut self, orderings: &[Ordering]) {
        for o in orderings {
            let (Some(first), Some(then)) = (o.first.rsc, o.then.rsc) else { continue };
            if o.flags == 0 || then == first {
                continue;
            }
            // What holds only on the same node does so for the probe too.
            let flags = match o.flags & (IF_REQUIRED_ON_SAME_NODE | IF_ON_SAME_NODE_OR_TARGET) {
                0 => ORDERED,
                on_same_node => on_same_node,
            };
            let task = match o.first.what {
                What::Action(a) => self.action(a).task,
                What::Task(task) => task,
            };
            if task != Task::STOP {
                continue;
            }
            // What is inside a container may be probed after that started again.
            if self.c[first].container == Some(then) {
                continue;
            }
            let probes: Vec<ActionIdx> = self.with_key(first, Task::MONITOR, 0).collect();
            if probes.is_empty() {
                continue;
            }
            let thens = self.actions_of(then, o.then.what);
            for probe in probes {
                for then in &thens {
                    self.relate(probe, *then, flags);
                }
            }
        }
    }
}
