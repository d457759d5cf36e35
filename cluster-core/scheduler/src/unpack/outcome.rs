//! What an operation that succeeded, failed or is still running makes of its resource.

use super::history::Entry;
use super::operation::*;
use super::{Reader, values};
use crate::model::*;
use smol_str::SmolStr;

impl Reader<'_> {
    pub(super) fn set_active(&mut self, rsc: ResourceIdx) {
        let promotable = self.c[self.c.top_below_bundle(rsc)].is_promotable();
        self.c[rsc].role = if promotable { Role::Unpromoted } else { Role::Started };
    }

    pub(super) fn pending(&mut self, rsc: ResourceIdx, node: NodeIdx, entry: &Entry) {
        match entry.task.as_str() {
            "start" => {
                self.c[rsc].set(Flags::START_PENDING);
                self.set_active(rsc);
            }
            "promote" => self.c[rsc].role = Role::Promoted,
            "migrate_to" if self.c[node].unclean => {
                let target = self.env.doc.attr(entry.element, "migrate_target").and_then(|t| self.c.node(t));
                if let Some(target) = target {
                    self.require_stop(rsc, target);
                }
            }
            _ => {}
        }
        let probe = entry.task == "monitor" && entry.interval_ms == 0;
        if self.c[rsc].pending_task.is_none() && !probe {
            self.c[rsc].pending_task = Some(entry.task.clone());
            self.c[rsc].pending_node = Some(node);
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn success(
        &mut self,
        rsc: ResourceIdx,
        node: NodeIdx,
        entry: &Entry,
        rc: i32,
        key: &SmolStr,
        last_failure: &Option<SmolStr>,
        on_fail: &mut OnFail,
    ) {
        let mut clears = false;
        if self.c[rsc].pending_node == Some(node) {
            // What was in flight came before this.
            self.c[rsc].pending_task = None;
            self.c[rsc].pending_node = None;
        }
        if rc == NOT_INSTALLED {
            self.c[rsc].role = Role::Stopped;
        } else if rc == NOT_RUNNING {
            clears = true;
        } else {
            match entry.task.as_str() {
                "monitor" => {
                    clears = last_failure.as_ref() == Some(key);
                    if self.c[rsc].role < Role::Started {
                        self.set_active(rsc);
                    }
                }
                "start" | "migrate_from" => {
                    self.c[rsc].role = Role::Started;
                    clears = true;
                }
                "stop" => {
                    self.c[rsc].role = Role::Stopped;
                    clears = true;
                }
                "promote" => {
                    self.c[rsc].role = Role::Promoted;
                    clears = true;
                }
                "demote" => {
                    clears = *on_fail == OnFail::Demote;
                    self.c[rsc].role = Role::Unpromoted;
                }
                "migrate_to" => self.migrate_to_success(rsc, node, entry),
                _ => {
                    if self.c[rsc].role < Role::Started {
                        self.set_active(rsc);
                    }
                }
            }
        }
        if !clears {
            return;
        }
        match *on_fail {
            OnFail::Stop | OnFail::Ban | OnFail::Standby | OnFail::Fence => {}
            OnFail::Ignore => {}
            OnFail::ResetRemote if self.c[rsc].reconnect_interval_ms > 0 => {}
            _ => {
                *on_fail = OnFail::Ignore;
                self.c[rsc].next_role = Role::Unknown;
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn failure(
        &mut self,
        rsc: ResourceIdx,
        node: NodeIdx,
        entry: &Entry,
        rc: i32,
        key: &SmolStr,
        expected: Option<i32>,
        reaction: OnFail,
        last_failure: &mut Option<SmolStr>,
        on_fail: &mut OnFail,
    ) {
        *last_failure = Some(key.clone());
        self.record_failed(rsc, node, entry, key, expected);
        *on_fail = (*on_fail).max(reaction);
        let probe = entry.task == "monitor" && entry.interval_ms == 0;
        match entry.task.as_str() {
            "stop" => self.ban(rsc, node),
            "migrate_to" => self.migrate_to_failure(rsc, node, entry),
            "migrate_from" => self.migrate_from_failure(rsc, node, entry),
            "promote" => {
                self.c[rsc].role = Role::Promoted;
                // Recovered as unpromoted; what is promoted then is decided anew.
                self.c[rsc].next_role = Role::Unpromoted;
            }
            "demote" if reaction == OnFail::Block => {
                self.c[rsc].role = Role::Promoted;
                self.c[rsc].next_role = Role::Stopped;
            }
            "demote" if rc == NOT_RUNNING => self.c[rsc].role = Role::Stopped,
            "demote" => self.c[rsc].role = Role::Unpromoted,
            _ => {}
        }
        if probe && rc == NOT_INSTALLED {
            self.c[rsc].role = Role::Stopped;
        } else if self.c[rsc].role < Role::Started {
            self.set_active(rsc);
        }
        if reaction == OnFail::Stop {
            let scope = self.failure_scope(rsc);
            self.ban_everywhere(scope);
        }
    }

    pub(super) fn record_failed(
        &mut self,
        rsc: ResourceIdx,
        node: NodeIdx,
        entry: &Entry,
        key: &SmolStr,
        expected: Option<i32>,
    ) {
        if !self.c[node].online {
            return;
        }
        if self.c.failed_ops.iter().any(|f| f.key == *key && f.node == node) {
            return;
        }
        let doc = self.env.doc;
        let number =
            |name: &str| doc.attr(entry.element, name).and_then(values::leading_integer).unwrap_or(0);
        self.c.failed_ops.push(FailedOp {
            resource: rsc,
            node,
            key: key.clone(),
            task: entry.task.clone(),
            interval_ms: entry.interval_ms,
            rc: entry.rc,
            expected_rc: expected,
            op_status: entry.status,
            call_id: entry.call_id,
            exit_reason: doc.attr(entry.element, "exit-reason").unwrap_or("").to_owned(),
            last_rc_change: entry.last_change,
            exec_time_ms: number("exec-time"),
            queue_time_ms: number("queue-time"),
            element: entry.element,
        });
    }
}
