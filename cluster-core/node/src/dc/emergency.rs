//! S2: quorum is lost and no view says so yet. What runs here is stopped (or demoted) by this node
//! alone, in the order that the scheduler gives; nothing is started, nobody is fenced.
//!
//! Usually the next view is there within milliseconds and its coordinator does the same for the
//! whole partition; then this ends before it began.

use super::runner::Runner;
use crate::replica::entry::{Intent, Outcome};
use crate::{Node, Output};
use rhapsody_transition::{Action, ActionId, Transition};
use std::collections::BTreeMap;

#[derive(Default)]
pub(crate) struct Emergency {
    request: Option<u64>,
    runner: Option<Runner>,
    /// Operation keys under way.
    flying: BTreeMap<String, ActionId>,
    number: u32,
}

impl Emergency {
    pub fn ended(&mut self, outcome: &Outcome) {
        if let (Some(id), Some(runner)) = (self.flying.remove(&outcome.record.key), &mut self.runner) {
            // A failed stop ends what depends on it; the rest goes on.
            if outcome.failed { runner.fail(id) } else { runner.confirm(id) }
        }
    }
}

impl Node {
    pub(crate) fn quorum_was_lost(&mut self) {
        let policy = self.replica.held.cib.property("no-quorum-policy").unwrap_or("stop");
        if policy != "ignore" {
            self.local.emergency = Some(Emergency::default());
        }
    }

    pub(crate) fn tick_emergency(&mut self) {
        let installed = self.view().is_some() && !self.membership.quorum_lost;
        let Some(emergency) = &mut self.local.emergency else { return };
        if installed {
            self.local.emergency = None;
            return;
        }
        if emergency.request.is_none() {
            self.clients.next_schedule += 1;
            let request = self.clients.next_schedule;
            emergency.request = Some(request);
            let cib = Box::new(self.lonely_cib());
            self.put(Output::Schedule { request, cib, now: self.wall_s() });
            return;
        }
        self.fire_emergency();
    }

    /// The CIB as if this node were alone, by common consent, and without quorum.
    fn lonely_cib(&self) -> crate::Cib {
        let mut status = self.replica.status.clone();
        let me = self.me();
        for (id, part) in &mut status.parts {
            part.member = *id == me;
            part.expected = *id == me;
            if *id != me {
                part.resources.clear();
            }
        }
        let mut own = self.local.part.clone();
        own.member = true;
        own.expected = true;
        status.parts.insert(me, own);
        let mut cib = self.replica.held.cib.clone();
        crate::replica::render::status(
            &mut cib,
            &status,
            &self.names,
            crate::replica::render::Reader::Scheduler,
        );
        let root = cib.root();
        cib.set_attr(root, "have-quorum", "0");
        cib.set_attr(root, "dc-uuid", &me.to_string());
        cib
    }

    /// True if the plan was for this.
    pub(crate) fn emergency_plan(&mut self, request: u64, plan: &Result<Box<Transition>, String>) -> bool {
        let Some(emergency) = &mut self.local.emergency else { return false };
        if emergency.request != Some(request) {
            return false;
        }
        if let Ok(transition) = plan {
            emergency.number += 1;
            emergency.runner = Some(Runner::new((**transition).clone(), emergency.number));
        }
        self.fire_emergency();
        true
    }

    fn fire_emergency(&mut self) {
        for _ in 0..1000 {
            let me = self.name(self.me());
            let Some(emergency) = &mut self.local.emergency else { return };
            let Some(runner) = &mut emergency.runner else { return };
            let ready = runner.ready();
            if ready.is_empty() {
                return;
            }
            for action in ready {
                let here = action.node.as_deref() == Some(me.as_str());
                let down = matches!(action.task.as_str(), "stop" | "demote" | "notify" | "cancel");
                if here && down && action.resource.is_some() {
                    self.fire_lonely(&action);
                } else if let Some(runner) = self.local.emergency.as_mut().and_then(|e| e.runner.as_mut()) {
                    if matches!(action.task.as_str(), "stop" | "demote") {
                        runner.confirm(action.id);
                    } else {
                        runner.fail(action.id);
                    }
                }
            }
        }
    }

    fn fire_lonely(&mut self, action: &Action) {
        let uuid = self.transition_uuid();
        let Some(emergency) = &mut self.local.emergency else { return };
        let transition_key = format!("{}:{}:{}:{uuid}", action.id.0, emergency.number, action.target_rc());
        let Some(runner) = &mut emergency.runner else { return };
        let Some(resource) = action.resource.clone() else { return };
        if action.task == "cancel" {
            runner.confirm(action.id);
        } else {
            runner.flies(action.id);
            emergency.flying.insert(action.key.clone(), action.id);
        }
        let intent = Intent {
            node: self.config.id,
            incarnation: self.config.incarnation,
            resource,
            task: action.task.clone(),
            key: action.key.clone(),
            interval_ms: action.interval_ms(),
            timeout_ms: action.timeout_ms().unwrap_or(20_000),
            digest: super::fire::digest_of(action),
            params: action.params.clone(),
            transition_key,
            recorded: !matches!(action.task.as_str(), "notify" | "cancel"),
            ordered_at: self.wall_s(),
        };
        self.begin_intent(&intent);
    }
}
