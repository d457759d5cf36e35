//! What goes wrong in a world, planned from its seed: at least three faults, many kinds.

use crate::rng::Rng;
use crate::tally::Fault;
use crate::world::{Event, World};
use rhapsody_node::config::{Bugs, Layout};
use rhapsody_node::{Peer, QuorumConfig};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FenceMode {
    Works,
    Slow,
    Fails,
    Hangs,
    Lies,
}

/// One world.
#[derive(Debug, Clone)]
pub struct Plan {
    pub nodes: usize,
    pub fencing: bool,
    pub policy: &'static str,
    pub quorum: QuorumConfig,
    pub token_ms: u64,
    pub resources: Vec<String>,
    pub faults: Vec<Planned>,
    /// When each machine is switched on.
    pub power_on: Vec<u64>,
    pub clients: Vec<u64>,
    pub bugs: Bugs,
    pub real_scheduler: bool,
}

/// One fault.
#[derive(Debug, Clone)]
pub struct Planned {
    pub at: u64,
    pub lasts: u64,
    pub fault: Fault,
    pub machine: usize,
    pub other: usize,
}

/// Faults happen between these times; before the first the cluster comes up.
const FIRST_MS: u64 = 6_000;
pub const LAST_MS: u64 = 30_000;

const KINDS: [Fault; 26] = [
    Fault::Delay,
    Fault::Loss,
    Fault::Duplicate,
    Fault::OneWayCut,
    Fault::OneWayCut,
    Fault::Partition,
    Fault::Partition,
    Fault::LinkCut,
    Fault::Pause,
    Fault::Pause,
    Fault::ProcessPause,
    Fault::NodeCrash,
    Fault::NodeCrash,
    Fault::ExecutorCrash,
    Fault::MachineCrash,
    Fault::MachineCrash,
    Fault::PowerCutAll,
    Fault::DiskSlow,
    Fault::DiskRefused,
    Fault::SlowSchedule,
    Fault::AgentFailed,
    Fault::AgentHung,
    Fault::StopFailed,
    Fault::ClockJump,
    Fault::OrderlyLeave,
    Fault::FenceFailed,
];

impl Plan {
    pub fn new(seed: u64) -> Plan {
        let mut rng = Rng::new(seed);
        let nodes = *rng.pick(&[2, 2, 3, 3, 5]);
        let fencing = seed % 2 == 0;
        let two_node = nodes == 2 && rng.percent(70);
        // A two_node pair without fencing and without waiting is two clusters; with either it is one.
        let wait_for_all = if two_node && fencing && rng.percent(20) {
            Some(false)
        } else if nodes > 2 && rng.percent(25) {
            Some(true)
        } else {
            None
        };
        let quorum = QuorumConfig { two_node, wait_for_all, ..QuorumConfig::default() };
        let policy = *rng.pick(&["stop", "stop", "stop", "freeze", "demote"]);
        let policy = if rng.percent(7) { "ignore" } else { policy };
        let mut faults: Vec<Planned> = (0..rng.between(3, 6))
            .map(|_| {
                let machine = rng.below(nodes as u64) as usize;
                let other = (machine + 1 + rng.below(nodes as u64 - 1) as usize) % nodes;
                Planned {
                    at: rng.between(FIRST_MS, LAST_MS - 4000),
                    lasts: *rng.pick(&[100, 400, 800, 1300, 2500, 6000]),
                    fault: *rng.pick(&KINDS),
                    machine,
                    other,
                }
            })
            .collect();
        if fencing && rng.percent(50) {
            // A device that misbehaves matters when somebody has to be fenced.
            let at = rng.between(FIRST_MS, 15_000);
            let fault =
                *rng.pick(&[Fault::FenceSlow, Fault::FenceFailed, Fault::FenceHung, Fault::FenceLied]);
            let machine = rng.below(nodes as u64) as usize;
            faults.push(Planned { at, lasts: 8000, fault, machine, other: 0 });
            faults.push(Planned { at: at + 200, lasts: 800, fault: Fault::MachineCrash, machine, other: 0 });
        }
        if rng.percent(20) {
            // Crashes of single processes with nothing else near: nothing may stop or start (S8).
            faults = [8_000, 16_000, 24_000]
                .map(|at| {
                    let fault = *rng.pick(&[Fault::NodeCrash, Fault::NodeCrash, Fault::ExecutorCrash]);
                    let machine = rng.below(nodes as u64) as usize;
                    Planned { at: at + rng.below(1000), lasts: 100, fault, machine, other: 0 }
                })
                .to_vec();
        }
        let clients: Vec<u64> = (0..rng.between(3, 8)).map(|_| rng.between(3000, LAST_MS)).collect();
        for fault in faults.iter_mut().filter(|f| matches!(f.fault, Fault::PowerCutAll | Fault::MachineCrash))
        {
            // Often just when somebody's change is on its way to the disks.
            if rng.percent(50) {
                fault.at = *rng.pick(&clients) + rng.between(1, 14);
            }
        }
        // With numbers of their own: the worlds are otherwise those from before there was this.
        let mut own = Rng::new(seed ^ 0xC0F);
        for _ in 0..*own.pick(&[0, 0, 1, 1, 2]) {
            let machine = own.below(nodes as u64) as usize;
            let at = own.between(FIRST_MS, LAST_MS - 4000);
            // Often just when something else goes wrong.
            let near = faults[own.below(faults.len() as u64) as usize].at;
            let at = if own.percent(50) { near + own.below(400) } else { at };
            let other = own.below(nodes as u64) as usize;
            faults.push(Planned { at, lasts: 100, fault: Fault::Reconfigured, machine, other });
        }
        faults.sort_by_key(|f| f.at);
        let together = rng.percent(60);
        let power_on = (0..nodes).map(|_| if together { rng.below(50) } else { rng.below(4000) }).collect();
        Plan {
            nodes,
            fencing,
            policy,
            quorum,
            token_ms: *rng.pick(&[300, 1000, 1000]),
            resources: ["r1", "r2", "r3"].map(str::to_owned).to_vec(),
            faults,
            power_on,
            clients,
            bugs: Bugs::default(),
            real_scheduler: true,
        }
    }
}

impl Plan {
    /// The corosync.conf that all machines begin with.
    pub fn layout(&self) -> Layout {
        let peer = |id| Peer { id, name: format!("n{id}"), votes: 1 };
        Layout {
            version: 1,
            nodes: (1..=self.nodes as u32).map(peer).collect(),
            token_ms: self.token_ms,
            quorum: self.quorum.clone(),
            text: "corosync.conf 1".to_owned(),
        }
    }
}

/// A fault begins.
pub fn begin(world: &mut World, index: usize) {
    if world.end_of_faults {
        return;
    }
    let planned = world.plan.faults[index].clone();
    let (m, other) = (planned.machine, planned.other);
    let nodes = world.plan.nodes;
    world.say(m, || format!("---- {:?} for {} ms", planned.fault, planned.lasts));
    world.checks.fault_at(world.now, planned.lasts);
    let network = matches!(
        planned.fault,
        Fault::Delay | Fault::Loss | Fault::Duplicate | Fault::OneWayCut | Fault::LinkCut | Fault::Partition
    );
    let until = world.now + planned.lasts;
    match planned.fault {
        Fault::PowerCutAll => (0..nodes).for_each(|i| world.checks.hurt(Some(i), until + 8000)),
        _ => world.checks.hurt((!network).then_some(m), until + 2000),
    }
    match planned.fault {
        Fault::Delay | Fault::Loss | Fault::Duplicate | Fault::Reorder => {
            let delay = world.rng.between(5, 60);
            let loss = world.rng.between(5, 30);
            for from in 0..nodes {
                for to in 0..nodes {
                    let link = world.network.link(from, to);
                    match planned.fault {
                        Fault::Delay => (link.delay_ms, link.jitter_ms) = (delay, delay),
                        Fault::Loss => link.loss_percent = loss,
                        _ => (link.duplicate_percent, link.jitter_ms) = (loss, 20),
                    }
                }
            }
        }
        Fault::OneWayCut => {
            world.tally.count(Fault::OneWayCut);
            world.network.link(m, other).cut = true;
        }
        Fault::LinkCut => {
            world.tally.count(Fault::LinkCut);
            world.network.link(m, other).cut = true;
            world.network.link(other, m).cut = true;
        }
        Fault::Partition => {
            world.tally.count(Fault::Partition);
            if nodes == 2 {
                world.tally.count(Fault::TwoNodeSplit);
            }
            let minority = m % 2;
            for from in 0..nodes {
                for to in 0..nodes {
                    let side = |i: usize| (i + minority) % nodes < nodes.div_ceil(2);
                    if side(from) != side(to) {
                        world.network.link(from, to).cut = true;
                    }
                }
            }
        }
        Fault::Pause => {
            if world.machines[m].powered {
                world.tally.count(Fault::Pause);
                world.machines[m].paused_until = world.now + planned.lasts;
                world.checks.paused(m, world.now);
                world.after(planned.lasts, Event::PauseEnd { m });
            }
        }
        Fault::ProcessPause => {
            if world.machines[m].is_up() {
                world.tally.count(Fault::ProcessPause);
                world.machines[m].process_paused_until = world.now + planned.lasts;
                world.checks.paused(m, world.now);
                world.after(planned.lasts, Event::PauseEnd { m });
            }
        }
        Fault::NodeCrash | Fault::ExecutorCrash => {
            if world.machines[m].is_up() {
                world.tally.count(planned.fault);
                let back = planned.lasts.min(800).min(world.plan.token_ms / 3);
                world.checks.process_crashed(m, world.now, back, world.plan.token_ms);
                world.kill_process(m, planned.fault == Fault::ExecutorCrash);
                let boot = world.machines[m].boot;
                let back = if planned.lasts > 2000 { planned.lasts } else { back };
                world.after(back, Event::StartProcess { m, boot });
            }
        }
        Fault::MachineCrash => {
            if world.machines[m].powered {
                world.tally.count(Fault::MachineCrash);
                world.power_off(m, "crash");
                world.after(planned.lasts + 500, Event::Boot { m });
            }
        }
        Fault::PowerCutAll => {
            world.tally.count(Fault::PowerCutAll);
            for i in 0..nodes {
                world.power_off(i, "power cut");
                let back = world.rng.between(500, 6000);
                world.after(back, Event::Boot { m: i });
            }
        }
        Fault::DiskSlow => world.machines[m].disk.slow_until = world.now + planned.lasts + 3000,
        Fault::DiskRefused => {
            // A full disk is seldom alone.
            let all = world.rng.percent(50);
            let until = world.now + planned.lasts + 3000;
            for i in (0..nodes).filter(|i| all || *i == m) {
                world.machines[i].disk.refuses_until = until;
            }
        }
        Fault::SlowSchedule => world.slow_schedules = true,
        Fault::AgentFailed | Fault::AgentHung | Fault::StopFailed => {
            world.agent_faults.push((m, planned.fault));
        }
        Fault::ClockJump => {
            world.tally.count(Fault::ClockJump);
            let hours = if world.rng.percent(50) { 3_600_000 } else { -3_600_000 };
            world.machines[m].wall_skew += hours;
        }
        Fault::OrderlyLeave => {
            if world.machines[m].is_up() {
                world.tally.count(Fault::OrderlyLeave);
                world.drive(
                    m,
                    rhapsody_node::Input::Request { id: 0, request: rhapsody_api::core::Request::Stop },
                );
                let boot = world.machines[m].boot;
                // The operator starts it again some time later.
                let _ = boot;
            }
        }
        Fault::Reconfigured => {
            world.tally.count(Fault::Reconfigured);
            reconfigure(world, m, other);
        }
        Fault::FenceSlow => world.fence_mode = FenceMode::Slow,
        Fault::FenceFailed => world.fence_mode = FenceMode::Fails,
        Fault::FenceHung => world.fence_mode = FenceMode::Hangs,
        Fault::FenceLied => world.fence_mode = FenceMode::Lies,
        Fault::Restart | Fault::DiskForgot | Fault::TwoNodeSplit | Fault::TwoNodeMerge => {}
    }
    world.after(planned.lasts, Event::FaultEnd(index));
}

/// The operator changes corosync.conf: the token, or how much a vote weighs. Where he cannot reach a
/// machine its file stays as it is.
fn reconfigure(world: &mut World, m: usize, other: usize) {
    let newest = world.machines.iter().map(|machine| &machine.layout).max_by_key(|layout| layout.version);
    let Some(mut layout) = newest.cloned() else { return };
    layout.version += 1;
    layout.text = format!("corosync.conf {}", layout.version);
    if layout.quorum.two_node || world.rng.percent(40) {
        layout.token_ms = if layout.token_ms == 300 { 1000 } else { 300 };
    } else {
        // One vote more or less, so that a majority before and one after always share a node.
        let votes = &mut layout.nodes[other].votes;
        *votes = if *votes == 1 { 2 } else { 1 };
    }
    world.plan.token_ms = layout.token_ms;
    world.checks.reconfigured(layout.token_ms);
    for machine in world.machines.iter_mut().filter(|machine| machine.powered) {
        if world.rng.percent(80) {
            machine.layout = layout.clone();
        }
    }
    let version = layout.version;
    world.say(m, || format!("corosync.conf {version}: {:?} {:?}", layout.token_ms, layout.nodes));
    world.drive(m, rhapsody_node::Input::Reload { id: 0, layout: Box::new(layout) });
}

/// A fault that lasts is over.
pub fn end(world: &mut World, index: usize) {
    let planned = world.plan.faults[index].clone();
    let m = planned.machine;
    match planned.fault {
        Fault::Delay
        | Fault::Loss
        | Fault::Duplicate
        | Fault::Reorder
        | Fault::OneWayCut
        | Fault::LinkCut
        | Fault::Partition => {
            if planned.fault == Fault::Partition && world.plan.nodes == 2 {
                world.tally.count(Fault::TwoNodeMerge);
            }
            world.network.heal();
            world.say(m, || "---- the network is whole".to_owned());
        }
        Fault::SlowSchedule => world.slow_schedules = false,
        Fault::FenceSlow | Fault::FenceFailed | Fault::FenceHung | Fault::FenceLied => {
            world.fence_mode = FenceMode::Works;
        }
        Fault::OrderlyLeave => start_again(world, m),
        _ => {}
    }
}

fn start_again(world: &mut World, m: usize) {
    if world.machines[m].powered && world.machines[m].process.is_none() {
        world.machines[m].enabled = true;
        let boot = world.machines[m].boot;
        world.after(10, Event::StartProcess { m, boot });
    }
}

/// The operator repairs everything.
pub fn end_all(world: &mut World) {
    world.end_of_faults = true;
    world.network.heal();
    world.slow_schedules = false;
    world.fence_mode = FenceMode::Works;
    world.agent_faults.clear();
    for m in 0..world.plan.nodes {
        world.machines[m].disk.slow_until = 0;
        world.machines[m].disk.refuses_until = 0;
        if !world.machines[m].powered {
            world.boot(m);
        } else {
            start_again(world, m);
        }
    }
    world.say(0, || "---- no more faults".to_owned());
}
