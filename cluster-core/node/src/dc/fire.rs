//! From an action of the graph to something that happens.

use super::Flight;
use crate::replica::entry::{Entry, Intent};
use crate::{Node, NodeId};
use rhapsody_cib::digest;
use rhapsody_transition::{Action, ActionKind};
use serde_json::json;

/// Beyond an operation's own timeout: its way to the node and back, and the queue there.
const GRACE_MS: u64 = 10_000;
const TIMEOUT_DEFAULT_MS: u64 = 20_000;

impl Node {
    pub(crate) fn fire_ready(&mut self) {
        // Each confirmation may free others; a graph is finite.
        for _ in 0..100_000 {
            if !self.may_act() {
                return;
            }
            let Some(runner) = self.dc.as_mut().and_then(|dc| dc.runner.as_mut()) else { return };
            let ready = runner.ready();
            let mut progress = false;
            for action in ready {
                progress |= self.fire(&action);
            }
            if !progress {
                return;
            }
        }
    }

    fn runner_do(&mut self, what: impl FnOnce(&mut super::runner::Runner)) {
        if let Some(runner) = self.dc.as_mut().and_then(|dc| dc.runner.as_mut()) {
            what(runner);
        }
    }

    /// Fires one action; false if it has to wait for a time.
    fn fire(&mut self, action: &Action) -> bool {
        let id = action.id;
        let node = self.action_node(action);
        match (action.kind, action.task.as_str()) {
            (ActionKind::Cluster, "stonith") => return self.fire_stonith(action),
            (ActionKind::Cluster, "do_shutdown") => {
                self.runner_do(|r| r.confirm(id));
                if let Some(node) = node {
                    let text = format!("{} may leave", self.name(node));
                    self.event("shutdown", text, json!({"node": self.name(node)}));
                    self.order(Entry::Dismiss { node });
                }
            }
            (_, "clear_failcount") => {
                self.runner_do(|r| r.confirm(id));
                if let (Some(node), Some(resource)) = (node, &action.resource) {
                    self.clear_failures(node, &resource.id, None);
                }
            }
            (_, "lrm_delete" | "delete") => {
                self.runner_do(|r| r.confirm(id));
                if let (Some(node), Some(resource)) = (node, &action.resource) {
                    let resource = resource.id.clone();
                    self.order(Entry::Forget { node, resource, slot: None, transition_key: None });
                }
            }
            (ActionKind::Resource, _) => match (node, &action.resource) {
                (Some(node), Some(_)) => self.fire_operation(action, node),
                _ => {
                    self.runner_do(|r| r.fail(id));
                    self.abort_transition(&format!("nobody can perform {}", action.key));
                }
            },
            _ => {
                // A cluster action that this build does not know: it cannot be left undone in silence.
                self.event(
                    "transition",
                    format!("{} is not known here", action.task),
                    json!({"key": action.key}),
                );
                self.runner_do(|r| r.fail(id));
            }
        }
        true
    }

    /// The member that performs an action (the router for a remote node).
    pub(crate) fn action_node(&self, action: &Action) -> Option<NodeId> {
        let name = action.router_node.as_ref().or(action.node.as_ref())?;
        self.config.id_of(name).or_else(|| action.node_id.as_ref().and_then(|id| id.parse().ok()))
    }

    fn fire_operation(&mut self, action: &Action, node: NodeId) {
        let id = action.id;
        let now = self.now.mono_ms;
        let incarnation = self.view().and_then(|v| v.members.get(&node).copied());
        let (Some(incarnation), Some(resource)) = (incarnation, action.resource.clone()) else {
            self.runner_do(|r| r.fail(id));
            self.abort_transition(&format!("{} is not a member", self.name(node)));
            return;
        };
        let flight_key = (node, flight_key(&action.task, &action.key));
        let number = self.dc.as_ref().map_or(0, |dc| dc.transition_number);
        let transition_key = format!("{}:{number}:{}:{}", id.0, action.target_rc(), self.transition_uuid());
        let timeout_ms = action.timeout_ms().unwrap_or(TIMEOUT_DEFAULT_MS);
        let delay = action.meta("start_delay").and_then(|v| v.parse().ok()).unwrap_or(0);
        let flight =
            Flight { transition_key: transition_key.clone(), deadline: now + timeout_ms + delay + GRACE_MS };
        let Some(dc) = &mut self.dc else { return };
        if let Some(runner) = &mut dc.runner {
            runner.flies(id);
        }
        // The same thing is under way already, ordered by an aborted transition or an earlier
        // coordinator: its result will do.
        if dc.flights.contains_key(&flight_key) {
            return;
        }
        dc.flights.insert(flight_key, flight);
        let intent = Intent {
            node,
            incarnation,
            resource,
            task: action.task.clone(),
            key: action.key.clone(),
            interval_ms: action.interval_ms(),
            timeout_ms,
            digest: digest_of(action),
            params: action.params.clone(),
            transition_key,
            recorded: !matches!(action.task.as_str(), "notify" | "cancel"),
            ordered_at: self.wall_s(),
        };
        self.order(Entry::Intent(Box::new(intent)));
    }

    /// Identifies the life of the coordinator in transition keys; 36 characters, as Pacemaker's.
    pub(crate) fn transition_uuid(&self) -> String {
        let life = self.config.incarnation;
        format!("{:08x}-{:04x}-4000-8000-{:012x}", self.me(), (life >> 48) & 0xffff, life & 0xffff_ffff_ffff)
    }

    /// Forgets the failures of a resource on a node: all, or those of one operation (`monitor_10000`).
    pub(crate) fn clear_failures(&mut self, node: NodeId, resource: &str, operation: Option<&str>) {
        let Some(part) = self.replica.status.parts.get(&node) else { return };
        let names: Vec<String> = part
            .attributes
            .keys()
            .filter(|name| {
                let rest = name.strip_prefix("fail-count-").or_else(|| name.strip_prefix("last-failure-"));
                let Some((rsc, op)) = rest.and_then(|r| r.rsplit_once('#')) else { return false };
                let base = rsc.split_once(':').map_or(rsc, |(base, _)| base);
                (rsc == resource || base == resource) && operation.is_none_or(|o| o == op)
            })
            .cloned()
            .collect();
        for name in names {
            self.order(Entry::Attribute { node, name, value: None });
        }
    }
}

/// `op-digest`.
pub(crate) fn digest_of(action: &Action) -> String {
    let recurring = action.interval_ms() > 0;
    let params = action.params.iter().map(|(k, v)| (k.as_str(), v.as_str()));
    digest::op_digest(params.filter(|(name, _)| digest::in_op_digest(name, recurring)))
}

/// A cancel and the operation that it ends are two things.
pub(crate) fn flight_key(task: &str, key: &str) -> String {
    if task == "cancel" { format!("cancel {key}") } else { key.to_owned() }
}
