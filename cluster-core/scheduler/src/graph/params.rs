//! One action as the executor gets it: parameters, `CRM_meta_*`, who carries it out.

use crate::actions::*;
use crate::model::*;
use crate::plan::Plan;
use crate::unpack::rules::Values;
use crate::unpack::{attributes, op_meta};
use rhapsody_transition as wire;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Plan<'_> {
    pub(crate) fn wire_action(&mut self, a: ActionIdx) -> wire::Action {
        let inputs = self.inputs(a, false).into_iter().map(|b| wire::ActionId(b.0 + 1)).collect();
        let kind = self.wire_kind(a);
        let (key, internal_key) = self.graph_keys(a);
        let action = self.action(a);
        let node =
            if kind == wire::ActionKind::Pseudo && action.task != Task::STONITH { None } else { action.node };
        let priority = action.rsc.map_or(0, |r| self.c[r].priority).max(action.priority).max(0);
        wire::Action {
            id: wire::ActionId(a.0 + 1),
            kind,
            task: self.tasks.name(action.task).to_string(),
            key,
            internal_key,
            node: node.map(|n| self.c[n].name.to_string()),
            node_id: node.map(|n| self.c[n].id.to_string()),
            router_node: self.router(a).map(|n| self.c[n].name.to_string()),
            resource: self.graph_resource(a, kind),
            params: self.graph_params(a, kind),
            downed: self.downed(a),
            priority,
            inputs,
        }
    }

    /// An action that is only an input, and not in the graph itself.
    pub fn bare_action(&self, id: wire::ActionId) -> wire::Action {
        let a = ActionIdx(id.0.saturating_sub(1));
        let action = self.action(a);
        let kind = self.wire_kind(a);
        let node = action.node.filter(|_| kind != wire::ActionKind::Pseudo || action.task == Task::STONITH);
        let (key, internal_key) = self.graph_keys(a);
        wire::Action {
            id,
            kind,
            task: self.tasks.name(action.task).to_string(),
            key,
            internal_key,
            node: node.map(|n| self.c[n].name.to_string()),
            node_id: node.map(|n| self.c[n].id.to_string()),
            router_node: self.router(a).map(|n| self.c[n].name.to_string()),
            resource: None,
            params: BTreeMap::new(),
            downed: Vec::new(),
            priority: 0,
            inputs: Vec::new(),
        }
    }

    fn wire_kind(&self, a: ActionIdx) -> wire::ActionKind {
        let action = self.action(a);
        if action.is(PSEUDO) {
            wire::ActionKind::Pseudo
        } else if matches!(
            action.task,
            Task::STONITH | Task::DO_SHUTDOWN | Task::CLEAR_FAILCOUNT | Task::LRM_DELETE
        ) {
            wire::ActionKind::Cluster
        } else {
            wire::ActionKind::Resource
        }
    }

    fn graph_keys(&self, a: ActionIdx) -> (String, Option<String>) {
        let key = self.key(a);
        let action = self.action(a);
        let Some(rsc) = action.rsc else { return (key, None) };
        let Some(history) = &self.c[rsc].history_id else { return (key, None) };
        if *history == self.c[rsc].id || action.is(PSEUDO) && !self.c[rsc].is_primitive() {
            return (key, None);
        }
        let external = match (action.task, action.meta("notify_type"), action.meta("notify_operation")) {
            (Task::NOTIFY, Some(kind), Some(about)) => format!("{history}_{kind}_notify_{about}_0"),
            (Task::NOTIFIED, ..) => format!("{history}_notified_0"),
            _ => format!("{history}_{}_{}", self.tasks.name(action.key_task), action.interval_ms),
        };
        (external, Some(key))
    }

    fn graph_resource(&self, a: ActionIdx, kind: wire::ActionKind) -> Option<wire::ActionResource> {
        let rsc = self.action(a).rsc?;
        if kind == wire::ActionKind::Pseudo {
            return None;
        }
        let r = &self.c[rsc];
        let (id, long_id) = if r.is_removed() && r.history_id.is_some() {
            (
                r.history_name().to_string(),
                Some(r.id.to_string()).filter(|l| l.as_str() != r.history_name().as_str()),
            )
        } else if r.is_unique() || r.number.is_none() {
            (r.id.to_string(), None)
        } else {
            match r.history_id.as_deref() {
                Some(h) if h.contains(':') => {
                    (crate::unpack::history::strip_number(h).to_owned(), Some(h.to_owned()))
                }
                _ => (r.definition.id.to_string(), Some(r.id.to_string())),
            }
        };
        Some(wire::ActionResource {
            id,
            long_id,
            class: r.definition.class.to_string(),
            provider: r.definition.provider.as_ref().map(|p| p.to_string()),
            agent: r.definition.agent.to_string(),
        })
    }

    /// Parameters of a resource on a node; shared where they do not depend on the node.
    pub fn parameters(&mut self, rsc: ResourceIdx, node: Option<NodeIdx>) -> Arc<Values> {
        let definition = Arc::as_ptr(&self.c[rsc].definition) as usize;
        let by_node = attributes::depend_on_node(self.env, &self.c, rsc);
        if attributes::moves_with_container(&self.c, rsc) {
            return Arc::new(attributes::parameters(self.env, &self.c, rsc, node));
        }
        let key = (definition, node.filter(|_| by_node));
        if let Some(found) = self.param_cache.get(&key) {
            return found.clone();
        }
        let values = Arc::new(attributes::parameters(self.env, &self.c, rsc, node));
        self.param_cache.insert(key, values.clone());
        values
    }

    fn graph_params(&mut self, a: ActionIdx, kind: wire::ActionKind) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        let mut put = |name: &str, value: &str| {
            if !name.contains(['#', ':']) {
                out.entry(name.to_owned()).or_insert_with(|| value.to_owned());
            }
        };
        let rsc = self.action(a).rsc;
        let real = kind != wire::ActionKind::Pseudo;
        // A stop that fencing implies still says what would have been stopped.
        if let Some(r) = rsc
            && self.c[r].is_primitive()
        {
            let action = self.action(a);
            if action.task != Task::CANCEL {
                let name = self.tasks.name(action.key_task).clone();
                let op = op_meta::find(&self.c, r, &name, action.interval_ms, true);
                for (k, v) in &op_meta::parameters(self.env, &self.c, op, action.node) {
                    put(k, v);
                }
            }
            let node = self.action(a).node;
            for (k, v) in self.parameters(r, node).iter() {
                put(k, v);
            }
            if let Some(ip) = self.external_ip(r) {
                put("pcmk_external_ip", &ip);
            }
        }
        let action = self.action(a);
        let mut meta = |name: &str, value: &str| {
            let name = format!("CRM_meta_{}", name.replace('-', "_"));
            put(&name, value);
        };
        for (k, v) in action.extra.iter().rev() {
            meta(k, v);
        }
        if let Some(m) = &action.meta {
            for (k, v) in m.iter() {
                meta(k, v);
            }
        }
        if let Some(n) = action.node
            && (real || action.task == Task::STONITH)
        {
            meta("on_node", &self.c[n].name);
            meta("on_node_uuid", &self.c[n].id);
        }
        if kind == wire::ActionKind::Resource
            && let Some(r) = rsc.filter(|r| action.node.is_some() && self.c[*r].lock_node == action.node)
        {
            // Whoever records the stop remembers that the resource waits for its node.
            meta("shutdown_lock", &self.c[r].lock_time.to_string());
        }
        self.guest_meta(a, &mut meta);
        if let Some(n) = rsc.filter(|r| self.c[*r].is_primitive()).and_then(|r| self.c[r].number) {
            meta("clone", &n.to_string());
        }
        let mut at = rsc;
        while let Some(r) = at {
            self.resource_meta(r, &mut meta);
            at = self.c[r].parent;
        }
        out
    }

    /// What agents are told about the resource they belong to.
    fn resource_meta(&self, rsc: ResourceIdx, meta: &mut dyn FnMut(&str, &str)) {
        let r = &self.c[rsc];
        if let Some(data) = &r.clone {
            meta("globally_unique", if r.is_unique() { "true" } else { "false" });
            meta("notify", if r.is(Flags::NOTIFY) { "true" } else { "false" });
            meta("clone_max", &data.max.to_string());
            meta("clone_node_max", &data.node_max.to_string());
            if r.is_promotable() {
                for name in ["promoted_max", "master_max"] {
                    meta(name, &data.promoted_max.to_string());
                }
                for name in ["promoted_node_max", "master_node_max"] {
                    meta(name, &data.promoted_node_max.to_string());
                }
            }
        }
        if let Some(guest) = r.meta("remote-node") {
            meta("remote_node", guest);
        }
        if let Some(container) = r.container {
            meta("container", &self.c[container].id);
        }
    }

    /// Nodes that will be down once this is done.
    fn downed(&self, a: ActionIdx) -> Vec<String> {
        let action = self.action(a);
        let Some(node) = action.node else { return Vec::new() };
        match action.task {
            Task::DO_SHUTDOWN => vec![self.c[node].id.to_string()],
            Task::STONITH if action.meta("stonith_action") != Some("on") => {
                let mut down = vec![self.c[node].id.to_string()];
                for guest in self.c.node_order.iter().filter(|n| self.c[**n].is_guest()) {
                    let container = self.c[*guest].connection.and_then(|r| self.c[r].container);
                    if container.is_some_and(|k| self.c[k].active.contains(&node)) {
                        down.push(self.c[*guest].id.to_string());
                    }
                }
                down
            }
            Task::STOP if !action.is(PSEUDO) => {
                let Some(rsc) = action.rsc else { return Vec::new() };
                if !self.c[rsc].is(Flags::REMOTE_CONNECTION) {
                    return Vec::new();
                }
                // Part of a migration: the node stays up.
                let migrating = action.before.iter().any(|r| {
                    let other = self.action(r.other);
                    other.rsc == Some(rsc)
                        && other.task == Task::MIGRATE_FROM
                        && other.is(MIGRATABLE)
                        && other.is(RUNNABLE)
                        && !other.is(OPTIONAL)
                });
                if migrating { Vec::new() } else { vec![self.c[rsc].id.to_string()] }
            }
            _ => Vec::new(),
        }
    }

    /// The cluster node through which a remote node is reached for this action.
    fn router(&self, a: ActionIdx) -> Option<NodeIdx> {
        let action = self.action(a);
        let node = action.node?;
        if !self.c[node].is_remote() || action.is(PSEUDO) || action.task == Task::STONITH {
            return None;
        }
        let connection = self.c[node].connection?;
        let began = self.c[connection].active.first().copied();
        let ended = self.c[connection].assigned;
        if began.is_none() {
            return ended;
        }
        if ended.is_none() {
            return began;
        }
        if began == ended {
            return began;
        }
        // The connection moves: what takes things down goes the old way.
        let migrating = self.c[connection].migration_target.is_some();
        let task = if action.task == Task::NOTIFY {
            action
                .meta("notify_operation")
                .and_then(|n| ["start", "stop", "promote", "demote"].into_iter().find(|x| *x == n))
        } else {
            Some(self.tasks.name(action.task).as_str())
        };
        match task {
            Some("cancel" | "stop" | "demote" | "migrate_from" | "migrate_to") => {
                if migrating {
                    ended
                } else {
                    began
                }
            }
            _ => ended,
        }
    }
}
