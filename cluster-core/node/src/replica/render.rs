//! Status as Pacemaker writes it.

use super::status::{History, OpRecord, Part, Status};
use crate::{Cib, NodeId};
use rhapsody_cib::Element;
use std::collections::BTreeMap;

/// For whom status is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Everything as it is.
    Tools,
    /// A stop or demote under way has not happened yet: the scheduler sees what was known before,
    /// plans it again (and it is adopted), and lets everything that depends on it wait. Taken
    /// for done, or for unknown, it would let the resource start elsewhere.
    Scheduler,
}

/// Writes `status` into the CIB, in place of what is there.
pub fn status(cib: &mut Cib, status: &Status, names: &BTreeMap<NodeId, String>, reader: Reader) {
    let root = cib.status_mut();
    cib.clear(root);
    for (id, part) in &status.parts {
        node_state(cib, root, *id, part, names, reader);
    }
}

fn as_read(op: &OpRecord, reader: Reader) -> &OpRecord {
    let falls = op.is_pending() && matches!(op.task.as_str(), "stop" | "demote");
    match &op.previous {
        Some(previous) if falls && reader == Reader::Scheduler => previous,
        _ => op,
    }
}

fn node_state(
    cib: &mut Cib,
    status: Element,
    id: NodeId,
    part: &Part,
    names: &BTreeMap<NodeId, String>,
    reader: Reader,
) {
    let unknown = id.to_string();
    let name = names.get(&id).unwrap_or(&unknown);
    let e = cib.append(status, "node_state");
    for (key, value) in [
        ("id", unknown.as_str()),
        ("uname", name),
        ("in_ccm", if part.member { "true" } else { "false" }),
        ("crmd", if part.member { "online" } else { "offline" }),
        ("crm-debug-origin", "rhapsody"),
        ("join", if part.member { "member" } else { "down" }),
        ("expected", if part.expected { "member" } else { "down" }),
    ] {
        cib.set_attr(e, key, value);
    }
    if !part.resources.is_empty() || part.member {
        let lrm = cib.append(e, "lrm");
        cib.set_attr(lrm, "id", &unknown);
        let resources = cib.append(lrm, "lrm_resources");
        for (rsc, history) in &part.resources {
            lrm_resource(cib, resources, rsc, history, name, reader);
        }
    }
    if !part.attributes.is_empty() {
        let transient = cib.append(e, "transient_attributes");
        cib.set_attr(transient, "id", &unknown);
        let set = cib.append(transient, "instance_attributes");
        let set_id = format!("status-{id}");
        cib.set_attr(set, "id", &set_id);
        for (key, value) in &part.attributes {
            let pair = cib.append(set, "nvpair");
            // As attrd does: what cannot stand in an id becomes a dot or an underscore.
            let safe: String = key.chars().map(|c| if id_char(c) { c } else { '.' }).collect();
            cib.set_attr(pair, "id", &format!("{set_id}-{safe}"));
            cib.set_attr(pair, "name", key);
            cib.set_attr(pair, "value", value);
        }
    }
}

fn id_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

fn lrm_resource(cib: &mut Cib, parent: Element, id: &str, history: &History, node: &str, reader: Reader) {
    let e = cib.append(parent, "lrm_resource");
    cib.set_attr(e, "id", id);
    cib.set_attr(e, "class", &history.class);
    if let Some(provider) = &history.provider {
        cib.set_attr(e, "provider", provider);
    }
    cib.set_attr(e, "type", &history.agent);
    if let Some(since) = history.shutdown_lock {
        cib.set_attr(e, "shutdown-lock", &since.to_string());
    }
    for (slot, op) in &history.ops {
        lrm_rsc_op(cib, e, &format!("{id}_{slot}"), as_read(op, reader), node);
    }
}

fn lrm_rsc_op(cib: &mut Cib, parent: Element, id: &str, op: &OpRecord, node: &str) {
    let e = cib.append(parent, "lrm_rsc_op");
    let magic = format!("{}:{};{}", op.status, op.rc, op.transition_key);
    for (name, value) in [
        ("id", id),
        ("operation_key", &op.key),
        ("operation", &op.task),
        ("crm-debug-origin", "rhapsody"),
        ("crm_feature_set", rhapsody_cib::CRM_FEATURE_SET),
        ("transition-key", &op.transition_key),
        ("transition-magic", &magic),
        ("exit-reason", &op.exit_reason),
        ("on_node", node),
        ("call-id", &op.call_id.to_string()),
        ("rc-code", &op.rc.to_string()),
        ("op-status", &op.status.to_string()),
        ("interval", &op.interval_ms.to_string()),
        ("last-rc-change", &op.last_rc_change.to_string()),
        ("exec-time", &op.exec_ms.to_string()),
        ("queue-time", &op.queue_ms.to_string()),
        ("op-digest", &op.digest),
    ] {
        cib.set_attr(e, name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhapsody_transition::ActionResource;

    #[test]
    fn status_is_written_as_pacemaker_writes_it() {
        let resource = ActionResource {
            id: "vip".into(),
            long_id: None,
            class: "ocf".into(),
            provider: Some("heartbeat".into()),
            agent: "IPaddr2".into(),
        };
        let mut part = Part { member: true, expected: true, ..Part::default() };
        let record = OpRecord {
            key: "vip_monitor_10000".into(),
            task: "monitor".into(),
            interval_ms: 10_000,
            transition_key: "5:2:0:u".into(),
            call_id: 9,
            last_rc_change: 1_700_000_000,
            digest: "d".into(),
            ..OpRecord::default()
        };
        part.record(&resource, record, false);
        part.set_attribute("fail-count-vip#monitor_10000", Some("1"));
        let mut cib = Cib::empty();
        let parts = Status { parts: BTreeMap::from([(2, part)]) };
        status(&mut cib, &parts, &BTreeMap::from([(2, "n2".to_owned())]), Reader::Tools);
        let text = cib.to_xml();
        for want in [
            r#"<node_state id="2" uname="n2" in_ccm="true" crmd="online""#,
            r#"join="member" expected="member""#,
            r#"<lrm_resource id="vip" class="ocf" provider="heartbeat" type="IPaddr2""#,
            r#"id="vip_monitor_10000" operation_key="vip_monitor_10000" operation="monitor""#,
            r#"transition-magic="0:0;5:2:0:u""#,
            r#"<nvpair id="status-2-fail-count-vip.monitor_10000" name="fail-count-vip#monitor_10000" value="1""#,
        ] {
            assert!(text.contains(want), "{want}\n{text}");
        }
        // Written twice it is the same.
        status(&mut cib, &parts, &BTreeMap::from([(2, "n2".to_owned())]), Reader::Tools);
        assert_eq!(cib.to_xml(), text);
    }

    #[test]
    fn a_locked_resource_says_so() {
        let resource = ActionResource {
            id: "a".into(),
            long_id: None,
            class: "lsb".into(),
            provider: None,
            agent: "x".into(),
        };
        let mut part = Part::default();
        let stop =
            OpRecord { task: "stop".into(), shutdown_lock: Some(1_700_000_000), ..OpRecord::default() };
        part.record(&resource, stop, false);
        let mut cib = Cib::empty();
        let parts = Status { parts: BTreeMap::from([(2, part)]) };
        status(&mut cib, &parts, &BTreeMap::new(), Reader::Scheduler);
        let want = r#"<lrm_resource id="a" class="lsb" type="x" shutdown-lock="1700000000""#;
        assert!(cib.to_xml().contains(want), "{}", cib.to_xml());
    }

    #[test]
    fn a_stop_under_way_has_not_happened_for_the_scheduler() {
        let resource = ActionResource {
            id: "a".into(),
            long_id: None,
            class: "ocf".into(),
            provider: None,
            agent: "Dummy".into(),
        };
        let op = |task: &str, status: i32| OpRecord {
            key: format!("a_{task}_0"),
            task: task.into(),
            status,
            ..OpRecord::default()
        };
        let mut part = Part { member: true, ..Part::default() };
        part.record(&resource, op("start", 0), false);
        part.record(&resource, op("stop", -1), false);
        part.record(&resource, op("stop", -1), false);
        let parts = Status { parts: BTreeMap::from([(2, part)]) };
        let text = |reader| {
            let mut cib = Cib::empty();
            status(&mut cib, &parts, &BTreeMap::new(), reader);
            cib.to_xml()
        };
        assert!(text(Reader::Tools).contains("operation=\"stop\""));
        assert!(text(Reader::Scheduler).contains("operation=\"start\""));
    }
}
