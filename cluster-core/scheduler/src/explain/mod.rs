//! Why a resource is where it is: what the one run of the scheduler did to its scores, and what kept
//! it from running.
//!
//! [`trace`] listens while a run goes on; without a listener it costs one comparison at each place
//! where scores change. Nothing is computed a second time.

pub(crate) mod trace;

use crate::model::{Cluster, INFINITY, NodeIdx, ResourceIdx, Role};
use crate::plan::Plan;
use crate::report::Change;
use crate::report::summary::{self, ResourceChange};
use crate::unpack::{self, Env, resources::subtree};
use smol_str::SmolStr;
pub use trace::Cause;
use trace::Trace;

/// One primitive (or instance, or the collective itself) of what was asked about.
#[derive(Debug, Clone)]
pub struct Reasons {
    pub id: SmolStr,
    /// `ocf:heartbeat:Dummy`; empty for a group, clone or bundle.
    pub agent: String,
    pub active_on: Vec<SmolStr>,
    pub role: Role,
    pub next_role: Role,
    pub assigned: Option<SmolStr>,
    pub promotion_score: Option<i32>,
    /// What speaks about the resource itself: disabled, unmanaged, failed, ...
    pub conditions: Vec<String>,
    /// Why it shall have the next role, where something said so.
    pub role_reason: Option<String>,
    /// What the transition does with it, if anything.
    pub change: Option<ResourceChange>,
    pub nodes: Vec<NodeReasons>,
}

#[derive(Debug, Clone)]
pub struct NodeReasons {
    pub node: SmolStr,
    /// `None`: never considered there.
    pub score: Option<i32>,
    pub is_chosen: bool,
    pub parts: Vec<Part>,
    /// Why nothing can run there at all.
    pub obstacles: Vec<&'static str>,
}

/// Something that was added to a score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Plus or minus [`INFINITY`] is "always" or "never".
    pub score: i32,
    pub cause: Cause,
}

/// Explain a resource (a primitive, a group, a clone, an instance) in the plan for a CIB.
pub fn explain(cib: &rhapsody_cib::Cib, now: i64, id: &str) -> Result<Vec<Reasons>, String> {
    let cib = cib.upgraded();
    let env = Env::new(&cib, now);
    let cluster = unpack::unpack(&env);
    let watched = watched(&cluster, id);
    if watched.is_empty() {
        return Err(format!("resource '{id}' does not exist"));
    }
    let trace = Trace::new(&cluster, watched.clone());
    let mut plan = crate::run(&env, cluster, &crate::Options { now, ..Default::default() }, Some(trace));
    plan.choose();
    let changes = summary::changes(&mut plan);
    let trace = plan.trace.take().map(|t| *t).unwrap_or_default();
    Ok(watched.into_iter().map(|rsc| reasons(&plan, rsc, &trace, &changes)).collect())
}

/// The primitives of what has this id; an anonymous instance is known by the id of its primitive.
fn watched(c: &Cluster, id: &str) -> Vec<ResourceIdx> {
    let named = match c.resource(id) {
        Some(rsc) => vec![rsc],
        None => c.all_resources().filter(|r| c[*r].definition.id == id).collect(),
    };
    let mut all: Vec<ResourceIdx> = named.into_iter().flat_map(|rsc| subtree(c, rsc)).collect();
    all.retain(|r| c[*r].is_primitive());
    all.sort();
    all.dedup();
    all
}

fn reasons(plan: &Plan, rsc: ResourceIdx, trace: &Trace, changes: &[Change]) -> Reasons {
    let c = &plan.c;
    let r = &c[rsc];
    let name = |n: NodeIdx| c[n].name.clone();
    let d = &r.definition;
    let promotable = c[c.top_below_bundle(rsc)].is_promotable();
    let of_resource = |change: &Change| match change {
        Change::Resource(change) if change.id == r.id => Some(change.clone()),
        _ => None,
    };
    Reasons {
        id: r.id.clone(),
        agent: match &d.provider {
            Some(provider) => format!("{}:{provider}:{}", d.class, d.agent),
            None => format!("{}:{}", d.class, d.agent),
        },
        active_on: r.active.iter().copied().map(name).collect(),
        role: r.role,
        next_role: r.next_role,
        assigned: r.assigned.map(name),
        promotion_score: promotable.then_some(r.promotion_priority),
        conditions: conditions(c, rsc),
        role_reason: r.next_role_reason.clone(),
        change: changes.iter().find_map(of_resource),
        nodes: c.node_order.iter().map(|n| node_reasons(c, rsc, *n, trace)).collect(),
    }
}

fn conditions(c: &Cluster, rsc: ResourceIdx) -> Vec<String> {
    use crate::model::Flags;
    let (r, o) = (&c[rsc], &c.options);
    let disabled = r.target_role() == Some(Role::Stopped);
    let no_fencing = o.fencing && !c.has_fence_device && !o.have_watchdog;
    let inside = |p: ResourceIdx| format!("it is part of '{}'", c[p].id);
    [
        r.parent.map(inside),
        disabled.then(|| "it is disabled (target-role is Stopped)".to_owned()),
        r.is_removed().then(|| "it is no longer configured".to_owned()),
        r.is_blocked()
            .then(|| "it is blocked after a failure, or because it is active in several places".to_owned()),
        (r.is_failed() && !r.is_blocked()).then(|| "it failed".to_owned()),
        r.is(Flags::MAINTENANCE).then(|| "it is in maintenance mode".to_owned()),
        (!r.is_managed() && !r.is(Flags::MAINTENANCE) && !no_fencing).then(|| "it is unmanaged".to_owned()),
        no_fencing.then(|| "fencing is enabled and there is no fence device: nothing is started".to_owned()),
        (!c.quorate).then(|| "the partition has no quorum".to_owned()),
        o.stop_all.then(|| "stop-all-resources is set".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn node_reasons(c: &Cluster, rsc: ResourceIdx, node: NodeIdx, trace: &Trace) -> NodeReasons {
    let n = &c[node];
    let obstacles = [
        (!n.online && !n.unclean, "the node is offline"),
        (n.unclean, "the node is unclean and has to be fenced"),
        (n.pending, "the node is joining"),
        (n.standby || n.standby_on_fail, "the node is in standby"),
        (n.maintenance, "the node is in maintenance"),
        (n.shutdown && n.online, "the node is shutting down"),
    ];
    NodeReasons {
        node: n.name.clone(),
        score: c[rsc].allowed.score(node).map(|s| s.clamp(-INFINITY, INFINITY)),
        is_chosen: c[rsc].assigned == Some(node),
        parts: trace.parts(rsc, node),
        obstacles: obstacles.into_iter().filter(|(is, _)| *is).map(|(_, text)| text).collect(),
    }
}
