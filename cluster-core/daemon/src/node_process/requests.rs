//! Requests of clients: which the loop answers itself, which go to the machine, and what is added
//! to the machine's answers on their way back.

use super::{Shell, now};
use crate::node_process::socket::ClientId;
use rhapsody_api::core::{CoreError, Request, Response, ResponseFrame};
use rhapsody_node::Input;
use std::collections::BTreeMap;

/// More requests than this at once are refused.
const OPEN_MAX: usize = 10_000;
/// The orderly leave that a signal asked for; no client has this number.
const LEAVE: u64 = 0;

#[derive(Default)]
pub struct Requests {
    last: u64,
    open: BTreeMap<u64, Open>,
    /// Streams of events: client and number of its request.
    listeners: Vec<(ClientId, u64)>,
    leaving: bool,
}

struct Open {
    client: ClientId,
    id: u64,
    statistics: bool,
}

impl Requests {
    pub fn listeners(&self) -> Vec<(ClientId, u64)> {
        self.listeners.clone()
    }

    /// A number of the machine for a client's request.
    pub fn open(&mut self, client: ClientId, id: u64) -> u64 {
        self.last += 1;
        self.open.insert(self.last, Open { client, id, statistics: false });
        self.last
    }

    pub fn client_gone(&mut self, client: ClientId) {
        self.listeners.retain(|(listener, _)| *listener != client);
        // What it asked for goes on; there is only nobody to tell.
        self.open.retain(|_, open| open.client != client);
    }
}

impl Shell {
    pub fn asked(&mut self, client: ClientId, id: u64, request: Request) -> Option<i32> {
        match request {
            Request::Events { since } => {
                self.answer(client, id, Response::Done);
                let since = if since == 0 { self.recent.last() } else { since };
                for event in self.recent.after(since) {
                    self.answer(client, id, Response::Event(event));
                }
                self.requests.listeners.push((client, id));
                None
            }
            Request::Detach => {
                crate::log::info("detaching: resources go on without us");
                self.answer(client, id, Response::Done);
                self.end(Some(true));
                Some(0)
            }
            Request::Reload => self.reload(client, id),
            request => {
                if self.requests.open.len() >= OPEN_MAX {
                    let text = "too many requests at once".to_owned();
                    self.answer(client, id, Response::Error(CoreError::NotReady { text }));
                    return None;
                }
                self.requests.last += 1;
                let statistics = request == Request::Statistics;
                self.requests.open.insert(self.requests.last, Open { client, id, statistics });
                self.handle(Input::Request { id: self.requests.last, request })
            }
        }
    }

    /// SIGTERM: the same as a request to stop, asked by nobody.
    pub fn leave_in_order(&mut self) -> Option<i32> {
        if std::mem::replace(&mut self.requests.leaving, true) {
            return None;
        }
        crate::log::info("leaving the cluster in order");
        self.handle(Input::Request { id: LEAVE, request: Request::Stop })
    }

    pub fn reply(&mut self, id: u64, mut response: Response) {
        if id == LEAVE {
            if let Response::Error(error) = response {
                crate::log::error(format!("cannot leave: {}", rhapsody_client::refusal(&error)));
                self.requests.leaving = false;
            }
            return;
        }
        let Some(open) = self.requests.open.remove(&id) else { return };
        if open.statistics {
            response = self.with_links(response);
        }
        if let Response::Members { members, .. } = &mut response {
            let state = self.links.state();
            for member in members {
                let written = self.setup.written.get(&member.id).into_iter().flatten();
                member.addresses = written.flatten().cloned().collect();
                // Our own links are up where their addresses are.
                let up =
                    if member.id == self.setup.id { Some(&state.bound) } else { state.up.get(&member.id) };
                member.links = up.cloned().unwrap_or_default();
            }
        }
        self.answer(open.client, open.id, response);
    }

    fn with_links(&self, response: Response) -> Response {
        let mut values = match response {
            Response::Statistics { values } => values,
            // A machine that does not count yet: ours are still worth telling.
            _ => serde_json::json!({}),
        };
        let names = |id: rhapsody_node::NodeId| {
            let node = self.setup.nodes.iter().find(|node| node.id == id);
            node.map_or_else(|| id.to_string(), |node| node.name.clone())
        };
        if let Some(values) = values.as_object_mut() {
            values.insert("links".to_owned(), self.links.state().to_json(names));
            values.insert("events".to_owned(), self.recent.last().into());
            values.insert("mono_ms".to_owned(), now().mono_ms.into());
        }
        Response::Statistics { values }
    }

    pub fn refuse(&self, client: ClientId, id: u64, text: String) {
        self.answer(client, id, Response::Error(CoreError::Refused { text }));
    }

    fn answer(&self, client: ClientId, id: u64, response: Response) {
        self.clients.send(client, ResponseFrame { id, response });
    }
}
