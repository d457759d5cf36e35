//! All operations of a resource on a node are read: where it is active, and what its failures ask for.

use super::Reader;
use super::operation::OnFail;
use crate::model::*;
use smol_str::SmolStr;

impl Reader<'_> {
    /// All operations are read: what does that make of the resource on this node?
    pub(super) fn settle(&mut self, rsc: ResourceIdx, node: NodeIdx, on_fail: OnFail) {
        let active = self.c[rsc].role > Role::Stopped;
        if self.c[rsc].role != Role::Unknown {
            let mut at = Some(rsc);
            while let Some(r) = at {
                if !self.c[r].known_on.contains(&node) {
                    self.c[r].known_on.push(node);
                }
                at = if self.c[r].is_unique() { None } else { self.c[r].parent };
            }
        }
        if active && !self.c[node].online && !self.c[node].maintenance && self.c[rsc].is_managed() {
            self.fence_host_of(rsc, node);
        }
        let reaction = if self.c[node].unclean { OnFail::Ignore } else { on_fail };
        self.react(rsc, node, reaction, active);
        if self.c[rsc].is_failed()
            && self.c[rsc].is(Flags::REMOTE_CONNECTION)
            && let Some(n) = self.c[rsc].remote_node
            && self.c[n].unclean
        {
            self.c[n].unseen = false;
        }
        if active {
            self.add_running(rsc, node, on_fail != OnFail::Ignore);
            match reaction {
                OnFail::Ignore => {}
                OnFail::Demote | OnFail::Block => self.c[rsc].set(Flags::FAILED),
                _ => self.c[rsc].set(Flags::FAILED.and(Flags::STOP_IF_FAILED)),
            }
        } else if self.c[rsc].history_id.as_deref().is_some_and(|h| h.contains(':')) {
            self.c[rsc].history_id = None;
        } else {
            self.c.requests.push(Request::OptionalStop { resource: rsc, node });
        }
        let r = &mut self.c[rsc];
        if r.role == Role::Stopped
            && r.migration_source == Some(node)
            && r.migration_target.is_some()
            && !r.active.is_empty()
        {
            // Stopped where it came from, but not where it went.
            r.role = Role::Started;
        }
    }

    pub(super) fn fence_host_of(&mut self, rsc: ResourceIdx, node: NodeIdx) {
        let id = self.c[rsc].id.clone();
        let mut reason = format!("{id} is thought to be active there");
        if self.c[node].is_guest() {
            self.c[rsc].set(Flags::FAILED.and(Flags::STOP_IF_FAILED));
        } else if !self.c.options.fencing {
            return;
        } else if self.c[node].is_remote()
            && let Some(connection) = self.c[node].connection
            && !self.c[connection].is_failed()
        {
            self.c[node].unseen = true;
            reason = format!(
                "{id} is active there (fencing will be revoked if remote connection can be re-established elsewhere)"
            );
        }
        self.fence(node, reason, false);
    }

    pub(super) fn react(&mut self, rsc: ResourceIdx, node: NodeIdx, reaction: OnFail, active: bool) {
        let failed = Flags::FAILED.and(Flags::STOP_IF_FAILED);
        match reaction {
            OnFail::Ignore => {}
            OnFail::Demote => {
                self.c[rsc].set(Flags::FAILED);
                let task = SmolStr::new_static("demote");
                self.c.requests.push(Request::Operation {
                    resource: rsc,
                    node,
                    task,
                    interval_ms: 0,
                    optional: false,
                });
            }
            OnFail::Fence => {
                let reason = format!("{} failed there", self.c[rsc].id);
                self.fence(node, reason, false);
            }
            OnFail::Standby => {
                self.c[node].standby = true;
                self.c[node].standby_on_fail = true;
            }
            OnFail::Block => {
                self.c[rsc].clear(Flags::MANAGED);
                self.c[rsc].set(Flags::BLOCKED);
            }
            OnFail::Ban => self.ban(rsc, node),
            OnFail::Stop => self.c[rsc].next_role = Role::Stopped,
            OnFail::Restart => {
                if active {
                    self.c[rsc].set(failed);
                    self.require_stop(rsc, node);
                }
            }
            OnFail::RestartContainer => {
                self.c[rsc].set(failed);
                match self.c[rsc].container {
                    Some(k) if self.is_bundled(rsc) => self.stop_needed.push(k),
                    Some(k) => self.require_stop(k, node),
                    None if active => self.require_stop(rsc, node),
                    None => {}
                }
            }
            OnFail::ResetRemote => {
                self.c[rsc].set(failed);
                if self.c.options.fencing
                    && let Some(n) = self.c[rsc].remote_node
                    && self.c[n].kind == NodeKind::Remote
                    && !self.c[n].was_fenced
                {
                    self.fence(n, "remote connection is unrecoverable", false);
                }
                if active {
                    self.require_stop(rsc, node);
                }
                if self.c[rsc].reconnect_interval_ms > 0 {
                    self.c[rsc].next_role = Role::Stopped;
                }
            }
        }
    }

    pub(super) fn is_bundled(&self, rsc: ResourceIdx) -> bool {
        self.c[self.c.top_of(rsc)].variant == Variant::Bundle
    }

    pub(super) fn add_running(&mut self, rsc: ResourceIdx, node: NodeIdx, failed: bool) {
        if self.c[rsc].active.contains(&node) {
            return;
        }
        self.c[rsc].active.push(node);
        if self.c[rsc].is_primitive() {
            self.c[node].running.push(rsc);
            self.add_priority(rsc, node, failed);
            if self.c[node].maintenance {
                self.c[rsc].clear(Flags::MANAGED);
                self.c[rsc].set(Flags::MAINTENANCE);
            }
        }
        if !self.c[rsc].is_managed() {
            super::history::add_location(&mut self.c, rsc, node, INFINITY);
            let mut at = self.c[rsc].parent;
            while let Some(p) = at
                && self.c[node].online
            {
                if !self.c[p].active.contains(&node) {
                    self.c[p].active.push(node);
                }
                at = self.c[p].parent;
            }
            return;
        }
        if self.c[rsc].active.len() > 1 && self.c[rsc].is_primitive() {
            match self.c[rsc].multiple_active {
                MultipleActive::StopOnly => self.ban_everywhere(rsc),
                MultipleActive::Block => self.block_multiple(rsc),
                _ => {}
            }
        }
        if let Some(p) = self.c[rsc].parent {
            self.add_running(p, node, false);
        }
    }

    pub(super) fn block_multiple(&mut self, rsc: ResourceIdx) {
        let mut all = vec![rsc];
        if let Some(p) = self.c[rsc].parent
            && matches!(self.c[p].variant, Variant::Group | Variant::Bundle)
            && self.c[p].multiple_active == MultipleActive::Block
        {
            all.extend(self.c[p].children.iter().copied());
        }
        for r in all {
            self.c[r].clear(Flags::MANAGED);
            self.c[r].set(Flags::BLOCKED);
        }
    }

    pub(super) fn add_priority(&mut self, rsc: ResourceIdx, node: NodeIdx, failed: bool) {
        let priority = self.c[rsc].priority;
        if priority == 0 || failed {
            return;
        }
        let more = if self.c[rsc].role == Role::Promoted { priority.saturating_add(1) } else { priority };
        self.c[node].priority = self.c[node].priority.saturating_add(more);
        if self.c[node].is_guest()
            && let Some(container) = self.c[node].connection.and_then(|r| self.c[r].container)
        {
            for host in self.c[container].active.clone() {
                self.c[host].priority = self.c[host].priority.saturating_add(more);
            }
        }
    }
}
