//! Orderings for live migrations: what holds for a stop or start must hold for its equivalent.

use super::flags::*;
use super::{Ordering, What};
use crate::actions::Task;
use crate::model::{Flags, ResourceIdx};
use crate::plan::Plan;

impl Plan<'_> {
    /// Add the migration equivalents of all orderings so far.
    pub fn order_migration_equivalents(&mut self) {
        for i in 0..self.orderings.len() {
            let o = self.orderings[i];
            self.migration_equivalent(o);
        }
    }

    fn migration_equivalent(&mut self, o: Ordering) {
        let (Some(first), Some(then)) = (o.first.rsc, o.then.rsc) else { return };
        let (What::Task(first_task), What::Task(then_task)) = (o.first.what, o.then.what) else { return };
        if first == then {
            return;
        }
        // Only between different resources of the same level.
        if self.is_inside(first, then) || self.is_inside(then, first) {
            return;
        }
        let migratable = |plan: &Self, r: ResourceIdx| plan.c[r].is(Flags::MIGRATABLE);
        let (a, b) = (migratable(self, first), migratable(self, then));
        if !a && !b {
            return;
        }
        // What may be part of a migration itself counts only if it is not.
        let flags = if a { ORDERED | IF_FIRST_UNMIGRATABLE } else { ORDERED };
        match (first_task, then_task) {
            (Task::START, Task::START) if b => {
                if a {
                    self.order_tasks(first, Task::MIGRATE_FROM, then, Task::MIGRATE_TO, ORDERED);
                }
                self.order_tasks(first, Task::START, then, Task::MIGRATE_TO, flags);
            }
            (Task::STOP, Task::STOP) if b => {
                // One that is restarted on the way stops before the other one leaves.
                self.order_tasks(first, Task::STOP, then, Task::MIGRATE_TO, flags);
                if self.c[then].migration_target.is_some() {
                    self.order_tasks(first, Task::STOP, then, Task::MIGRATE_FROM, flags);
                }
            }
            (Task::PROMOTE, Task::START) if b => {
                self.order_tasks(first, Task::PROMOTE, then, Task::MIGRATE_TO, ORDERED);
            }
            (Task::DEMOTE, Task::STOP) if b => {
                self.order_tasks(first, Task::DEMOTE, then, Task::MIGRATE_TO, ORDERED);
            }
            _ => {}
        }
    }
}
