//! What must wait for what: orderings between resources, and their effect on actions.

pub mod apply;
mod bundle;
pub mod flags;
pub mod internal;
pub mod migrate;
mod milestone;
mod pair;
pub mod remote;
mod spread;
pub mod update;

use crate::actions::{ActionIdx, Task};
use crate::model::ResourceIdx;
use crate::plan::Plan;

/// One side of an ordering: an action, or all actions of a resource that do a task once.
#[derive(Debug, Clone, Copy)]
pub struct Side {
    pub rsc: Option<ResourceIdx>,
    pub what: What,
}

#[derive(Debug, Clone, Copy)]
pub enum What {
    Task(Task),
    Action(ActionIdx),
}

impl Side {
    pub fn task(rsc: ResourceIdx, task: Task) -> Side {
        Side { rsc: Some(rsc), what: What::Task(task) }
    }

    pub fn action(action: ActionIdx) -> Side {
        Side { rsc: None, what: What::Action(action) }
    }

    /// An action that is looked up through a resource's rules.
    pub fn action_of(rsc: Option<ResourceIdx>, action: ActionIdx) -> Side {
        Side { rsc, what: What::Action(action) }
    }
}

#[derive(Debug, Clone, Copy)]
pub struct Ordering {
    pub first: Side,
    pub then: Side,
    pub flags: u32,
}

impl Plan<'_> {
    pub fn order(&mut self, first: Side, then: Side, flags: u32) {
        let owner = |side: Side| match side.what {
            What::Action(a) => Side { rsc: side.rsc.or(self.action(a).rsc), ..side },
            What::Task(_) => side,
        };
        let (first, then) = (owner(first), owner(then));
        self.orderings.push(Ordering { first, then, flags });
    }

    pub fn order_tasks(&mut self, a: ResourceIdx, first: Task, b: ResourceIdx, then: Task, flags: u32) {
        self.order(Side::task(a, first), Side::task(b, then), flags);
    }

    /// Side of an action that remembers its resource.
    pub fn side(&self, action: ActionIdx) -> Side {
        Side { rsc: self.action(action).rsc, what: What::Action(action) }
    }
}
