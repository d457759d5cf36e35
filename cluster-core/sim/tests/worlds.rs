//! A thousand worlds, and the proof that they would notice four deliberate bugs.
//!
//! The bugs are only in a build with `--features bugs`.
//! `RHAPSODY_SEEDS=n` runs more of them, `RHAPSODY_SEED=n` replays one with its log.

use rhapsody_node::QuorumConfig;
use rhapsody_sim::faults::{Plan, Planned};
use rhapsody_sim::run;
use rhapsody_sim::tally::{Fault, Tally};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Runs seeds 1 to `count` on all cores until `enough` says stop.
fn each(
    count: u64,
    plan: impl Fn(u64) -> Plan + Sync,
    seen: impl Fn(u64, rhapsody_sim::Report) -> bool + Sync,
) {
    let next = AtomicU64::new(1);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > count {
                        return;
                    }
                    if !seen(seed, run(seed, plan(seed), false)) {
                        next.store(count + 1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
}

#[test]
fn a_thousand_worlds_keep_the_promises() {
    if let Some(seed) = from_env("RHAPSODY_SEED") {
        let report = run(seed, Plan::new(seed), true);
        for line in &report.log {
            println!("{line}");
        }
        assert!(report.failure.is_none(), "seed {seed}: {:#?}", report.failure);
        return;
    }
    let count = from_env("RHAPSODY_SEEDS").unwrap_or(1000);
    let all = Mutex::new((Tally::default(), Vec::new(), 0, 0));
    each(count, Plan::new, |seed, report| {
        let mut all = all.lock().unwrap();
        all.0.add(&report.tally);
        all.2 += report.acknowledged;
        all.3 += report.undisturbed;
        assert!(report.faults >= 3, "seed {seed} has only {} faults", report.faults);
        if let Some(failure) = report.failure {
            all.1.push((seed, failure.violations));
        }
        all.1.len() < 5
    });
    let (tally, failures, acknowledged, undisturbed) = all.into_inner().unwrap();
    println!("{count} worlds, {acknowledged} acknowledged changes; faults:\n{tally}");
    for (seed, violations) in &failures {
        let report = run(*seed, Plan::new(*seed), true);
        println!("---- seed {seed}, again with RHAPSODY_SEED={seed}");
        for line in report.log.iter().rev().take(80).rev() {
            println!("{line}");
        }
        println!("{violations:#?}");
    }
    assert!(failures.is_empty(), "seeds that failed: {:?}", failures.iter().map(|f| f.0).collect::<Vec<_>>());
    if count >= 1000 {
        assert!(tally.missing().is_empty(), "never happened: {:?}", tally.missing());
        assert!(acknowledged > 1000 && undisturbed > 1000, "{acknowledged} {undisturbed}");
    }
}

/// A node comes back while it hears one member but not yet the other: the members stay together.
#[test]
fn a_returning_node_displaces_no_member() {
    let mut crashed = 0;
    for seed in 1..=20 {
        let at = 8000;
        let mut plan = Plan::new(2 * seed);
        let planned = |fault, at, lasts| Planned { at, lasts, fault, machine: 1, other: 2 };
        plan.faults = vec![
            planned(Fault::MachineCrash, at, 1000),
            planned(Fault::LinkCut, at + 100, 1000 + seed * 400),
        ];
        plan = Plan { nodes: 3, policy: "stop", power_on: vec![0; 3], ..plan };
        plan.quorum = QuorumConfig::default();
        let report = run(seed, plan, true);
        assert!(report.failure.is_none(), "seed {seed}: {:#?}", report.failure);
        let off: Vec<&String> = report.log.iter().filter(|l| l.contains("POWER OFF")).collect();
        crashed += off.iter().filter(|l| l.contains("n2")).count();
        assert!(off.iter().all(|l| l.contains("n2")), "seed {seed}: {off:#?}");
    }
    assert!(crashed >= 20);
}

/// Four deliberate bugs, each noticed within the thousand.
#[cfg(feature = "bugs")]
mod bugs {
    use super::*;
    use rhapsody_node::config::Bugs;

    /// The first seed that notices a bug.
    fn noticed(bugs: Bugs, what: &str) -> Option<(u64, String)> {
        let found = Mutex::new(None::<(u64, String)>);
        let plan = |seed| Plan { bugs, ..Plan::new(seed) };
        each(1000, plan, |seed, report| {
            let mut found = found.lock().unwrap();
            if let Some(failure) = report.failure {
                let violation = failure.violations.into_iter().find(|v| v.contains(what));
                if let (Some(violation), true) = (violation, found.as_ref().is_none_or(|f| seed < f.0)) {
                    *found = Some((seed, violation));
                }
            }
            found.is_none()
        });
        found.into_inner().unwrap()
    }

    fn must_notice(bugs: Bugs, what: &str) {
        let (seed, violation) =
            noticed(bugs, what).expect("the bug went unnoticed through a thousand worlds");
        println!("{bugs:?}: seed {seed}: {violation}");
    }

    #[test]
    fn acknowledging_before_the_disk_has_it_is_noticed() {
        must_notice(Bugs { acknowledge_before_sync: true, ..Bugs::default() }, "S3");
    }

    #[test]
    fn starting_before_the_fence_is_confirmed_is_noticed() {
        must_notice(Bugs { start_before_fenced: true, ..Bugs::default() }, "S1");
    }

    #[test]
    fn going_back_to_an_old_view_is_noticed() {
        must_notice(Bugs { accept_old_view: true, ..Bugs::default() }, "went back");
    }

    #[test]
    fn not_waiting_for_all_is_noticed() {
        must_notice(Bugs { ignore_wait_for_all: true, ..Bugs::default() }, "wait_for_all");
    }
}
