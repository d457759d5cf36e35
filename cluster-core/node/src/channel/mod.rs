//! A reliable, ordered stream of messages to one peer, over datagrams that may be lost, doubled
//! and reordered.
//!
//! Sliding window with cumulative and selective acknowledgements. Every datagram names both
//! incarnations, so what was sent in an earlier life is worth nothing, and a session number, so
//! that the sender can drop everything unsent and begin anew when the peer was lost. Whoever
//! resets a session inside a view has lost messages of that view and must leave it; the channel
//! only tells what happened.

use crate::{DATAGRAM_MAX, Incarnation};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

const VERSION: u8 = 1;
/// Segments on the way at most.
const WINDOW: usize = 256;
/// Bytes of payload in a datagram: what is left after the longest header.
const PAYLOAD: usize = DATAGRAM_MAX - 96;
/// What may wait for a peer; more means that it does not take anything any more.
const QUEUE_BYTES_MAX: usize = 128 << 20;
/// No message is longer.
const MESSAGE_BYTES_MAX: usize = 64 << 20;
const RTO_MIN_MS: u64 = 20;
const RTO_MAX_MS: u64 = 200;
const ACK_DELAY_MS: u64 = 4;

/// The queue to this peer is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the queue to the peer is full")]
pub struct Full;

/// Counters for statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    pub sent: u64,
    pub resent: u64,
    pub received: u64,
    pub duplicates: u64,
    pub stale: u64,
}

#[derive(Serialize, Deserialize)]
struct Packet {
    from: Incarnation,
    to: Incarnation,
    session: u64,
    ack_session: u64,
    /// The next segment wanted.
    ack: u64,
    /// Bit i: segment `ack + 1 + i` is here already.
    sack: u64,
    data: Option<Segment>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Segment {
    number: u64,
    /// The message ends here.
    last: bool,
    bytes: Vec<u8>,
}

struct InFlight {
    segment: Segment,
    sent_at: u64,
    tries: u32,
}

/// See the module.
#[derive(Default)]
pub struct Channel {
    mine: Incarnation,
    peer: Incarnation,
    // Sending.
    session: u64,
    next_number: u64,
    queue: VecDeque<Segment>,
    queued_bytes: usize,
    in_flight: BTreeMap<u64, InFlight>,
    rtt_ms: u64,
    // Receiving.
    peer_session: u64,
    expected: u64,
    early: BTreeMap<u64, Segment>,
    partial: Vec<u8>,
    unacked: u32,
    ack_at: Option<u64>,
    pub counters: Counters,
}

impl Channel {
    pub fn new(mine: Incarnation) -> Channel {
        Channel { mine, session: 1, ..Channel::default() }
    }

    /// The peer is in this life now; a new one begins with empty streams.
    pub fn set_peer(&mut self, peer: Incarnation) {
        if self.peer != peer {
            self.peer = peer;
            self.peer_session = 0;
            self.reset();
            self.restart_receiving();
        }
    }

    pub fn peer(&self) -> Incarnation {
        self.peer
    }

    /// Drops everything that the peer has not acknowledged.
    pub fn reset(&mut self) {
        self.session += 1;
        self.next_number = 0;
        self.queue.clear();
        self.in_flight.clear();
        self.queued_bytes = 0;
    }

    fn restart_receiving(&mut self) {
        self.expected = 0;
        self.early.clear();
        self.partial = Vec::new();
        self.ack_at = None;
        self.unacked = 0;
    }

    pub fn send(&mut self, message: &[u8]) -> Result<(), Full> {
        if self.queued_bytes + message.len() > QUEUE_BYTES_MAX || message.len() > MESSAGE_BYTES_MAX {
            return Err(Full);
        }
        let mut chunks = message.chunks(PAYLOAD).peekable();
        while let Some(chunk) = chunks.next() {
            let last = chunks.peek().is_none();
            self.queue.push_back(Segment { number: self.next_number, last, bytes: chunk.to_vec() });
            self.next_number += 1;
        }
        self.queued_bytes += message.len();
        Ok(())
    }

    /// Takes a datagram; returns the messages that are complete now.
    pub fn receive(&mut self, now: u64, bytes: &[u8]) -> Vec<Vec<u8>> {
        let Some(packet) = decode(bytes) else {
            self.counters.stale += 1;
            return Vec::new();
        };
        if packet.to != self.mine || packet.from != self.peer || packet.session < self.peer_session {
            self.counters.stale += 1;
            return Vec::new();
        }
        self.counters.received += 1;
        if packet.session > self.peer_session {
            self.peer_session = packet.session;
            self.restart_receiving();
        }
        if packet.ack_session == self.session {
            self.acknowledged(now, packet.ack, packet.sack);
        }
        match packet.data {
            Some(segment) => self.take(now, segment),
            None => Vec::new(),
        }
    }

    fn acknowledged(&mut self, now: u64, ack: u64, sack: u64) {
        let done: Vec<u64> = self
            .in_flight
            .keys()
            .copied()
            .filter(|n| *n < ack || (*n > ack && *n - ack <= 64 && sack >> (*n - ack - 1) & 1 == 1))
            .collect();
        for number in done {
            if let Some(sent) = self.in_flight.remove(&number) {
                self.queued_bytes = self.queued_bytes.saturating_sub(sent.segment.bytes.len());
                if sent.tries == 1 {
                    let sample = now.saturating_sub(sent.sent_at);
                    self.rtt_ms = if self.rtt_ms == 0 { sample } else { (7 * self.rtt_ms + sample) / 8 };
                }
            }
        }
    }

    fn take(&mut self, now: u64, segment: Segment) -> Vec<Vec<u8>> {
        let number = segment.number;
        let in_window = number >= self.expected && number < self.expected + 2 * WINDOW as u64;
        if !in_window || self.early.contains_key(&number) {
            // Sent again: our acknowledgement was lost.
            self.counters.duplicates += 1;
            self.ack_at = Some(now);
            return Vec::new();
        }
        self.unacked += 1;
        let urgent = segment.last || number != self.expected || self.unacked >= 8;
        let at = if urgent { now } else { now + ACK_DELAY_MS };
        self.ack_at = Some(self.ack_at.map_or(at, |old| old.min(at)));
        self.early.insert(number, segment);
        let mut messages = Vec::new();
        while let Some(segment) = self.early.remove(&self.expected) {
            self.expected += 1;
            if self.partial.len() + segment.bytes.len() > MESSAGE_BYTES_MAX {
                self.partial = Vec::new();
                continue;
            }
            self.partial.extend_from_slice(&segment.bytes);
            if segment.last {
                messages.push(std::mem::take(&mut self.partial));
            }
        }
        messages
    }

    /// Datagrams to send now.
    pub fn poll(&mut self, now: u64) -> Vec<Vec<u8>> {
        if self.peer == 0 {
            return Vec::new();
        }
        let mut packets = Vec::new();
        let rto = self.rto();
        let mut again = Vec::new();
        for (number, sent) in &mut self.in_flight {
            if now >= sent.sent_at + backoff(rto, sent.tries) {
                sent.sent_at = now;
                sent.tries += 1;
                again.push(*number);
            }
        }
        self.counters.resent += again.len() as u64;
        for number in again {
            let segment = self.in_flight.get(&number).map(|s| s.segment.clone());
            packets.push(self.packet(segment));
        }
        while self.in_flight.len() < WINDOW {
            let Some(segment) = self.queue.pop_front() else { break };
            packets.push(self.packet(Some(segment.clone())));
            self.in_flight.insert(segment.number, InFlight { segment, sent_at: now, tries: 1 });
        }
        if packets.is_empty() && self.ack_at.is_some_and(|at| now >= at) {
            packets.push(self.packet(None));
        }
        if !packets.is_empty() {
            self.ack_at = None;
            self.unacked = 0;
            self.counters.sent += packets.len() as u64;
        }
        packets
    }

    pub fn deadline(&self) -> Option<u64> {
        if self.peer == 0 {
            return None;
        }
        let rto = self.rto();
        let resend = self.in_flight.values().map(|s| s.sent_at + backoff(rto, s.tries)).min();
        [resend, self.ack_at].into_iter().flatten().min()
    }

    fn rto(&self) -> u64 {
        (2 * self.rtt_ms + ACK_DELAY_MS).clamp(RTO_MIN_MS, RTO_MAX_MS)
    }

    fn packet(&self, data: Option<Segment>) -> Vec<u8> {
        let mut sack = 0;
        for number in self.early.keys() {
            let ahead = number.saturating_sub(self.expected + 1);
            if *number > self.expected && ahead < 64 {
                sack |= 1 << ahead;
            }
        }
        let packet = Packet {
            from: self.mine,
            to: self.peer,
            session: self.session,
            ack_session: self.peer_session,
            ack: self.expected,
            sack,
            data,
        };
        let mut bytes = vec![VERSION];
        // Plain data into memory: postcard has no way to fail on it.
        bytes.extend(postcard::to_allocvec(&packet).unwrap_or_default());
        bytes
    }
}

fn backoff(rto: u64, tries: u32) -> u64 {
    (rto << (tries.saturating_sub(1)).min(4)).min(RTO_MAX_MS)
}

fn decode(bytes: &[u8]) -> Option<Packet> {
    let (version, rest) = bytes.split_first()?;
    if *version != VERSION {
        return None;
    }
    postcard::from_bytes(rest).ok()
}

#[cfg(test)]
mod tests;
