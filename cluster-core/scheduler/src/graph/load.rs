//! Migrations that wait for each other's load to go.

use crate::actions::{ActionIdx, Task};
use crate::order::flags::IF_ON_SAME_NODE_OR_TARGET;
use crate::plan::Plan;

impl Plan<'_> {
    /// Two machines that swap their nodes would each wait for the other to have left. The capacity
    /// is only a wish then: the newest migration of such a loop does not wait for it.
    pub(super) fn break_load_loops(&mut self) {
        for i in (0..self.actions.len() as u32).rev() {
            let a = ActionIdx(i);
            if self.action(a).task != Task::MIGRATE_TO || !self.belongs(a) {
                continue;
            }
            for index in 0..self.action(a).before.len() {
                let load = self.action(a).before[index];
                if load.flags == IF_ON_SAME_NODE_OR_TARGET
                    && self.is_input(a, load)
                    && self.waits_for(load.other, a)
                {
                    self.action_mut(a).before[index].flags = 0;
                }
            }
        }
    }

    /// Whether `action` can only come after `first`.
    fn waits_for(&self, action: ActionIdx, first: ActionIdx) -> bool {
        let mut seen = vec![false; self.actions.len()];
        let mut ahead = vec![action];
        while let Some(a) = ahead.pop() {
            if a == first {
                return true;
            }
            if !std::mem::replace(&mut seen[a.0 as usize], true) {
                ahead.extend(self.action(a).before.iter().filter(|r| self.is_input(a, **r)).map(|r| r.other));
            }
        }
        false
    }
}
