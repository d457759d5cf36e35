//! Who hears whom, found out by small datagrams at a steady beat.
//!
//! A machine of its own, so that the shell can run it on a thread with real-time priority that
//! touches neither disk nor XML. It decides nothing but "I hear it" and "I do not": each beat
//! carries the row of peers that the sender hears and the rows it got from others, so that every
//! node of a mesh with one-way or missing links sees the same matrix and draws the same
//! conclusion ([`crate::membership`]).
//!
//! A late observer does not accuse: time in which this machine itself did not run (it was paused or
//! starved) is not counted as the silence of others.

mod wire;

use crate::config::Layout;
use crate::{Config, Incarnation, NodeId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a node tells about itself with each beat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beacon {
    pub incarnation: Incarnation,
    /// The installed view (counter, coordinator), (0, 0) if none.
    pub view: (u64, NodeId),
    /// It needs a new view, even one of the same members.
    pub broken: bool,
    /// The coordinator of its view.
    pub dc: NodeId,
    pub quorate: bool,
    /// Version of its corosync.conf.
    pub layout: u64,
}

/// One row of the matrix: a node and whom it hears.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub beacon: Beacon,
    pub hears: BTreeSet<NodeId>,
}

/// The matrix as this node sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connectivity {
    /// This node's own row and every row heard within `token`, directly or through others.
    pub rows: BTreeMap<NodeId, Row>,
    /// When each peer was last heard directly, monotonic.
    pub last_heard: BTreeMap<NodeId, u64>,
    /// The longest time this machine did not run since the last report; 0 if it was on time.
    pub late_ms: u64,
}

/// See the module.
#[derive(Debug)]
pub struct Heartbeat {
    id: NodeId,
    peers: BTreeMap<NodeId, PeerState>,
    token_ms: u64,
    interval_ms: u64,
    beacon: Beacon,
    sequence: u64,
    next_beat: u64,
    last_poll: Option<u64>,
    late_ms: u64,
    reported: Option<BTreeMap<NodeId, Row>>,
    /// Something may differ from what was reported.
    dirty: bool,
    /// Rows of others, with the number of the beat that they came from and when they changed here.
    rows: BTreeMap<NodeId, HeardRow>,
}

#[derive(Debug, Default)]
struct PeerState {
    last_heard: Option<u64>,
    /// Not counted as heard before this: a link that was lost must hold for a while.
    trusted_from: u64,
    heard: bool,
    /// How often the link was lost lately, for a growing `trusted_from`.
    losses: u32,
}

#[derive(Debug)]
struct HeardRow {
    row: Row,
    sequence: u64,
    seen: u64,
}

/// Suspected after so much silence; see [`Config::suspect_after_ms`].
pub fn suspect_after_ms(token_ms: u64) -> u64 {
    token_ms - (token_ms / 20).min(100)
}

/// The time between two beats.
pub fn interval_ms(token_ms: u64) -> u64 {
    (token_ms / 10).clamp(10, 500)
}

impl Heartbeat {
    pub fn new(config: &Config) -> Heartbeat {
        Heartbeat {
            id: config.id,
            peers: config
                .layout
                .nodes
                .iter()
                .filter(|p| p.id != config.id)
                .map(|p| (p.id, PeerState::default()))
                .collect(),
            token_ms: config.layout.token_ms,
            interval_ms: interval_ms(config.layout.token_ms),
            beacon: Beacon {
                incarnation: config.incarnation,
                layout: config.layout.version,
                ..Beacon::default()
            },
            sequence: 0,
            next_beat: 0,
            last_poll: None,
            late_ms: 0,
            reported: None,
            dirty: true,
            rows: BTreeMap::new(),
        }
    }

    /// From [`crate::Output::Advertise`]; the next [`poll`](Self::poll) sends it at once.
    pub fn advertise(&mut self, beacon: Beacon) {
        if beacon != self.beacon {
            self.beacon = beacon;
            self.dirty = true;
            self.next_beat = 0;
        }
    }

    /// From [`crate::Output::Layout`].
    pub fn set_layout(&mut self, layout: &Layout) {
        let listed = |id: &NodeId| layout.nodes.iter().any(|peer| peer.id == *id);
        self.peers.retain(|id, _| listed(id));
        self.rows.retain(|id, _| listed(id));
        for peer in layout.nodes.iter().filter(|peer| peer.id != self.id) {
            self.peers.entry(peer.id).or_default();
        }
        self.token_ms = layout.token_ms;
        self.interval_ms = interval_ms(layout.token_ms);
        self.next_beat = 0;
        self.dirty = true;
    }

    /// The next [`poll`](Self::poll) sends at once: a peer has just learned to understand us.
    pub fn beat_now(&mut self) {
        self.next_beat = 0;
    }

    /// A beat arrived (already authenticated). Anything unreadable is ignored.
    pub fn receive(&mut self, now_ms: u64, from: NodeId, bytes: &[u8]) {
        let Some(beat) = wire::decode(bytes) else { return };
        if !self.peers.contains_key(&from) {
            return;
        }
        self.notice_time(now_ms);
        let known = self.rows.get(&from).map_or(0, |r| r.row.beacon.incarnation);
        if beat.row.beacon.incarnation < known {
            return;
        }
        if beat.row.beacon.incarnation > known {
            // A new life has nothing to do with how the link fared in the old one.
            if let Some(peer) = self.peers.get_mut(&from) {
                peer.trusted_from = 0;
            }
        }
        self.learn(now_ms, from, beat.sequence, beat.row);
        for (id, sequence, row) in beat.rows {
            if id != self.id && id != from && self.peers.contains_key(&id) {
                self.learn(now_ms, id, sequence, row);
            }
        }
        self.heard(now_ms, from);
    }

    /// Any other authenticated packet of that peer's present incarnation is a sign of life too.
    pub fn heard(&mut self, now_ms: u64, from: NodeId) {
        let token = self.token_ms;
        if let Some(peer) = self.peers.get_mut(&from) {
            if peer.last_heard.is_some_and(|at| now_ms.saturating_sub(at) > 16 * token) {
                peer.losses = 0;
            }
            peer.last_heard = Some(now_ms);
        }
    }

    /// Beats to send now. Call it at [`deadline`](Self::deadline) at the latest, and after
    /// [`receive`](Self::receive).
    pub fn poll(&mut self, now_ms: u64) -> Vec<(NodeId, Vec<u8>)> {
        self.notice_time(now_ms);
        self.judge(now_ms);
        if now_ms < self.next_beat {
            return Vec::new();
        }
        self.next_beat = now_ms + self.interval_ms;
        self.sequence += 1;
        let rows = self.rows.iter().filter(|(id, _)| self.peers.get(id).is_some_and(|p| p.heard));
        let bytes =
            wire::encode(self.sequence, &self.own_row(), rows.map(|(id, r)| (*id, r.sequence, &r.row)));
        self.peers.keys().map(|id| (*id, bytes.clone())).collect()
    }

    /// When to call [`poll`](Self::poll) next.
    pub fn deadline(&self) -> u64 {
        let suspect = suspect_after_ms(self.token_ms);
        let expiry = self.peers.values().filter(|p| p.heard).filter_map(|p| p.last_heard).min();
        let trust = self.peers.values().filter(|p| !p.heard && p.last_heard.is_some());
        let trust = trust.map(|p| p.trusted_from).filter(|t| *t > self.last_poll.unwrap_or(0)).min();
        [Some(self.next_beat), expiry.map(|at| at + suspect), trust].into_iter().flatten().min().unwrap_or(0)
    }

    /// The matrix, if it changed since the last call (or this machine was late): give it to the node
    /// as [`crate::Input::Connectivity`]. Call it after `receive` and `poll`.
    pub fn changed(&mut self, now_ms: u64) -> Option<Connectivity> {
        self.judge(now_ms);
        let token = self.token_ms;
        let expired = self.rows.values().any(|r| now_ms.saturating_sub(r.seen) > token);
        if !self.dirty && !expired && self.late_ms == 0 {
            return None;
        }
        self.dirty = false;
        let mut rows: BTreeMap<NodeId, Row> = BTreeMap::new();
        rows.insert(self.id, self.own_row());
        for (id, heard) in &self.rows {
            // A row is as fresh as its last news; one that nobody renews any more says nothing.
            if now_ms.saturating_sub(heard.seen) <= self.token_ms {
                rows.insert(*id, heard.row.clone());
            }
        }
        if self.late_ms == 0 && self.reported.as_ref() == Some(&rows) {
            return None;
        }
        let late_ms = std::mem::take(&mut self.late_ms);
        self.reported = Some(rows.clone());
        let last_heard = self.peers.iter().filter_map(|(id, p)| p.last_heard.map(|at| (*id, at))).collect();
        Some(Connectivity { rows, last_heard, late_ms })
    }

    fn own_row(&self) -> Row {
        let hears = self.peers.iter().filter(|(_, p)| p.heard).map(|(id, _)| *id).collect();
        Row { beacon: self.beacon.clone(), hears }
    }

    fn learn(&mut self, now_ms: u64, id: NodeId, sequence: u64, row: Row) {
        let newer = self.rows.get(&id).is_none_or(|old| {
            (row.beacon.incarnation, sequence) > (old.row.beacon.incarnation, old.sequence)
        });
        if newer {
            let token = self.token_ms;
            self.dirty |= self
                .rows
                .get(&id)
                .is_none_or(|old| old.row != row || now_ms.saturating_sub(old.seen) > token);
            self.rows.insert(id, HeardRow { row, sequence, seen: now_ms });
        }
    }

    /// Not having run for more than two beats is our own lateness: the peers get that time back.
    fn notice_time(&mut self, now_ms: u64) {
        let last = self.last_poll.replace(now_ms).unwrap_or(now_ms);
        let gap = now_ms.saturating_sub(last);
        if gap > 2 * self.interval_ms + 20 {
            self.late_ms = self.late_ms.max(gap);
            for peer in self.peers.values_mut() {
                peer.last_heard = peer.last_heard.map(|at| (at + gap).min(now_ms));
            }
            for row in self.rows.values_mut() {
                row.seen = (row.seen + gap).min(now_ms);
            }
        }
    }

    fn judge(&mut self, now_ms: u64) {
        let suspect = suspect_after_ms(self.token_ms);
        for peer in self.peers.values_mut() {
            let fresh = peer.last_heard.is_some_and(|at| now_ms.saturating_sub(at) < suspect);
            if peer.heard && !fresh {
                peer.heard = false;
                self.dirty = true;
                peer.losses = (peer.losses + 1).min(4);
                // A flapping link has to prove itself for longer each time, up to eight tokens.
                peer.trusted_from = now_ms + self.token_ms / 4 * (1 << peer.losses);
                // The others should not take our word of a moment ago for the present.
                self.next_beat = 0;
            } else if !peer.heard && fresh && now_ms >= peer.trusted_from {
                peer.heard = true;
                self.dirty = true;
                // The peer waits for nothing more than to be told so.
                self.next_beat = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests;
