//! Clients: what they ask, who answers, and for how long it is tried.
//!
//! Reads are answered by this node from its own replica; everything else goes to the coordinator.

use crate::clean::Clean;
use crate::dc::changes::Wanted;
use crate::replica::entry::Entry;
use crate::wire::{Message, Submission};
use crate::{Exit, Node, NodeId, Output};
use rhapsody_api::core::{
    AttributeValue, CoreError, FenceAction, Member, Quorum, QuorumMember, Request, Response,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// Who waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    pub node: NodeId,
    pub request: u64,
}

/// How long a request may wait for a coordinator and its answer.
const PATIENCE_MS: u64 = 30_000;
const PENDING_MAX: usize = 10_000;

#[derive(Default)]
pub(crate) struct Clients {
    pending: BTreeMap<u64, Pending>,
    pub next_schedule: u64,
}

struct Pending {
    request: Request,
    deadline: u64,
    /// The coordinator that has it.
    sent_to: Option<NodeId>,
}

impl Clients {
    pub fn deadline(&self) -> Option<u64> {
        self.pending.values().map(|p| p.deadline).min()
    }
}

impl Node {
    pub(crate) fn take_request(&mut self, id: u64, request: Request) {
        let response = match request {
            Request::Snapshot => Response::Snapshot { cib: self.cib().to_xml() },
            Request::Version => {
                let (admin_epoch, epoch, num_updates, event) = self.cib_key();
                Response::Version { admin_epoch, epoch, num_updates, event }
            }
            Request::Members => self.members(),
            Request::Quorum => self.quorum_figures(),
            Request::GetAttribute { name, node } => self.attribute_values(&name, node.as_deref()),
            Request::Statistics => Response::Statistics {
                values: json!({"node": self.counters, "channels": self.channel_counters()}),
            },
            Request::Stop => {
                self.begin_leaving();
                Response::Done
            }
            Request::Events { .. } | Request::Detach | Request::Reload => {
                Response::Error(CoreError::Unsupported)
            }
            other => {
                self.forward(id, other);
                return;
            }
        };
        self.put(Output::Reply { id, response });
    }

    fn forward(&mut self, id: u64, request: Request) {
        if self.clients.pending.len() >= PENDING_MAX {
            let text = "too many requests are waiting; try again".to_owned();
            self.put(Output::Reply { id, response: Response::Error(CoreError::NotReady { text }) });
            return;
        }
        let longer = match &request {
            Request::Wait { timeout_ms } => *timeout_ms,
            Request::Fence { .. } => 600_000,
            _ => 0,
        };
        let deadline = self.now.mono_ms + PATIENCE_MS + longer;
        self.clients.pending.insert(id, Pending { request, deadline, sent_to: None });
        self.hand_over(id);
    }

    /// Gives a request to the coordinator, if there is one.
    fn hand_over(&mut self, id: u64) {
        let Some((view, dc)) = self.view().map(|v| (v.id, v.dc)) else { return };
        let me = self.me();
        let Some(pending) = self.clients.pending.get_mut(&id) else { return };
        pending.sent_to = Some(dc);
        let request = pending.request.clone();
        if dc == me {
            self.dc_request(Origin { node: me, request: id }, request);
        } else {
            let json = serde_json::to_string(&request).unwrap_or_default();
            self.send(dc, &Message::Submit { view, submission: Submission::Request { request: id, json } });
        }
    }

    /// What was given to a coordinator that is gone has an unknown end, unless doing it twice is
    /// the same as doing it once.
    pub(crate) fn clients_view_began(&mut self) {
        let Some(dc) = self.view().map(|v| v.dc) else { return };
        let ids: Vec<(u64, bool, bool)> = self
            .clients
            .pending
            .iter()
            .filter(|(_, p)| p.sent_to != Some(dc))
            .map(|(id, p)| {
                let repeatable = !matches!(
                    p.request,
                    Request::Apply { .. } | Request::Fence { .. } | Request::ConfirmFenced { .. }
                );
                (*id, p.sent_to.is_some(), repeatable)
            })
            .collect();
        for (id, was_sent, repeatable) in ids {
            if was_sent && !repeatable {
                self.clients.pending.remove(&id);
                let text =
                    "the coordinator was lost while it worked on this; look whether it is done".to_owned();
                self.put(Output::Reply { id, response: Response::Error(CoreError::NotReady { text }) });
            } else {
                self.hand_over(id);
            }
        }
    }

    pub(crate) fn tick_clients(&mut self) {
        let now = self.now.mono_ms;
        let late: Vec<u64> =
            self.clients.pending.iter().filter(|(_, p)| now >= p.deadline).map(|(id, _)| *id).collect();
        for id in late {
            let Some(pending) = self.clients.pending.remove(&id) else { continue };
            let error = match pending.sent_to {
                Some(_) => CoreError::Timeout,
                None => CoreError::NotReady { text: "no view is installed; try again".to_owned() },
            };
            self.put(Output::Reply { id, response: Response::Error(error) });
        }
    }

    pub(crate) fn answer(&mut self, origin: Origin, response: Response) {
        if origin.node == self.me() {
            if self.clients.pending.remove(&origin.request).is_some() {
                self.put(Output::Reply { id: origin.request, response });
            }
            return;
        }
        let response = serde_json::to_string(&response).unwrap_or_default();
        self.send(origin.node, &Message::Answer { request: origin.request, response });
    }

    pub(crate) fn take_answer(&mut self, request: u64, response: &str) {
        if let Ok(response) = serde_json::from_str::<Response>(response) {
            if self.clients.pending.remove(&request).is_some() {
                self.put(Output::Reply { id: request, response });
            }
        }
    }

    /// A request, at the coordinator.
    pub(crate) fn dc_request(&mut self, origin: Origin, request: Request) {
        match request {
            Request::Apply { patch, base, force, user } => {
                self.want_change(Wanted { origin: Some(origin), patch, base: Some(base), force, user });
            }
            Request::Cleanup { resource, node, operation, interval_ms, strict } => {
                let operation = operation.map(|op| format!("{op}_{}", interval_ms.unwrap_or(0)));
                self.clean(origin, Clean { resource, strict, node, operation, all: false });
            }
            Request::Refresh { resource, node, strict } => {
                self.clean(origin, Clean { resource, strict, node, operation: None, all: true });
            }
            Request::Fence { node, action } => {
                if self.config.id_of(&node).is_none() {
                    self.answer(origin, Response::Error(CoreError::UnknownNode { node }));
                    return;
                }
                let word = match action {
                    FenceAction::Reboot => "reboot",
                    FenceAction::Off => "off",
                    FenceAction::On => "on",
                };
                self.begin_fencing(&node, word, Some(origin), 0);
            }
            Request::ConfirmFenced { node } => self.confirm_fenced(origin, node),
            Request::SetAttribute { node, name, value, .. } => {
                let target = match &node {
                    Some(name) => self.config.id_of(name),
                    None => Some(origin.node),
                };
                let Some(target) = target else {
                    let node = node.unwrap_or_default();
                    self.answer(origin, Response::Error(CoreError::UnknownNode { node }));
                    return;
                };
                let part = self.replica.status.parts.get(&target);
                if part.and_then(|p| p.attributes.get(&name)) != value.as_ref() {
                    self.order(Entry::Attribute { node: target, name, value });
                }
                self.answer(origin, Response::Done);
            }
            Request::Wait { timeout_ms } => self.wait_idle(origin, timeout_ms),
            Request::ExpectedVotes { votes } => {
                // Also from a coordinator to the next one: the order may have been lost with its view.
                self.order(Entry::ExpectedVotes { votes });
                self.answer(origin, Response::Done);
            }
            Request::CancelWaitForAll => self.stop_waiting(origin),
            _ => self.answer(origin, Response::Error(CoreError::Unsupported)),
        }
    }

    fn stop_waiting(&mut self, origin: Origin) {
        let waiting = self.view().is_some_and(|view| view.quorum.waiting);
        if waiting {
            self.event("quorum", "an administrator ended the waiting for all nodes", json!({"forced": true}));
            self.order(Entry::StopWaiting);
            self.answer(origin, Response::Done);
        } else {
            let text = "the cluster is not waiting for nodes to establish quorum".to_owned();
            self.answer(origin, Response::Error(CoreError::Refused { text }));
        }
    }

    fn confirm_fenced(&mut self, origin: Origin, node: String) {
        let Some(id) = self.config.id_of(&node) else {
            self.answer(origin, Response::Error(CoreError::UnknownNode { node }));
            return;
        };
        if self.view().is_some_and(|v| v.members.contains_key(&id)) {
            let text = format!("{node} is a member of the cluster: it is not down");
            self.answer(origin, Response::Error(CoreError::Refused { text }));
            return;
        }
        let incarnation = self.replica.status.parts.get(&id).map_or(0, |p| p.incarnation);
        self.event(
            "fence",
            format!("an administrator confirmed that {node} is down"),
            json!({"node": node, "result": "confirmed"}),
        );
        self.order(Entry::Fenced { node: id, incarnation });
        self.answer(origin, Response::Done);
    }

    // ---- answered here

    fn members(&self) -> Response {
        let view = self.view();
        let members = self
            .config
            .layout
            .nodes
            .iter()
            .map(|p| Member {
                id: p.id,
                name: p.name.clone(),
                addresses: Vec::new(),
                online: view.is_some_and(|v| v.members.contains_key(&p.id)),
                incarnation: view.and_then(|v| v.members.get(&p.id).copied()).unwrap_or(0),
                cannot_persist: view.is_some_and(|v| v.cannot_persist.contains(&p.id))
                    || (p.id == self.me() && self.replica.disk.broken),
                links: Vec::new(),
            })
            .collect();
        Response::Members {
            view: view.map_or(0, |v| v.id.counter),
            dc: view.map(|v| self.name(v.dc)),
            local: self.name(self.me()),
            members,
        }
    }

    fn quorum_figures(&self) -> Response {
        let alone = std::collections::BTreeSet::from([self.me()]);
        let ids = self.view().map_or(alone, |v| v.ids());
        let q = match self.view() {
            Some(view) => view.quorum.clone(),
            None => crate::quorum::judge(&self.config, &self.quorum, &ids),
        };
        let quorate = self.quorate();
        Response::Quorum(Quorum {
            quorate,
            expected_votes: q.expected,
            highest_expected: q.highest_expected,
            total_votes: q.total,
            quorum: q.quorum,
            flags: q.flags.into_iter().filter(|f| quorate || f != "Quorate").collect(),
            view: self.view().map_or(0, |v| v.id.counter),
            members: ids
                .iter()
                .filter_map(|id| self.config.peer(*id))
                .map(|p| QuorumMember {
                    id: p.id,
                    name: p.name.clone(),
                    votes: p.votes,
                    local: p.id == self.me(),
                })
                .collect(),
        })
    }

    fn attribute_values(&self, name: &str, node: Option<&str>) -> Response {
        let values = self
            .replica
            .status
            .parts
            .iter()
            .map(|(id, part)| (self.name(*id), part))
            .filter(|(n, _)| node.is_none_or(|want| want == n))
            .filter_map(|(n, part)| {
                let value = part.attributes.get(name)?.clone();
                Some(AttributeValue { node: n, name: name.to_owned(), value: Some(value) })
            })
            .collect();
        Response::Attributes { values }
    }

    // ---- leaving

    fn begin_leaving(&mut self) {
        self.local.leaving = true;
        let value = self.wall_s().to_string();
        self.event("shutdown", "this node was asked to leave", json!({"node": self.name(self.me())}));
        self.set_local_attribute("shutdown", Some(&value));
        let node = self.me();
        self.submit(Entry::Attribute { node, name: "shutdown".to_owned(), value: Some(value) });
    }

    /// Everything was stopped here: say good-bye and go.
    pub(crate) fn dismissed(&mut self) {
        if !self.local.leaving && !self.local.part.attributes.contains_key("shutdown") {
            return;
        }
        let peers: Vec<NodeId> =
            self.config.layout.nodes.iter().map(|p| p.id).filter(|id| *id != self.me()).collect();
        for peer in peers {
            self.send(peer, &Message::Leave);
        }
        self.exit(Exit::Left);
    }
}
