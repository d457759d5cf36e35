//! The status section as data: one part for each node, in memory only.
//!
//! Each node is the authority for its own part (operation history and transient attributes); the
//! others keep what was ordered in the view. [`render`](super::render) makes Pacemaker's XML of it.

use crate::membership::view::ViewId;
use crate::{Incarnation, NodeId};
use rhapsody_transition::ActionResource;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `op-status` of an operation that has not ended.
pub const PENDING: i32 = -1;
/// `rc-code` of an operation that has not ended.
pub const RC_PENDING: i32 = 193;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    pub parts: BTreeMap<NodeId, Part>,
}

/// What is known of one node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub incarnation: Incarnation,
    /// In the present view.
    pub member: bool,
    /// Whether its absence is a surprise: `expected` is `member`, else `down`.
    pub expected: bool,
    /// This incarnation was fenced: nothing of it is left.
    pub fenced: bool,
    /// When it was last changed, to find the newer of two.
    pub touched: (ViewId, u64),
    pub resources: BTreeMap<String, History>,
    pub attributes: BTreeMap<String, String>,
}

/// The operations of one resource on one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    pub class: String,
    pub provider: Option<String>,
    pub agent: String,
    /// Stopped because the node shuts down (then, in seconds since 1970): it waits for this node.
    pub shutdown_lock: Option<i64>,
    /// By slot: `last_0`, `monitor_10000`, `last_failure_0`, ...
    pub ops: BTreeMap<String, OpRecord>,
}

/// One `lrm_rsc_op`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpRecord {
    /// `vip_monitor_10000`.
    pub key: String,
    pub task: String,
    pub interval_ms: u64,
    pub transition_key: String,
    pub call_id: u32,
    pub rc: i32,
    pub status: i32,
    /// Seconds since 1970.
    pub last_rc_change: i64,
    pub exec_ms: u64,
    pub queue_ms: u64,
    pub digest: String,
    pub exit_reason: String,
    /// Of a stop: since when the resource is to wait for the node that shuts down.
    pub shutdown_lock: Option<i64>,
    /// While this is pending: what stood here before, which is still what is known for certain.
    pub previous: Option<Box<OpRecord>>,
}

impl OpRecord {
    pub fn is_pending(&self) -> bool {
        self.status == PENDING
    }

    /// The expected exit code, from the transition key (`action:transition:rc:uuid`).
    pub fn target_rc(&self) -> i32 {
        self.transition_key.split(':').nth(2).and_then(|rc| rc.parse().ok()).unwrap_or(0)
    }
}

/// Where an operation is kept in the history.
pub fn slot(task: &str, interval_ms: u64) -> String {
    match task {
        _ if interval_ms > 0 => format!("{task}_{interval_ms}"),
        "migrate_to" | "migrate_from" => format!("{task}_0"),
        _ => "last_0".to_owned(),
    }
}

impl History {
    pub fn of(resource: &ActionResource) -> History {
        History {
            class: resource.class.clone(),
            provider: resource.provider.clone(),
            agent: resource.agent.clone(),
            shutdown_lock: None,
            ops: BTreeMap::new(),
        }
    }

    /// The lock that an operation leaves: a stop brings it, a probe does not touch it, and whatever
    /// else is done with the resource ends it.
    fn lock_after(&self, record: &OpRecord) -> Option<i64> {
        match record.task.as_str() {
            "stop" if record.is_pending() => self.shutdown_lock,
            "stop" if record.rc == 0 => record.shutdown_lock,
            "monitor" if record.interval_ms == 0 => self.shutdown_lock,
            _ => None,
        }
    }
}

impl Part {
    /// Puts an operation into the history.
    pub fn record(&mut self, resource: &ActionResource, record: OpRecord, failed: bool) {
        let history = self.resources.entry(resource.id.clone()).or_insert_with(|| History::of(resource));
        history.class.clone_from(&resource.class);
        history.provider.clone_from(&resource.provider);
        history.agent.clone_from(&resource.agent);
        history.shutdown_lock = history.lock_after(&record);
        if failed {
            history.ops.insert("last_failure_0".to_owned(), record.clone());
        }
        // As Pacemaker: what was known of recurring monitors ends with the role that they watched.
        if !record.is_pending()
            && record.rc == 0
            && matches!(record.task.as_str(), "stop" | "demote" | "promote" | "migrate_to")
        {
            history.ops.retain(|slot, op| op.interval_ms == 0 || slot == "last_failure_0");
        }
        let name = slot(&record.task, record.interval_ms);
        let mut record = record;
        record.previous = None;
        if record.is_pending() {
            record.previous = history.ops.get(&name).map(|old| {
                // The same order again hides nothing; another one is what is known now.
                let again = old.is_pending() && old.key == record.key;
                match (&old.previous, again) {
                    (Some(previous), true) => previous.clone(),
                    _ => Box::new(OpRecord { previous: None, ..old.clone() }),
                }
            });
        }
        history.ops.insert(name, record);
    }

    /// Forgets a resource, or only one slot of it.
    pub fn forget(&mut self, resource: &str, slot: Option<&str>) {
        match slot {
            None => {
                self.resources.remove(resource);
            }
            Some(slot) => {
                if let Some(history) = self.resources.get_mut(resource) {
                    history.ops.remove(slot);
                    if history.ops.is_empty() && history.shutdown_lock.is_none() {
                        self.resources.remove(resource);
                    }
                }
            }
        }
    }

    /// Takes the locks over that are known of an earlier life. Histories of this life say themselves
    /// what has become of theirs.
    pub fn inherit_locks(&mut self, earlier: &Part) {
        for (id, history) in &earlier.resources {
            if history.shutdown_lock.is_some() {
                let only_lock = || History { ops: BTreeMap::new(), ..history.clone() };
                self.resources.entry(id.clone()).or_insert_with(only_lock);
            }
        }
    }

    pub fn set_attribute(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.attributes.insert(name.to_owned(), value.to_owned()),
            None => self.attributes.remove(name),
        };
    }

    /// The operations that have begun and not ended.
    pub fn pending(&self) -> impl Iterator<Item = (&String, &OpRecord)> {
        self.resources
            .iter()
            .flat_map(|(id, h)| h.ops.values().filter(|op| op.is_pending()).map(move |op| (id, op)))
    }

    fn freshness(&self) -> (Incarnation, bool, (ViewId, u64)) {
        (self.incarnation, self.fenced, self.touched)
    }
}

impl Status {
    /// Takes over what another node knows where that is newer.
    pub fn merge(&mut self, other: &Status) {
        for (id, part) in &other.parts {
            let newer = self.parts.get(id).is_none_or(|mine| part.freshness() > mine.freshness());
            if newer {
                self.parts.insert(*id, part.clone());
            }
        }
    }

    /// Nothing of this life is left.
    pub fn fence(&mut self, node: NodeId, incarnation: Incarnation, touched: (ViewId, u64)) {
        let part = self.parts.entry(node).or_default();
        if part.incarnation > incarnation {
            // It has come back meanwhile, in a later life: that one was not fenced.
            return;
        }
        *part = Part { incarnation, fenced: true, touched, ..Part::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(id: &str) -> ActionResource {
        ActionResource {
            id: id.into(),
            long_id: None,
            class: "ocf".into(),
            provider: Some("heartbeat".into()),
            agent: "Dummy".into(),
        }
    }

    fn op(task: &str, interval_ms: u64, rc: i32) -> OpRecord {
        OpRecord {
            task: task.into(),
            interval_ms,
            rc,
            key: format!("a_{task}_{interval_ms}"),
            ..OpRecord::default()
        }
    }

    #[test]
    fn a_stop_ends_what_monitors_said_but_not_the_last_failure() {
        let mut part = Part::default();
        part.record(&resource("a"), op("start", 0, 0), false);
        part.record(&resource("a"), op("monitor", 10_000, 7), true);
        part.record(&resource("a"), op("stop", 0, 0), false);
        let slots: Vec<&String> = part.resources["a"].ops.keys().collect();
        assert_eq!(slots, ["last_0", "last_failure_0"]);
        assert_eq!(part.resources["a"].ops["last_0"].task, "stop");
    }

    #[test]
    fn a_shutdown_lock_lasts_until_the_resource_is_used_again() {
        let stop = OpRecord { shutdown_lock: Some(1000), ..op("stop", 0, 0) };
        let pending = OpRecord { status: PENDING, rc: RC_PENDING, ..stop.clone() };
        let failed = OpRecord { rc: 1, ..stop.clone() };
        let steps = [
            (op("start", 0, 0), None),
            (pending, None),
            (failed, None),
            (stop.clone(), Some(1000)),
            (op("monitor", 0, 7), Some(1000)),
            (OpRecord { status: PENDING, rc: RC_PENDING, ..op("start", 0, 0) }, None),
            (stop, Some(1000)),
            (op("stop", 0, 0), None),
        ];
        let mut part = Part::default();
        for (record, want) in steps {
            part.record(&resource("a"), record.clone(), false);
            assert_eq!(part.resources["a"].shutdown_lock, want, "{record:?}");
        }
    }

    #[test]
    fn a_lock_goes_with_the_whole_history_not_with_a_slot() {
        let mut part = Part::default();
        let stop = OpRecord { shutdown_lock: Some(1000), ..op("stop", 0, 0) };
        part.record(&resource("a"), stop, false);
        part.forget("a", Some("last_0"));
        assert_eq!(part.resources["a"].shutdown_lock, Some(1000));
        part.forget("a", None);
        assert!(part.resources.is_empty());
    }

    #[test]
    fn the_newer_knowledge_of_a_node_wins() {
        let part = |incarnation, fenced, counter| Part {
            incarnation,
            fenced,
            touched: (ViewId { counter, proposer: 1 }, 0),
            ..Part::default()
        };
        let cases = [
            (part(1, false, 9), part(2, false, 1), true),
            (part(2, true, 1), part(2, false, 9), false),
            (part(2, false, 9), part(2, true, 1), true),
            (part(2, true, 1), part(3, false, 1), true),
            (part(2, false, 3), part(2, false, 4), true),
        ];
        for (mine, other, takes) in cases {
            let mut status = Status { parts: BTreeMap::from([(7, mine.clone())]) };
            status.merge(&Status { parts: BTreeMap::from([(7, other.clone())]) });
            assert_eq!(status.parts[&7], if takes { other } else { mine });
        }
    }

    #[test]
    fn a_later_life_is_not_erased_by_the_fencing_of_an_earlier_one() {
        let mut status = Status { parts: BTreeMap::from([(1, Part { incarnation: 5, ..Part::default() })]) };
        status.fence(1, 4, Default::default());
        assert!(!status.parts[&1].fenced);
        status.fence(1, 5, Default::default());
        assert!(status.parts[&1].fenced);
    }
}
