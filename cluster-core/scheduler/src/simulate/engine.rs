//! Carrying out a transition on paper: every action succeeds at once (but those that are to fail) and
//! is written into the status.

use super::history::{Agent, Deleted, History, Outcome};
use super::inject::{self, OpSpec};
use super::output::Step;
use crate::actions::{ActionIdx, PSEUDO};
use crate::plan::Plan;
use rhapsody_transition::{Action, ActionKind};
use rhapsody_xml::Document;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

/// Fire what is ready, pass by pass, until nothing is: what happened, and what it made obsolete. An
/// action is written down in full when its turn comes and not before: all of them at once would be
/// most of the memory of a simulation.
pub fn execute(
    plan: &mut Plan,
    chosen: &[ActionIdx],
    doc: &mut Document,
    now: i64,
    to_fail: &[OpSpec],
) -> (Vec<Step>, Deleted) {
    let mut known: FxHashSet<SmolStr> = plan.c.by_id.keys().cloned().collect();
    known.extend(plan.c.resources.iter().filter_map(|r| r.history_id.clone()));
    let mut engine =
        Engine { known, history: History::new(doc, now), now, to_fail, steps: Vec::new(), failed: false };
    let mut done = vec![false; plan.actions.len()];
    let inputs = |plan: &Plan, a| plan.inputs(a, false).into_boxed_slice();
    let mut waiting: Vec<_> = chosen.iter().map(|a| (*a, inputs(plan, *a))).collect();
    loop {
        let before = waiting.len();
        waiting.retain(|(a, inputs)| {
            // After a failure only milestones pass: the rest waits for a new plan.
            let held = engine.failed && !plan.action(*a).is(PSEUDO);
            if held || !inputs.iter().all(|i| done[i.0 as usize]) {
                return true;
            }
            done[a.0 as usize] = true;
            engine.perform(&plan.wire_action(*a));
            false
        });
        if waiting.len() == before {
            break;
        }
    }
    if !waiting.is_empty() && !engine.failed {
        engine.steps.push(Step::Incomplete);
    }
    (engine.steps, engine.history.into_deleted())
}

struct Engine<'a> {
    known: FxHashSet<SmolStr>,
    history: History<'a>,
    now: i64,
    to_fail: &'a [OpSpec],
    steps: Vec<Step>,
    failed: bool,
}

impl Engine<'_> {
    fn perform(&mut self, a: &Action) {
        let node = a.node.as_deref().unwrap_or("");
        match a.kind {
            ActionKind::Pseudo => {
                self.steps.push(Step::Pseudo { task: a.key.clone(), node: a.node.clone() });
            }
            ActionKind::Cluster if a.task == "stonith" => {
                let action = a.meta("stonith_action").unwrap_or("reboot").to_owned();
                if action != "on" {
                    self.history.node_down(node, a.node_id.as_deref().unwrap_or(node));
                }
                self.steps.push(Step::Fencing { target: node.to_owned(), action });
            }
            ActionKind::Cluster => {
                if let Some(r) = a.resource.as_ref().filter(|_| a.task == "lrm_delete") {
                    self.history.delete(node, &r.id);
                }
                let resource = a.resource.as_ref().map(|r| r.id.clone());
                self.steps.push(Step::Cluster { task: a.task.clone(), resource, node: node.to_owned() });
            }
            ActionKind::Resource => self.operate(node, a),
        }
    }

    fn operate(&mut self, node: &str, a: &Action) {
        let Some(r) = &a.resource else { return };
        let name = match &r.long_id {
            Some(long) if !self.known.contains(r.id.as_str()) => long,
            _ => &r.id,
        };
        let interval_ms = a.interval_ms();
        self.steps.push(Step::Resource {
            resource: name.clone(),
            task: a.task.clone(),
            interval_ms,
            node: node.to_owned(),
        });
        if a.task == "delete" {
            for id in [Some(&r.id), r.long_id.as_ref()].into_iter().flatten() {
                self.history.delete(node, id);
            }
            return;
        }
        let task = match a.task.as_str() {
            "reload" | "reload-agent" => "start",
            task => task,
        };
        let entry = match task {
            "notify" => {
                let kind = a.meta("notify_key_type").unwrap_or("");
                let what = a.meta("notify_key_operation").unwrap_or("");
                Some(format!("{name}_{kind}_notify_{what}_0"))
            }
            "migrate_to" | "migrate_from" => Some(format!("{name}_{task}_{interval_ms}")),
            _ => None,
        };
        let ids = [Some(&r.id), r.long_id.as_ref()];
        let failure = self.to_fail.iter().find(|f| {
            f.node == node
                && f.task == a.task
                && f.interval_ms == interval_ms
                && ids.iter().flatten().any(|id| **id == f.resource)
        });
        let expected = a.target_rc();
        let done = Outcome {
            task,
            interval_ms,
            rc: failure.map_or(expected, |f| f.rc),
            expected,
            action: Some(a.id.0),
            entry,
            exit_reason: if failure.is_some() { "User-injected result" } else { "" },
            digest: Some(crate::actions::digest::of_action(a)),
            more: ["migrate_source", "migrate_target"]
                .into_iter()
                .filter_map(|k| Some((k, a.meta(k)?.to_owned())))
                .collect(),
        };
        let node_id = if a.router_node.is_some() { node } else { a.node_id.as_deref().unwrap_or(node) };
        let name = failure.map_or(name, |f| &f.resource);
        let agent = Agent { name, class: &r.class, provider: r.provider.as_deref(), agent: &r.agent };
        self.history.record(node, node_id, &agent, &done);
        let Some(failure) = failure else { return };
        self.failed = true;
        self.steps.push(Step::Failed { action: a.id.0, rc: failure.rc });
        let counted = inject::count_failure(&mut self.history, failure, node_id, self.now);
        self.steps.extend(counted.into_iter().map(Step::Attribute));
    }
}
