//! The resource tree as status shows it.

use crate::build::history::is_masked;
use crate::types::{Bundle, Clone_, Entry, Group, Instance, Place, Replica, Resource};
use crate::words;
use rhapsody_cib::Cib;
use rhapsody_scheduler::model::{self, Cluster, Flags, NodeIdx, ResourceIdx, Role, Variant};

pub fn resources(cib: &Cib, cluster: &Cluster) -> Vec<Entry> {
    cluster.top.iter().map(|&rsc| entry(cib, cluster, rsc)).collect()
}

fn entry(cib: &Cib, cluster: &Cluster, rsc: ResourceIdx) -> Entry {
    match cluster[rsc].variant {
        Variant::Primitive => Entry::Resource(Box::new(resource(cib, cluster, rsc))),
        Variant::Group => Entry::Group(group(cib, cluster, rsc)),
        Variant::Clone => Entry::Clone(clone(cib, cluster, rsc)),
        Variant::Bundle => Entry::Bundle(bundle(cib, cluster, rsc)),
    }
}

/// Instances of an anonymous clone are all called alike.
pub fn printed_id(rsc: &model::Resource) -> &str {
    if rsc.is_unique() {
        return &rsc.id;
    }
    match rsc.id.rsplit_once(':') {
        Some((base, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => base,
        _ => &rsc.id,
    }
}

/// An active instance of a promotable clone that is not promoted is unpromoted, whatever its
/// history calls it.
fn shown_role(cluster: &Cluster, at: ResourceIdx) -> Role {
    match cluster[at].role {
        Role::Started if is_promotable_instance(cluster, at) => Role::Unpromoted,
        role => role,
    }
}

fn agent(rsc: &model::Resource) -> String {
    let definition = &rsc.definition;
    match &definition.provider {
        Some(provider) => format!("{}:{provider}:{}", definition.class, definition.agent),
        None => format!("{}:{}", definition.class, definition.agent),
    }
}

fn description(cib: &Cib, rsc: &model::Resource) -> Option<String> {
    let text = cib.attr(rsc.definition.element?, "description")?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn target(rsc: &model::Resource) -> Option<Role> {
    rsc.meta("target-role").and_then(Role::parse)
}

fn resource(cib: &Cib, cluster: &Cluster, at: ResourceIdx) -> Resource {
    let rsc = &cluster[at];
    let nodes = rsc
        .active
        .iter()
        .map(|&node| Place {
            name: cluster[node].name.to_string(),
            id: cluster[node].id.to_string(),
            online: cluster[node].online,
            unclean: cluster[node].unclean,
        })
        .collect();
    // Started is what every resource aims at: only a role that limits it is worth a word.
    let target_role = rsc.meta("target-role").map(str::to_owned);
    let capped = target(rsc) == Some(Role::Unpromoted) && is_promotable_instance(cluster, at);
    let unclean = rsc.active.iter().any(|&n| cluster[n].unclean && !cluster[n].online);
    Resource {
        id: printed_id(rsc).to_owned(),
        instance: rsc.id.to_string(),
        agent: agent(rsc),
        description: description(cib, rsc),
        role: shown_role(cluster, at).as_str(),
        target_role,
        active: is_active(cluster, at, true),
        orphaned: rsc.is_removed(),
        blocked: rsc.is_blocked(),
        maintenance: rsc.is(Flags::MAINTENANCE),
        managed: rsc.is_managed(),
        failed: rsc.is_failed(),
        failure_ignored: rsc.is(Flags::FAILURE_IGNORED),
        disabled: target(rsc) == Some(Role::Stopped),
        capped,
        pending: pending(rsc),
        locked_to: rsc.lock_node.map(|node| cluster[node].name.to_string()),
        unclean,
        probe_failure: probe_failure(cib, cluster, at),
        nodes,
        implicit: rsc.is(Flags::INTERNAL),
        connection: rsc.is(Flags::REMOTE_CONNECTION),
    }
}

fn is_promotable_instance(cluster: &Cluster, at: ResourceIdx) -> bool {
    let mut at = at;
    loop {
        if cluster[at].is_promotable() {
            return true;
        }
        match cluster[at].parent {
            Some(parent) => at = parent,
            None => return false,
        }
    }
}

fn pending(rsc: &model::Resource) -> Option<&'static str> {
    Some(match rsc.pending_task.as_deref()? {
        "start" => "Starting",
        "stop" => "Stopping",
        "migrate_to" | "migrate_from" => "Migrating",
        "promote" => "Promoting",
        "demote" => "Demoting",
        "monitor" => "Monitoring",
        _ => return None,
    })
}

/// Active somewhere (`all`: for collections, in every part).
pub fn is_active(cluster: &Cluster, at: ResourceIdx, all: bool) -> bool {
    let rsc = &cluster[at];
    match rsc.variant {
        Variant::Primitive => rsc.active.iter().any(|&n| counts_as_active(cluster, at, n)),
        Variant::Group | Variant::Clone => {
            if rsc.children.is_empty() {
                return false;
            }
            let mut children = rsc.children.iter().map(|&c| is_active(cluster, c, all));
            if all { children.all(|a| a) } else { children.any(|a| a) }
        }
        Variant::Bundle => {
            let Some(bundle) = &rsc.bundle else { return false };
            let mut parts = bundle
                .replicas
                .iter()
                .flat_map(|r| [r.ip, r.child, Some(r.container), r.connection].into_iter().flatten());
            let mut active = parts.by_ref().map(|part| is_active(cluster, part, all));
            if all { active.all(|a| a) } else { active.any(|a| a) }
        }
    }
}

/// What runs on a node that is gone is not active, unless nobody knows that it is gone.
fn counts_as_active(cluster: &Cluster, at: ResourceIdx, node: NodeIdx) -> bool {
    let node = &cluster[node];
    let rsc = &cluster[at];
    if rsc.is_managed() && !node.online && !node.unclean {
        return false;
    }
    if !node.online && !node.unclean && !rsc.is_managed() {
        return true;
    }
    if node.unclean && !node.online { true } else { rsc.role > Role::Stopped || rsc.role == Role::Unknown }
}

fn group(cib: &Cib, cluster: &Cluster, at: ResourceIdx) -> Group {
    let rsc = &cluster[at];
    Group {
        id: rsc.id.to_string(),
        description: description(cib, rsc),
        managed: rsc.is_managed(),
        maintenance: rsc.is(Flags::MAINTENANCE),
        disabled: is_disabled(rsc),
        members: rsc.children.iter().map(|&child| resource(cib, cluster, child)).collect(),
        all_active: is_active(cluster, at, true),
        any_active: is_active(cluster, at, false),
    }
}

fn is_disabled(rsc: &model::Resource) -> bool {
    target(rsc) == Some(Role::Stopped)
}

fn clone(cib: &Cib, cluster: &Cluster, at: ResourceIdx) -> Clone_ {
    let rsc = &cluster[at];
    let max = rsc.clone.as_ref().map_or(0, |data| data.max);
    let child = rsc.children.first().map(|&c| cluster[c].definition.id.to_string()).unwrap_or_default();
    let instances = rsc
        .children
        .iter()
        .map(|&c| match cluster[c].variant {
            Variant::Group => Instance::Group(group(cib, cluster, c)),
            _ => Instance::Resource(Box::new(resource(cib, cluster, c))),
        })
        .collect();
    let allowed = cluster
        .node_order
        .iter()
        .filter(|&&n| rsc.allowed.contains(n))
        .map(|&n| (cluster[n].name.to_string(), probe_failure_on(cib, cluster, at, n)))
        .collect();
    Clone_ {
        id: rsc.id.to_string(),
        child,
        description: description(cib, rsc),
        promotable: rsc.is_promotable(),
        unique: rsc.is_unique(),
        managed: rsc.is_managed(),
        maintenance: rsc.is(Flags::MAINTENANCE),
        disabled: is_disabled(rsc),
        failed: rsc.is_failed(),
        failure_ignored: rsc.is(Flags::FAILURE_IGNORED),
        target_role: rsc.meta("target-role").map(str::to_owned),
        instances,
        max,
        allowed,
        all_active: is_active(cluster, at, true),
        any_active: is_active(cluster, at, false),
    }
}

fn bundle(cib: &Cib, cluster: &Cluster, at: ResourceIdx) -> Bundle {
    let rsc = &cluster[at];
    let data = rsc.bundle.as_deref();
    let part = |part: ResourceIdx| resource(cib, cluster, part);
    let replicas = data
        .map(|data| {
            data.replicas
                .iter()
                .map(|r| Replica {
                    number: r.offset,
                    address: r.address.as_ref().map(|a| a.to_string()),
                    ip: r.ip.map(part),
                    child: r.child.map(part),
                    container: part(r.container),
                    connection: r.connection.map(part),
                })
                .collect()
        })
        .unwrap_or_default();
    Bundle {
        id: rsc.id.to_string(),
        kind: data.map(|d| d.agent.to_string()).unwrap_or_default(),
        image: data.map(|d| d.image.clone()).unwrap_or_default(),
        description: description(cib, rsc),
        unique: data.is_some_and(|d| d.unique) || rsc.is_unique(),
        managed: rsc.is_managed(),
        maintenance: rsc.is(Flags::MAINTENANCE),
        failed: rsc.is_failed(),
        replicas,
        only: None,
        all_active: is_active(cluster, at, true),
        any_active: is_active(cluster, at, false),
    }
}

/// Stopped, and its last probe (anywhere) says why it cannot run.
fn probe_failure(cib: &Cib, cluster: &Cluster, at: ResourceIdx) -> Option<String> {
    let rsc = &cluster[at];
    if rsc.role != Role::Stopped || !rsc.active.is_empty() {
        return None;
    }
    // As in crm_mon, the first node speaks for all.
    let first = cluster.node_order.first().copied()?;
    let mut failed = cluster.failed_ops.iter().rev();
    failed
        .find(|failed| is_masked(failed) && failed.resource == at && failed.node == first)
        .map(|failed| failure_words(cib, failed))
}

fn probe_failure_on(cib: &Cib, cluster: &Cluster, clone: ResourceIdx, node: NodeIdx) -> Option<String> {
    cluster.failed_ops.iter().rev().find_map(|failed| {
        (is_masked(failed) && failed.node == node && cluster.top_of(failed.resource) == clone)
            .then(|| failure_words(cib, failed))
    })
}

fn failure_words(_cib: &Cib, failed: &model::FailedOp) -> String {
    if failed.exit_reason.is_empty() {
        words::ocf_exit(failed.rc).to_owned()
    } else {
        format!("{}: {}", words::ocf_exit(failed.rc), failed.exit_reason)
    }
}
