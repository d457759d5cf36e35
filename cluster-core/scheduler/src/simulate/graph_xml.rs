//! The transition graph as XML.

use crate::plan::Plan;
use rhapsody_transition::{Action, ActionId, ActionKind, Transition};
use rhapsody_xml::{Document, Element, is_name};
use rustc_hash::FxHashMap;

pub fn write(plan: &Plan, transition: &Transition) -> String {
    let mut doc = Document::new("transition_graph");
    let root = doc.root();
    let o = &plan.c.options;
    doc.set_attr(root, "cluster-delay", &o.cluster_delay);
    doc.set_attr(root, "fencing-timeout", &o.fencing_timeout);
    doc.set_attr(root, "failed-stop-offset", "INFINITY");
    doc.set_attr(root, "failed-start-offset", if o.start_failure_is_fatal { "INFINITY" } else { "1" });
    doc.set_attr(root, "batch-limit", &o.batch_limit.to_string());
    doc.set_attr(root, "transition_id", "1");
    if let Some(limit) = o.migration_limit {
        doc.set_attr(root, "migration-limit", &limit.to_string());
    }
    if let Some(at) = transition.recheck_at {
        doc.set_attr(root, "recheck-by", &at.to_string());
    }
    let by_id: FxHashMap<ActionId, &Action> = transition.actions.iter().map(|a| (a.id, a)).collect();
    for (i, a) in transition.actions.iter().enumerate() {
        let synapse = doc.append(root, "synapse");
        doc.set_attr(synapse, "id", &i.to_string());
        if a.priority > 0 {
            doc.set_attr(synapse, "priority", &a.priority.to_string());
        }
        let set = doc.append(synapse, "action_set");
        action(&mut doc, set, a, true);
        let inputs = doc.append(synapse, "inputs");
        for id in &a.inputs {
            let trigger = doc.append(inputs, "trigger");
            match by_id.get(id) {
                Some(input) => action(&mut doc, trigger, input, false),
                None => {
                    // Not in the graph: this action can never fire.
                    let input = plan.bare_action(*id);
                    action(&mut doc, trigger, &input, false);
                }
            }
        }
    }
    doc.write(root)
}

fn action(doc: &mut Document, parent: Element, a: &Action, full: bool) {
    let name = match a.kind {
        ActionKind::Resource => "rsc_op",
        ActionKind::Pseudo => "pseudo_event",
        ActionKind::Cluster => "crm_event",
    };
    let e = doc.append(parent, name);
    if a.task == "lrm_delete" {
        doc.set_attr(e, "mode", "cib");
    }
    doc.set_attr(e, "id", &a.id.0.to_string());
    doc.set_attr(e, "operation", &a.task);
    doc.set_attr(e, "operation_key", &a.key);
    if let Some(k) = &a.internal_key {
        doc.set_attr(e, "internal_operation_key", k);
    }
    if let Some(n) = &a.node {
        doc.set_attr(e, "on_node", n);
        doc.set_attr(e, "on_node_uuid", a.node_id.as_deref().unwrap_or(n));
    }
    if let Some(n) = &a.router_node {
        doc.set_attr(e, "router_node", n);
    }
    if !full {
        return;
    }
    if let Some(since) = a.meta("shutdown_lock") {
        doc.set_attr(e, "shutdown-lock", since);
    }
    if let Some(r) = &a.resource {
        let p = doc.append(e, "primitive");
        doc.set_attr(p, "id", &r.id);
        if let Some(long) = &r.long_id {
            doc.set_attr(p, "long-id", long);
        }
        doc.set_attr(p, "class", &r.class);
        if let Some(provider) = &r.provider {
            doc.set_attr(p, "provider", provider);
        }
        doc.set_attr(p, "type", &r.agent);
    }
    let attributes = doc.append(e, "attributes");
    for (k, v) in a.params.iter().filter(|(k, _)| *k != "CRM_meta_shutdown_lock") {
        if is_name(k) {
            doc.set_attr(attributes, k, v);
        } else {
            // Agents of heartbeat's time number their parameters, and XML has no attribute `1`.
            let param = doc.append(attributes, "param");
            doc.set_attr(param, "name", k);
            doc.set_attr(param, "value", v);
        }
    }
    if !a.downed.is_empty() {
        let downed = doc.append(e, "downed");
        for n in &a.downed {
            let node = doc.append(downed, "node");
            doc.set_attr(node, "id", n);
        }
    }
}
