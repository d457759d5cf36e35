//! Fencing: the stonith action of a graph (or of an administrator), carried out by the coordinator
//! through the devices that can, level by level. Done means confirmed by a device, or by a person.
//!
//! The coordinator's process owns a fencing until it ends, also across views; its confirmation is a
//! fact that is ordered in whatever view comes next.

pub(crate) mod devices;

use crate::replica::entry::Entry;
use crate::requests::Origin;
use crate::{FenceRequest, FenceResult, Incarnation, Node, Output};
use devices::{Capable, Device};
use rhapsody_api::core::{CoreError, Response};
use rhapsody_transition::Action;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Without `stonith-timeout`.
const TIMEOUT_DEFAULT_MS: u64 = 60_000;
/// The shell kills the agent at its timeout; its answer is awaited a little longer.
const ANSWER_GRACE_MS: u64 = 5_000;
/// What a device said about its machines holds for so long.
const LIST_MS: u64 = 60_000;
/// `stonith-max-attempts`, where it is not set: after that it is tried only once a minute.
const ATTEMPTS: u32 = 10;

#[derive(Default)]
pub(crate) struct Fencing {
    /// Confirmed while no view was installed.
    pub facts: Vec<Entry>,
    next_id: u64,
    /// By target.
    jobs: BTreeMap<String, Job>,
    failures: BTreeMap<String, Failures>,
    /// What `list` said: by device, when, and the names (`None`: it cannot list).
    lists: BTreeMap<String, (u64, Option<BTreeSet<String>>)>,
}

struct Job {
    action: String,
    incarnation: Incarnation,
    /// Devices of the level that is tried now, then the other levels.
    level: VecDeque<Device>,
    levels: VecDeque<Vec<Device>>,
    running: Option<Running>,
    not_before: u64,
    origins: Vec<Origin>,
    since: u64,
    last_error: String,
}

struct Running {
    id: u64,
    device: Device,
    listing: bool,
    deadline: u64,
}

#[derive(Default)]
struct Failures {
    count: u32,
    not_before: u64,
}

impl Fencing {
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }
}

impl Node {
    /// The stonith action of a graph; false if it has to wait because it failed lately.
    pub(crate) fn fire_stonith(&mut self, action: &Action) -> bool {
        let Some(target) = action.node.clone() else { return false };
        let now = self.now.mono_ms;
        if self.fencing.failures.get(&target).is_some_and(|f| now < f.not_before) {
            return false;
        }
        let word = action.meta("stonith_action").unwrap_or("reboot").to_owned();
        let delay = action.meta("priority_fencing_delay").and_then(rhapsody_cib::duration::parse_ms);
        if let Some(runner) = self.dc.as_mut().and_then(|dc| dc.runner.as_mut()) {
            runner.flies(action.id);
        }
        self.pretend_fenced(action);
        self.begin_fencing(&target, &word, None, delay.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0));
        true
    }

    #[cfg(any(test, feature = "bugs"))]
    fn pretend_fenced(&mut self, action: &Action) {
        if self.config.bugs.start_before_fenced {
            if let Some(runner) = self.dc.as_mut().and_then(|dc| dc.runner.as_mut()) {
                runner.confirm(action.id);
            }
        }
    }

    #[cfg(not(any(test, feature = "bugs")))]
    fn pretend_fenced(&mut self, _action: &Action) {}

    pub(crate) fn begin_fencing(&mut self, target: &str, action: &str, origin: Option<Origin>, delay: u64) {
        let now = self.now.mono_ms;
        if let Some(job) = self.fencing.jobs.get_mut(target) {
            job.origins.extend(origin);
            return;
        }
        let cib = &self.replica.held.cib;
        let devices = devices::devices(cib, self.wall_s());
        let levels: VecDeque<Vec<Device>> = devices::levels(cib, &devices, target).into();
        let part = self.config.id_of(target).and_then(|id| self.replica.status.parts.get(&id));
        let wait = levels.front().and_then(|l| l.first()).map_or(0, |d| d.delay_ms(target)) + delay;
        let job = Job {
            action: action.to_owned(),
            incarnation: part.map_or(0, |p| p.incarnation),
            level: VecDeque::new(),
            levels,
            running: None,
            not_before: now + wait,
            origins: origin.into_iter().collect(),
            since: now,
            last_error: "no device can fence it".to_owned(),
        };
        self.counters.fencings += 1;
        self.fencing.jobs.insert(target.to_owned(), job);
        self.event(
            "fence",
            format!("{target} is to be fenced ({action})"),
            json!({"node": target, "action": action, "phase": "start"}),
        );
        self.advance_fencing(target);
    }

    /// The next device, the next level, or the end.
    fn advance_fencing(&mut self, target: &str) {
        let now = self.now.mono_ms;
        let default = self
            .replica
            .held
            .cib
            .property("stonith-timeout")
            .and_then(rhapsody_cib::duration::parse_ms)
            .and_then(|ms| u64::try_from(ms).ok())
            .unwrap_or(TIMEOUT_DEFAULT_MS);
        // Devices are finite; every round takes one away or returns.
        for _ in 0..1000 {
            let Some(job) = self.fencing.jobs.get_mut(target) else { return };
            if job.running.is_some() || now < job.not_before {
                return;
            }
            let Some(device) = job.level.pop_front() else {
                match job.levels.pop_front() {
                    Some(level) => {
                        job.level = level.into();
                        continue;
                    }
                    None => {
                        let error = job.last_error.clone();
                        self.fencing_failed(target, &error);
                        return;
                    }
                }
            };
            let listing = match device.can_fence(target) {
                Capable::Yes => false,
                Capable::No => {
                    job.level.clear();
                    continue;
                }
                Capable::Ask => match self.fencing.lists.get(&device.id) {
                    Some((at, list)) if now < at + LIST_MS => {
                        if list.as_ref().is_some_and(|l| !l.contains(&device.port(target))) {
                            job.level.clear();
                            job.last_error = format!("{} does not list it", device.id);
                            continue;
                        }
                        false
                    }
                    _ => true,
                },
            };
            self.fencing.next_id += 1;
            let id = self.fencing.next_id;
            let action = if listing { "list".to_owned() } else { job.action.clone() };
            let node = (!listing).then_some(target);
            let timeout_ms = device.timeout_ms(&action, default);
            let request = FenceRequest {
                id,
                device: device.id.clone(),
                agent: device.agent.clone(),
                params: device.call(&action, node),
                action,
                target: node.map(str::to_owned),
                timeout_ms,
            };
            job.running = Some(Running { id, device, listing, deadline: now + timeout_ms + ANSWER_GRACE_MS });
            self.put(Output::Fence(Box::new(request)));
            return;
        }
    }

    pub(crate) fn take_fence_result(&mut self, id: u64, result: FenceResult) {
        let found = self
            .fencing
            .jobs
            .iter()
            .find(|(_, j)| j.running.as_ref().is_some_and(|r| r.id == id))
            .map(|(target, _)| target.clone());
        let Some(target) = found else { return };
        let now = self.now.mono_ms;
        let Some(job) = self.fencing.jobs.get_mut(&target) else { return };
        let Some(running) = job.running.take() else { return };
        let device = running.device;
        if running.listing {
            let list = match result {
                FenceResult::Ok { stdout } => Some(parse_list(&stdout)),
                // It cannot list: then only trying tells.
                FenceResult::Failed { .. } | FenceResult::Timeout => None,
            };
            self.fencing.lists.insert(device.id.clone(), (now, list));
            job.level.push_front(device);
            self.advance_fencing(&target);
            return;
        }
        match result {
            FenceResult::Ok { .. } if job.level.is_empty() => self.fencing_succeeded(&target, &device.id),
            FenceResult::Ok { .. } => self.advance_fencing(&target),
            FenceResult::Failed { rc, reason } => {
                job.last_error = format!("{} failed (rc {rc}): {reason}", device.id);
                job.level.clear();
                self.advance_fencing(&target);
            }
            FenceResult::Timeout => {
                job.last_error = format!("{} did not end in time", device.id);
                job.level.clear();
                self.advance_fencing(&target);
            }
        }
    }

    fn fencing_succeeded(&mut self, target: &str, device: &str) {
        let Some(job) = self.fencing.jobs.remove(target) else { return };
        self.fencing.failures.remove(target);
        let took = self.now.mono_ms.saturating_sub(job.since);
        self.event(
            "fence",
            format!("{target} was fenced by {device} in {took} ms"),
            json!({"node": target, "device": device, "action": job.action, "phase": "done", "result": "ok", "exec_ms": took}),
        );
        for origin in job.origins {
            self.answer(origin, Response::Done);
        }
        match self.config.id_of(target) {
            Some(node) if job.action != "on" => {
                self.submit(Entry::Fenced { node, incarnation: job.incarnation });
            }
            _ => self.fence_action_ended(target, true),
        }
    }

    fn fencing_failed(&mut self, target: &str, why: &str) {
        let Some(job) = self.fencing.jobs.remove(target) else { return };
        let failures = self.fencing.failures.entry(target.to_owned()).or_default();
        failures.count += 1;
        let wait =
            if failures.count >= ATTEMPTS { 60_000 } else { (500 << failures.count.min(5)).min(10_000) };
        failures.not_before = self.now.mono_ms + wait;
        let count = failures.count;
        self.event(
            "fence",
            format!("{target} could not be fenced (attempt {count}): {why}"),
            json!({"node": target, "action": job.action, "phase": "done", "result": "failed", "attempt": count, "reason": why}),
        );
        for origin in job.origins {
            self.answer(origin, Response::Error(CoreError::FenceFailed { text: why.to_owned() }));
        }
        self.fence_action_ended(target, false);
    }

    fn fence_action_ended(&mut self, target: &str, ok: bool) {
        if let Some(runner) = self.dc.as_mut().and_then(|dc| dc.runner.as_mut()) {
            let id = runner.flying_action(|a| a.task == "stonith" && a.node.as_deref() == Some(target));
            match id {
                Some(id) if ok => runner.confirm(id),
                Some(id) => runner.fail(id),
                None => {}
            }
        }
        if !ok && self.is_dc() {
            self.abort_transition(&format!("fencing of {target} failed"));
        }
    }

    pub(crate) fn tick_fencing(&mut self) {
        let now = self.now.mono_ms;
        let overdue: Vec<u64> = self
            .fencing
            .jobs
            .values()
            .filter_map(|j| j.running.as_ref())
            .filter(|r| now >= r.deadline)
            .map(|r| r.id)
            .collect();
        for id in overdue {
            self.take_fence_result(id, FenceResult::Timeout);
        }
        let waiting: Vec<String> =
            self.fencing.jobs.iter().filter(|(_, j)| j.running.is_none()).map(|(t, _)| t.clone()).collect();
        for target in waiting {
            self.advance_fencing(&target);
        }
    }

    pub(crate) fn fencing_deadline(&self) -> Option<u64> {
        let jobs =
            self.fencing.jobs.values().map(|j| j.running.as_ref().map_or(j.not_before, |r| r.deadline));
        let now = self.now.mono_ms;
        let again = self.fencing.failures.values().map(|f| f.not_before).filter(|at| *at > now);
        jobs.chain(again).min()
    }
}

/// `port,alias,...` or `port alias ...`, one machine a line.
fn parse_list(stdout: &str) -> BTreeSet<String> {
    let names = stdout.split(['\n', ',', ' ', '\t', ';']).map(|s| s.trim_matches(['\'', '"', '\r']));
    names.filter(|s| !s.is_empty()).map(str::to_owned).collect()
}
