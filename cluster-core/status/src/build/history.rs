//! The recorded operations, and those among them that failed.

use crate::build::resources::printed_id;
use crate::types::{Failure, NodeHistory, OperationHistory, ResourceHistory};
use crate::words;
use rhapsody_cib::{Cib, Element};
use rhapsody_scheduler::model::{Cluster, FailedOp, INFINITY, Node};

pub fn node_history(cib: &Cib, cluster: &Cluster) -> Vec<NodeHistory> {
    let Some(status) = cib.status() else { return Vec::new() };
    let mut all = Vec::new();
    for state in cib.children_named(status, "node_state") {
        let id = cib.attr(state, "id").unwrap_or_default();
        let name = cib.attr(state, "uname").unwrap_or_default();
        let Some(node) = cluster.node_by_id_or_name(id, name).map(|at| &cluster[at]) else { continue };
        if !node.online {
            continue;
        }
        let history = cib
            .child(state, "lrm")
            .and_then(|lrm| cib.child(lrm, "lrm_resources"))
            .into_iter()
            .flat_map(|all| cib.children_named(all, "lrm_resource"));
        let resources: Vec<ResourceHistory> =
            history.filter_map(|rsc| resource_history(cib, cluster, node, rsc)).collect();
        if !resources.is_empty() {
            all.push(NodeHistory { node: node.name.to_string(), resources });
        }
    }
    all
}

fn resource_history(cib: &Cib, cluster: &Cluster, node: &Node, rsc: Element) -> Option<ResourceHistory> {
    let id = cib.attr(rsc, "id")?;
    let mut operations: Vec<(i64, Element)> = cib
        .children_named(rsc, "lrm_rsc_op")
        .filter(|op| is_worth_telling(cib, *op))
        .map(|op| (number(cib, op, "call-id").unwrap_or(-1), op))
        .collect();
    operations.sort_by_key(|(call, _)| if *call < 0 { i64::MAX } else { *call });
    if operations.is_empty() {
        return None;
    }
    let known = cluster.resource(id).or_else(|| find_by_history(cluster, id));
    let (fail_count, last_failure) = failures_of(node, id);
    Some(ResourceHistory {
        id: known.map_or(id, |at| printed_id(&cluster[at])).to_owned(),
        orphan: known.is_none(),
        migration_threshold: known.map_or(INFINITY, |at| cluster[at].migration_threshold),
        fail_count,
        last_failure,
        operations: operations.into_iter().map(|(_, op)| operation(cib, op)).collect(),
    })
}

/// The history of an anonymous clone knows no instance numbers.
fn find_by_history(cluster: &Cluster, id: &str) -> Option<rhapsody_scheduler::model::ResourceIdx> {
    let base = id.split_once(':').map_or(id, |(base, _)| base);
    cluster.all_resources().find(|&at| {
        let rsc = &cluster[at];
        rsc.is_primitive() && (rsc.history_name() == id || rsc.history_name() == base)
    })
}

/// A probe that found what it should, and notifications, tell nobody anything.
fn is_worth_telling(cib: &Cib, op: Element) -> bool {
    let task = cib.attr(op, "operation").unwrap_or_default();
    let interval = interval_ms(cib, op);
    let rc = number(cib, op, "rc-code").unwrap_or(-1);
    task != "notify" && !(task == "monitor" && interval == 0 && rc == 7)
}

fn operation(cib: &Cib, op: Element) -> OperationHistory {
    let task = cib.attr(op, "operation").unwrap_or_default();
    let interval = interval_ms(cib, op);
    let rc = number(cib, op, "rc-code").unwrap_or(-1) as i32;
    let text = |name: &str| cib.attr(op, name).map(str::to_owned);
    OperationHistory {
        call: text("call-id").unwrap_or_default(),
        task: if task == "monitor" && interval == 0 { "probe".to_owned() } else { task.to_owned() },
        rc,
        rc_text: words::ocf_exit(rc),
        interval_ms: interval,
        last_rc_change: number(cib, op, "last-rc-change").filter(|t| *t > 0),
        exec_time: text("exec-time"),
        queue_time: text("queue-time"),
    }
}

/// Fail count over all operations, and when the newest failure was.
pub fn failures_of(node: &Node, resource: &str) -> (i32, Option<i64>) {
    let mut count = 0i32;
    let mut last = None;
    for (name, value) in &node.attributes {
        let of = |prefix: &str| {
            let rest = name.strip_prefix(prefix)?;
            let rest = rest.strip_prefix(resource)?;
            let instance = rest.strip_prefix(':').map(|r| r.trim_start_matches(|c: char| c.is_ascii_digit()));
            let rest = instance.unwrap_or(rest);
            rest.starts_with('#').then_some(())
        };
        if of("fail-count-").is_some() {
            let n = match value.trim() {
                "INFINITY" | "+INFINITY" => INFINITY,
                text => text.parse().unwrap_or(0),
            };
            count = count.saturating_add(n).min(INFINITY);
        } else if of("last-failure-").is_some()
            && let Ok(at) = value.trim().parse::<i64>()
        {
            last = last.max(Some(at));
        }
    }
    (count, last.filter(|t| *t > 0))
}

pub fn failures(cib: &Cib, cluster: &Cluster) -> Vec<Failure> {
    cluster
        .failed_ops
        .iter()
        .filter(|failed| !is_masked(failed))
        .map(|failed| {
            let op = failed.element;
            let text = |name: &str| cib.attr(op, name).unwrap_or_default().to_owned();
            let id = text("id");
            Failure {
                op_key: cib.attr(op, "operation_key").map(str::to_owned),
                id,
                node: cluster[failed.node].name.to_string(),
                rc: failed.rc,
                rc_text: words::ocf_exit(failed.rc),
                exit_reason: failed.exit_reason.clone(),
                has_reason: cib.attr(op, "exit-reason").is_some(),
                call: text("call-id"),
                status: words::execution(failed.op_status),
                status_code: failed.op_status,
                last_rc_change: failed.last_rc_change.filter(|t| *t > 0),
                queued: text("queue-time"),
                exec: text("exec-time"),
                interval_ms: failed.interval_ms,
                task: failed.task.to_string(),
            }
        })
        .collect()
}

/// A probe that finds nothing installed there has found that the resource does not run there.
pub fn is_masked(failed: &FailedOp) -> bool {
    failed.task == "monitor" && failed.interval_ms == 0 && matches!(failed.rc, 2 | 5)
}

fn interval_ms(cib: &Cib, op: Element) -> u64 {
    number(cib, op, "interval").and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0)
}

fn number(cib: &Cib, op: Element, name: &str) -> Option<i64> {
    cib.attr(op, name)?.trim().parse().ok()
}
