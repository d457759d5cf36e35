//! "Fencing" a guest node is recovering what it runs in.

use crate::actions::*;
use crate::model::*;
use crate::order::flags::*;
use crate::plan::Plan;

impl Plan<'_> {
    pub(super) fn fence_guest(&mut self, node: NodeIdx) {
        let container = self.c[node].connection.and_then(|r| self.c[r].container);
        let mut how = "off";
        let mut stop = None;
        if let Some(k) = container {
            stop = self.newest(k, Task::STOP, None);
            if self.newest(k, Task::START, None).is_some() {
                how = "reboot";
            }
        }
        let a = self.fence_action(node, Some(how), false, Some("guest is unclean"), false);
        self.action_mut(a).set(PSEUDO | RUNNABLE);
        self.action_mut(a).clear(OPTIONAL);
        // A container that needs no stop of its own is gone with its host's fencing.
        match stop {
            Some(stop) if self.action(stop).is(PSEUDO) => {
                let host = self.action(stop).node;
                if let Some(h) = host {
                    let parent = self.fence_action(h, None, true, None, false);
                    self.relate(parent, a, UNRUNNABLE_FIRST_BLOCKS | FIRST_IMPLIES_THEN);
                }
            }
            Some(stop) => {
                self.relate(stop, a, UNRUNNABLE_FIRST_BLOCKS | FIRST_IMPLIES_THEN);
            }
            None => {
                // Nothing to wait for but the stop of the connection that is already gone.
                if let Some(connection) = self.c[node].connection
                    && let Some(stop) = self.newest(connection, Task::STOP, None)
                {
                    self.relate(stop, a, ORDERED);
                }
            }
        }
        self.order_vs_fence(a, node);
    }
}
