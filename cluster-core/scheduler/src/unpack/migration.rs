//! What a recorded live migration says about source and target.
//!
//! `migrate_to` on the source, then `migrate_from` on the target, then `stop` on the source. A
//! history may end, or have been cleaned, anywhere in between.

use super::Reader;
use super::history::Entry;
use crate::model::{Flags, NodeIdx, ResourceIdx, Role};

const UNKNOWN_RC: i32 = 193;

impl Reader<'_> {
    fn migration_nodes(&self, entry: &Entry) -> (Option<NodeIdx>, Option<NodeIdx>) {
        let doc = self.env.doc;
        let node = |name: &str| doc.attr(entry.element, name).and_then(|n| self.c.node(n));
        (node("migrate_source"), node("migrate_target"))
    }

    /// A recorded operation of one kind; for migrations, with that peer.
    fn find_migration(
        &mut self,
        id: &str,
        task: &str,
        node: NodeIdx,
        peer: NodeIdx,
        successful: bool,
    ) -> Option<Entry> {
        let doc = self.env.doc;
        let peer_attr = if task == "migrate_to" { "migrate_target" } else { "migrate_source" };
        let peer_name = self.c[peer].name.clone();
        self.recorded(id, node).into_iter().find(|e| {
            e.task == task
                && doc.attr(e.element, peer_attr) == Some(peer_name.as_str())
                && (!successful || (e.rc == 0 && e.status == 0))
        })
    }

    /// Something other than a monitor happened there after `event`.
    fn changed_after(&mut self, id: &str, node: NodeIdx, event: &Entry, same_node: bool) -> bool {
        self.recorded(id, node).iter().any(|e| {
            e.element != event.element
                && matches!(e.task.as_str(), "start" | "stop" | "migrate_to" | "migrate_from")
                && newer(e, event, same_node)
        })
    }

    fn stopped_after(&mut self, id: &str, node: NodeIdx, event: &Entry, same_node: bool) -> bool {
        let monitor =
            self.recorded(id, node).into_iter().find(|e| e.task == "monitor" && e.rc == 7 && e.status == 0);
        monitor.is_some_and(|e| newer(&e, event, same_node))
    }

    /// The state on `node` is newer than the migration. Call ids of one node are the better clock.
    fn newer_state(&mut self, id: &str, node: NodeIdx, own: Option<&Entry>, other: Option<&Entry>) -> bool {
        let (event, same_node) = match (own, other) {
            (Some(e), _) => (e.clone(), true),
            (None, Some(e)) => (e.clone(), false),
            (None, None) => return false,
        };
        self.changed_after(id, node, &event, same_node) || self.stopped_after(id, node, &event, same_node)
    }

    fn unknown_on(&mut self, id: &str, node: NodeIdx) -> bool {
        self.recorded(id, node).iter().all(|e| e.rc == UNKNOWN_RC)
    }

    fn cannot_migrate(&mut self, rsc: ResourceIdx) {
        self.c[rsc].set(Flags::FAILED.and(Flags::STOP_IF_FAILED));
        self.c[rsc].clear(Flags::MIGRATABLE);
    }

    pub(super) fn migrate_to_success(&mut self, rsc: ResourceIdx, node: NodeIdx, entry: &Entry) {
        let (Some(source), Some(target)) = self.migration_nodes(entry) else { return };
        let id = self.c[rsc].history_name().to_string();
        let source_changed = self.changed_after(&id, source, entry, true);
        let from = self.find_migration(&id, "migrate_from", target, source, false);
        if from.is_some() && source_changed {
            return;
        }
        let target_changed = self.newer_state(&id, target, from.as_ref(), Some(entry));
        if source_changed && target_changed {
            return;
        }
        if from.as_ref().is_some_and(|f| f.rc == 0 && f.status == 0) {
            self.c[rsc].dangling_migrations.push(node);
            self.c[rsc].role = Role::Stopped;
            return;
        }
        self.c[rsc].role = Role::Started;
        let active_on_target = !target_changed && self.c[target].online;
        if from.is_some_and(|f| f.status != -1) {
            if active_on_target {
                self.add_running(rsc, target, true);
            } else {
                self.cannot_migrate(rsc);
            }
            return;
        }
        if self.c[target].online && self.unknown_on(&id, target) {
            return;
        }
        if active_on_target {
            self.add_running(rsc, target, false);
            if self.c[source].online {
                self.c[rsc].migration_target = Some(target);
                self.c[rsc].migration_source = Some(source);
            }
        } else if !source_changed {
            self.cannot_migrate(rsc);
        }
    }

    pub(super) fn migrate_to_failure(&mut self, rsc: ResourceIdx, node: NodeIdx, entry: &Entry) {
        let (Some(source), Some(target)) = self.migration_nodes(entry) else { return };
        let id = self.c[rsc].history_name().to_string();
        self.c[rsc].role = Role::Started;
        let from = self.find_migration(&id, "migrate_from", target, source, true);
        if !self.unknown_on(&id, target) && !self.newer_state(&id, target, from.as_ref(), Some(entry)) {
            if self.c[target].online {
                self.add_running(rsc, target, false);
            }
        } else if !self.changed_after(&id, source, entry, true) {
            self.c[rsc].dangling_migrations.push(node);
        }
    }

    pub(super) fn migrate_from_failure(&mut self, rsc: ResourceIdx, _node: NodeIdx, entry: &Entry) {
        let (Some(source), Some(target)) = self.migration_nodes(entry) else { return };
        let id = self.c[rsc].history_name().to_string();
        self.c[rsc].role = Role::Started;
        let to = self.find_migration(&id, "migrate_to", source, target, true);
        if !self.unknown_on(&id, source)
            && !self.newer_state(&id, source, to.as_ref(), Some(entry))
            && self.c[source].online
        {
            self.add_running(rsc, source, true);
        }
    }
}

/// Call ids order the operations of one node. Between nodes only times count, where they are known.
fn newer(a: &Entry, b: &Entry, same_node: bool) -> bool {
    if !same_node && let (Some(x), Some(y)) = (a.last_change, b.last_change) {
        return x > y;
    }
    if a.call_id >= 0 && b.call_id >= 0 {
        return a.call_id > b.call_id;
    }
    a.last_change.unwrap_or(0) > b.last_change.unwrap_or(0)
}
