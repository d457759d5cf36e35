//! The listener: what was added to the scores of some resources, and why.

use super::Part;
use crate::constraints::ColocationIdx;
use crate::model::{Cluster, INFINITY, NodeIdx, ResourceIdx};
use crate::plan::Plan;
use smol_str::SmolStr;
use std::fmt;

/// Where a score came from; `Display` is its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The state of the node, or what its history says of the resource.
    History,
    Location(SmolStr),
    /// A rule of the scheduler's own, such as a guest that is not put on itself.
    Internal(SmolStr),
    Health,
    Stickiness,
    Failures {
        count: i32,
        threshold: i32,
    },
    ExclusiveDiscovery,
    ShutdownLock,
    Ticket(SmolStr),
    /// With what it depends on, or what depends on it.
    Colocation(SmolStr),
    Stopped,
    InstanceLimit,
    Utilization,
    PromotionScore,
}

impl Cause {
    /// One word for programs.
    pub fn kind(&self) -> &'static str {
        match self {
            Cause::History => "history",
            Cause::Location(_) => "location",
            Cause::Internal(_) => "internal",
            Cause::Health => "node-health",
            Cause::Stickiness => "stickiness",
            Cause::Failures { .. } => "failures",
            Cause::ExclusiveDiscovery => "exclusive-discovery",
            Cause::ShutdownLock => "shutdown-lock",
            Cause::Ticket(_) => "ticket",
            Cause::Colocation(_) => "colocation",
            Cause::Stopped => "stopped",
            Cause::InstanceLimit => "instance-limit",
            Cause::Utilization => "utilization",
            Cause::PromotionScore => "promotion-score",
        }
    }

    /// The id of the constraint (or ticket).
    pub fn id(&self) -> Option<&str> {
        match self {
            Cause::Location(id) | Cause::Ticket(id) | Cause::Colocation(id) => Some(id),
            _ => None,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::History => f.write_str("state of the node, history of the resource there"),
            Cause::Location(id) => write!(f, "location constraint '{id}'"),
            Cause::Internal(what) => write!(f, "{what}"),
            Cause::Health => f.write_str("health of the node"),
            Cause::Stickiness => f.write_str("resource-stickiness, as it is active there"),
            Cause::Failures { count, threshold } => {
                let text = |n: i32| if n >= INFINITY { "INFINITY".to_owned() } else { n.to_string() };
                write!(f, "failed {} times, migration-threshold is {}", text(*count), text(*threshold))
            }
            Cause::ExclusiveDiscovery => f.write_str("resource-discovery is exclusive to other nodes"),
            Cause::ShutdownLock => f.write_str("locked to the node that is shut down (shutdown-lock)"),
            Cause::Ticket(ticket) => write!(f, "ticket '{ticket}' is not granted"),
            Cause::Colocation(id) => write!(f, "colocation constraint '{id}'"),
            Cause::Stopped => f.write_str("it shall not run"),
            Cause::InstanceLimit => f.write_str("no more instances there, or the clone may not run there"),
            Cause::Utilization => f.write_str("not enough room (utilization)"),
            Cause::PromotionScore => f.write_str("promotion score"),
        }
    }
}

struct Entry {
    rsc: ResourceIdx,
    node: NodeIdx,
    part: Part,
}

/// What happened to some resources in the course of a run.
#[derive(Default)]
pub struct Trace {
    watched: Vec<ResourceIdx>,
    /// The scores as they were when something was last noted, by watched resource and node.
    seen: Vec<Vec<Option<i32>>>,
    entries: Vec<Entry>,
}

impl Trace {
    pub fn new(c: &Cluster, watched: Vec<ResourceIdx>) -> Trace {
        let seen = watched.iter().map(|_| vec![None; c.nodes.len()]).collect();
        let mut trace = Trace { watched, seen, ..Trace::default() };
        trace.changed(c, &Cause::History);
        trace
    }

    /// What has changed since the last note is due to this.
    fn changed(&mut self, c: &Cluster, cause: &Cause) {
        for (rsc, seen) in self.watched.iter().zip(&mut self.seen) {
            for (n, before) in seen.iter_mut().enumerate() {
                let node = NodeIdx(n as u32);
                let now = c[*rsc].allowed.score(node);
                if let Some(score) = difference(*before, now) {
                    let part = Part { score, cause: cause.clone() };
                    self.entries.push(Entry { rsc: *rsc, node, part });
                }
                *before = now;
            }
        }
    }

    fn look(&mut self, c: &Cluster) {
        for (rsc, seen) in self.watched.iter().zip(&mut self.seen) {
            for (n, before) in seen.iter_mut().enumerate() {
                *before = c[*rsc].allowed.score(NodeIdx(n as u32));
            }
        }
    }

    pub fn parts(&self, rsc: ResourceIdx, node: NodeIdx) -> Vec<Part> {
        let of = self.entries.iter().filter(|e| e.rsc == rsc && e.node == node);
        of.map(|e| e.part.clone()).collect()
    }
}

/// What was added, if anything: infinities swallow the rest.
fn difference(before: Option<i32>, now: Option<i32>) -> Option<i32> {
    let (before, now) = (before.unwrap_or(0), now?);
    match () {
        () if before == now => None,
        () if now.abs() >= INFINITY => Some(now),
        () => Some(now.saturating_sub(before)),
    }
}

impl Plan<'_> {
    /// Note that all scores which have changed since the last note changed because of this.
    pub fn note(&mut self, cause: impl FnOnce(&Self) -> Cause) {
        if let Some(mut trace) = self.trace.take() {
            trace.changed(&self.c, &cause(self));
            self.trace = Some(trace);
        }
    }

    /// Note an addition by itself: of two bans both are told, although the second changes nothing.
    pub fn note_added(&mut self, rsc: ResourceIdx, node: NodeIdx, score: i32, cause: impl FnOnce() -> Cause) {
        let Some(mut trace) = self.trace.take() else { return };
        let part = Part { score, cause: cause() };
        let about: Vec<ResourceIdx> =
            trace.watched.iter().copied().filter(|w| *w == rsc || self.is_inside(*w, rsc)).collect();
        if score != 0 {
            trace.entries.extend(about.into_iter().map(|rsc| Entry { rsc, node, part: part.clone() }));
        }
        trace.look(&self.c);
        self.trace = Some(trace);
    }

    /// As [`Plan::note`], for what a colocation did.
    pub fn note_colocation(&mut self, c: ColocationIdx) {
        self.note(|plan| Cause::Colocation(plan.colocations[c.0 as usize].id.as_str().into()));
    }

    /// How much was noted so far.
    pub fn notes(&self) -> usize {
        self.trace.as_ref().map_or(0, |t| t.entries.len())
    }

    /// What was tried with these resources since then is taken back.
    pub fn forget_notes(&mut self, since: usize, about: impl Fn(ResourceIdx) -> bool) {
        let Some(trace) = &mut self.trace else { return };
        let mut at = 0;
        trace.entries.retain(|e| {
            at += 1;
            at <= since || !about(e.rsc)
        });
        trace.look(&self.c);
    }
}
