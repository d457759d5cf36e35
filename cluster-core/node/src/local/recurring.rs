//! Recurring monitors: run again and again, told to the cluster when the answer changes.

use super::{Job, Purpose};
use crate::replica::entry::{Entry, Intent, Outcome};
use crate::replica::status::slot;
use crate::{Executed, Node, OpStatus, Output};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Recurring {
    pub intent: Intent,
    /// When it runs next; `None` while it runs or waits in the queue.
    pub due: Option<u64>,
    /// (status, rc) that the cluster knows; `None` before the first result.
    pub last: Option<(i32, i32)>,
}

impl Node {
    pub(crate) fn add_recurring(&mut self, intent: &Intent) {
        let key = (intent.resource.id.clone(), intent.key.clone());
        let recurring = Recurring { intent: intent.clone(), due: None, last: None };
        self.local.recurring.insert(key.clone(), recurring);
        self.remember_recurring(&key);
    }

    pub(crate) fn drop_recurring(&mut self, resource: &str, key: &str) {
        let key = (resource.to_owned(), key.to_owned());
        if self.local.recurring.remove(&key).is_some() {
            self.put(Output::Remember { key: format!("recurring/{}/{}", key.0, key.1), value: None });
        }
    }

    /// A change of role ends the monitors of the old one.
    pub(crate) fn drop_recurring_of(&mut self, resource: &str) {
        let keys: Vec<String> =
            self.local.recurring.keys().filter(|k| k.0 == resource).map(|k| k.1.clone()).collect();
        for key in keys {
            self.drop_recurring(resource, &key);
        }
    }

    pub(crate) fn first_result(&mut self, intent: &Intent, outcome: &Outcome) {
        let now = self.now.mono_ms;
        let key = (intent.resource.id.clone(), intent.key.clone());
        if let Some(recurring) = self.local.recurring.get_mut(&key) {
            recurring.last = Some((outcome.record.status, outcome.record.rc));
            recurring.due = Some(now + intent.interval_ms);
            self.remember_recurring(&key);
        }
    }

    pub(crate) fn repeated(&mut self, job: &Job, executed: &Executed) {
        let now = self.now.mono_ms;
        let key = (job.intent.resource.id.clone(), job.intent.key.clone());
        let Some(recurring) = self.local.recurring.get_mut(&key) else { return };
        if recurring.intent.transition_key != job.intent.transition_key {
            return;
        }
        recurring.due = Some(now + job.intent.interval_ms);
        if matches!(executed.status, OpStatus::NotExecuted | OpStatus::Lost | OpStatus::Cancelled) {
            return;
        }
        let last = recurring.last;
        let outcome = self.outcome_of(job, executed, false);
        let seen = Some((outcome.record.status, outcome.record.rc));
        if seen == last {
            return;
        }
        if let Some(recurring) = self.local.recurring.get_mut(&key) {
            recurring.last = seen;
        }
        self.remember_recurring(&key);
        self.keep_outcome(outcome);
    }

    /// `cancel` as an ordered action: the monitor ends and its entry goes.
    pub(crate) fn cancel_recurring(&mut self, intent: &Intent) {
        let resource = intent.resource.id.clone();
        let task = intent.params.get("CRM_meta_operation").map_or("monitor", String::as_str);
        let key = format!("{resource}_{task}_{}", intent.interval_ms);
        self.drop_recurring(&resource, &key);
        // Also under the instance's name, which some histories use.
        self.drop_recurring(&resource, &intent.key);
        let name = slot(task, intent.interval_ms);
        self.local.part.forget(&resource, Some(&name));
        self.remember_op(&resource, &name);
        let node = self.me();
        let forget = Entry::Forget {
            node,
            resource,
            slot: Some(name),
            transition_key: Some(intent.transition_key.clone()),
        };
        self.submit(forget);
    }

    pub(crate) fn tick_local(&mut self) {
        let now = self.now.mono_ms;
        let due: Vec<_> = self
            .local
            .recurring
            .iter()
            .filter(|(_, r)| r.due.is_some_and(|at| now >= at))
            .map(|(key, _)| key.clone())
            .collect();
        for key in due {
            let Some(recurring) = self.local.recurring.get_mut(&key) else { continue };
            recurring.due = None;
            let intent = recurring.intent.clone();
            let job = self.new_job(intent, Purpose::Repeat, None);
            self.enqueue(job);
        }
        self.tick_emergency();
    }

    pub(crate) fn local_deadline(&self) -> Option<u64> {
        self.local.recurring.values().filter_map(|r| r.due).min()
    }
}
