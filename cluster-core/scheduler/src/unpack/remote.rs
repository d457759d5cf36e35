//! Connections: of remote nodes, and the implicit ones of guest nodes and bundles.

use super::resources::Place;
use super::{Reader, values};
use crate::model::*;
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

impl Reader<'_> {
    /// The implicit connection of a guest node.
    pub(super) fn guest_connection(&mut self, guest: ResourceIdx) {
        let meta = self.c[guest].meta.clone();
        let Some(name) = meta.get("remote-node").cloned() else { return };
        if self.c.by_id.contains_key(&name) {
            return;
        }
        let get = |n: &str| meta.get(n).cloned();
        let mut fixed_meta: Vec<(SmolStr, SmolStr)> =
            vec![("internal-rsc".into(), "true".into()), ("container".into(), self.c[guest].id.clone())];
        // Unlike that of a remote node, a guest's connection is made again where the guest went.
        let migrates = get("remote-allow-migrate").unwrap_or_else(|| "false".into());
        fixed_meta.push(("allow-migrate".into(), migrates));
        if let Some(v) = get("is-managed") {
            fixed_meta.push(("is-managed".into(), v));
        }
        let mut fixed_params = Vec::new();
        if let Some(v) = get("remote-addr") {
            fixed_params.push(("addr".into(), v));
        }
        if let Some(v) = get("remote-port") {
            fixed_params.push(("port".into(), v));
        }
        let timeout = get("remote-connect-timeout").unwrap_or_else(|| "60s".into());
        let definition = remote_definition(name, fixed_params, fixed_meta, Some(&timeout));
        let place = Place { parent: None, number: None };
        let rsc = self.add(Arc::new(definition), Variant::Primitive, place, None, false);
        self.c[rsc].set(Flags::INTERNAL);
        self.default_locations(rsc);
        self.connect_from_anywhere(rsc);
        self.c.top.push(rsc);
    }

    /// An implicit connection goes where its container goes. Nobody can name it in a location
    /// constraint, so every node is open to it even in an asymmetric cluster.
    pub(super) fn connect_from_anywhere(&mut self, connection: ResourceIdx) {
        if !self.c.options.symmetric {
            for n in 0..self.c.nodes.len() as u32 {
                self.c[connection].allowed.entry(NodeIdx(n), 0);
            }
        }
    }

    /// One resource runs inside another; if it is a connection, its node is a guest.
    pub(super) fn put_into(&mut self, rsc: ResourceIdx, container: ResourceIdx) {
        self.c[rsc].container = Some(container);
        self.c[container].launched.push(rsc);
        if let Some(node) = self.c[rsc].remote_node {
            self.c[node].kind = NodeKind::Guest;
            self.c[node].attributes.insert("#kind".into(), "container".into());
        }
    }

    pub(super) fn link_container(&mut self, rsc: ResourceIdx) {
        if self.c[rsc].container.is_some() || !self.c[rsc].is_primitive() {
            return;
        }
        let Some(name) = self.c[rsc].meta("container").map(str::to_owned) else { return };
        match self.c.resource(&name) {
            Some(container) if container != rsc => {
                self.put_into(rsc, container);
            }
            _ => {
                let id = self.c[rsc].id.clone();
                self.c.issue(true, Some(&id), format!("Resource {id}: unknown container '{name}'"));
            }
        }
    }

    /// Tie a connection to its node.
    pub(super) fn link_remote(&mut self, rsc: ResourceIdx) {
        if !self.c[rsc].is(Flags::REMOTE_CONNECTION) || self.c[rsc].remote_node.is_some() {
            return;
        }
        let Some(node) = self.c.node(&self.c[rsc].id.clone()) else { return };
        if !self.c[node].is_remote() {
            return;
        }
        let guest = self.c[rsc].container.is_some();
        self.c[rsc].remote_node = Some(node);
        // As with other nodes: what no state is known of may be up and in use.
        let unknown = !guest && self.c.options.startup_fencing && !self.c[rsc].is_removed();
        let n = &mut self.c[node];
        n.connection = Some(rsc);
        n.kind = if guest { NodeKind::Guest } else { NodeKind::Remote };
        n.unseen = unknown;
        n.unclean = unknown;
        n.attributes.insert("#kind".into(), if guest { "container" } else { "remote" }.into());
    }
}

pub(super) fn is_remote_agent(d: &Definition) -> bool {
    d.class == "ocf" && d.provider.as_deref() == Some("pacemaker") && d.agent == "remote"
}

/// A connection resource that the configuration does not spell out.
pub(super) fn remote_definition(
    id: SmolStr,
    fixed_params: Vec<(SmolStr, SmolStr)>,
    fixed_meta: Vec<(SmolStr, SmolStr)>,
    start_timeout: Option<&str>,
) -> Definition {
    let op = |name: &str, interval: &str, timeout: &str| OpDef {
        id: format_smolstr!("{id}-{name}-interval-{interval}"),
        name: name.into(),
        interval_ms: values::milliseconds(interval).unwrap_or(0),
        role: None,
        enabled: true,
        element: None,
        fixed: vec![("timeout".into(), timeout.into())],
    };
    Definition {
        class: "ocf".into(),
        provider: Some("pacemaker".into()),
        agent: "remote".into(),
        ops: [op("monitor", "30s", "30s")]
            .into_iter()
            .chain(start_timeout.map(|t| op("start", "0", t)))
            .collect(),
        id,
        fixed_params,
        fixed_meta,
        ..Definition::default()
    }
}
