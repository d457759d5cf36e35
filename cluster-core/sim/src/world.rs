//! The world: one queue of events, and what each of them does.

use crate::checks::Checks;
use crate::faults::{FenceMode, Plan};
use crate::log::Log;
use crate::machine::{Machine, Process, Running};
use crate::network::Network;
use crate::rng::Rng;
use crate::tally::{Fault, Tally};
use rhapsody_api::core::{ConfigVersion, CoreError, Request, Response};
use rhapsody_cib::{Cib, nvpair, patch};
use rhapsody_node::{
    Config, Document, Executed, Exit, FenceRequest, FenceResult, Heartbeat, Input, Node, Now, OpStatus,
    Operation, OperationId, Output, Start,
};
use rhapsody_transition::Transition;
use std::collections::BTreeMap;

/// What happens, and to which machine (by index).
pub enum Event {
    Wake { m: usize, life: u64 },
    Packet { m: usize, from: usize, beat: bool, bytes: Vec<u8> },
    OpEnd { m: usize, boot: u64, id: OperationId },
    Result { m: usize, boot: u64, id: OperationId },
    FenceEnd { m: usize, life: u64, id: u64, result: FenceResult, kills: Option<usize> },
    Stored { m: usize, boot: u64, life: u64, seq: u64, document: Document, ok: bool },
    Planned { m: usize, life: u64, request: u64, transition: Box<Transition> },
    StartProcess { m: usize, boot: u64 },
    Boot { m: usize },
    PauseEnd { m: usize },
    Fault(usize),
    FaultEnd(usize),
    Client { m: usize, tries: u32 },
    Check,
    EndOfFaults,
    Tidy,
}

impl Event {
    /// The machine whose pause holds this event back, and whether a pause of the process does too.
    fn held_by(&self) -> Option<(usize, bool)> {
        match self {
            Event::Wake { m, .. }
            | Event::Packet { m, .. }
            | Event::Result { m, .. }
            | Event::FenceEnd { m, .. }
            | Event::Stored { m, .. }
            | Event::Planned { m, .. } => Some((*m, true)),
            Event::OpEnd { m, .. } | Event::StartProcess { m, .. } => Some((*m, false)),
            _ => None,
        }
    }
}

pub struct World {
    pub seed: u64,
    pub now: u64,
    pub rng: Rng,
    pub plan: Plan,
    pub machines: Vec<Machine>,
    pub network: Network,
    pub tally: Tally,
    pub log: Log,
    pub checks: Checks,
    pub fence_mode: FenceMode,
    pub slow_schedules: bool,
    /// Operations that go wrong next, by machine.
    pub agent_faults: Vec<(usize, Fault)>,
    /// Every document that lost a merge, as text.
    pub kept: Vec<String>,
    pub end_of_faults: bool,
    queue: BTreeMap<(u64, u64), Event>,
    number: u64,
    /// Changes under way: request id -> marker.
    asked: BTreeMap<(usize, u64), String>,
    next_request: u64,
    real_scheduler: bool,
}

const WALL_START_MS: u64 = 1_790_000_000_000;

impl World {
    pub fn new(seed: u64, plan: Plan, keep_log: bool) -> World {
        let document = first_document(&plan);
        let machines: Vec<Machine> =
            (0..plan.nodes).map(|i| Machine::new(i, document.clone(), plan.layout())).collect();
        let checks = Checks::new(&plan);
        let real_scheduler = plan.real_scheduler;
        World {
            seed,
            now: 0,
            rng: Rng::new(seed ^ 0xABCD),
            machines,
            network: Network::default(),
            tally: Tally::default(),
            log: Log { keep: keep_log, ..Log::default() },
            checks,
            fence_mode: FenceMode::Works,
            slow_schedules: false,
            agent_faults: Vec::new(),
            kept: Vec::new(),
            end_of_faults: false,
            queue: BTreeMap::new(),
            number: 0,
            asked: BTreeMap::new(),
            next_request: 1,
            real_scheduler,
            plan,
        }
    }

    pub fn at(&mut self, time: u64, event: Event) {
        self.number += 1;
        self.queue.insert((time.max(self.now), self.number), event);
    }

    pub fn after(&mut self, ms: u64, event: Event) {
        self.at(self.now + ms, event);
    }

    /// Handles the next event; false when there is none.
    pub fn step(&mut self) -> bool {
        let Some(((time, _), event)) = self.queue.pop_first() else { return false };
        self.now = time;
        if let Some((m, process_too)) = event.held_by() {
            let machine = &mut self.machines[m];
            let paused =
                self.now < machine.paused_until || (process_too && self.now < machine.process_paused_until);
            if paused {
                // A socket's buffer has an end; the rest of the packets is lost.
                let full = matches!(event, Event::Packet { .. }) && machine.deferred.len() > 300;
                if !full {
                    machine.deferred.push(event);
                }
                return true;
            }
        }
        self.happen(event);
        true
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Wake { m, life } => {
                if self.machines[m].life == life {
                    if let Some(p) = &mut self.machines[m].process {
                        p.wake_at = u64::MAX;
                    }
                    self.beat(m);
                    self.drive(m, Input::Timer);
                }
            }
            Event::Packet { m, from, beat, bytes } => self.packet(m, from, beat, bytes),
            Event::OpEnd { m, boot, id } => self.operation_ends(m, boot, id),
            Event::Result { m, boot, id } => {
                let machine = &mut self.machines[m];
                if machine.boot == boot && machine.process.is_some() {
                    if let Some(at) = machine.unreported.iter().position(|e| e.id == id) {
                        let executed = machine.unreported.remove(at);
                        self.drive(m, Input::Executed(executed));
                    }
                }
            }
            Event::FenceEnd { m, life, id, result, kills } => {
                if let Some(victim) = kills {
                    self.power_off(victim, "fenced");
                    let back = self.rng.between(1500, 4000);
                    self.after(back, Event::Boot { m: victim });
                }
                if self.machines[m].life == life {
                    self.drive(m, Input::Fenced { id, result });
                }
            }
            Event::Stored { m, boot, life, seq, document, ok } => {
                self.stored(m, boot, life, seq, document, ok)
            }
            Event::Planned { m, life, request, transition } => {
                if self.machines[m].life == life {
                    self.drive(m, Input::Scheduled { request, transition: Ok(transition) });
                }
            }
            Event::StartProcess { m, boot } => {
                if self.machines[m].boot == boot && self.machines[m].powered {
                    self.start_process(m);
                }
            }
            Event::Boot { m } => self.boot(m),
            Event::PauseEnd { m } => self.pause_ends(m),
            Event::Fault(index) => crate::faults::begin(self, index),
            Event::FaultEnd(index) => crate::faults::end(self, index),
            Event::Client { m, tries } => self.client(m, tries),
            Event::Check => {
                Checks::periodic(self);
                self.after(50, Event::Check);
            }
            Event::EndOfFaults => crate::faults::end_all(self),
            Event::Tidy => self.tidy(),
        }
    }

    pub fn say(&mut self, m: usize, what: impl FnOnce() -> String) {
        let name = format!("n{}", m + 1);
        self.log.line(self.now, &name, what);
    }

    // ---- power

    pub fn boot(&mut self, m: usize) {
        let machine = &mut self.machines[m];
        if machine.powered {
            return;
        }
        machine.powered = true;
        machine.boot += 1;
        machine.booted_at = self.now;
        machine.enabled = true;
        let boot = machine.boot;
        if boot > 1 {
            self.tally.count(Fault::Restart);
        }
        self.checks.booted(m);
        self.say(m, || "power on".to_owned());
        let delay = self.rng.between(5, 60);
        self.after(delay, Event::StartProcess { m, boot });
    }

    pub fn power_off(&mut self, m: usize, why: &str) {
        let machine = &mut self.machines[m];
        if !machine.powered {
            return;
        }
        machine.powered = false;
        machine.process = None;
        machine.life += 1;
        machine.boot += 1;
        machine.remembered.clear();
        machine.running.clear();
        machine.unreported.clear();
        machine.highest_operation = 0;
        machine.active.clear();
        machine.heard.clear();
        machine.deferred.clear();
        machine.paused_until = 0;
        machine.process_paused_until = 0;
        if machine.disk.pending > 0 {
            machine.disk.pending = 0;
            self.tally.count(Fault::DiskForgot);
        }
        let now = self.now;
        self.checks.hurt(Some(m), now + 3000);
        self.say(m, || format!("POWER OFF ({why})"));
        self.checks.powered_off(m);
    }

    pub fn kill_process(&mut self, m: usize, executor_too: bool) {
        let machine = &mut self.machines[m];
        if machine.process.take().is_none() {
            return;
        }
        machine.life += 1;
        if executor_too {
            for running in machine.running.values_mut() {
                running.unseen = true;
            }
            for executed in &mut machine.unreported {
                executed.status = OpStatus::Lost;
            }
        }
        self.say(m, || if executor_too { "EXECUTOR KILLED" } else { "NODE PROCESS KILLED" }.to_owned());
    }

    fn start_process(&mut self, m: usize) {
        let machine = &mut self.machines[m];
        if machine.process.is_some() || !machine.powered || !machine.enabled {
            return;
        }
        machine.life += 1;
        let config = Config {
            id: machine.id,
            cluster_name: "sim".to_owned(),
            incarnation: self.now + 1,
            layout: machine.layout.clone(),
            version: "sim".to_owned(),
            have_watchdog: false,
            bugs: self.plan.bugs,
        };
        let start = Start {
            document: machine.disk.stored.clone(),
            remembered: machine.remembered.clone(),
            running: machine.running.keys().copied().chain(machine.unreported.iter().map(|e| e.id)).collect(),
            next_operation: machine.highest_operation,
        };
        machine.process = Some(Process {
            node: Node::new(config.clone()),
            heartbeat: Heartbeat::new(&config),
            wake_at: u64::MAX,
            known: None,
        });
        let (boot, life) = (machine.boot, machine.life);
        let waiting: Vec<OperationId> = machine.unreported.iter().map(|e| e.id).collect();
        self.say(m, || format!("node process starts, incarnation {}", config.incarnation));
        self.drive(m, Input::Start(Box::new(start)));
        for id in waiting {
            self.after(1, Event::Result { m, boot, id });
        }
        self.after(0, Event::Wake { m, life });
    }

    fn pause_ends(&mut self, m: usize) {
        let machine = &mut self.machines[m];
        if self.now < machine.paused_until || self.now < machine.process_paused_until {
            return;
        }
        let life = machine.life;
        let held = std::mem::take(&mut machine.deferred);
        self.say(m, || format!("runs again, {} events waited", held.len()));
        self.at(self.now, Event::Wake { m, life });
        for event in held {
            self.at(self.now, event);
        }
        self.checks.resumed(m, self.now);
    }

    // ---- the node process

    fn clock(&self, m: usize) -> Now {
        let machine = &self.machines[m];
        let wall = (WALL_START_MS + self.now).saturating_add_signed(machine.wall_skew);
        Now { mono_ms: self.now - machine.booted_at + 1000, wall_ms: wall }
    }

    fn packet(&mut self, m: usize, from: usize, beat: bool, bytes: Vec<u8>) {
        let now = self.clock(m);
        let machine = &mut self.machines[m];
        let Some(process) = &mut machine.process else { return };
        if beat {
            machine.heard.insert(from, self.now);
            process.heartbeat.receive(now.mono_ms, from as u32 + 1, &bytes);
            self.beat(m);
        } else {
            self.drive(m, Input::Datagram { from: from as u32 + 1, bytes });
        }
    }

    /// What the heartbeat thread does when it runs.
    fn beat(&mut self, m: usize) {
        let now = self.clock(m);
        let Some(process) = &mut self.machines[m].process else { return };
        let beats = process.heartbeat.poll(now.mono_ms);
        let changed = process.heartbeat.changed(now.mono_ms);
        for (to, bytes) in beats {
            self.send(m, to as usize - 1, true, bytes);
        }
        if let Some(connectivity) = changed {
            self.drive(m, Input::Connectivity(connectivity));
        }
        self.schedule_wake(m);
    }

    fn send(&mut self, from: usize, to: usize, beat: bool, bytes: Vec<u8>) {
        let copies = self.network.carry(&mut self.rng, &mut self.tally, from, to);
        for delay in copies.into_iter().flatten() {
            self.after(delay, Event::Packet { m: to, from, beat, bytes: bytes.clone() });
        }
    }

    fn schedule_wake(&mut self, m: usize) {
        let machine = &mut self.machines[m];
        let (offset, life) = (machine.booted_at, machine.life);
        let Some(process) = &mut machine.process else { return };
        let node = process.node.deadline().unwrap_or(u64::MAX);
        let mono = node.min(process.heartbeat.deadline());
        if mono == u64::MAX {
            return;
        }
        let at = (mono.saturating_sub(1000) + offset).max(self.now);
        if at < process.wake_at {
            process.wake_at = at;
            self.at(at, Event::Wake { m, life });
        }
    }

    pub fn drive(&mut self, m: usize, input: Input) {
        let now = self.clock(m);
        let Some(process) = &mut self.machines[m].process else { return };
        self.checks.view_before = process.node.view_id().map_or(0, |v| v.counter);
        process.node.handle(now, input);
        let mut outputs = Vec::new();
        while let Some(output) = process.node.next_output() {
            outputs.push(output);
        }
        Checks::look(self, m);
        for output in outputs {
            self.output(m, output);
        }
        self.schedule_wake(m);
    }

    fn output(&mut self, m: usize, output: Output) {
        let life = self.machines[m].life;
        match output {
            Output::Datagram { to, bytes } => self.send(m, to as usize - 1, false, bytes),
            Output::Advertise(beacon) => {
                if let Some(process) = &mut self.machines[m].process {
                    process.heartbeat.advertise(beacon);
                    self.after(0, Event::Wake { m, life });
                }
            }
            Output::Schedule { request, cib, now } => {
                let transition = Box::new(self.make_plan(&cib, now));
                let slow = self.slow_schedules;
                let delay = if slow { self.rng.between(300, 2500) } else { self.rng.between(1, 5) };
                if slow {
                    self.tally.count(Fault::SlowSchedule);
                }
                self.after(delay, Event::Planned { m, life, request, transition });
            }
            Output::Persist { seq, document } => {
                let boot = self.machines[m].boot;
                let disk = &mut self.machines[m].disk;
                disk.pending += 1;
                let (slow, refuses) = (self.now < disk.slow_until, self.now < disk.refuses_until);
                let delay = if slow { self.rng.between(2500, 5000) } else { self.rng.between(1, 15) };
                if slow {
                    self.tally.count(Fault::DiskSlow);
                }
                if refuses {
                    self.tally.count(Fault::DiskRefused);
                }
                self.after(delay, Event::Stored { m, boot, life, seq, document, ok: !refuses });
            }
            Output::KeepLoser { origin, document } => {
                self.say(m, || format!("keeps a loser: {origin}"));
                self.kept.push(document.xml);
            }
            Output::Layout(layout) => {
                if let Some(process) = &mut self.machines[m].process {
                    process.heartbeat.set_layout(&layout);
                }
                // Unless the operator has put a newer one there meanwhile.
                if layout.version > self.machines[m].layout.version {
                    self.machines[m].layout = *layout;
                }
                self.after(0, Event::Wake { m, life });
            }
            Output::Execute(operation) => self.execute(m, *operation),
            Output::Cancel(_) => {}
            Output::Fence(request) => self.fence(m, *request),
            Output::Remember { key, value } => {
                let remembered = &mut self.machines[m].remembered;
                match value {
                    Some(value) => remembered.insert(key, value),
                    None => remembered.remove(&key),
                };
            }
            Output::Reply { id, response } => self.reply(m, id, response),
            Output::Event(event) => self.say(m, || format!("{}: {}", event.code, event.text)),
            Output::Exit(Exit::Left) => {
                self.say(m, || "left in order".to_owned());
                let machine = &mut self.machines[m];
                machine.process = None;
                machine.life += 1;
                machine.enabled = false;
                machine.remembered.clear();
                self.checks.left(m);
                if self.end_of_faults {
                    let machine = &mut self.machines[m];
                    machine.enabled = true;
                    let boot = machine.boot;
                    self.after(100, Event::StartProcess { m, boot });
                }
            }
            Output::Exit(Exit::Restart { reason }) => {
                self.say(m, || format!("restarts itself: {reason}"));
                self.kill_process(m, false);
                let boot = self.machines[m].boot;
                self.after(50, Event::StartProcess { m, boot });
            }
        }
    }

    fn make_plan(&self, cib: &Cib, now: i64) -> Transition {
        if self.real_scheduler {
            let options = rhapsody_scheduler::Options { now, ..rhapsody_scheduler::Options::default() };
            return rhapsody_scheduler::schedule(cib, &options).transition;
        }
        crate::planner::plan(cib)
    }

    fn stored(&mut self, m: usize, boot: u64, life: u64, seq: u64, document: Document, ok: bool) {
        let machine = &mut self.machines[m];
        if machine.boot != boot {
            return;
        }
        machine.disk.pending = machine.disk.pending.saturating_sub(1);
        let result = if ok {
            machine.disk.stored = Some(document);
            Ok(())
        } else {
            Err("no space left on device".to_owned())
        };
        if machine.life == life {
            self.drive(m, Input::Persisted { seq, result });
        }
    }

    // ---- agents

    fn execute(&mut self, m: usize, operation: Operation) {
        let boot = self.machines[m].boot;
        let mono = self.clock(m).mono_ms;
        let id = operation.id;
        let rises = matches!(operation.task.as_str(), "start" | "promote");
        self.machines[m].highest_operation = self.machines[m].highest_operation.max(id);
        if rises && mono > operation.exec_before_ms {
            self.machines[m].unreported.push(Executed {
                id,
                status: OpStatus::NotExecuted,
                rc: 1,
                exit_reason: "too late".to_owned(),
                exec_ms: 0,
                queue_ms: 0,
            });
            self.after(0, Event::Result { m, boot, id });
            return;
        }
        let rsc = operation.resource.id.clone();
        let task = operation.task.clone();
        Checks::executes(self, m, &operation);
        if operation.interval_ms == 0 {
            self.say(m, || format!("EXEC {task} {rsc}"));
        }
        let mut delay = match task.as_str() {
            "start" => self.rng.between(5, 200),
            "stop" => self.rng.between(5, 100),
            _ => self.rng.between(1, 10),
        };
        if task == "start" && self.rng.percent(5) {
            delay = 3000;
        }
        let wrong = self.agent_faults.iter().position(|(at, fault)| {
            *at == m
                && match fault {
                    Fault::StopFailed => task == "stop",
                    Fault::AgentFailed => matches!(task.as_str(), "start" | "monitor"),
                    Fault::AgentHung => true,
                    _ => false,
                }
        });
        let mut rc = None;
        if operation.resource.class == "ocf" {
            if let Some(at) = wrong {
                let (_, fault) = self.agent_faults.remove(at);
                self.tally.count(fault);
                self.say(m, || format!("{fault:?}: {task} {rsc}"));
                match fault {
                    Fault::AgentHung => delay = operation.timeout_ms,
                    _ => rc = Some(1),
                }
                if fault == Fault::AgentHung {
                    rc = Some(-1);
                }
            }
            if task == "start" && rc != Some(1) {
                // It may be active from the first instruction on.
                self.machines[m].active.insert(rsc.clone());
                Checks::becomes_active(self, m, &rsc);
            }
        }
        let begun = self.now;
        self.machines[m].running.insert(id, Running { operation, begun, unseen: false, rc });
        self.after(delay, Event::OpEnd { m, boot, id });
    }

    fn operation_ends(&mut self, m: usize, boot: u64, id: OperationId) {
        let machine = &mut self.machines[m];
        if machine.boot != boot {
            return;
        }
        let Some(running) = machine.running.remove(&id) else { return };
        let operation = &running.operation;
        let rsc = &operation.resource.id;
        let stonith = operation.resource.class == "stonith";
        let (mut status, mut rc) = (OpStatus::Done, running.rc.unwrap_or(0));
        if rc == -1 {
            status = OpStatus::Timeout;
        } else if rc == 0 {
            match operation.task.as_str() {
                "start" => {
                    machine.active.insert(rsc.clone());
                }
                "stop" => {
                    machine.active.remove(rsc);
                }
                "monitor" if !machine.active.contains(rsc) => rc = 7,
                _ => {}
            }
        }
        if stonith && operation.task == "start" {
            machine.active.insert(rsc.clone());
        }
        if running.unseen {
            status = OpStatus::Lost;
        }
        machine.unreported.push(Executed {
            id,
            status,
            rc,
            exit_reason: String::new(),
            exec_ms: self.now - running.begun,
            queue_ms: 0,
        });
        self.after(0, Event::Result { m, boot, id });
    }

    fn fence(&mut self, m: usize, request: FenceRequest) {
        let life = self.machines[m].life;
        let Some(target) = request.target.clone() else {
            let result = FenceResult::Failed { rc: 1, reason: "cannot list".to_owned() };
            self.after(5, Event::FenceEnd { m, life, id: request.id, result, kills: None });
            return;
        };
        let victim = self.machines.iter().position(|x| x.name == target);
        let ok = FenceResult::Ok { stdout: String::new() };
        let (delay, result, kills) = match self.fence_mode {
            FenceMode::Works => (self.rng.between(20, 300), ok, victim),
            FenceMode::Slow => {
                self.tally.count(Fault::FenceSlow);
                (self.rng.between(1500, 3000), ok, victim)
            }
            FenceMode::Fails => {
                self.tally.count(Fault::FenceFailed);
                (100, FenceResult::Failed { rc: 1, reason: "no route".to_owned() }, None)
            }
            FenceMode::Hangs => {
                self.tally.count(Fault::FenceHung);
                (request.timeout_ms, FenceResult::Timeout, None)
            }
            FenceMode::Lies => {
                self.tally.count(Fault::FenceLied);
                self.checks.lied = true;
                (100, ok, None)
            }
        };
        let mode = self.fence_mode;
        self.say(m, || format!("FENCE {target} {} ({mode:?})", request.action));
        self.after(delay, Event::FenceEnd { m, life, id: request.id, result, kills });
    }

    // ---- clients

    /// Somebody changes the configuration: one more property, which must never be lost again.
    fn client(&mut self, m: usize, tries: u32) {
        let Some(process) = &self.machines[m].process else {
            self.client_again(tries);
            return;
        };
        let old = process.node.configuration().clone();
        let belief = process.node.belief();
        let marker = format!("change-{}", self.next_request);
        let mut new = old.clone();
        let config = new.crm_config_mut();
        let Some(set) = new.children_named(config, "cluster_property_set").next() else { return };
        nvpair::set(&mut new, set, &marker, "1");
        let Some(patch) = patch::diff(&old, &new) else { return };
        let id = self.next_request;
        self.next_request += 1;
        self.asked.insert((m, id), marker);
        let base = ConfigVersion { admin_epoch: belief.config.0, epoch: belief.config.1 };
        let request = Request::Apply { patch, base, force: false, user: None };
        self.drive(m, Input::Request { id, request });
    }

    fn client_again(&mut self, tries: u32) {
        if tries > 0 && !self.end_of_faults {
            let m = self.rng.below(self.plan.nodes as u64) as usize;
            self.after(700, Event::Client { m, tries: tries - 1 });
        }
    }

    fn reply(&mut self, m: usize, id: u64, response: Response) {
        let Some(marker) = self.asked.remove(&(m, id)) else { return };
        match response {
            Response::Applied { version } => {
                self.say(m, || format!("ACKNOWLEDGED {marker} as {}.{}", version.admin_epoch, version.epoch));
                self.checks.acknowledged.push(marker);
            }
            Response::Error(CoreError::NotDurable { text }) => {
                self.say(m, || format!("{marker} was refused: {text}"));
                Checks::refused(self, m, &marker);
            }
            other => self.say(m, || format!("{marker} was refused: {other:?}")),
        }
    }

    /// The administrator after the faults: forget failures, so that everything may run again.
    fn tidy(&mut self) {
        let id = self.next_request;
        self.next_request += 1;
        let request = Request::Cleanup {
            resource: None,
            node: None,
            operation: None,
            interval_ms: None,
            strict: false,
        };
        if let Some(m) = (0..self.plan.nodes).find(|m| self.machines[*m].is_up()) {
            self.drive(m, Input::Request { id, request });
        }
    }
}

fn first_document(plan: &Plan) -> Document {
    let nodes: String = (1..=plan.nodes).map(|i| format!("<node id=\"{i}\" uname=\"n{i}\"/>")).collect();
    let property = |name: &str, value: &str| {
        format!("<nvpair id=\"cib-bootstrap-options-{name}\" name=\"{name}\" value=\"{value}\"/>")
    };
    let mut properties = property("stonith-enabled", if plan.fencing { "true" } else { "false" });
    properties += &property("no-quorum-policy", plan.policy);
    properties += &property("stonith-timeout", "4s");
    properties += &property("cluster-recheck-interval", "20s");
    let op = "<operations><op id=\"ID-m\" name=\"monitor\" interval=\"10s\" timeout=\"5s\"/><op id=\"ID-s\" name=\"start\" interval=\"0s\" timeout=\"5s\"/><op id=\"ID-p\" name=\"stop\" interval=\"0s\" timeout=\"5s\"/></operations>";
    let primitive = |id: &str| {
        let op = op.replace("ID", id);
        format!("<primitive id=\"{id}\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\">{op}</primitive>")
    };
    let mut resources: String = plan.resources.iter().map(|r| primitive(r)).collect();
    if plan.fencing {
        resources += "<primitive id=\"fence\" class=\"stonith\" type=\"fence_sim\"><instance_attributes id=\"fence-i\"><nvpair id=\"fence-l\" name=\"pcmk_host_check\" value=\"none\"/></instance_attributes></primitive>";
    }
    let xml = format!(
        "<cib crm_feature_set=\"3.16.1\" validate-with=\"pacemaker-3.9\" admin_epoch=\"0\" epoch=\"1\" num_updates=\"0\"><configuration><crm_config><cluster_property_set id=\"cib-bootstrap-options\">{properties}</cluster_property_set></crm_config><nodes>{nodes}</nodes><resources>{resources}</resources><constraints/></configuration><status/></cib>"
    );
    Document { xml, meta: Vec::new(), admin_epoch: 0, epoch: 1 }
}
