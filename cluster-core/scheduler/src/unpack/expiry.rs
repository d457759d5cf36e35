//! Failures that are forgotten: `failure-timeout` passed, or what failed is not asked for any more.

use super::history::Entry;
use super::operation::*;
use super::{Reader, failcount};
use crate::model::*;

impl Reader<'_> {
    /// Whether `failure-timeout` has passed for this entry; may ask to clear the fail count.
    pub(super) fn has_expired(
        &mut self,
        rsc: ResourceIdx,
        node: NodeIdx,
        entry: &Entry,
        status: Status,
        rc: i32,
    ) -> bool {
        let doc = self.env.doc;
        let last_failure_entry =
            doc.attr(entry.element, "id").is_some_and(|id| id.ends_with("_last_failure_0"));
        if status == Status::NotInstalled {
            return false;
        }
        let mut expired = false;
        let mut unexpired = 0;
        let timeout = self.c[rsc].failure_timeout_ms as i64 / 1000;
        if timeout > 0
            && let Some(last) = entry.last_change
        {
            let now = self.c.now;
            let waits_for_fencing = self.waits_for_fencing(rsc, entry, last_failure_entry);
            expired = now >= last + timeout && !waits_for_fencing;
            let counted = failcount::count(self.env, &mut self.c, rsc, node, true, Some(entry.element));
            unexpired = counted.count;
            if unexpired > 0 && now < counted.last + timeout {
                self.c.recheck(counted.last + timeout);
            }
        }
        let mut clear = None;
        if expired {
            if failcount::count(self.env, &mut self.c, rsc, node, false, Some(entry.element)).count > 0 {
                if unexpired == 0 {
                    clear = Some("it expired");
                } else {
                    expired = false;
                }
            } else if last_failure_entry && self.c[rsc].reconnect_interval_ms > 0 {
                clear = Some("reconnect interval is set");
            }
        }
        if !expired
            && last_failure_entry
            // Where it has to connect to is not known yet.
            && !super::attributes::moves_with_container(&self.c, rsc)
            && crate::actions::digest::changed_since(self.env, &self.c, rsc, node, entry)
        {
            clear = Some("resource parameters have changed");
        }
        if let Some(reason) = clear {
            self.c.requests.push(Request::ClearFailcount { resource: rsc, node, reason: reason.into() });
        }
        let probe = entry.task == "monitor" && entry.interval_ms == 0;
        if expired && probe && matches!(rc, OK | NOT_RUNNING | PROMOTED | 190 | 191) {
            expired = false;
        }
        expired
    }

    pub(super) fn waits_for_fencing(
        &self,
        rsc: ResourceIdx,
        entry: &Entry,
        last_failure_entry: bool,
    ) -> bool {
        self.c[rsc].reconnect_interval_ms > 0
            && self.c.options.fencing
            && entry.interval_ms != 0
            && entry.task == "monitor"
            && last_failure_entry
            && self.c[rsc].remote_node.is_some_and(|n| !self.c[n].was_fenced)
    }
}
