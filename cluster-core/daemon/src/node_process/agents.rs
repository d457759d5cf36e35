//! Which programs run for the machine, and what their ends mean to it.

use crate::agent::{self, Places, Plan, Reading, fence};
use crate::clock;
use crate::executor::protocol::{Known, OperationResult, Run};
use rhapsody_agents_run::exec::{Command, End};
use rhapsody_node::{Executed, FenceRequest, FenceResult, Input, OpStatus, Operation};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Runs of fence agents are numbered from here, so that they never meet an operation's number.
const FENCE_NUMBERS: u64 = 1 << 63;

pub struct Agents {
    places: Places,
    running: BTreeMap<u64, Running>,
    next_fence: u64,
    /// Which fence agents are known to have, or not to have, `reboot`: by agent.
    reboots: BTreeMap<String, bool>,
    /// Stonith resources that were started on this node in this boot.
    devices: BTreeSet<String>,
    devices_changed: bool,
}

enum Running {
    Operation {
        tag: Tag,
        cancelled: bool,
    },
    Fence(Box<Fence>),
    /// Asked beforehand, so that a fencing need not ask: by agent.
    Metadata(String),
}

/// What a later node process must know to understand the end of an operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Tag {
    reading: Reading,
    asked_mono_ms: u64,
    /// A stonith resource, and the task: whether it counts as started.
    #[serde(default)]
    device: Option<(String, String)>,
}

/// A fence request on its way through one or more calls of its agent.
struct Fence {
    request: FenceRequest,
    give_up_mono_ms: u64,
    step: Step,
    /// After this step.
    then: VecDeque<&'static str>,
}

#[derive(Clone, PartialEq)]
enum Step {
    Metadata,
    Action(String),
}

/// What to do now.
pub enum Begun {
    Run(Box<Run>),
    Answered(Box<Input>),
}

impl Agents {
    pub fn new(places: Places, incarnation: u64, devices: &str) -> Agents {
        Agents {
            places,
            running: BTreeMap::new(),
            // Not used by an earlier node process, whose runs may still be on their way.
            next_fence: FENCE_NUMBERS | (incarnation << 12 & (FENCE_NUMBERS - 1)),
            reboots: BTreeMap::new(),
            devices: devices.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            devices_changed: false,
        }
    }

    /// Operations of an earlier node process; their numbers.
    pub fn adopt(&mut self, known: &[Known]) -> Vec<u64> {
        let mut operations = Vec::new();
        for known in known.iter().filter(|known| known.id < FENCE_NUMBERS) {
            if let Ok(tag) = serde_json::from_str(&known.tag) {
                self.running.insert(known.id, Running::Operation { tag, cancelled: false });
                operations.push(known.id);
            }
        }
        operations
    }

    pub fn execute(&mut self, operation: &Operation) -> Begun {
        let resource = &operation.resource;
        let device = (resource.class == "stonith").then(|| (resource.id.clone(), operation.task.clone()));
        let probe = operation.task == "monitor" && operation.interval_ms == 0;
        if device.is_some() && probe && !self.devices.contains(&resource.id) {
            return answered(operation.id, OpStatus::Done, agent::rc::NOT_RUNNING, String::new());
        }
        let (plan, reading) = agent::plan(&self.places, operation);
        let command = match plan {
            Plan::Run(command) => *command,
            Plan::Answer { status, rc, reason } => {
                if let Some((name, task)) = &device {
                    self.note_device(name, task, rc == agent::rc::OK);
                }
                return answered(operation.id, status, rc, reason);
            }
        };
        let tag = Tag { reading, asked_mono_ms: clock::mono_ms(), device };
        let active = matches!(operation.task.as_str(), "start" | "promote");
        let run = Run {
            id: operation.id,
            tag: serde_json::to_string(&tag).unwrap_or_default(),
            label: format!("{} of {} (operation {})", operation.task, resource.id, operation.id),
            command,
            start_before_mono_ms: Some(operation.exec_before_ms).filter(|at| active && *at > 0),
        };
        self.running.insert(operation.id, Running::Operation { tag, cancelled: false });
        Begun::Run(Box::new(run))
    }

    /// The machine wants this operation to end early.
    pub fn cancelled(&mut self, id: u64) {
        if let Some(Running::Operation { cancelled, .. }) = self.running.get_mut(&id) {
            *cancelled = true;
        }
    }

    pub fn fence(&mut self, request: FenceRequest) -> Begun {
        let give_up_mono_ms = clock::mono_ms() + request.timeout_ms;
        let mut steps: VecDeque<&'static str> = VecDeque::new();
        let step = match self.reboots.get(&request.agent) {
            _ if request.action != "reboot" => Step::Action(request.action.clone()),
            Some(true) => Step::Action("reboot".to_owned()),
            Some(false) => {
                steps.push_back("on");
                Step::Action("off".to_owned())
            }
            None => Step::Metadata,
        };
        let id = request.id;
        match self.fence_step(Fence { request, give_up_mono_ms, step, then: steps }) {
            Ok(run) => Begun::Run(Box::new(run)),
            Err(reason) => {
                let result = FenceResult::Failed { rc: agent::rc::INSTALLED, reason };
                Begun::Answered(Box::new(Input::Fenced { id, result }))
            }
        }
    }

    fn fence_step(&mut self, fence: Fence) -> Result<Run, String> {
        let left = fence.give_up_mono_ms.saturating_sub(clock::mono_ms()).max(1);
        let command: Command = match &fence.step {
            Step::Metadata => {
                let mut command = fence::metadata(&self.places, &fence.request.agent)?;
                command.timeout_ms = command.timeout_ms.min(left);
                command
            }
            Step::Action(action) => fence::request(&self.places, &fence.request, action, left)?,
        };
        self.next_fence += 1;
        let what = match &fence.step {
            Step::Metadata => "metadata",
            Step::Action(action) => action,
        };
        let label = format!(
            "{what} of {} for {}",
            fence.request.device,
            fence.request.target.as_deref().unwrap_or("itself")
        );
        self.running.insert(self.next_fence, Running::Fence(Box::new(fence)));
        Ok(Run { id: self.next_fence, tag: String::new(), label, command, start_before_mono_ms: None })
    }

    /// What should be known of a fence agent before it is needed.
    pub fn ask_beforehand(&mut self, operation: &Operation) -> Option<Run> {
        let agent = &operation.resource.agent;
        if operation.resource.class != "stonith" || self.reboots.contains_key(agent) {
            return None;
        }
        let command = fence::metadata(&self.places, agent).ok()?;
        // Once, whatever comes of it: a fencing asks again if it must.
        if self.running.values().any(|running| matches!(running, Running::Metadata(of) if of == agent)) {
            return None;
        }
        self.next_fence += 1;
        self.running.insert(self.next_fence, Running::Metadata(agent.clone()));
        let label = format!("metadata of {agent}");
        Some(Run { id: self.next_fence, tag: String::new(), label, command, start_before_mono_ms: None })
    }

    /// Whether the agent has `reboot`.
    fn learn(&mut self, agent: &str, metadata: &OperationResult) -> bool {
        let reboots = fence::offers(&metadata.finished, "reboot");
        if metadata.finished.end == End::Exited(0) {
            self.reboots.insert(agent.to_owned(), reboots);
        }
        reboots
    }

    /// The end of a run: what the machine is told, and what is to be run next.
    pub fn finished(&mut self, id: u64, result: &OperationResult) -> (Option<Input>, Option<Run>) {
        match self.running.remove(&id) {
            Some(Running::Operation { tag, cancelled }) => {
                let mut executed = self.read(id, &tag, result);
                if cancelled && executed.status != OpStatus::NotExecuted {
                    executed.status = OpStatus::Cancelled;
                }
                (Some(Input::Executed(executed)), None)
            }
            Some(Running::Fence(fence)) => self.fence_finished(*fence, result),
            Some(Running::Metadata(agent)) => {
                self.learn(&agent, result);
                (None, None)
            }
            // Of an earlier life that asked for a fencing: the machine asks again if it still must.
            None => (None, None),
        }
    }

    fn read(&mut self, id: u64, tag: &Tag, result: &OperationResult) -> Executed {
        let queue_ms = result.started_mono_ms.saturating_sub(tag.asked_mono_ms);
        let queue_ms = if result.started_mono_ms == 0 { 0 } else { queue_ms };
        let mut executed = agent::read(id, tag.reading, &result.finished, queue_ms);
        if result.lost {
            executed.status = OpStatus::Lost;
        }
        if let Some((name, task)) = &tag.device {
            self.note_device(name, task, executed.status == OpStatus::Done && executed.rc == agent::rc::OK);
        }
        executed
    }

    fn note_device(&mut self, name: &str, task: &str, ok: bool) {
        self.devices_changed |= match task {
            "start" if ok => self.devices.insert(name.to_owned()),
            "stop" if ok => self.devices.remove(name),
            _ => false,
        };
    }

    /// The devices that are started, if that changed.
    pub fn devices_to_remember(&mut self) -> Option<String> {
        let changed = std::mem::take(&mut self.devices_changed);
        changed.then(|| self.devices.iter().map(String::as_str).collect::<Vec<_>>().join(","))
    }

    fn fence_finished(&mut self, mut fence: Fence, result: &OperationResult) -> (Option<Input>, Option<Run>) {
        let id = fence.request.id;
        let fenced = |result| (Some(Input::Fenced { id, result }), None);
        match fence.step.clone() {
            Step::Metadata => {
                let reboots = self.learn(&fence.request.agent, result);
                let first = if reboots { "reboot" } else { "off" };
                fence.then = if reboots { VecDeque::new() } else { VecDeque::from(["on"]) };
                fence.step = Step::Action(first.to_owned());
            }
            Step::Action(action) => {
                let read = fence::read(&action, &result.finished);
                // The node is down once `off` was confirmed; that it comes up again is a courtesy.
                let was_off = action == "on" && fence.request.action == "reboot";
                if was_off {
                    if !matches!(read, FenceResult::Ok { .. }) {
                        let target = fence.request.target.as_deref().unwrap_or_default();
                        crate::log::warning(format!("{target} was switched off, but not on again: {read:?}"));
                    }
                    return fenced(FenceResult::Ok { stdout: String::new() });
                }
                match (fence.then.pop_front(), &read) {
                    (Some(next), FenceResult::Ok { .. }) => fence.step = Step::Action(next.to_owned()),
                    _ => return fenced(read),
                }
            }
        }
        match self.fence_step(fence) {
            Ok(run) => (None, Some(run)),
            Err(reason) => fenced(FenceResult::Failed { rc: agent::rc::INSTALLED, reason }),
        }
    }
}

fn answered(id: u64, status: OpStatus, rc: i32, exit_reason: String) -> Begun {
    let executed = Executed { id, status, rc, exit_reason, exec_ms: 0, queue_ms: 0 };
    Begun::Answered(Box::new(Input::Executed(executed)))
}

#[cfg(test)]
#[path = "agents_tests.rs"]
mod tests;
