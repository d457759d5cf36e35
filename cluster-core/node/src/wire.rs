//! What nodes say to each other over their channels.
//!
//! Postcard inside; the first byte of every message is the protocol. API values travel as JSON text,
//! because they are open-ended.

use crate::config::Layout;
use crate::membership::view::{View, ViewId};
use crate::replica::config::{Lineage, Stamp};
use crate::replica::entry::Entry;
use crate::replica::status::{Part, Status};
use crate::{Incarnation, NodeId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version this build speaks to peers.
pub const PROTOCOL: u8 = 3;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Message {
    /// A coordinator wants this view. Whoever promises it leaves the one it is in.
    Propose { view: ViewId, members: BTreeMap<NodeId, Incarnation>, config: Stamp, layout: u64 },
    /// No: a higher view was promised already, or I do not reach one of the members.
    Refuse { view: ViewId, promised: ViewId, unreachable: Vec<NodeId> },
    /// Yes, and this is what I have.
    Flush { view: ViewId, state: Box<FlushState> },
    /// This is the view, and what is true in it.
    Install(Box<Install>),
    /// To the coordinator of the view: please order this.
    Submit { view: ViewId, submission: Submission },
    /// From the coordinator: number `number` of the view.
    Ordered { view: ViewId, number: u64, entry: Entry },
    /// This configuration is on my disk, or cannot be put there.
    Stored { view: ViewId, stamp: Stamp, ok: bool },
    /// The answer to a forwarded request (JSON of `api::core::Response`).
    Answer { request: u64, response: String },
    /// I leave in order.
    Leave,
    /// The cluster holds this life of yours for fenced.
    YouWereFenced { incarnation: Incarnation },
    /// Your corosync.conf is older than this one.
    Layout(Box<Layout>),
}

/// What a member brings into a new view.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FlushState {
    pub last_view: ViewId,
    /// It was quorate in that view when it left it.
    pub was_quorate: bool,
    /// It was the coordinator of that view.
    pub was_dc: bool,
    pub waited: bool,
    pub expected: u32,
    pub ordered: u32,
    pub last_quorate: Vec<NodeId>,
    pub cannot_persist: bool,
    pub stamp: Stamp,
    pub lineage: Lineage,
    /// The configuration, if it is not the one that the proposer has.
    pub xml: Option<String>,
    /// My own part of the status: I am its authority.
    pub part: Part,
    /// What I last knew of the others.
    pub others: Status,
    pub shutting_down: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Install {
    pub view: View,
    pub stamp: Stamp,
    pub lineage: Lineage,
    /// Missing where the receiver has this configuration.
    pub xml: Option<String>,
    pub status: Status,
    /// Members whose configuration lost, and which it was.
    pub losers: Vec<(NodeId, Stamp)>,
    pub expected: u32,
    pub ordered: u32,
    pub others_waited: bool,
    pub last_quorate: Vec<NodeId>,
    /// num_updates.
    pub updates: u64,
}

/// What a member asks of the coordinator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Submission {
    Entry(Entry),
    /// A client's request (JSON of `api::core::Request`).
    Request {
        request: u64,
        json: String,
    },
}

pub fn encode(message: &Message) -> Vec<u8> {
    let mut bytes = vec![PROTOCOL];
    // Plain data into memory: postcard has no way to fail on it.
    bytes.extend(postcard::to_allocvec(message).unwrap_or_default());
    bytes
}

pub fn decode(bytes: &[u8]) -> Option<Message> {
    let (protocol, rest) = bytes.split_first()?;
    if *protocol != PROTOCOL {
        return None;
    }
    postcard::from_bytes(rest).ok()
}
