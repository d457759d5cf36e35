//! The machine: its parts, and the one loop that drives them.
//!
//! Each part's behaviour stands with its topic (`membership`, `replica`, `local`, `dc`, ...), as
//! `impl Node` blocks over the fields declared here.

use crate::channel::Channel;
use crate::dc::Dc;
use crate::fencing::Fencing;
use crate::heartbeat::{Beacon, Connectivity};
use crate::local::Local;
use crate::membership::Membership;
use crate::membership::layout::Layouts;
use crate::quorum::Memory;
use crate::replica::Replica;
use crate::replica::entry::Entry;
use crate::requests::Clients;
use crate::wire::{self, Message};
use crate::{Config, Exit, Input, NodeId, Now, Output, Start};
use rhapsody_api::core::Event;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};

/// One cluster node. See the crate's documentation for how to drive it.
pub struct Node {
    pub(crate) config: Config,
    pub(crate) names: BTreeMap<NodeId, String>,
    pub(crate) now: Now,
    outputs: VecDeque<Output>,
    pub(crate) started: bool,
    exited: bool,
    pub(crate) channels: BTreeMap<NodeId, Channel>,
    pub(crate) net: Connectivity,
    beacon: Beacon,
    pub(crate) membership: Membership,
    pub(crate) quorum: Memory,
    pub(crate) replica: Replica,
    pub(crate) local: Local,
    pub(crate) dc: Option<Dc>,
    pub(crate) clients: Clients,
    pub(crate) layouts: Layouts,
    pub(crate) fencing: Fencing,
    /// Ordered entries that still have to be applied here.
    pub(crate) todo: VecDeque<(u64, Entry)>,
    pub(crate) counters: Counters,
}

/// For statistics.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Counters {
    pub views_installed: u64,
    pub proposals: u64,
    pub entries: u64,
    pub schedules: u64,
    pub schedules_stale: u64,
    pub operations: u64,
    pub operations_refused: u64,
    pub fencings: u64,
    pub unreadable: u64,
    pub events: u64,
}

impl Node {
    pub fn new(config: Config) -> Node {
        let names = config.layout.nodes.iter().map(|p| (p.id, p.name.clone())).collect();
        let peers = config.layout.nodes.iter().filter(|p| p.id != config.id);
        let channels = peers.map(|p| (p.id, Channel::new(config.incarnation))).collect();
        let beacon =
            Beacon { incarnation: config.incarnation, layout: config.layout.version, ..Beacon::default() };
        Node {
            names,
            now: Now { mono_ms: 0, wall_ms: 0 },
            outputs: VecDeque::new(),
            started: false,
            exited: false,
            channels,
            net: Connectivity::default(),
            beacon,
            membership: Membership::default(),
            quorum: Memory::default(),
            replica: Replica::empty(),
            local: Local::new(&config),
            dc: None,
            clients: Clients::default(),
            layouts: Layouts::default(),
            fencing: Fencing::default(),
            todo: VecDeque::new(),
            counters: Counters::default(),
            config,
        }
    }

    /// Takes one input. Time never goes back.
    pub fn handle(&mut self, now: Now, input: Input) {
        if self.exited {
            return;
        }
        self.notice_lateness(now);
        self.now = now;
        match input {
            Input::Start(start) => self.start(*start),
            Input::Timer => {}
            Input::Connectivity(net) => self.take_connectivity(net),
            Input::Datagram { from, bytes } => self.take_datagram(from, &bytes),
            Input::Scheduled { request, transition } => self.take_schedule(request, transition),
            Input::Persisted { seq, result } => self.take_persisted(seq, result),
            Input::Executed(executed) => self.take_executed(executed),
            Input::Fenced { id, result } => self.take_fence_result(id, result),
            Input::Request { id, request } => self.take_request(id, request),
            Input::Reload { id, layout } => self.take_reload(id, *layout),
        }
        if self.started {
            self.run_timers();
        }
        self.flush_channels();
    }

    /// The next thing to do; drain it after each [`handle`](Self::handle).
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to come back with [`Input::Timer`] at the latest (monotonic milliseconds).
    pub fn deadline(&self) -> Option<u64> {
        if self.exited || !self.started {
            return None;
        }
        let channels = self.channels.values().filter_map(Channel::deadline).min();
        [
            channels,
            self.membership_deadline(),
            self.local_deadline(),
            self.disk_deadline(),
            self.dc_deadline(),
            self.clients.deadline(),
            self.layouts.deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn start(&mut self, start: Start) {
        self.started = true;
        self.load(&start);
        self.membership.begin(self.now.mono_ms, self.config.layout.token_ms);
        self.restore_local(start);
        self.event(
            "started",
            format!("{} begins", self.config.name_of(self.config.id)),
            json!({
                "incarnation": self.config.incarnation,
                "epoch": self.replica.held.stamp.epoch,
            }),
        );
    }

    /// Being called much later than asked for means that this process did not run: what it
    /// believes about the others is old (S5).
    fn notice_lateness(&mut self, now: Now) {
        if let Some(deadline) = self.deadline() {
            let late = now.mono_ms.saturating_sub(deadline);
            if late >= self.config.layout.token_ms {
                self.was_late(late);
            }
        }
    }

    fn run_timers(&mut self) {
        // Each round may cause work for the next; the bound keeps a call short.
        for _ in 0..1000 {
            while let Some((number, entry)) = self.todo.pop_front() {
                self.apply(number, entry);
            }
            self.tick_layouts();
            self.tick_membership();
            self.tick_local();
            self.tick_disk();
            self.tick_dc();
            if self.todo.is_empty() {
                break;
            }
        }
        self.tick_clients();
        self.publish_beacon();
    }

    fn publish_beacon(&mut self) {
        let beacon = self.beacon_now();
        if beacon != self.beacon {
            self.beacon = beacon.clone();
            self.put(Output::Advertise(beacon));
        }
    }

    // ---- messages

    pub(crate) fn send(&mut self, to: NodeId, message: &Message) {
        let bytes = wire::encode(message);
        self.send_bytes(to, &bytes);
    }

    pub(crate) fn send_bytes(&mut self, to: NodeId, bytes: &[u8]) {
        if let Some(channel) = self.channels.get_mut(&to) {
            if channel.send(bytes).is_err() {
                channel.reset();
                self.break_view(format!("{} takes nothing any more", self.config.name_of(to)));
            }
        }
    }

    pub(crate) fn channel_mut(&mut self, peer: NodeId) -> Option<&mut Channel> {
        self.channels.get_mut(&peer)
    }

    fn take_datagram(&mut self, from: NodeId, bytes: &[u8]) {
        let now = self.now.mono_ms;
        let messages = self.channels.get_mut(&from).map(|c| c.receive(now, bytes)).unwrap_or_default();
        for bytes in messages {
            match wire::decode(&bytes) {
                Some(message) if self.started => self.take_message(from, message),
                Some(_) => {}
                None => self.counters.unreadable += 1,
            }
        }
    }

    fn take_message(&mut self, from: NodeId, message: Message) {
        match message {
            Message::Propose { view, members, config, layout } => {
                self.take_propose(from, view, members, config, layout)
            }
            Message::Layout(layout) => self.take_layout(&layout),
            Message::Refuse { view, promised, unreachable } => {
                self.take_refuse(from, view, promised, &unreachable)
            }
            Message::Flush { view, state } => self.take_flush(from, view, *state),
            Message::Install(install) => self.take_install(from, *install),
            Message::Ordered { view, number, entry } => self.take_ordered(from, view, number, entry),
            Message::Submit { view, submission } => self.take_submission(from, view, submission),
            Message::Stored { view, stamp, ok } => self.take_stored(from, view, &stamp, ok),
            Message::Answer { request, response } => self.take_answer(request, &response),
            Message::Leave => self.take_leave(from),
            Message::YouWereFenced { incarnation } => self.take_you_were_fenced(from, incarnation),
        }
        // What is ordered takes effect before the next message of the same datagram.
        while let Some((number, entry)) = self.todo.pop_front() {
            self.apply(number, entry);
        }
    }

    fn flush_channels(&mut self) {
        let now = self.now.mono_ms;
        for (to, channel) in &mut self.channels {
            for bytes in channel.poll(now) {
                self.outputs.push_back(Output::Datagram { to: *to, bytes });
            }
        }
    }

    // ---- outputs

    pub(crate) fn put(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn event(&mut self, code: &str, text: impl Into<String>, fields: Value) {
        self.counters.events += 1;
        self.put(Output::Event(Event {
            number: 0,
            wall_ms: self.now.wall_ms,
            mono_ms: self.now.mono_ms,
            code: code.to_owned(),
            text: text.into(),
            fields,
        }));
    }

    pub(crate) fn exit(&mut self, exit: Exit) {
        if !self.exited {
            self.flush_channels();
            self.put(Output::Exit(exit));
            self.exited = true;
        }
    }

    pub(crate) fn name(&self, id: NodeId) -> String {
        self.config.name_of(id)
    }

    pub(crate) fn me(&self) -> NodeId {
        self.config.id
    }

    pub(crate) fn wall_s(&self) -> i64 {
        i64::try_from(self.now.wall_ms / 1000).unwrap_or(i64::MAX)
    }

    pub(crate) fn channel_counters(&self) -> BTreeMap<String, crate::channel::Counters> {
        self.channels.iter().map(|(id, c)| (self.config.name_of(*id), c.counters)).collect()
    }
}

/// What a node believes, for checkers outside of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belief {
    /// The view in force: number, proposer, members, coordinator. `None`: none is.
    pub view: Option<crate::membership::view::View>,
    pub quorate: bool,
    /// (admin_epoch, epoch) and digest of the configuration that counts.
    pub config: (u64, u64),
    pub digest: String,
    /// It coordinates and has nothing left to do.
    pub idle: bool,
    /// Version of the corosync.conf that it counts by.
    pub layout: u64,
}

impl Node {
    pub fn belief(&self) -> Belief {
        let stamp = &self.replica.held.stamp;
        Belief {
            view: self.view().cloned(),
            quorate: self.quorate(),
            config: stamp.version(),
            digest: stamp.digest.clone(),
            idle: self.dc_is_idle(),
            layout: self.config.layout.version,
        }
    }

    /// The view in force, without the rest of the [`belief`](Self::belief).
    pub fn view_id(&self) -> Option<crate::membership::view::ViewId> {
        self.view().map(|v| v.id)
    }

    pub fn is_quorate(&self) -> bool {
        self.quorate()
    }

    /// The whole CIB as tools see it.
    pub fn cib(&self) -> crate::Cib {
        self.whole_cib(crate::replica::render::Reader::Tools)
    }

    /// The corosync.conf that is in force here.
    pub fn layout(&self) -> &crate::config::Layout {
        &self.config.layout
    }

    /// The configuration that counts here.
    pub fn configuration(&self) -> &crate::Cib {
        &self.replica.held.cib
    }
}
