//! What runs on this node: the operations that were ordered for it, its recurring monitors, and its
//! own part of the status, of which it is the authority.
//!
//! One operation of a resource at a time, in the order in which they were ordered. Everything that a
//! node process needs after a crash is remembered by the executor *before* it is acted on.

pub mod queue;
pub mod recover;
pub mod recurring;

use crate::replica::apply::pending_record;
use crate::replica::entry::{Entry, Intent, Outcome};
use crate::replica::status::{OpRecord, Part, slot};
use crate::{Config, Executed, Node, OpStatus, OperationId, Output};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

#[derive(Default)]
pub(crate) struct Local {
    pub part: Part,
    pub next_operation: OperationId,
    /// Last `call-id` given.
    pub call_id: u32,
    pub running: BTreeMap<OperationId, Job>,
    /// By resource (an anonymous clone has one instance on a node).
    pub queues: BTreeMap<String, VecDeque<Job>>,
    /// By (history resource, operation key).
    pub recurring: BTreeMap<(String, String), recurring::Recurring>,
    /// Resources are stopped because quorum is lost, before any agreement.
    pub emergency: Option<crate::dc::emergency::Emergency>,
    pub leaving: bool,
}

/// One operation from its order to its result.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Job {
    pub id: OperationId,
    pub intent: Intent,
    pub purpose: Purpose,
    /// What the history said before, for the case that nothing happens.
    pub before: Option<OpRecord>,
    pub queued_at: u64,
    pub queued_wall_s: i64,
    pub executed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// Ordered: its result answers the intent.
    Ordered,
    /// A further run of a recurring operation.
    Repeat,
    /// Nobody saw how the operation ended: this monitor looks.
    Look,
}

impl Local {
    pub fn new(config: &Config) -> Local {
        Local {
            part: Part { incarnation: config.incarnation, expected: true, ..Part::default() },
            ..Local::default()
        }
    }
}

/// Puts the result of an operation into a part, as Pacemaker's controller names the entries: a
/// failed recurring operation is only kept as the last failure.
pub(crate) fn record_outcome(part: &mut Part, outcome: &Outcome) {
    let record = &outcome.record;
    if outcome.failed && record.interval_ms > 0 {
        let name = slot(&record.task, record.interval_ms);
        if let Some(history) = part.resources.get_mut(&outcome.resource.id) {
            if history.ops.get(&name).is_some_and(OpRecord::is_pending) {
                history.ops.remove(&name);
            }
        }
        let history = part
            .resources
            .entry(outcome.resource.id.clone())
            .or_insert_with(|| crate::replica::status::History::of(&outcome.resource));
        history.ops.insert("last_failure_0".to_owned(), record.clone());
    } else {
        part.record(&outcome.resource, record.clone(), outcome.failed);
    }
}

impl Node {
    /// An intent for this node, in the view. S5 is checked here and again before each exec.
    pub(crate) fn begin_intent(&mut self, intent: &Intent) {
        if intent.incarnation != self.config.incarnation {
            self.counters.operations_refused += 1;
            return;
        }
        if intent.task == "cancel" {
            self.cancel_recurring(intent);
            return;
        }
        let name = slot(&intent.task, intent.interval_ms);
        let history = self.local.part.resources.get(&intent.resource.id);
        let before = history.and_then(|h| h.ops.get(&name)).cloned();
        if intent.recorded {
            self.local.part.record(&intent.resource, pending_record(intent), false);
            self.remember_op(&intent.resource.id, &name);
        }
        if intent.interval_ms > 0 {
            self.add_recurring(intent);
        }
        let job = self.new_job(intent.clone(), Purpose::Ordered, before);
        self.enqueue(job);
    }

    pub(crate) fn new_job(&mut self, intent: Intent, purpose: Purpose, before: Option<OpRecord>) -> Job {
        self.local.next_operation += 1;
        Job {
            id: self.local.next_operation,
            intent,
            purpose,
            before,
            queued_at: self.now.mono_ms,
            queued_wall_s: self.wall_s(),
            executed: false,
        }
    }

    pub(crate) fn take_executed(&mut self, executed: Executed) {
        let Some(job) = self.local.running.remove(&executed.id) else { return };
        self.put(Output::Remember { key: format!("job/{}", executed.id), value: None });
        let what = job.intent.clone();
        match job.purpose {
            Purpose::Ordered if executed.status == OpStatus::Lost => self.look_for(job),
            Purpose::Look => self.looked(job, &executed),
            Purpose::Repeat => self.repeated(&job, &executed),
            Purpose::Ordered => self.finish(&job, &executed),
        }
        self.run_queue(what.resource.id.clone());
    }

    /// Turns an execution into a result, keeps it, and tells the cluster.
    pub(crate) fn finish(&mut self, job: &Job, executed: &Executed) {
        if executed.status == OpStatus::NotExecuted {
            self.undo(job, &executed.exit_reason);
            return;
        }
        let outcome = self.outcome_of(job, executed, true);
        if job.intent.interval_ms > 0 {
            self.first_result(&job.intent, &outcome);
        }
        self.keep_outcome(outcome);
    }

    pub(crate) fn outcome_of(&mut self, job: &Job, executed: &Executed, answers: bool) -> Outcome {
        self.local.call_id += 1;
        let (status, rc) = match executed.status {
            OpStatus::Done => (0, executed.rc),
            OpStatus::Cancelled => (1, 1),
            OpStatus::Timeout => (2, 1),
            OpStatus::NotInstalled => (7, 5),
            OpStatus::NotExecuted | OpStatus::Lost => (4, 1),
        };
        let intent = &job.intent;
        let target: i32 = intent.transition_key.split(':').nth(2).and_then(|rc| rc.parse().ok()).unwrap_or(0);
        let failed = status != 0 || rc != target;
        let started = job.queued_wall_s + i64::try_from(executed.queue_ms / 1000).unwrap_or(0);
        let record = OpRecord {
            key: intent.key.clone(),
            task: intent.task.clone(),
            interval_ms: intent.interval_ms,
            transition_key: intent.transition_key.clone(),
            call_id: self.local.call_id,
            rc,
            status,
            last_rc_change: started,
            exec_ms: executed.exec_ms,
            queue_ms: executed.queue_ms,
            digest: intent.digest.clone(),
            exit_reason: executed.exit_reason.clone(),
            shutdown_lock: intent.shutdown_lock(),
            previous: None,
        };
        Outcome {
            node: self.me(),
            incarnation: self.config.incarnation,
            resource: intent.resource.clone(),
            record,
            failed,
            recorded: intent.recorded,
            answers,
        }
    }

    pub(crate) fn keep_outcome(&mut self, outcome: Outcome) {
        self.operation_event(&outcome);
        if outcome.recorded {
            record_outcome(&mut self.local.part, &outcome);
            let name = slot(&outcome.record.task, outcome.record.interval_ms);
            self.remember_op(&outcome.resource.id, &name);
            if outcome.failed {
                self.remember_op(&outcome.resource.id, "last_failure_0");
            }
            self.remember_call_id();
        }
        if let Some(emergency) = &mut self.local.emergency {
            emergency.ended(&outcome);
        }
        self.submit(Entry::Outcome(Box::new(outcome)));
    }

    /// It was not executed: nothing happened, and the history says again what it said before.
    fn undo(&mut self, job: &Job, why: &str) {
        self.counters.operations_refused += 1;
        let intent = &job.intent;
        let name = slot(&intent.task, intent.interval_ms);
        if intent.interval_ms > 0 {
            self.drop_recurring(&intent.resource.id, &intent.key);
        }
        if intent.recorded {
            match &job.before {
                Some(before) => {
                    self.local.part.record(&intent.resource, before.clone(), false);
                    let outcome = Outcome {
                        node: self.me(),
                        incarnation: self.config.incarnation,
                        resource: intent.resource.clone(),
                        record: before.clone(),
                        failed: false,
                        recorded: true,
                        answers: false,
                    };
                    self.submit(Entry::Outcome(Box::new(outcome)));
                }
                None => {
                    self.local.part.forget(&intent.resource.id, Some(&name));
                    self.submit(Entry::Forget {
                        node: self.me(),
                        resource: intent.resource.id.clone(),
                        slot: Some(name.clone()),
                        transition_key: None,
                    });
                }
            }
            self.remember_op(&intent.resource.id, &name);
        }
        let executed = Executed {
            id: job.id,
            status: OpStatus::NotExecuted,
            rc: 1,
            exit_reason: why.to_owned(),
            exec_ms: 0,
            queue_ms: 0,
        };
        let mut outcome = self.outcome_of(job, &executed, true);
        outcome.recorded = false;
        if let Some(emergency) = &mut self.local.emergency {
            emergency.ended(&outcome);
        }
        self.submit(Entry::Outcome(Box::new(outcome)));
    }

    fn operation_event(&mut self, outcome: &Outcome) {
        let r = &outcome.record;
        let node = self.name(outcome.node);
        self.event(
            "operation",
            format!("{} on {node}: rc {} after {} ms", r.key, r.rc, r.exec_ms),
            serde_json::json!({
                "node": node, "resource": outcome.resource.id, "operation": r.task, "phase": "done",
                "interval_ms": r.interval_ms, "rc": r.rc, "status": r.status, "exec_ms": r.exec_ms,
                "failed": outcome.failed, "reason": r.exit_reason,
            }),
        );
    }
}
