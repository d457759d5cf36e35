//! How often each kind of fault happened.

use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    Delay,
    Loss,
    Duplicate,
    Reorder,
    OneWayCut,
    Partition,
    LinkCut,
    Pause,
    ProcessPause,
    NodeCrash,
    ExecutorCrash,
    MachineCrash,
    PowerCutAll,
    Restart,
    DiskForgot,
    DiskSlow,
    DiskRefused,
    SlowSchedule,
    AgentFailed,
    AgentHung,
    StopFailed,
    FenceSlow,
    FenceFailed,
    FenceHung,
    FenceLied,
    ClockJump,
    TwoNodeSplit,
    TwoNodeMerge,
    OrderlyLeave,
    /// A new corosync.conf, on most machines, and one of them asked to take it.
    Reconfigured,
}

pub const ALL: [Fault; 30] = [
    Fault::Delay,
    Fault::Loss,
    Fault::Duplicate,
    Fault::Reorder,
    Fault::OneWayCut,
    Fault::Partition,
    Fault::LinkCut,
    Fault::Pause,
    Fault::ProcessPause,
    Fault::NodeCrash,
    Fault::ExecutorCrash,
    Fault::MachineCrash,
    Fault::PowerCutAll,
    Fault::Restart,
    Fault::DiskForgot,
    Fault::DiskSlow,
    Fault::DiskRefused,
    Fault::SlowSchedule,
    Fault::AgentFailed,
    Fault::AgentHung,
    Fault::StopFailed,
    Fault::FenceSlow,
    Fault::FenceFailed,
    Fault::FenceHung,
    Fault::FenceLied,
    Fault::ClockJump,
    Fault::TwoNodeSplit,
    Fault::TwoNodeMerge,
    Fault::OrderlyLeave,
    Fault::Reconfigured,
];

#[derive(Debug, Clone, Default)]
pub struct Tally(pub BTreeMap<Fault, u64>);

impl Tally {
    pub fn count(&mut self, fault: Fault) {
        *self.0.entry(fault).or_insert(0) += 1;
    }

    pub fn add(&mut self, other: &Tally) {
        for (fault, n) in &other.0 {
            *self.0.entry(*fault).or_insert(0) += n;
        }
    }

    pub fn of(&self, fault: Fault) -> u64 {
        self.0.get(&fault).copied().unwrap_or(0)
    }

    /// Classes that never happened.
    pub fn missing(&self) -> Vec<Fault> {
        ALL.into_iter().filter(|f| self.of(*f) == 0).collect()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in ALL {
            writeln!(f, "{:>9}  {fault:?}", self.of(fault))?;
        }
        Ok(())
    }
}
