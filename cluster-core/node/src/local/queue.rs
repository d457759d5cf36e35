//! One operation of a resource at a time, and the last check before it runs.

use super::{Job, Purpose};
use crate::{Executed, Node, OpStatus, Operation, Output};
use serde_json::json;

impl Node {
    pub(crate) fn enqueue(&mut self, job: Job) {
        let key = job.intent.resource.id.clone();
        self.remember_job(&job);
        self.local.queues.entry(key.clone()).or_default().push_back(job);
        self.run_queue(key);
    }

    fn busy(&self, key: &str) -> bool {
        self.local.running.values().any(|j| j.intent.resource.id == key)
    }

    pub(crate) fn run_queue(&mut self, key: String) {
        while !self.busy(&key) {
            let Some(queue) = self.local.queues.get_mut(&key) else { return };
            let Some(job) = queue.pop_front() else {
                self.local.queues.remove(&key);
                return;
            };
            if let Err(why) = self.may_execute(&job) {
                self.put(Output::Remember { key: format!("job/{}", job.id), value: None });
                let executed = Executed {
                    id: job.id,
                    status: OpStatus::NotExecuted,
                    rc: 1,
                    exit_reason: why,
                    exec_ms: 0,
                    queue_ms: 0,
                };
                match job.purpose {
                    Purpose::Ordered => self.finish(&job, &executed),
                    Purpose::Repeat => self.repeated(&job, &executed),
                    Purpose::Look => self.looked(job, &executed),
                }
                continue;
            }
            self.execute(job);
        }
    }

    /// S5: what makes a resource active here is only done in an installed view, in this life, and
    /// while those who are heard carry a quorum (or the view never had one).
    fn may_execute(&self, job: &Job) -> Result<(), String> {
        let rises = matches!(job.intent.task.as_str(), "start" | "promote" | "migrate_from" | "migrate_to");
        if !rises || job.purpose != Purpose::Ordered {
            return Ok(());
        }
        if job.intent.incarnation != self.config.incarnation {
            return Err("ordered in an earlier life".to_owned());
        }
        if self.view().is_none() {
            return Err("no view is installed".to_owned());
        }
        if self.membership.quorum_lost {
            return Err("quorum was lost".to_owned());
        }
        Ok(())
    }

    fn execute(&mut self, mut job: Job) {
        job.executed = true;
        self.remember_job(&job);
        self.counters.operations += 1;
        let intent = &job.intent;
        let (task, interval_ms) = match job.purpose {
            Purpose::Look => ("monitor".to_owned(), 0),
            _ => (intent.task.clone(), intent.interval_ms),
        };
        if matches!(task.as_str(), "stop" | "demote" | "promote" | "migrate_to") {
            // The monitors watched the role that ends here.
            let resource = intent.resource.id.clone();
            self.drop_recurring_of(&resource);
        }
        let intent = &job.intent;
        let view = self.membership.view.as_ref().map_or(0, |v| v.id.counter);
        let node = self.name(self.me());
        if job.purpose != Purpose::Repeat {
            self.event(
                "operation",
                format!("{} on {node}", intent.key),
                json!({"node": node, "resource": intent.resource.id, "operation": task, "phase": "start",
                       "interval_ms": interval_ms, "view": view}),
            );
        }
        let operation = Operation {
            id: job.id,
            resource: intent.resource.clone(),
            task,
            interval_ms,
            timeout_ms: intent.timeout_ms,
            params: intent.params.clone(),
            node,
            incarnation: self.config.incarnation,
            view,
            exec_before_ms: self.now.mono_ms + self.config.layout.token_ms,
        };
        self.local.running.insert(job.id, job);
        self.put(Output::Execute(Box::new(operation)));
    }
}
