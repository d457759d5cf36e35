//! Unfencing: devices that a node needs to be let in by (`provides=unfencing`) before it may work.

use crate::actions::*;
use crate::model::*;
use crate::plan::Plan;
use rhapsody_cib::digest::op_digest;
use smol_str::SmolStr;

impl Plan<'_> {
    /// Unfencing comes before probes and starts of what needs it, and of fence devices.
    pub fn order_vs_unfence(&mut self, rsc: ResourceIdx, node: NodeIdx, a: ActionIdx, flags: u32) {
        if !self.c.enable_unfencing {
            return;
        }
        if !self.c[rsc].is(Flags::FENCE_DEVICE) && !self.c[rsc].is(Flags::NEEDS_UNFENCING) {
            return;
        }
        let unfence = self.fence_action(node, Some("on"), true, None, false);
        self.relate(unfence, a, flags);
        let done = self.c[node].attr("#node-unfenced").is_some_and(|v| v != "0");
        // A device that runs there already has done without.
        let runs = self.c[rsc].is(Flags::FENCE_DEVICE) && self.c[rsc].active.contains(&node);
        if !done && !runs {
            let reason = format!("required by {} {}", self.c[rsc].id, self.tasks.name(self.action(a).task));
            let action = self.action_mut(unfence);
            action.clear(OPTIONAL);
            if action.reason.is_none() {
                action.reason = Some(reason);
            }
        }
    }

    /// A device is not any more what the node was unfenced with.
    pub fn unfence_again(&mut self, device: ResourceIdx, node: NodeIdx, reason: &str) {
        let n = &self.c[node];
        if self.c.enable_unfencing
            && self.c[device].is(Flags::FENCE_DEVICE)
            && n.online
            && !n.unclean
            && !n.shutdown
        {
            self.fence_action(node, Some("on"), false, Some(reason), false);
        }
    }

    /// Tell an unfencing what the devices look like now, for the node to remember (`#digests-all`). It
    /// is required if the node remembers something else.
    pub(crate) fn note_device_digests(&mut self, unfence: ActionIdx, node: NodeIdx) {
        if !self.c.enable_unfencing {
            return;
        }
        let mut devices = Vec::new();
        for rsc in self.c.top.clone() {
            self.unfencing_devices(rsc, &mut devices);
        }
        let (mut all, mut secure) = (String::new(), String::new());
        for device in devices.into_iter().rev() {
            let params = self.parameters(device, Some(node));
            let digest = |keep: &dyn Fn(&str) -> bool| {
                op_digest(params.iter().filter(|(k, _)| keep(k)).map(|(k, v)| (k.as_str(), v.as_str())))
            };
            let of = |digest: String| {
                let d = &self.c[device].definition;
                format!("{}:{}:{digest},", self.c[device].id, d.agent)
            };
            let here = (of(digest(&|_| true)), of(digest(&|k| !is_private(k))));
            let remembers = |name: &str, text: &str| self.c[node].attr(name).map(|v| v.contains(text));
            let changed = remembers("#digests-all", &here.0) == Some(false)
                && remembers("#digests-secure", &here.1) != Some(true);
            if changed {
                self.action_mut(unfence).clear(OPTIONAL);
            }
            all += &here.0;
            secure += &here.1;
        }
        let action = self.action_mut(unfence);
        action.set_meta("digests-all", SmolStr::from(all));
        action.set_meta("digests-secure", SmolStr::from(secure));
    }

    fn unfencing_devices(&self, rsc: ResourceIdx, out: &mut Vec<ResourceIdx>) {
        for child in self.children(rsc) {
            self.unfencing_devices(child, out);
        }
        let r = &self.c[rsc];
        if r.is(Flags::FENCE_DEVICE)
            && r.meta("provides").is_some_and(|p| p.eq_ignore_ascii_case("unfencing"))
        {
            out.push(rsc);
        }
    }
}

/// Parameters that may change without the node having to be unfenced again: secrets, and what the
/// cluster keeps to itself.
fn is_private(name: &str) -> bool {
    matches!(name, "password" | "passwd" | "user") || name.starts_with("pcmk_")
}
