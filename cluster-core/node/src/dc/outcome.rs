//! What an applied entry means for the coordinator's plans.

use super::fire::flight_key;
use crate::replica::entry::{Entry, Outcome};
use crate::{Node, NodeId};
use serde_json::json;

impl Node {
    /// Called for every entry after it was applied; does nothing unless this node coordinates.
    pub(crate) fn dc_applied(&mut self, entry: &Entry) {
        if !self.is_dc() {
            return;
        }
        match entry {
            Entry::Outcome(outcome) => self.operation_ended(outcome),
            Entry::Forget { node, transition_key: Some(key), .. } => self.cancel_ended(*node, key),
            Entry::Forget { resource, transition_key: None, .. } => {
                if !self.was_ours(|a| matches!(a.task.as_str(), "lrm_delete" | "delete")) {
                    self.abort_transition(&format!("the history of {resource} was changed"));
                } else {
                    self.touch_plan();
                }
            }
            Entry::Attribute { name, .. } => self.attribute_changed(name),
            Entry::Fenced { node, .. } => self.fencing_confirmed(*node),
            Entry::Left { .. } => self.abort_transition("a node left"),
            Entry::Commit { .. } => self.abort_transition("the configuration was changed"),
            Entry::Intent(_)
            | Entry::Dismiss { .. }
            | Entry::Prepare { .. }
            | Entry::Withdraw { .. }
            | Entry::Layout(_)
            | Entry::ExpectedVotes { .. }
            | Entry::StopWaiting
            | Entry::Persisting { .. } => {}
        }
    }

    /// A plan that is being made does not know this, but the transition that runs caused it.
    fn touch_plan(&mut self) {
        if let Some(dc) = &mut self.dc {
            if dc.requested.is_some() {
                dc.generation += 1;
            }
        }
    }

    fn was_ours(&self, is_it: impl Fn(&rhapsody_transition::Action) -> bool) -> bool {
        self.dc
            .as_ref()
            .and_then(|dc| dc.runner.as_ref())
            .is_some_and(|r| r.aborted.is_none() && r.transition.actions.iter().any(is_it))
    }

    fn attribute_changed(&mut self, name: &str) {
        let failure = name.starts_with("fail-count-") || name.starts_with("last-failure-");
        if failure && self.was_ours(|a| a.task == "clear_failcount") {
            self.touch_plan();
            return;
        }
        self.abort_transition(&format!("attribute {name} was changed"));
    }

    fn operation_ended(&mut self, outcome: &Outcome) {
        let record = &outcome.record;
        let key = (outcome.node, flight_key(&record.task, &record.key));
        let Some(dc) = &mut self.dc else { return };
        let mut awaited = false;
        if outcome.answers {
            let ours = dc.flights.get(&key).is_some_and(|f| f.transition_key == record.transition_key);
            if ours {
                dc.flights.remove(&key);
                awaited = true;
            }
        }
        let names = &self.names;
        let flying = dc.runner.as_ref().filter(|_| awaited).and_then(|r| {
            r.flying_action(|a| {
                a.key == record.key
                    && a.task == record.task
                    && a.router_node.as_ref().or(a.node.as_ref()) == names.get(&outcome.node)
            })
        });
        if let (Some(id), Some(runner)) = (flying, dc.runner.as_mut()) {
            if outcome.failed {
                runner.fail(id);
            } else {
                runner.confirm(id);
            }
        }
        if outcome.failed {
            self.count_failure(outcome);
            self.abort_transition(&format!("{} failed on {}", record.key, self.name(outcome.node)));
        } else if flying.is_none() {
            self.abort_transition(&format!("{} ended on {}", record.key, self.name(outcome.node)));
        } else {
            self.touch_plan();
        }
    }

    fn cancel_ended(&mut self, node: NodeId, transition_key: &str) {
        let Some(dc) = &mut self.dc else { return };
        let flight = dc.flights.iter().find(|(k, f)| k.0 == node && f.transition_key == transition_key);
        let Some(key) = flight.map(|(k, _)| k.clone()) else { return };
        dc.flights.remove(&key);
        let names = &self.names;
        if let Some(runner) = &mut dc.runner {
            let id = runner.flying_action(|a| {
                flight_key(&a.task, &a.key) == key.1
                    && a.router_node.as_ref().or(a.node.as_ref()) == names.get(&node)
            });
            if let Some(id) = id {
                runner.confirm(id);
            }
        }
        self.touch_plan();
    }

    /// fail-count and last-failure, as Pacemaker's controller writes them.
    fn count_failure(&mut self, outcome: &Outcome) {
        let record = &outcome.record;
        let probe = record.task == "monitor" && record.interval_ms == 0;
        if probe || !outcome.recorded || record.status == 1 {
            return;
        }
        let what = format!("{}#{}_{}", outcome.resource.id, record.task, record.interval_ms);
        let name = format!("fail-count-{what}");
        let node = outcome.node;
        let fatal = match record.task.as_str() {
            "stop" => true,
            "start" => self.dc.as_ref().is_some_and(|dc| dc.start_failure_is_fatal),
            _ => false,
        };
        let before = self.replica.status.parts.get(&node).and_then(|p| p.attributes.get(&name));
        let value = match before.map(String::as_str) {
            _ if fatal => "INFINITY".to_owned(),
            Some("INFINITY") => "INFINITY".to_owned(),
            Some(n) => (n.parse::<u64>().unwrap_or(0) + 1).to_string(),
            None => "1".to_owned(),
        };
        self.order(Entry::Attribute { node, name, value: Some(value) });
        let value = Some(record.last_rc_change.max(0).to_string());
        self.order(Entry::Attribute { node, name: format!("last-failure-{what}"), value });
    }

    /// A node that does not answer for longer than the operation may take.
    pub(crate) fn overdue_flights(&mut self) {
        let now = self.now.mono_ms;
        let Some(dc) = &mut self.dc else { return };
        let overdue: Vec<_> =
            dc.flights.iter().filter(|(_, f)| now >= f.deadline).map(|(k, _)| k.clone()).collect();
        for key in overdue {
            let Some(dc) = &mut self.dc else { return };
            dc.flights.remove(&key);
            let text = format!("{} does not answer for {}", self.name(key.0), key.1);
            self.event("operation", text.clone(), json!({"node": self.name(key.0), "phase": "lost"}));
            self.abort_transition(&text);
        }
    }

    fn fencing_confirmed(&mut self, node: NodeId) {
        let name = self.name(node);
        let Some(dc) = &mut self.dc else { return };
        // Operations there ended with the node.
        dc.flights.retain(|key, _| key.0 != node);
        let id = dc.runner.as_ref().and_then(|r| {
            r.flying_action(|a| a.task == "stonith" && a.node.as_deref() == Some(name.as_str()))
        });
        match (id, &mut dc.runner) {
            (Some(id), Some(runner)) => {
                runner.confirm(id);
                self.touch_plan();
            }
            _ => self.abort_transition(&format!("{name} was fenced")),
        }
    }
}
