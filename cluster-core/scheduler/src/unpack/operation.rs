//! What one recorded operation means for its resource: success, failure, still running.

use super::history::{Entry, TransitionKey, op_key, transition_key};
use super::{Reader, op_meta};
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
pub(super) enum Status {
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
    pub(super) fn failure_scope(&self, rsc: ResourceIdx) -> ResourceIdx {
        let top = self.c.top_below_bundle(rsc);
        if self.c.is_clone(top) && !self.c[top].is_unique() { top } else { rsc }
    }

    pub(super) fn reaction(&self, rsc: ResourceIdx, entry: &Entry) -> OnFail {
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
}
