//! What was done to resources on the nodes, and what failed.

use super::{XmlApi, add, yes};
use crate::types::{Failure, NodeHistory};
use crate::words;
use rhapsody_scheduler::model::INFINITY;
use rhapsody_xml::{Document, Element};

pub(crate) fn history_xml(doc: &mut Document, api: XmlApi, parent: Element, node: &NodeHistory) {
    let at = add(doc, parent, "node", &[("name", &node.node)]);
    for resource in &node.resources {
        let orphan = yes(resource.orphan);
        let at = add(doc, at, "resource_history", &[("id", &resource.id), ("orphan", orphan)]);
        if api.is_new() {
            doc.set_attr(at, "removed", orphan);
        }
        doc.set_attr(at, "migration-threshold", &resource.migration_threshold.to_string());
        if resource.fail_count > 0 {
            let count = resource.fail_count;
            let count = if count >= INFINITY { "INFINITY".to_owned() } else { count.to_string() };
            doc.set_attr(at, "fail-count", &count);
            if let Some(when) = resource.last_failure {
                doc.set_attr(at, "last-failure", &words::date(when));
            }
        }
        for op in &resource.operations {
            let at = add(
                doc,
                at,
                "operation_history",
                &[
                    ("call", &op.call),
                    ("task", &op.task),
                    ("rc", &op.rc.to_string()),
                    ("rc_text", api.exit_text(op.rc, op.rc_text)),
                ],
            );
            if op.interval_ms > 0 {
                doc.set_attr(at, "interval", &format!("{}ms", op.interval_ms));
            }
            if let Some(when) = op.last_rc_change {
                doc.set_attr(at, "last-rc-change", &words::date(when));
            }
            if let Some(ms) = &op.exec_time {
                doc.set_attr(at, "exec-time", &format!("{ms}ms"));
            }
            if let Some(ms) = &op.queue_time {
                doc.set_attr(at, "queue-time", &format!("{ms}ms"));
            }
        }
    }
}

pub(crate) fn failure_xml(doc: &mut Document, api: XmlApi, parent: Element, failure: &Failure) {
    let at = doc.append(parent, "failure");
    match &failure.op_key {
        Some(key) => doc.set_attr(at, "op_key", key),
        None => doc.set_attr(at, "id", &failure.id),
    }
    let reason = if failure.has_reason { &failure.exit_reason } else { "none" };
    for (name, value) in [
        ("node", failure.node.as_str()),
        ("exitstatus", api.exit_text(failure.rc, failure.rc_text)),
        ("exitreason", reason),
        ("exitcode", &failure.rc.to_string()),
        ("call", &failure.call),
        ("status", failure.status),
    ] {
        doc.set_attr(at, name, value);
    }
    let Some(when) = failure.last_rc_change else { return };
    doc.set_attr(at, "last-rc-change", &words::iso_date(when));
    if !failure.queued.is_empty() {
        doc.set_attr(at, "queued", &failure.queued);
    }
    if !failure.exec.is_empty() {
        doc.set_attr(at, "exec", &failure.exec);
    }
    doc.set_attr(at, "interval", &failure.interval_ms.to_string());
    doc.set_attr(at, "task", &failure.task);
}
