//! Live migration: `migrate_to`, `migrate_from` and `stop` in place of stop and start.

use super::*;
use crate::model::Flags;
use crate::order::flags::*;
use crate::plan::Plan;

impl Plan<'_> {
    pub(super) fn can_migrate(&self, rsc: ResourceIdx, current: NodeIdx) -> bool {
        let r = &self.c[rsc];
        let Some(target) = r.assigned else { return false };
        let usable = |n: NodeIdx| self.c[n].online && !self.c[n].unclean;
        r.is(Flags::MIGRATABLE)
            && r.is_managed()
            && !r.is_failed()
            && !r.is(Flags::START_PENDING)
            && !self.c[current].unclean
            && usable(target)
    }

    pub(super) fn create_migration(&mut self, rsc: ResourceIdx, source: NodeIdx) {
        let Some(target) = self.c[rsc].assigned else { return };
        let start = self.start(rsc, Some(target), true);
        let stop = self.stop(rsc, Some(source), true);
        let set = |plan: &mut Self, a: ActionIdx| {
            let (s, t) = (plan.c[source].name.clone(), plan.c[target].name.clone());
            let action = plan.action_mut(a);
            action.set_meta("migrate_source", s);
            action.set_meta("migrate_target", t);
        };
        let partial = self.c[rsc].migration_target.is_some();
        let to = (!partial).then(|| {
            let to = self.op(rsc, Task::MIGRATE_TO, Some(source), true);
            set(self, to);
            if !self.c[rsc].is(Flags::REMOTE_CONNECTION) {
                self.action_mut(to).set_meta("record_pending", "true");
            }
            to
        });
        let from = self.op(rsc, Task::MIGRATE_FROM, Some(target), true);
        set(self, from);
        if self.action(start).is(RUNNABLE) && self.action(stop).is(RUNNABLE) || partial {
            self.action_mut(start).set(MIGRATABLE);
            self.action_mut(stop).set(MIGRATABLE);
            self.action_mut(from).set(MIGRATABLE);
            // The start is implied by the migration.
            self.action_mut(start).set(PSEUDO);
            if let Some(to) = to {
                self.action_mut(to).set(MIGRATABLE);
                let needs = self.action(start).needs;
                self.action_mut(to).needs = needs;
                self.order_tasks(rsc, Task::MONITOR, rsc, Task::MIGRATE_TO, ORDERED);
                self.order_tasks(
                    rsc,
                    Task::MIGRATE_TO,
                    rsc,
                    Task::MIGRATE_FROM,
                    ORDERED | UNMIGRATABLE_THEN_BLOCKS,
                );
            } else {
                self.order_tasks(rsc, Task::MONITOR, rsc, Task::MIGRATE_FROM, ORDERED);
                let needs = self.action(start).needs;
                self.action_mut(from).needs = needs;
            }
            self.order_tasks(rsc, Task::MIGRATE_FROM, rsc, Task::STOP, ORDERED | UNMIGRATABLE_THEN_BLOCKS);
            let flags = ORDERED | UNMIGRATABLE_THEN_BLOCKS;
            self.order_tasks(rsc, Task::MIGRATE_FROM, rsc, Task::START, flags);
        }
    }
}
