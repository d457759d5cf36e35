//! One machine: power, clocks, disk, executor, the services that really run, and the node process.

use rhapsody_node::config::Layout;
use rhapsody_node::{Document, Executed, Heartbeat, Node, NodeId, Operation, OperationId};
use std::collections::{BTreeMap, BTreeSet};

pub struct Machine {
    pub id: NodeId,
    pub name: String,
    pub powered: bool,
    /// Counts power-ons; events of an earlier boot are void.
    pub boot: u64,
    pub booted_at: u64,
    /// Nothing runs here until then.
    pub paused_until: u64,
    /// Only the node process stands still until then.
    pub process_paused_until: u64,
    pub wall_skew: i64,
    pub process: Option<Process>,
    /// Counts node processes.
    pub life: u64,
    /// The operator wants the cluster to run here.
    pub enabled: bool,
    pub disk: Disk,
    /// Its corosync.conf.
    pub layout: Layout,
    // What the executor keeps.
    pub remembered: BTreeMap<String, Vec<u8>>,
    pub running: BTreeMap<OperationId, Running>,
    pub unreported: Vec<Executed>,
    pub highest_operation: OperationId,
    /// Services that are active (or may be), by resource.
    pub active: BTreeSet<String>,
    /// When a beat of each peer last arrived at a process that could read it.
    pub heard: BTreeMap<usize, u64>,
    /// Events that wait for the end of a pause.
    pub deferred: Vec<crate::world::Event>,
}

pub struct Process {
    pub node: Node,
    pub heartbeat: Heartbeat,
    /// The earliest wake-up that is scheduled.
    pub wake_at: u64,
    /// Its CIB when it was last looked at, under the key that this had.
    pub known: Option<((u64, u64, u64, u64), String)>,
}

pub struct Running {
    pub operation: Operation,
    pub begun: u64,
    /// The executor that ran it is gone: nobody will see how it ends.
    pub unseen: bool,
    pub rc: Option<i32>,
}

#[derive(Default)]
pub struct Disk {
    pub stored: Option<Document>,
    /// Written but not synced.
    pub pending: usize,
    pub slow_until: u64,
    pub refuses_until: u64,
}

impl Machine {
    pub fn new(index: usize, document: Document, layout: Layout) -> Machine {
        Machine {
            id: index as NodeId + 1,
            name: format!("n{}", index + 1),
            powered: false,
            boot: 0,
            booted_at: 0,
            paused_until: 0,
            process_paused_until: 0,
            wall_skew: 0,
            process: None,
            life: 0,
            enabled: true,
            disk: Disk { stored: Some(document), ..Disk::default() },
            layout,
            remembered: BTreeMap::new(),
            running: BTreeMap::new(),
            unreported: Vec::new(),
            highest_operation: 0,
            active: BTreeSet::new(),
            heard: BTreeMap::new(),
            deferred: Vec::new(),
        }
    }

    pub fn is_up(&self) -> bool {
        self.powered && self.process.is_some()
    }
}
