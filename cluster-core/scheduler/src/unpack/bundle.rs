//! Bundles: containers with an address, a connection and a primitive inside.
//!
//! A bundle is written in one element and becomes a tree: per replica a container, perhaps an
//! address and a connection to the node inside; the primitive becomes a clone of which each
//! instance has a node of its own.

use super::attributes::HOST_NAME;
use super::container::ContainerSpec;
use super::remote::remote_definition;
use super::resources::{MAX_INSTANCES, Place, subtree};
use super::{Reader, values};
use crate::model::*;
use rhapsody_xml::Element;
use smol_str::{SmolStr, format_smolstr};
use std::net::IpAddr;
use std::sync::Arc;

/// What the inner primitive scores on the node of its own container before anything is decided.
const INSIDE: i32 = 500;

impl Reader<'_> {
    pub(super) fn bundle(&mut self, e: Element) -> Option<ResourceIdx> {
        let doc = self.env.doc;
        let id: SmolStr = doc.attr(e, "id").filter(|id| !id.is_empty())?.into();
        let spec = self.container_spec(e, &id)?;
        let count = spec.replicas.clamp(1, MAX_INSTANCES) as u32;
        if spec.replicas > MAX_INSTANCES {
            let text = format!("Bundle '{id}': {} replicas are too many, using {count}", spec.replicas);
            self.c.issue(true, Some(&id), text);
        }
        let addresses = self.bundle_addresses(&id, &spec, count)?;
        let definition = Arc::new(Definition {
            id: id.clone(),
            element: Some(e),
            meta_blocks: doc.children_named(e, "meta_attributes").collect(),
            ..Definition::default()
        });
        let top = Place { parent: None, number: None };
        let bundle = self.add(definition, Variant::Bundle, top, Some(e), false);
        let child = match doc.child(e, "primitive") {
            Some(primitive) => Some(self.bundle_clone(bundle, primitive, &spec, count)?),
            None => None,
        };
        self.c[bundle].children.extend(child);
        let mut data = BundleData {
            image: spec.image.clone(),
            agent: spec.agent.clone(),
            per_host: spec.per_host,
            promoted_max: spec.promoted_max,
            child,
            unique: spec.per_host > 1,
            ..BundleData::default()
        };
        for offset in 0..count {
            let replica = self.replica(bundle, &spec, offset, child, &addresses);
            data.replicas.push(replica);
        }
        // The nodes inside are known by now, and no place for the bundle itself.
        self.default_locations(bundle);
        self.c[bundle].put(Flags::UNIQUE, data.unique);
        self.c[bundle].bundle = Some(Box::new(data));
        Some(bundle)
    }

    /// What the bundle says about its containers, if that can work.
    fn container_spec(&mut self, e: Element, id: &SmolStr) -> Option<ContainerSpec> {
        let doc = self.env.doc;
        let technology = doc.children(e).find(|c| matches!(doc.name(*c), "docker" | "podman")).filter(|t| {
            // A container of nothing cannot be started.
            doc.attr(*t, "image").is_some()
        });
        let Some(technology) = technology else {
            let text = format!("Bundle '{id}' needs a <docker> or <podman> element with an image");
            self.c.issue(true, Some(id), text);
            return None;
        };
        let spec = ContainerSpec::read(doc, e, technology, id);
        if !spec.is_reachable() {
            let text = format!("Bundle '{id}' with a resource inside needs control-port or ip-range-start");
            self.c.issue(true, Some(id), text);
            return None;
        }
        if spec.per_host > 1 && spec.ip_range_start.is_none() && spec.has_child {
            let text = format!(
                "Bundle '{id}': replicas on one host need different addresses (ip-range-start) to be told apart"
            );
            self.c.issue(true, Some(id), text);
        }
        Some(spec)
    }

    /// One address per replica, counting up from the first.
    fn bundle_addresses(&mut self, id: &str, spec: &ContainerSpec, count: u32) -> Option<Vec<SmolStr>> {
        let Some(start) = &spec.ip_range_start else { return Some(Vec::new()) };
        let Ok(first) = start.parse::<IpAddr>() else {
            let text = format!("Bundle '{id}': ip-range-start '{start}' is not an address");
            self.c.issue(true, Some(id), text);
            return None;
        };
        let mut next = first;
        let mut addresses = Vec::new();
        for _ in 0..count {
            addresses.push(format_smolstr!("{next}"));
            next = address_after(next);
        }
        Some(addresses)
    }

    /// The clone that the primitive inside becomes.
    fn bundle_clone(
        &mut self,
        bundle: ResourceIdx,
        primitive: Element,
        spec: &ContainerSpec,
        count: u32,
    ) -> Option<ResourceIdx> {
        let promotable = spec.promoted_max > 0;
        let suffix = if promotable { "master" } else { "clone" };
        let id = format_smolstr!("{}-{suffix}", self.c[bundle].id);
        let unique = if spec.per_host > 1 { "true" } else { "false" };
        let mut fixed_meta: Vec<(SmolStr, SmolStr)> = vec![
            ("ordered".into(), "true".into()),
            ("clone-max".into(), format_smolstr!("{count}")),
            ("clone-node-max".into(), format_smolstr!("{}", spec.per_host)),
            ("globally-unique".into(), unique.into()),
        ];
        if promotable {
            fixed_meta.push(("promotable".into(), "true".into()));
            fixed_meta.push(("promoted-max".into(), format_smolstr!("{}", spec.promoted_max)));
        }
        let definition = Arc::new(Definition { id, fixed_meta, ..Definition::default() });
        let place = Place { parent: Some(bundle), number: None };
        let clone = self.add(definition, Variant::Clone, place, None, promotable);
        self.clone_instances(clone, primitive)?;
        self.default_locations(clone);
        Some(clone)
    }

    fn replica(
        &mut self,
        bundle: ResourceIdx,
        spec: &ContainerSpec,
        offset: u32,
        child: Option<ResourceIdx>,
        addresses: &[SmolStr],
    ) -> Replica {
        let address = addresses.get(offset as usize).cloned();
        let ip = address.as_ref().map(|a| self.replica_part(bundle, spec.address(a)));
        let instance = child.and_then(|c| self.c[c].children.get(offset as usize).copied());
        let container = self.replica_part(bundle, spec.container(offset, address.as_deref(), addresses));
        self.c[container].set(Flags::REPLICA_CONTAINER);
        if let Some(i) = instance {
            // What runs inside needs its room where the container is.
            self.c[container].utilization = std::mem::take(&mut self.c[i].utilization);
        }
        let (mut connection, mut node) = (None, None);
        if let Some(i) = instance {
            let (rsc, at) = self.replica_connection(bundle, spec, offset, container, address.as_deref());
            self.confine(i, at);
            (connection, node) = (Some(rsc), Some(at));
        }
        for part in [ip, Some(container), connection].into_iter().flatten() {
            self.c[bundle].children.push(part);
        }
        Replica { offset, container, ip, address, connection, node, child: instance }
    }

    fn replica_part(&mut self, bundle: ResourceIdx, definition: Definition) -> ResourceIdx {
        let place = Place { parent: Some(bundle), number: None };
        let rsc = self.add(Arc::new(definition), Variant::Primitive, place, None, false);
        if !self.c[rsc].is(Flags::REMOTE_CONNECTION) {
            self.default_locations(rsc);
        }
        rsc
    }

    /// The connection to the node inside a container, and that node.
    fn replica_connection(
        &mut self,
        bundle: ResourceIdx,
        spec: &ContainerSpec,
        offset: u32,
        container: ResourceIdx,
        address: Option<&str>,
    ) -> (ResourceIdx, NodeIdx) {
        let id = format_smolstr!("{}-{offset}", spec.id);
        let params = vec![
            // Without an address of its own it is reached where its container runs.
            ("addr".into(), address.unwrap_or(HOST_NAME).into()),
            ("port".into(), spec.control_port.clone()),
        ];
        let meta = vec![
            ("internal-rsc".into(), "true".into()),
            ("container".into(), self.c[container].id.clone()),
            // Its container stops and starts, and so does what it connects to.
            ("allow-migrate".into(), "false".into()),
        ];
        let definition = remote_definition(id.clone(), params, meta, None);
        self.c.has_remote_nodes = true;
        let rsc = self.replica_part(bundle, definition);
        self.c[rsc].set(Flags::INTERNAL);
        let node = self.add_node(&id, &id, NodeKind::Remote, 0);
        self.keep_out(node);
        self.link_container(rsc);
        self.link_remote(rsc);
        self.default_locations(rsc);
        self.connect_from_anywhere(rsc);
        self.connect_from_anywhere(rsc);
        (rsc, node)
    }

    /// What was read before the bundle may know the node inside from the list of nodes; it is no
    /// place for that.
    fn keep_out(&mut self, node: NodeIdx) {
        for top in self.c.top.clone() {
            for r in subtree(&self.c, top) {
                if let Some(entry) = self.c[r].allowed.get_mut(node) {
                    entry.score = -INFINITY;
                    entry.discovery = Discovery::Never;
                }
            }
        }
    }

    /// Nothing but its own node is a place for what runs inside a container.
    fn confine(&mut self, instance: ResourceIdx, node: NodeIdx) {
        self.c[instance].allowed.clear();
        let entry = self.c[instance].allowed.entry(node, INSIDE);
        entry.discovery = Discovery::Exclusive;
        if let Some(clone) = self.c[instance].parent {
            self.c[clone].allowed.entry(node, -INFINITY).score = -INFINITY;
        }
    }
}

/// The next address of a range; in IPv4 those that end in 0 or 255 are left out.
fn address_after(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(a) => {
            let n = u32::from(a);
            let step = if n & 0xff >= 254 { 257 - (n & 0xff) } else { 1 };
            IpAddr::V4(n.wrapping_add(step).into())
        }
        IpAddr::V6(a) => IpAddr::V6(u128::from(a).wrapping_add(1).into()),
    }
}

/// A number of an attribute; `None` for anything else.
pub(super) fn number(text: Option<&str>) -> Option<i32> {
    text.and_then(values::score)
}
