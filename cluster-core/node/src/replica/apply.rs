//! What an ordered entry does, at every member alike, and to the node that it is about.

use super::config::{Held, Stamp};
use super::entry::{Change, Entry};
use super::status::{OpRecord, PENDING, RC_PENDING};
use crate::{Cib, Node};
use rhapsody_cib::{Version, patch};
use serde_json::json;

impl Node {
    pub(crate) fn apply(&mut self, number: u64, entry: Entry) {
        let Some(view) = self.view() else { return };
        let touched = (view.id, number);
        self.counters.entries += 1;
        self.replica.updates += 1;
        let me = self.me();
        match &entry {
            Entry::Intent(intent) => {
                if intent.recorded {
                    let part = self.replica.status.parts.entry(intent.node).or_default();
                    part.touched = touched;
                    part.record(&intent.resource, pending_record(intent), false);
                }
                if intent.node == me {
                    self.begin_intent(intent);
                }
            }
            Entry::Outcome(outcome) => {
                if let Some(part) = self.replica.status.parts.get_mut(&outcome.node) {
                    if part.incarnation == outcome.incarnation && !part.fenced {
                        part.touched = touched;
                        if outcome.recorded {
                            crate::local::record_outcome(part, outcome);
                        }
                    }
                }
            }
            Entry::Forget { node, resource, slot, .. } => {
                if let Some(part) = self.replica.status.parts.get_mut(node) {
                    part.touched = touched;
                    part.forget(resource, slot.as_deref());
                }
                if *node == me {
                    self.forget_local(resource, slot.as_deref());
                }
            }
            Entry::Attribute { node, name, value } => {
                let part = self.replica.status.parts.entry(*node).or_default();
                part.touched = touched;
                part.set_attribute(name, value.as_deref());
                if *node == me {
                    self.set_local_attribute(name, value.as_deref());
                }
            }
            Entry::Fenced { node, incarnation } => {
                self.replica.status.fence(*node, *incarnation, touched);
                self.target_changes();
                let text = format!("{} is fenced", self.name(*node));
                self.event("fenced", text, json!({"node": self.name(*node)}));
                if *node == me && *incarnation == self.config.incarnation {
                    let reason = "the cluster holds this node for fenced".to_owned();
                    self.exit(crate::Exit::Restart { reason });
                }
            }
            Entry::Dismiss { node } => {
                if let Some(part) = self.replica.status.parts.get_mut(node) {
                    part.touched = touched;
                    part.expected = false;
                }
                if *node == me {
                    self.dismissed();
                }
            }
            Entry::Left { node, incarnation } => {
                if let Some(part) = self.replica.status.parts.get_mut(node) {
                    if part.incarnation <= *incarnation {
                        part.touched = touched;
                        part.expected = false;
                    }
                }
            }
            Entry::Prepare { stamp, change } => self.prepare(stamp, change),
            Entry::Commit { stamp } => self.commit(stamp),
            Entry::Withdraw { stamp } => {
                self.replica.staged.take_if(|s| s.stamp == *stamp);
                // Where it is on disk already it has to go from there too.
                self.persist_newest();
            }
            Entry::Layout(layout) => self.apply_layout(layout),
            Entry::ExpectedVotes { votes } => {
                self.quorum.ordered = *votes;
                self.break_view(format!("{votes} votes are expected by order"));
            }
            Entry::StopWaiting => {
                self.quorum.waited = true;
                self.break_view("nobody waits for all nodes any longer".to_owned());
            }
            Entry::Persisting { node, ok } => {
                if let Some(view) = &mut self.membership.view {
                    if *ok {
                        view.cannot_persist.remove(node);
                    } else {
                        view.cannot_persist.insert(*node);
                    }
                }
            }
        }
        self.dc_applied(&entry);
    }

    fn prepare(&mut self, stamp: &Stamp, change: &Change) {
        // The coordinator made it and has it already.
        if self.replica.staged.as_ref().is_none_or(|s| s.stamp != *stamp) {
            let made = match change {
                Change::Whole(xml) => Cib::parse(xml).map_err(|e| e.to_string()),
                Change::Patch(text) => {
                    let mut cib = self.replica.held.cib.clone();
                    patch::apply(&mut cib, text).map_err(|e| e.to_string()).map(|_| {
                        cib.set_version(Version::new(stamp.admin_epoch, stamp.epoch, 0));
                        cib
                    })
                }
            };
            match made {
                Ok(cib) => {
                    let held = Held::new(cib, stamp.made_in, Some(&self.replica.held.lineage));
                    if held.stamp != *stamp {
                        // Never seen; if it happens, a new view brings the whole document.
                        self.break_view("a change made another configuration here".to_owned());
                        return;
                    }
                    self.replica.staged = Some(held);
                }
                Err(text) => {
                    self.break_view(format!("a change does not apply here: {text}"));
                    return;
                }
            }
        }
        self.persist_newest();
    }

    fn commit(&mut self, stamp: &Stamp) {
        let Some(staged) = self.replica.staged.take_if(|s| s.stamp == *stamp) else { return };
        self.replica.held = staged;
        self.replica.updates = 0;
        let text = format!("configuration {}.{}", stamp.admin_epoch, stamp.epoch);
        self.event(
            "config",
            text,
            json!({"admin_epoch": stamp.admin_epoch, "epoch": stamp.epoch, "digest": stamp.digest}),
        );
    }
}

/// What stands in the history while an operation runs.
pub(crate) fn pending_record(intent: &super::entry::Intent) -> OpRecord {
    OpRecord {
        key: intent.key.clone(),
        task: intent.task.clone(),
        interval_ms: intent.interval_ms,
        transition_key: intent.transition_key.clone(),
        call_id: 0,
        rc: RC_PENDING,
        status: PENDING,
        last_rc_change: intent.ordered_at,
        exec_ms: 0,
        queue_ms: 0,
        digest: intent.digest.clone(),
        exit_reason: String::new(),
        shutdown_lock: intent.shutdown_lock(),
        previous: None,
    }
}
