//! Orderings between what runs on remote nodes and the connections to them.

use crate::plan::Plan;

impl Plan<'_> {
    pub fn order_remote_connections(&mut self) {}
}
