//! One world from power-on to its end.

use crate::checks::Checks;
use crate::faults::{LAST_MS, Plan};
use crate::tally::Tally;
use crate::world::{Event, World};

#[derive(Debug)]
pub struct Report {
    pub tally: Tally,
    pub faults: usize,
    pub failure: Option<Failure>,
    /// Simulated time.
    pub lasted_ms: u64,
    pub events: u64,
    pub acknowledged: usize,
    /// Fifths of a second in which nothing but the crash of a process was wrong (S8 was looked at).
    pub undisturbed: u64,
    /// What happened, if it was asked for.
    pub log: Vec<String>,
}

#[derive(Debug)]
pub struct Failure {
    pub violations: Vec<String>,
}

/// After the last fault everything must have settled within this time.
const SETTLE_MS: u64 = 120_000;
/// And stay so.
const CALM_MS: u64 = 1_000;

/// Runs one world. With `log` the readable log of a failure is kept (slower).
pub fn run(seed: u64, plan: Plan, log: bool) -> Report {
    let mut world = World::new(seed, plan, log);
    let head = format!(
        "seed {seed}: {} nodes, fencing {}, policy {}, token {}, {:?}",
        world.plan.nodes, world.plan.fencing, world.plan.policy, world.plan.token_ms, world.plan.quorum
    );
    world.log.line(0, "world", || head);
    for (m, at) in world.plan.power_on.clone().into_iter().enumerate() {
        world.at(at, Event::Boot { m });
    }
    for index in 0..world.plan.faults.len() {
        let at = world.plan.faults[index].at;
        world.at(at, Event::Fault(index));
    }
    for at in world.plan.clients.clone() {
        let m = world.rng.below(world.plan.nodes as u64) as usize;
        world.at(at, Event::Client { m, tries: 3 });
    }
    world.at(0, Event::Check);
    world.at(LAST_MS, Event::EndOfFaults);
    for after in [10_000, 40_000, 80_000] {
        world.at(LAST_MS + after, Event::Tidy);
    }
    let mut events = 0;
    loop {
        if !world.step() {
            break;
        }
        events += 1;
        if !world.checks.violations.is_empty() {
            break;
        }
        if world.end_of_faults && world.checks.calm_for(world.now) >= CALM_MS {
            Checks::finally(&mut world);
            break;
        }
        if world.now > LAST_MS + SETTLE_MS {
            let why =
                Checks::settled(&world).err().unwrap_or_else(|| "it was calm only for a moment".to_owned());
            world
                .checks
                .violations
                .push(format!("L1: not settled {} s after the last fault: {why}", SETTLE_MS / 1000));
            break;
        }
        if events > 20_000_000 {
            world.checks.violations.push("the world does not come to rest".to_owned());
            break;
        }
    }
    let violations = std::mem::take(&mut world.checks.violations);
    let failure = (!violations.is_empty()).then_some(Failure { violations });
    Report {
        faults: world.plan.faults.len(),
        lasted_ms: world.now,
        acknowledged: world.checks.acknowledged.len(),
        undisturbed: world.checks.undisturbed,
        tally: world.tally,
        log: world.log.take(),
        failure,
        events,
    }
}
