//! The thread that owns the links: sockets, sessions, heartbeat.
//!
//! It runs with real-time priority where that is allowed and touches neither disk nor XML. What it
//! finds goes to the node's loop, what the node wants to send comes from there; both queues are
//! bounded, and what does not fit is lost like any datagram.

use super::interfaces;
use super::packet::Kind;
use super::session::Sessions;
use crate::{clock, sys};
use rhapsody_node::config::Layout;
use rhapsody_node::{Beacon, Connectivity, Heartbeat, NodeId};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// Packets read from one socket before the others and the beat get their turn.
const ROUND_MAX: usize = 512;
/// What the node may have waiting to be sent.
const QUEUE_MAX: usize = 8192;
/// An address that is not there is looked for this often, and whenever an interface changes.
const BIND_RETRY_MS: u64 = 500;
/// After an error in sending, a link to a peer rests for so long at first, and at most.
const REST_MS: (u64, u64) = (20, 200);
const PACKET_BYTES_MAX: usize = 2048;
const SOCKET_BUFFER_BYTES: usize = 2 << 20;

/// Addresses of the nodes, by nodeid and link.
pub type Addresses = BTreeMap<NodeId, Vec<Option<SocketAddr>>>;

pub struct Setup {
    pub id: NodeId,
    pub addresses: Addresses,
    pub sessions: Sessions,
    pub heartbeat: Heartbeat,
    pub token_ms: u64,
}

/// To the node's loop.
#[derive(Debug)]
pub enum Heard {
    Connectivity(Connectivity),
    Datagram { from: NodeId, bytes: Vec<u8> },
}

enum Order {
    Send { to: NodeId, bytes: Vec<u8> },
    Advertise(Beacon),
    Addresses(Addresses),
    Layout { layout: Box<Layout>, addresses: Addresses },
    Stop,
}

/// The node's side.
pub struct Links {
    orders: SyncSender<Order>,
    wake: Arc<OwnedFd>,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

/// What others may know of the links.
#[derive(Debug, Default, Clone)]
pub struct State {
    /// By peer, one for each link: is something heard on it?
    pub up: BTreeMap<NodeId, Vec<bool>>,
    pub incarnations: BTreeMap<NodeId, u64>,
    pub dropped: BTreeMap<&'static str, u64>,
    pub received: u64,
    pub sent: u64,
    pub send_errors: u64,
    pub lost_in_queue: u64,
    pub bound: Vec<bool>,
    pub real_time: bool,
}

impl State {
    pub fn to_json(&self, name_of: impl Fn(NodeId) -> String) -> Value {
        let peers: BTreeMap<String, Value> = self
            .up
            .iter()
            .map(|(id, up)| (name_of(*id), json!({"up": up, "incarnation": self.incarnations.get(id)})))
            .collect();
        let mut dropped: BTreeMap<&str, u64> =
            super::packet::Dropped::ALL.iter().map(|reason| (reason.name(), 0)).collect();
        dropped.extend(self.dropped.iter());
        json!({
            "peers": peers, "dropped": dropped, "received": self.received, "sent": self.sent,
            "send_errors": self.send_errors, "lost_in_queue": self.lost_in_queue,
            "bound": self.bound, "real_time": self.real_time,
        })
    }
}

impl Links {
    /// Starts the thread; what it hears goes to `to_node`, which says false when it cannot take more.
    pub fn start(
        setup: Setup,
        to_node: impl Fn(Heard) -> Result<(), Heard> + Send + 'static,
    ) -> io::Result<Links> {
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let (orders, receiver) = sync_channel(QUEUE_MAX);
        let state = Arc::new(Mutex::new(State::default()));
        let links = setup.addresses.values().map(Vec::len).max().unwrap_or(0);
        let mut sockets = (0..links).map(|_| None).collect::<Vec<_>>();
        open_sockets(&setup, &mut sockets)?;
        let runner = Runner {
            sockets,
            last_heard: BTreeMap::new(),
            hears_us: BTreeMap::new(),
            rest: BTreeMap::new(),
            bind_at: 0,
            changes: interfaces::watch().ok(),
            orders: receiver,
            wake: wake.clone(),
            shared: state.clone(),
            state: State::default(),
            published: State::default(),
            unsent: None,
            stop: false,
            to_node: Box::new(to_node),
            setup,
        };
        let thread = std::thread::Builder::new()
            .name("links".to_owned())
            .stack_size(256 << 10)
            .spawn(move || runner.run())?;
        Ok(Links { orders, wake, state, thread: Some(thread) })
    }

    pub fn send(&self, to: NodeId, bytes: Vec<u8>) {
        self.order(Order::Send { to, bytes });
    }

    pub fn advertise(&self, beacon: Beacon) {
        self.order(Order::Advertise(beacon));
    }

    pub fn set_addresses(&self, addresses: Addresses) {
        self.order(Order::Addresses(addresses));
    }

    /// Other nodes, other addresses, another token.
    pub fn set_layout(&self, layout: Layout, addresses: Addresses) {
        self.order(Order::Layout { layout: Box::new(layout), addresses });
    }

    pub fn state(&self) -> State {
        self.state.lock().map_or_else(|_| State::default(), |state| state.clone())
    }

    fn order(&self, order: Order) {
        match self.orders.try_send(order) {
            // A full queue: datagrams are lost as on any network, the rest must arrive.
            Err(TrySendError::Full(order)) if !matches!(order, Order::Send { .. }) => {
                let _ = self.orders.send(order);
            }
            _ => {}
        }
        let _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
    }

    /// Sends what is queued, then ends.
    pub fn stop(&mut self) {
        self.order(Order::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Opens what is not open yet of the addresses that are here now. An address that is in use is an
/// error, an absent one is not: it may come.
fn open_sockets(setup: &Setup, sockets: &mut [Option<UdpSocket>]) -> io::Result<()> {
    let own = setup.addresses.get(&setup.id).cloned().unwrap_or_default();
    let mut taken = Ok(());
    for (link, address) in own.into_iter().enumerate() {
        let (Some(slot @ None), Some(address)) = (sockets.get_mut(link), address) else { continue };
        match UdpSocket::bind(address) {
            Ok(socket) => {
                socket.set_nonblocking(true)?;
                let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&socket, SOCKET_BUFFER_BYTES);
                let _ = rustix::net::sockopt::set_socket_send_buffer_size(&socket, SOCKET_BUFFER_BYTES);
                *slot = Some(socket);
            }
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let text = format!("{address} (udp) is in use by another program; is Corosync running?");
                taken = Err(io::Error::new(error.kind(), text));
            }
            Err(_) => {}
        }
    }
    taken
}

struct Runner {
    setup: Setup,
    sockets: Vec<Option<UdpSocket>>,
    last_heard: BTreeMap<(NodeId, usize), u64>,
    /// The links over which a peer heard us when it last said so (a bit for each), and when that was.
    hears_us: BTreeMap<NodeId, (u8, u64)>,
    /// Until when nothing is sent over a link that has just failed, and for how long next time.
    rest: BTreeMap<(NodeId, usize), (u64, u64)>,
    bind_at: u64,
    changes: Option<netlink_sys::Socket>,
    orders: Receiver<Order>,
    wake: Arc<OwnedFd>,
    shared: Arc<Mutex<State>>,
    state: State,
    published: State,
    /// A finding that the node's queue had no room for.
    unsent: Option<Connectivity>,
    stop: bool,
    to_node: Box<dyn Fn(Heard) -> Result<(), Heard> + Send>,
}

impl Runner {
    fn run(mut self) {
        self.state.real_time = sys::real_time(2).is_ok();
        while !self.stop {
            let now = clock::mono_ms();
            self.bind(now);
            self.read(now);
            self.obey();
            self.beat();
            self.report();
            if !self.stop {
                self.wait();
            }
        }
    }

    /// Opens the sockets of addresses that have come.
    fn bind(&mut self, now: u64) {
        self.state.bound = self.sockets.iter().map(Option::is_some).collect();
        if now < self.bind_at || self.sockets.iter().all(Option::is_some) {
            return;
        }
        self.bind_at = now + BIND_RETRY_MS;
        // One that somebody else has taken meanwhile is tried again like one that is not there.
        let _ = open_sockets(&self.setup, &mut self.sockets);
        self.state.bound = self.sockets.iter().map(Option::is_some).collect();
    }

    fn read(&mut self, now: u64) {
        let mut buffer = [0; PACKET_BYTES_MAX];
        for link in 0..self.sockets.len() {
            for _ in 0..ROUND_MAX {
                let Some(socket) = &self.sockets[link] else { break };
                match socket.recv_from(&mut buffer) {
                    Ok((length, _)) => {
                        self.state.received += 1;
                        self.take(now, link, &buffer[..length]);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                    // A port that is closed at the other end is told to us here; nothing is lost.
                    Err(_) => {}
                }
            }
        }
    }

    fn take(&mut self, now: u64, link: usize, packet: &[u8]) {
        let Ok(opened) = self.setup.sessions.open(now, packet) else { return };
        let from = opened.from;
        if let Some(answer) = opened.answer {
            self.send_over(from, link, &answer);
        }
        match opened.kind {
            Kind::Hello => {
                if opened.new_life {
                    self.state.incarnations.insert(from, opened.incarnation);
                    // It waits for a first sign of ours.
                    self.setup.heartbeat.beat_now();
                }
                return;
            }
            Kind::Beat => {
                // In front of the heartbeat: the links over which the peer hears us.
                let Some((hears_us, beat)) = opened.body.split_first() else { return };
                self.hears_us.insert(from, (*hears_us, now));
                self.setup.heartbeat.receive(now, from, beat);
            }
            Kind::Data => {
                self.setup.heartbeat.heard(now, from);
                if (self.to_node)(Heard::Datagram { from, bytes: opened.body }).is_err() {
                    self.state.lost_in_queue += 1;
                }
            }
        }
        self.last_heard.insert((from, link), now);
        self.rest.remove(&(from, link));
    }

    fn obey(&mut self) {
        let mut count = [0; 8];
        let _ = rustix::io::read(&*self.wake, &mut count);
        for _ in 0..QUEUE_MAX {
            match self.orders.try_recv() {
                Ok(Order::Send { to, bytes }) => self.send(to, &bytes),
                Ok(Order::Advertise(beacon)) => self.setup.heartbeat.advertise(beacon),
                Ok(Order::Addresses(addresses)) => self.set_addresses(addresses),
                Ok(Order::Layout { layout, addresses }) => {
                    self.setup.token_ms = layout.token_ms;
                    self.setup.heartbeat.set_layout(&layout);
                    self.setup.sessions.set_peers(layout.nodes.iter().map(|peer| peer.id));
                    let listed = |id: &NodeId| layout.nodes.iter().any(|peer| peer.id == *id);
                    self.hears_us.retain(|id, _| listed(id));
                    self.state.incarnations.retain(|id, _| listed(id));
                    self.set_addresses(addresses);
                }
                Ok(Order::Stop) => return self.stop = true,
                Err(_) => return,
            }
        }
    }

    /// A link whose own address is another one now gets a new socket.
    fn set_addresses(&mut self, addresses: Addresses) {
        let links = addresses.values().map(Vec::len).max().unwrap_or(0);
        self.sockets.resize_with(links, || None);
        let own = |addresses: &Addresses, link: usize| addresses.get(&self.setup.id)?.get(link).copied()?;
        for link in 0..links {
            if own(&addresses, link) != own(&self.setup.addresses, link) {
                self.sockets[link] = None;
            }
        }
        self.last_heard.retain(|(id, link), _| {
            let here = addresses.get(id).and_then(|links| links.get(*link));
            here == self.setup.addresses.get(id).and_then(|links| links.get(*link))
        });
        self.rest.clear();
        self.setup.addresses = addresses;
        self.bind_at = 0;
    }

    fn beat(&mut self) {
        let now = clock::mono_ms();
        for (to, hello) in self.setup.sessions.hellos(now) {
            for link in 0..self.sockets.len() {
                self.send_over(to, link, &hello);
            }
        }
        for (to, beat) in self.setup.heartbeat.poll(now) {
            let heard = (0..self.sockets.len().min(8)).filter(|link| self.is_fresh(now, to, *link));
            let mut bytes = vec![heard.fold(0_u8, |mask, link| mask | (1 << link))];
            bytes.extend_from_slice(&beat);
            // On every link, so that each is known to be good before it is needed.
            for link in 0..self.sockets.len() {
                if let Some(packet) = self.setup.sessions.seal(to, Kind::Beat, &bytes) {
                    self.send_over(to, link, &packet);
                }
            }
        }
        if let Some(found) = self.setup.heartbeat.changed(now) {
            // A newer finding replaces one that had no room, but not its lateness.
            let late = self.unsent.take().map_or(0, |old| old.late_ms);
            self.unsent = Some(Connectivity { late_ms: found.late_ms.max(late), ..found });
        }
        if let Some(found) = self.unsent.take()
            && let Err(Heard::Connectivity(found)) = (self.to_node)(Heard::Connectivity(found))
        {
            self.unsent = Some(found);
        }
    }

    /// Over the first link that the peer hears us on (that we hear the peer does not say that: a
    /// link may be dead in one direction); over all when none is known to be good.
    fn send(&mut self, to: NodeId, bytes: &[u8]) {
        let now = clock::mono_ms();
        let told = self.hears_us.get(&to).filter(|(_, at)| now.saturating_sub(*at) <= self.fresh_ms());
        let mask = told.map_or(0, |(mask, _)| *mask);
        let good = (0..self.sockets.len().min(8)).find(|link| mask & (1 << link) != 0);
        let links = good.map_or(0..self.sockets.len(), |link| link..link + 1);
        for link in links {
            if let Some(packet) = self.setup.sessions.seal(to, Kind::Data, bytes) {
                self.send_over(to, link, &packet);
            }
        }
    }

    fn is_fresh(&self, now: u64, peer: NodeId, link: usize) -> bool {
        let heard = self.last_heard.get(&(peer, link));
        heard.is_some_and(|at| now.saturating_sub(*at) <= self.fresh_ms())
    }

    /// Three beats: a link silent for longer is not the first choice.
    fn fresh_ms(&self) -> u64 {
        3 * rhapsody_node::heartbeat::interval_ms(self.setup.token_ms)
    }

    fn send_over(&mut self, to: NodeId, link: usize, packet: &[u8]) {
        let Some(Some(socket)) = self.sockets.get(link) else { return };
        let address = self.setup.addresses.get(&to).and_then(|links| links.get(link).copied().flatten());
        let Some(address) = address else { return };
        let now = clock::mono_ms();
        if self.rest.get(&(to, link)).is_some_and(|(until, _)| now < *until) {
            return;
        }
        match socket.send_to(packet, address) {
            Ok(_) => self.state.sent += 1,
            // An error that an earlier packet earned (port closed): this one was not sent. Once more.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                let _ = socket.send_to(packet, address);
                self.state.sent += 1;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.state.send_errors += 1,
            // Interface down, no route, address gone: the link rests, longer each time.
            Err(_) => {
                self.state.send_errors += 1;
                let rest = self.rest.get(&(to, link)).map_or(REST_MS.0, |(_, ms)| (ms * 2).min(REST_MS.1));
                self.rest.insert((to, link), (now + rest, rest));
            }
        }
    }

    /// Makes the state known, unless somebody is just reading it (then in the next round).
    fn report(&mut self) {
        let now = clock::mono_ms();
        let peers = self.setup.addresses.keys().copied().filter(|id| *id != self.setup.id);
        let links = self.sockets.len();
        // Up is what carries in both directions.
        let heard = |id, link: usize| {
            let there = self.hears_us.get(&id).is_some_and(|(mask, _)| link < 8 && mask & (1 << link) != 0);
            there && self.is_fresh(now, id, link)
        };
        self.state.up = peers.map(|id| (id, (0..links).map(|link| heard(id, link)).collect())).collect();
        let dropped = self.setup.sessions.dropped();
        self.state.dropped = dropped.iter().map(|(reason, count)| (reason.name(), *count)).collect();
        if let Ok(mut shared) = self.shared.try_lock() {
            shared.clone_from(&self.state);
            self.published.up.clone_from(&self.state.up);
        }
    }

    fn wait(&mut self) {
        let mut waits = vec![PollFd::new(&*self.wake, PollFlags::IN)];
        if let Some(changes) = &self.changes {
            waits.push(PollFd::from_borrowed_fd(changes.as_fd(), PollFlags::IN));
        }
        waits.extend(self.sockets.iter().flatten().map(|socket| PollFd::new(socket, PollFlags::IN)));
        let bind = self.sockets.iter().any(Option::is_none).then_some(self.bind_at);
        let retry = self.unsent.is_some().then(|| clock::mono_ms() + 1);
        let deadline =
            [Some(self.setup.heartbeat.deadline()), self.setup.sessions.hello_deadline(), bind, retry]
                .into_iter()
                .flatten()
                .min();
        let now = clock::mono_us();
        let timeout = deadline.map(|at| {
            let us = (at * 1000).saturating_sub(now);
            Timespec { tv_sec: (us / 1_000_000) as i64, tv_nsec: (us % 1_000_000 * 1000) as i64 }
        });
        let _ = poll(&mut waits, timeout.as_ref());
        let changed = self.changes.is_some() && waits.get(1).is_some_and(|wait| !wait.revents().is_empty());
        if changed {
            if let Some(changes) = &self.changes {
                interfaces::drain(changes);
            }
            self.bind_at = 0;
            self.rest.clear();
        }
    }
}
