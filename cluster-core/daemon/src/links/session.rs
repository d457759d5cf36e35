//! Who may speak to us, and with which key: pure, its time and random numbers are given.
//!
//! Each start of a node process is a *life* with a random salt. Two lives shake hands before they
//! exchange anything else:
//!
//! 1. A hello carries a challenge, the echo of the challenge in the hello it answers, and the salt
//!    of the receiver's life that the sender has accepted, if any. Its key is made from the authkey
//!    and the sender's salt.
//! 2. Who gets its own present challenge echoed accepts the sender's life and takes a new
//!    challenge. A recorded hello echoes a challenge that is used up: it changes nothing.
//! 3. All other packets use a key made from *both* salts, so what was recorded in an earlier life
//!    of either side is not even genuine for the present one.
//!
//! Counters never repeat in a life; a receiver keeps a window of those it has seen, which begins at
//! the counter of the hello that was accepted.

use super::crypto::{Key, Secret, cluster_hash};
use super::packet::{Dropped, Header, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// A life that does not know us is greeted at most this often.
const HELLO_INTERVAL_MS: u64 = 50;
/// An answer to a hello may come sooner, but not more often than this.
const ANSWER_INTERVAL_MS: u64 = 5;

type Salt = [u8; 16];
type Challenge = [u8; 16];
type Random = Box<dyn FnMut() -> [u8; 16] + Send>;

pub struct Sessions {
    id: u32,
    incarnation: u64,
    cluster: u64,
    salt: Salt,
    secret: Secret,
    random: Random,
    /// The next packet's; shared by all peers and kinds, so that no key sees one twice.
    counter: u64,
    peers: BTreeMap<u32, Peer>,
    dropped: BTreeMap<Dropped, u64>,
}

struct Peer {
    challenge: Challenge,
    life: Option<Life>,
    hello_sent_ms: Option<u64>,
    answer_sent_ms: Option<u64>,
    hello_key: Key,
}

/// A life of a peer that we have shaken hands with.
struct Life {
    salt: Salt,
    incarnation: u64,
    to: Key,
    from: Key,
    window: Window,
    /// It has accepted ours as well.
    mutual: bool,
}

/// What a packet turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub struct Opened {
    pub from: u32,
    pub incarnation: u64,
    pub kind: Kind,
    /// Empty for a hello.
    pub body: Vec<u8>,
    /// To be sent back.
    pub answer: Option<Vec<u8>>,
    /// A life of this peer was accepted just now.
    pub new_life: bool,
}

impl Sessions {
    pub fn new(
        id: u32,
        incarnation: u64,
        cluster_name: &str,
        peers: impl IntoIterator<Item = u32>,
        secret: Secret,
        mut random: Random,
    ) -> Sessions {
        let salt = random();
        let cluster = cluster_hash(cluster_name);
        let (known, dropped) = (BTreeMap::new(), BTreeMap::new());
        let mut sessions =
            Sessions { id, incarnation, cluster, salt, secret, random, counter: 0, peers: known, dropped };
        sessions.set_peers(peers);
        sessions
    }

    /// With these hands are shaken; whoever was known before and stays is known still.
    pub fn set_peers(&mut self, peers: impl IntoIterator<Item = u32>) {
        let wanted: BTreeSet<u32> = peers.into_iter().filter(|peer| *peer != self.id).collect();
        self.peers.retain(|peer, _| wanted.contains(peer));
        for peer in wanted {
            let hello_key = self.secret.key(&[&self.salt], &[HELLO]);
            let random = &mut self.random;
            self.peers.entry(peer).or_insert_with(|| Peer {
                challenge: random(),
                life: None,
                hello_sent_ms: None,
                answer_sent_ms: None,
                hello_key,
            });
        }
    }

    /// How many packets were dropped, by reason.
    pub fn dropped(&self) -> &BTreeMap<Dropped, u64> {
        &self.dropped
    }

    #[cfg(test)]
    /// The incarnation of the peer's life that hands were shaken with.
    pub fn incarnation_of(&self, peer: u32) -> Option<u64> {
        self.peers.get(&peer)?.life.as_ref().map(|life| life.incarnation)
    }

    /// A packet for a peer; `None` while no hands are shaken.
    pub fn seal(&mut self, to: u32, kind: Kind, body: &[u8]) -> Option<Vec<u8>> {
        let header = self.next_header(to, kind);
        let life = self.peers.get(&to)?.life.as_ref()?;
        Some(life.to.seal(&header.write(), header.counter, body))
    }

    /// Hellos that are due, for peers that do not know us or that we do not know.
    pub fn hellos(&mut self, now_ms: u64) -> Vec<(u32, Vec<u8>)> {
        let due: Vec<u32> = self
            .peers
            .iter()
            .filter(|(_, peer)| !peer.life.as_ref().is_some_and(|life| life.mutual))
            .filter(|(_, peer)| peer.hello_sent_ms.is_none_or(|at| now_ms >= at + HELLO_INTERVAL_MS))
            .map(|(id, _)| *id)
            .collect();
        due.into_iter().filter_map(|id| Some((id, self.hello(id, [0; 16], now_ms)?))).collect()
    }

    /// When [`Self::hellos`] has something next.
    pub fn hello_deadline(&self) -> Option<u64> {
        let waiting = self.peers.values().filter(|peer| !peer.life.as_ref().is_some_and(|life| life.mutual));
        waiting.map(|peer| peer.hello_sent_ms.map_or(0, |at| at + HELLO_INTERVAL_MS)).min()
    }

    /// Takes a packet from the network.
    pub fn open(&mut self, now_ms: u64, packet: &[u8]) -> Result<Opened, Dropped> {
        self.open_uncounted(now_ms, packet).inspect_err(|reason| {
            *self.dropped.entry(*reason).or_default() += 1;
        })
    }

    fn open_uncounted(&mut self, now_ms: u64, packet: &[u8]) -> Result<Opened, Dropped> {
        let header = Header::read(packet)?;
        if header.cluster != self.cluster {
            return Err(Dropped::OtherCluster);
        }
        if !self.peers.contains_key(&header.sender) {
            return Err(Dropped::UnknownSender);
        }
        if header.receiver != self.id {
            return Err(Dropped::OtherReceiver);
        }
        if header.encrypted != self.secret.encrypted {
            return Err(Dropped::WrongKey);
        }
        if header.kind == Kind::Hello {
            return self.open_hello(now_ms, &header, packet);
        }
        let peer = self.peers.get_mut(&header.sender).ok_or(Dropped::UnknownSender)?;
        let life = peer.life.as_mut().filter(|life| life.salt == header.salt).ok_or(Dropped::OtherLife)?;
        // Not made for this life of ours (or not with our authkey): the peer may not know us yet.
        let body = life.from.open(packet, header.counter).ok_or(Dropped::WrongKey)?;
        if !life.window.accept(header.counter) {
            return Err(Dropped::Replay);
        }
        life.mutual = true;
        let incarnation = life.incarnation;
        Ok(Opened {
            from: header.sender,
            incarnation,
            kind: header.kind,
            body,
            answer: None,
            new_life: false,
        })
    }

    fn open_hello(&mut self, now_ms: u64, header: &Header, packet: &[u8]) -> Result<Opened, Dropped> {
        let from = header.sender;
        let key = self.secret.key(&[&header.salt], &[HELLO]);
        let body = key.open(packet, header.counter).ok_or(Dropped::WrongKey)?;
        let body: &[u8; 48] = body.as_slice().try_into().map_err(|_| Dropped::OtherVersion)?;
        let part = |at: usize| -> [u8; 16] { std::array::from_fn(|i| body[at + i]) };
        let (challenge, echo, accepted) = (part(0), part(16), part(32));
        let knows_us = accepted == self.salt;
        let fresh = (self.random)();
        let peer = self.peers.get_mut(&from).ok_or(Dropped::UnknownSender)?;
        let mut new_life = false;
        let echoed = echo == peer.challenge;
        if echoed {
            peer.challenge = fresh;
            let same = peer.life.as_mut().filter(|life| life.salt == header.salt);
            if let Some(life) = same {
                life.mutual |= knows_us;
            } else {
                peer.life = Some(Life {
                    salt: header.salt,
                    incarnation: header.incarnation,
                    to: self.secret.key(&[&self.salt, &header.salt], &[SESSION]),
                    from: self.secret.key(&[&header.salt, &self.salt], &[SESSION]),
                    window: Window::from(header.counter),
                    mutual: knows_us,
                });
                new_life = true;
            }
        }
        let known = peer.life.as_ref().is_some_and(|life| life.salt == header.salt);
        let rested = peer.answer_sent_ms.is_none_or(|at| now_ms >= at + ANSWER_INTERVAL_MS);
        // An echo of our challenge is always answered if the peer lacks something: it is not a flood.
        let answer = if (!knows_us || !known) && (rested || echoed) {
            peer.answer_sent_ms = Some(now_ms);
            self.hello(from, challenge, now_ms)
        } else {
            None
        };
        Ok(Opened {
            from,
            incarnation: header.incarnation,
            kind: Kind::Hello,
            body: Vec::new(),
            answer,
            new_life,
        })
    }

    fn hello(&mut self, to: u32, echo: Challenge, now_ms: u64) -> Option<Vec<u8>> {
        let header = self.next_header(to, Kind::Hello);
        let peer = self.peers.get_mut(&to)?;
        peer.hello_sent_ms = Some(now_ms);
        let accepted = peer.life.as_ref().map_or([0; 16], |life| life.salt);
        let body = [peer.challenge, echo, accepted].concat();
        Some(peer.hello_key.seal(&header.write(), header.counter, &body))
    }

    fn next_header(&mut self, to: u32, kind: Kind) -> Header {
        self.counter += 1;
        Header {
            kind,
            encrypted: self.secret.encrypted,
            cluster: self.cluster,
            sender: self.id,
            receiver: to,
            incarnation: self.incarnation,
            salt: self.salt,
            counter: self.counter,
        }
    }
}

const HELLO: &[u8] = b"rhapsody link hello";
const SESSION: &[u8] = b"rhapsody link session";

/// Counters seen, for those that are not older than the window is wide.
struct Window {
    highest: u64,
    /// Nothing at or below this is taken.
    floor: u64,
    seen: [u64; Window::WORDS],
}

impl Window {
    const WORDS: usize = 64;
    const WIDTH: u64 = 64 * Window::WORDS as u64;

    fn from(floor: u64) -> Window {
        Window { highest: floor, floor, seen: [0; Window::WORDS] }
    }

    fn accept(&mut self, counter: u64) -> bool {
        if counter <= self.floor || counter.saturating_add(Window::WIDTH) <= self.highest {
            return false;
        }
        if counter > self.highest {
            let steps = (counter - self.highest).min(Window::WIDTH);
            for step in 1..=steps {
                let at = (self.highest.wrapping_add(step)) % Window::WIDTH;
                self.seen[at as usize / 64] &= !(1 << (at % 64));
            }
            // A jump over the whole window has cleared it all.
            self.highest = counter;
        }
        let at = counter % Window::WIDTH;
        let (word, bit) = (&mut self.seen[at as usize / 64], 1 << (at % 64));
        let new = *word & bit == 0;
        *word |= bit;
        new
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
