//! Orderings for live migrations: what holds for a stop or start must hold for its equivalent.

use super::flags::*;
use super::{Ordering, Side};
use crate::actions::Task;
use crate::model::{Flags, ResourceIdx};
use crate::plan::Plan;

impl Plan<'_> {
    /// Add the migration equivalents of all orderings so far.
    pub fn order_migration_equivalents(&mut self) {
        let all = self.orderings.clone();
        for o in &all {
            self.migration_equivalent(o);
        }
    }

    fn migration_equivalent(&mut self, o: &Ordering) {
        let (Some(first), Some(then)) = (o.first.rsc, o.then.rsc) else { return };
        let (Some((first_task, 0)), Some((then_task, 0))) = (o.first.key, o.then.key) else { return };
        if o.first.action.is_some() || o.then.action.is_some() || first == then {
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
        match (first_task, then_task) {
            (Task::START, Task::START) => {
                if a && b {
                    self.order_tasks(first, Task::MIGRATE_FROM, then, Task::MIGRATE_TO, o.flags);
                }
                if b {
                    let flags = o.flags & !(FIRST_IMPLIES_THEN);
                    self.order_tasks(first, Task::START, then, Task::MIGRATE_TO, flags);
                }
            }
            (Task::STOP, Task::STOP) if b => {
                self.order_tasks(first, Task::STOP, then, Task::MIGRATE_TO, o.flags);
                if a {
                    self.order(
                        Side::task(first, Task::MIGRATE_FROM),
                        Side::task(then, Task::MIGRATE_TO),
                        o.flags,
                    );
                }
            }
            (Task::PROMOTE, Task::START) if b => {
                self.order_tasks(first, Task::PROMOTE, then, Task::MIGRATE_TO, o.flags);
            }
            (Task::DEMOTE, Task::STOP) if b => {
                self.order_tasks(first, Task::DEMOTE, then, Task::MIGRATE_TO, o.flags);
            }
            _ => {}
        }
    }
}
