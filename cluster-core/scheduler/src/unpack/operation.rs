//! What one recorded operation means for its resource: success, failure, still running.

use super::history::{Entry, TransitionKey, op_key, transition_key};
use super::{Reader, failcount, op_meta, values};
use crate::model::*;
use smol_str::SmolStr;

/// Reactions to a failure, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OnFail {
    Ignore,
    Demote,
    Restart,
    ResetRemote,
    RestartContainer,
    Ban,
    Block,
    Stop,
    Standby,
    Fence,
}

/// The executor's verdict, re-judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Pending,
    Done,
    Error,
    /// Cannot work on this node.
    Hard,
    /// Cannot work anywhere.
    Fatal,
    NotInstalled,
    NotConnected,
    NotSupported,
    Other,
    Cancelled,
}

pub const OK: i32 = 0;
pub const INVALID_PARAM: i32 = 2;
pub const NOT_INSTALLED: i32 = 5;
pub const NOT_CONFIGURED: i32 = 6;
pub const NOT_RUNNING: i32 = 7;
pub const PROMOTED: i32 = 8;
pub const FAILED_PROMOTED: i32 = 9;

fn status_of(code: i32) -> Option<Status> {
    Some(match code {
        -1 => Status::Pending,
        0 => Status::Done,
        1 => Status::Cancelled,
        2 => Status::Other,
        3 => Status::NotSupported,
        4 => Status::Error,
        5 => Status::Hard,
        6 => Status::Fatal,
        7 => Status::NotInstalled,
        8 => Status::NotConnected,
        9..=12 => Status::Other,
        _ => return None,
    })
}

impl Reader<'_> {
    pub(super) fn apply_operation(
        &mut self,
        rsc: ResourceIdx,
        node: NodeIdx,
        entry: &Entry,
        last_failure: &mut Option<SmolStr>,
        on_fail: &mut OnFail,
    ) {
        // `asyncmon` is how a failure is injected (`crm_resource --fail`).
        const AFFECTING: [&str; 8] =
            ["monitor", "start", "stop", "promote", "demote", "migrate_to", "migrate_from", "asyncmon"];
        if !AFFECTING.contains(&entry.task.as_str()) {
            return;
        }
        let Some(mut status) = status_of(entry.status) else { return };
        let doc = self.env.doc;
        let expected =
            transition_key(doc, entry.element).map(|k: TransitionKey| k.target_rc).filter(|rc| *rc >= 0);
        let key = op_key(&self.c[rsc].id, &entry.task, entry.interval_ms);
        let probe = entry.task == "monitor" && entry.interval_ms == 0;
        let mut rc = entry.rc;
        let mut masked = false;
        let expired = self.has_expired(rsc, node, entry, status, rc);
        if probe
            && !expired
            && status != Status::Pending
            && (matches!(rc, INVALID_PARAM | NOT_INSTALLED) || status == Status::NotInstalled)
        {
            // Not usable there, and so not running there either.
            masked = true;
            let top = self.failure_scope(rsc);
            self.ban(top, node);
            rc = NOT_RUNNING;
            status = Status::Done;
        }
        if masked {
            self.c[rsc].role = Role::Stopped;
            *on_fail = OnFail::Ignore;
            self.record_failed(rsc, node, entry, &key, expected);
        } else {
            self.rejudge(rsc, node, entry, &mut status, &mut rc, expected, expired, on_fail, &key);
        }
        let expected_or = expected.unwrap_or(rc);
        if expired && rc != expected.unwrap_or(if probe { NOT_RUNNING } else { OK }) {
            if entry.interval_ms == 0 {
                return;
            }
            if self.c[node].online && !self.c[node].unclean {
                self.c.requests.push(Request::Reschedule {
                    resource: rsc,
                    node,
                    task: entry.task.clone(),
                    interval_ms: entry.interval_ms,
                    reason: "calculated-failure-timeout".into(),
                });
                return;
            }
        }
        match status {
            Status::Cancelled => return,
            Status::Pending => {
                self.pending(rsc, node, entry);
                return;
            }
            Status::Done => {
                self.success(rsc, node, entry, rc, &key, last_failure, on_fail);
                return;
            }
            Status::NotInstalled => {
                // An agent that is missing cannot be ignored.
                let reaction = match self.reaction(rsc, entry) {
                    OnFail::Ignore => OnFail::Ban,
                    other => other,
                };
                let top = self.failure_scope(rsc);
                self.failure(rsc, node, entry, rc, &key, expected, reaction, last_failure, on_fail);
                self.ban(top, node);
                return;
            }
            Status::NotConnected => {
                if self.c[node].is_remote()
                    && let Some(connection) = self.c[node].connection
                    && self.c[connection].is_managed()
                {
                    self.c[connection].set(Flags::FAILED.and(Flags::STOP_IF_FAILED));
                }
            }
            _ => {}
        }
        let reaction = self.reaction(rsc, entry);
        let container_stop = reaction == OnFail::RestartContainer && entry.task == "stop";
        if reaction == OnFail::Ignore || container_stop {
            self.success(rsc, node, entry, expected_or, &key, last_failure, on_fail);
            self.c[rsc].set(Flags::FAILURE_IGNORED);
            self.record_failed(rsc, node, entry, &key, expected);
            if container_stop && *on_fail <= reaction {
                *on_fail = reaction;
            }
            return;
        }
        self.failure(rsc, node, entry, rc, &key, expected, reaction, last_failure, on_fail);
        let top = self.failure_scope(rsc);
        match status {
            Status::Hard => self.ban(top, node),
            Status::Fatal => self.ban_everywhere(top),
            _ => {}
        }
    }

    /// What a ban after a failure is about: the whole clone if its instances are interchangeable.
    fn failure_scope(&self, rsc: ResourceIdx) -> ResourceIdx {
        let top = self.c.top_below_bundle(rsc);
        if self.c.is_clone(top) && !self.c[top].is_unique() { top } else { rsc }
    }

    fn reaction(&self, rsc: ResourceIdx, entry: &Entry) -> OnFail {
        op_meta::on_fail(self.env, &self.c, rsc, &entry.task, entry.interval_ms)
    }

    #[allow(clippy::too_many_arguments)]
    fn rejudge(
        &mut self,
        rsc: ResourceIdx,
        node: NodeIdx,
        entry: &Entry,
        status: &mut Status,
        rc: &mut i32,
        expected: Option<i32>,
        expired: bool,
        on_fail: &mut OnFail,
        key: &SmolStr,
    ) {
        let probe = entry.task == "monitor" && entry.interval_ms == 0;
        if matches!(*rc, 190 | 191) {
            self.record_failed(rsc, node, entry, key, expected);
            *rc = if *rc == 190 { OK } else { PROMOTED };
        }
        if !matches!(*status, Status::Done | Status::Error) {
            return;
        }
        *status = Status::Done;
        match expected {
            None => {}
            Some(e) if e != *rc => *status = Status::Error,
            _ => {}
        }
        match *rc {
            OK => {
                if probe && expected == Some(NOT_RUNNING) {
                    *status = Status::Done;
                }
            }
            NOT_RUNNING => {
                if probe || expected == Some(*rc) || !self.c[rsc].is_managed() {
                    *status = Status::Done;
                    self.c[rsc].role = Role::Stopped;
                    if *on_fail != OnFail::Ignore {
                        self.c[rsc].next_role = Role::Unknown;
                    }
                    *on_fail = OnFail::Ignore;
                } else if expected.is_none() {
                    *status = Status::Error;
                }
            }
            PROMOTED => {
                if probe && expected != Some(*rc) {
                    *status = Status::Done;
                }
                if !expired || expected == Some(*rc) {
                    self.c[rsc].role = Role::Promoted;
                }
            }
            FAILED_PROMOTED => {
                if !expired {
                    self.c[rsc].role = Role::Promoted;
                }
                *status = Status::Error;
            }
            NOT_CONFIGURED => *status = Status::Fatal,
            3 if entry.interval_ms > 0 => *status = Status::NotSupported,
            3 | NOT_INSTALLED | INVALID_PARAM | 4 => {
                if entry.task == "stop" && !expired && !super::fence::can_fence(&self.c, node) {
                    self.c[rsc].clear(Flags::MANAGED);
                    self.c[rsc].set(Flags::BLOCKED);
                }
                *status = Status::Hard;
            }
            _ => {
                if *status == Status::Done {
                    *status = Status::Error;
                }
            }
        }
    }

    fn set_active(&mut self, rsc: ResourceIdx) {
        let promotable = self.c[self.c.top_below_bundle(rsc)].is_promotable();
        self.c[rsc].role = if promotable { Role::Unpromoted } else { Role::Started };
    }

    fn pending(&mut self, rsc: ResourceIdx, node: NodeIdx, entry: &Entry) {
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
    fn success(
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
    fn failure(
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

    fn record_failed(
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

    /// Whether `failure-timeout` has passed for this entry; may ask to clear the fail count.
    fn has_expired(
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

    fn waits_for_fencing(&self, rsc: ResourceIdx, entry: &Entry, last_failure_entry: bool) -> bool {
        self.c[rsc].reconnect_interval_ms > 0
            && self.c.options.fencing
            && entry.interval_ms != 0
            && entry.task == "monitor"
            && last_failure_entry
            && self.c[rsc].remote_node.is_some_and(|n| !self.c[n].was_fenced)
    }

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

    fn fence_host_of(&mut self, rsc: ResourceIdx, node: NodeIdx) {
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

    fn react(&mut self, rsc: ResourceIdx, node: NodeIdx, reaction: OnFail, active: bool) {
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

    fn is_bundled(&self, rsc: ResourceIdx) -> bool {
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

    fn block_multiple(&mut self, rsc: ResourceIdx) {
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

    fn add_priority(&mut self, rsc: ResourceIdx, node: NodeIdx, failed: bool) {
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
