//! What survives the crash of a node process, and what an unseen end means.

use super::{Job, Purpose, recurring::Recurring};
use crate::quorum::Memory;
use crate::replica::entry::{Entry, Outcome};
use crate::replica::status::{OpRecord, slot};
use crate::{Executed, Node, OpStatus, Output, Start};
use rhapsody_transition::ActionResource;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Remembered under `boot`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Boot {
    quorum: Memory,
    promised: crate::membership::view::ViewId,
}

/// Remembered under `op/RESOURCE/SLOT`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct RememberedOp {
    resource: ActionResource,
    slot: String,
    record: OpRecord,
}

fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    // Plain data into memory: postcard has no way to fail on it.
    postcard::to_allocvec(value).unwrap_or_default()
}

impl Node {
    pub(crate) fn remember_boot(&mut self) {
        let boot = Boot { quorum: self.quorum.clone(), promised: self.membership.promised };
        self.put(Output::Remember { key: "boot".to_owned(), value: Some(bytes(&boot)) });
    }

    pub(crate) fn remember_call_id(&mut self) {
        let value = Some(bytes(&self.local.call_id));
        self.put(Output::Remember { key: "call-id".to_owned(), value });
    }

    /// Keeps (or forgets) one entry of our own history.
    pub(crate) fn remember_op(&mut self, resource: &str, slot: &str) {
        let history = self.local.part.resources.get(resource);
        let value = history.and_then(|h| {
            let record = h.ops.get(slot)?.clone();
            let resource = ActionResource {
                id: resource.to_owned(),
                long_id: None,
                class: h.class.clone(),
                provider: h.provider.clone(),
                agent: h.agent.clone(),
            };
            Some(bytes(&RememberedOp { resource, slot: slot.to_owned(), record }))
        });
        self.put(Output::Remember { key: format!("op/{resource}/{slot}"), value });
    }

    pub(crate) fn remember_recurring(&mut self, key: &(String, String)) {
        let value = self.local.recurring.get(key).map(bytes);
        self.put(Output::Remember { key: format!("recurring/{}/{}", key.0, key.1), value });
    }

    pub(crate) fn remember_job(&mut self, job: &Job) {
        self.put(Output::Remember { key: format!("job/{}", job.id), value: Some(bytes(job)) });
    }

    pub(crate) fn set_local_attribute(&mut self, name: &str, value: Option<&str>) {
        self.local.part.set_attribute(name, value);
        let value = value.map(|v| v.as_bytes().to_vec());
        self.put(Output::Remember { key: format!("attribute/{name}"), value });
    }

    pub(crate) fn forget_local(&mut self, resource: &str, slot: Option<&str>) {
        let known = self.local.part.resources.get(resource);
        let slots: Vec<String> = match slot {
            Some(slot) => vec![slot.to_owned()],
            None => known.map(|h| h.ops.keys().cloned().collect()).unwrap_or_default(),
        };
        self.local.part.forget(resource, slot);
        for slot in slots {
            self.remember_op(resource, &slot);
        }
        if slot.is_none() {
            self.drop_recurring_of(resource);
        }
    }

    pub(crate) fn restore_local(&mut self, start: Start) {
        self.local.next_operation = start.next_operation;
        let mut jobs: Vec<Job> = Vec::new();
        for (key, value) in &start.remembered {
            if key == "boot" {
                if let Ok(boot) = postcard::from_bytes::<Boot>(value) {
                    self.quorum = boot.quorum;
                    self.membership.promised = self.membership.promised.max(boot.promised);
                }
            } else if key == "call-id" {
                self.local.call_id = postcard::from_bytes(value).unwrap_or(0);
            } else if let Some(name) = key.strip_prefix("attribute/") {
                // A shutdown that was asked of an earlier life does not hold for this one.
                if name != "shutdown" {
                    let text = String::from_utf8_lossy(value).into_owned();
                    self.local.part.set_attribute(name, Some(&text));
                }
            } else if key.starts_with("op/") {
                if let Ok(op) = postcard::from_bytes::<RememberedOp>(value) {
                    let part = &mut self.local.part;
                    let history = part
                        .resources
                        .entry(op.resource.id.clone())
                        .or_insert_with(|| crate::replica::status::History::of(&op.resource));
                    // The stop says it again; a lock that outlived the stop's entry the others know.
                    history.shutdown_lock = history.shutdown_lock.or(op.record.shutdown_lock);
                    history.ops.insert(op.slot, op.record);
                }
            } else if key.starts_with("recurring/") {
                if let Ok(mut recurring) = postcard::from_bytes::<Recurring>(value) {
                    recurring.due = Some(self.now.mono_ms + recurring.intent.interval_ms);
                    let key = (recurring.intent.resource.id.clone(), recurring.intent.key.clone());
                    self.local.recurring.insert(key, recurring);
                }
            } else if key.starts_with("job/") {
                if let Ok(job) = postcard::from_bytes::<Job>(value) {
                    jobs.push(job);
                }
            }
        }
        jobs.sort_by_key(|j| j.id);
        for job in jobs {
            self.local.next_operation = self.local.next_operation.max(job.id);
            if start.running.contains(&job.id) {
                // Its result will come.
                self.local.running.insert(job.id, job);
                continue;
            }
            self.put(Output::Remember { key: format!("job/{}", job.id), value: None });
            let status = if job.executed { OpStatus::Lost } else { OpStatus::NotExecuted };
            let executed = Executed {
                id: job.id,
                status,
                rc: 1,
                exit_reason: "the node process was restarted".to_owned(),
                exec_ms: 0,
                queue_ms: 0,
            };
            match job.purpose {
                Purpose::Repeat => {}
                Purpose::Ordered if job.executed => self.look_for(job),
                Purpose::Look => self.look_again(job),
                Purpose::Ordered => self.finish(&job, &executed),
            }
        }
        if !start.remembered.is_empty() {
            let n = self.local.running.len();
            self.event("adopted", format!("{n} running operations were adopted"), json!({"operations": n}));
        }
    }

    /// Nobody saw how it ended: a monitor looks before anything is said.
    pub(crate) fn look_for(&mut self, job: Job) {
        let look = self.new_job(job.intent, Purpose::Look, job.before);
        self.enqueue(look);
    }

    fn look_again(&mut self, job: Job) {
        self.look_for(job);
    }

    /// The monitor after an unseen end: did the operation reach what it was for?
    pub(crate) fn looked(&mut self, job: Job, executed: &Executed) {
        let rc = if executed.status == OpStatus::Done { executed.rc } else { -1 };
        let reached = match job.intent.task.as_str() {
            "start" | "demote" | "migrate_from" | "reload-agent" | "reload" => rc == 0,
            "promote" => rc == 8,
            "stop" | "migrate_to" => rc == 7,
            // The monitor is the answer itself.
            "monitor" => {
                self.finish(&job, executed);
                return;
            }
            // notify and the like leave nothing to see.
            _ => true,
        };
        let done = Executed { rc: if reached { 0 } else { 1 }, status: OpStatus::Done, ..executed.clone() };
        let idempotent = matches!(job.intent.task.as_str(), "stop" | "demote");
        if !reached && idempotent && rc >= 0 {
            // It did not get there: once more, by the same order.
            let again = self.new_job(job.intent, Purpose::Ordered, job.before);
            self.enqueue(again);
            return;
        }
        self.finish(&job, &done);
    }

    /// After a view was installed: whatever the others do not know of this node is sent again.
    pub(crate) fn resend_own_part(&mut self) {
        let me = self.me();
        let Some(known) = self.replica.status.parts.get(&me).cloned() else { return };
        let mut entries = Vec::new();
        for (id, history) in &self.local.part.resources {
            let resource = ActionResource {
                id: id.clone(),
                long_id: None,
                class: history.class.clone(),
                provider: history.provider.clone(),
                agent: history.agent.clone(),
            };
            for (name, record) in &history.ops {
                let there = known.resources.get(id).and_then(|h| h.ops.get(name));
                if there == Some(record) || record.is_pending() {
                    continue;
                }
                let failed = name == "last_failure_0";
                if failed && slot(&record.task, record.interval_ms) == "last_0" {
                    continue;
                }
                entries.push(Entry::Outcome(Box::new(Outcome {
                    node: me,
                    incarnation: self.config.incarnation,
                    resource: resource.clone(),
                    record: record.clone(),
                    failed: failed || record.rc != record.target_rc() || record.status != 0,
                    recorded: true,
                    answers: true,
                })));
            }
        }
        for (id, history) in &known.resources {
            for name in history.ops.keys() {
                let here = self.local.part.resources.get(id).is_some_and(|h| h.ops.contains_key(name));
                if !here {
                    entries.push(Entry::Forget {
                        node: me,
                        resource: id.clone(),
                        slot: Some(name.clone()),
                        transition_key: None,
                    });
                }
            }
        }
        for entry in entries {
            self.submit(entry);
        }
    }

    /// A view began: what still waits was ordered in an earlier one.
    pub(crate) fn local_view_began(&mut self) {
        self.local.emergency = None;
    }
}
