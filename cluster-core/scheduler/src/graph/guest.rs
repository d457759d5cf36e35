//! What agents inside a guest node or container are told about where they are.

use crate::actions::*;
use crate::model::*;
use crate::plan::Plan;
use smol_str::SmolStr;

/// The meta-attribute that says whose node attributes an agent in a container sets.
const ATTRIBUTE_TARGET: &str = "container-attribute-target";

impl Plan<'_> {
    /// The host of a guest, and whose attributes the agent is to use.
    pub(super) fn guest_meta(&self, a: ActionIdx, meta: &mut dyn FnMut(&str, &str)) {
        let action = self.action(a);
        let (Some(rsc), Some(node)) = (action.rsc, action.node) else { return };
        let Some(container) = self.container_of_guest(node) else { return };
        let about = match action.task {
            // Nothing starts, stops or is looked at: where it is does not matter.
            Task::CANCEL | Task::DELETE | Task::CLEAR_FAILCOUNT | Task::RELOAD_AGENT => return,
            Task::NOTIFY | Task::NOTIFIED => action.meta("notify_key_operation").unwrap_or(""),
            task => self.tasks.name(task).as_str(),
        };
        let host = match about {
            // Taken down where it is now.
            "stop" | "stopped" | "demote" | "demoted" => self.current_node(container),
            _ => self.c[container].assigned,
        };
        let Some(host) = host else { return };
        if let Some(target) = self.c[rsc].meta(ATTRIBUTE_TARGET) {
            meta("container_attribute_target", target);
        }
        meta("physical_host", &self.c[host].name);
    }

    /// The address under which clients reach what runs inside a replica.
    pub(super) fn external_ip(&self, rsc: ResourceIdx) -> Option<SmolStr> {
        let bundle = self.c[self.c.top_of(rsc)].bundle.as_ref()?;
        bundle.replicas.iter().find(|r| r.child == Some(rsc))?.address.clone()
    }

    pub fn container_of_guest(&self, node: NodeIdx) -> Option<ResourceIdx> {
        let n = &self.c[node];
        if n.is_guest() { n.connection.and_then(|r| self.c[r].container) } else { None }
    }

    pub fn uses_host_attributes(&self, rsc: ResourceIdx) -> bool {
        self.c[rsc].meta(ATTRIBUTE_TARGET).is_some_and(|t| t.eq_ignore_ascii_case("host"))
    }

    /// Whose attributes count for a resource on a node: for some in containers those of the host,
    /// which there may not be.
    pub fn attribute_node(&self, rsc: ResourceIdx, node: NodeIdx) -> Option<NodeIdx> {
        let on_host = self.uses_host_attributes(rsc);
        match self.container_of_guest(node) {
            Some(container) if on_host => self.c[container].assigned,
            _ => Some(node),
        }
    }
}
