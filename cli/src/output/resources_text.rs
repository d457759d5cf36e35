//! Resources as text, as `resource config` shows them.

use super::nvset_text::{blocks, indent, pair};
use rhapsody_ops::dto::resources::{Bundle, Clone, Group, Op, Primitive, Resources};

/// One resource of any kind, with what is inside of it.
pub struct Printer<'a> {
    pub all: &'a Resources,
}

impl Printer<'_> {
    /// The lines of the resource with this id.
    pub fn resource(&self, id: &str) -> Option<Vec<String>> {
        let all = self.all;
        let primitive = all.primitives.iter().find(|found| found.id == id).map(|found| self.primitive(found));
        let group = || all.groups.iter().find(|found| found.id == id).map(|found| self.group(found));
        let clone = || all.clones.iter().find(|found| found.id == id).map(|found| self.clone(found));
        let bundle = || all.bundles.iter().find(|found| found.id == id).map(|found| self.bundle(found));
        primitive.or_else(group).or_else(clone).or_else(bundle)
    }

    pub fn primitive(&self, primitive: &Primitive) -> Vec<String> {
        let agent = &primitive.agent_name;
        let provider =
            agent.provider.as_ref().map(|provider| format!(" provider={provider}")).unwrap_or_default();
        let mut lines = vec![format!(
            "Resource: {} (class={}{provider} type={})",
            primitive.id, agent.standard, agent.kind
        )];
        let mut inner = description(primitive.description.as_deref());
        inner.extend(blocks("Attributes", &primitive.instance_attributes));
        inner.extend(blocks("Meta Attributes", &primitive.meta_attributes));
        inner.extend(blocks("Utilization", &primitive.utilization));
        if !primitive.operations.is_empty() {
            inner.push("Operations:".to_owned());
            for op in &primitive.operations {
                inner.extend(indent(operation(op)));
            }
        }
        lines.extend(indent(inner));
        lines
    }

    pub fn group(&self, group: &Group) -> Vec<String> {
        let mut lines = vec![format!("Group: {}", group.id)];
        let mut inner = description(group.description.as_deref());
        inner.extend(blocks("Attributes", &group.instance_attributes));
        inner.extend(blocks("Meta Attributes", &group.meta_attributes));
        inner.extend(group.member_ids.iter().filter_map(|id| self.resource(id)).flatten());
        lines.extend(indent(inner));
        lines
    }

    pub fn clone(&self, clone: &Clone) -> Vec<String> {
        let mut lines = vec![format!("Clone: {}", clone.id)];
        let mut inner = description(clone.description.as_deref());
        inner.extend(blocks("Attributes", &clone.instance_attributes));
        inner.extend(blocks("Meta Attributes", &clone.meta_attributes));
        inner.extend(self.resource(&clone.member_id).unwrap_or_default());
        lines.extend(indent(inner));
        lines
    }

    pub fn bundle(&self, bundle: &Bundle) -> Vec<String> {
        let mut lines = vec![format!("Bundle: {}", bundle.id)];
        let mut inner = description(bundle.description.as_deref());
        if let Some(kind) = &bundle.container_type {
            let mut title = kind.clone();
            title[..1].make_ascii_uppercase();
            inner.push(format!("{title}: {}", container_options(bundle).join(" ")));
        }
        let network = network_options(bundle);
        if !network.is_empty() {
            inner.push(format!("Network: {}", network.join(" ")));
        }
        if !bundle.port_mappings.is_empty() {
            inner.push("Port Mapping:".to_owned());
            inner.extend(
                bundle
                    .port_mappings
                    .iter()
                    .map(|port| format!("  {} ({})", port_options(port).join(" "), port.id)),
            );
        }
        if !bundle.storage_mappings.is_empty() {
            inner.push("Storage Mapping:".to_owned());
            let storage = bundle.storage_mappings.iter();
            inner.extend(
                storage.map(|storage| format!("  {} ({})", storage_options(storage).join(" "), storage.id)),
            );
        }
        inner.extend(blocks("Attributes", &bundle.instance_attributes));
        inner.extend(blocks("Meta Attributes", &bundle.meta_attributes));
        inner.extend(bundle.member_id.iter().filter_map(|id| self.resource(id)).flatten());
        lines.extend(indent(inner));
        lines
    }
}

fn description(text: Option<&str>) -> Vec<String> {
    text.map(|text| format!("Description: {text}")).into_iter().collect()
}

fn truth(value: bool) -> String {
    if value { "1" } else { "0" }.to_owned()
}

/// Options of an operation in the order in which they are shown.
pub fn operation_options(op: &Op) -> Vec<(&'static str, String)> {
    let mut options: Vec<(&'static str, String)> = Vec::new();
    let mut add = |name: &'static str, value: Option<String>| {
        if let Some(value) = value {
            options.push((name, value));
        }
    };
    add("start-delay", op.start_delay.clone());
    add("interval-origin", op.interval_origin.clone());
    add("timeout", op.timeout.clone());
    add("enabled", op.enabled.map(truth));
    add("record-pending", op.record_pending.map(truth));
    add("role", op.role.clone());
    add("on-fail", op.on_fail.clone());
    let level = op.instance_attributes.iter().find_map(|block| block.get("OCF_CHECK_LEVEL"));
    add("OCF_CHECK_LEVEL", level.map(str::to_owned));
    options
}

fn operation(op: &Op) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", op.name, op.id)];
    let mut options = vec![pair("interval", &op.interval)];
    options.extend(operation_options(op).iter().map(|(name, value)| pair(name, value)));
    if let Some(text) = &op.description {
        lines.push(format!("  Description: {text}"));
    }
    lines.push(format!("  {}", options.join(" ")));
    lines
}

fn list(options: &[(&str, Option<String>)]) -> Vec<String> {
    options.iter().filter_map(|(name, value)| value.as_ref().map(|value| pair(name, value))).collect()
}

fn number(value: Option<i64>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// `image=... replicas=...`.
pub fn container_options(bundle: &Bundle) -> Vec<String> {
    let Some(container) = &bundle.container_options else { return Vec::new() };
    list(&[
        ("image", Some(container.image.clone())),
        ("replicas", number(container.replicas)),
        ("replicas-per-host", number(container.replicas_per_host)),
        ("promoted-max", number(container.promoted_max)),
        ("run-command", container.run_command.clone()),
        ("network", container.network.clone()),
        ("options", container.options.clone()),
    ])
}

pub fn network_options(bundle: &Bundle) -> Vec<String> {
    let Some(network) = &bundle.network else { return Vec::new() };
    list(&[
        ("ip-range-start", network.ip_range_start.clone()),
        ("control-port", number(network.control_port)),
        ("host-interface", network.host_interface.clone()),
        ("host-netmask", number(network.host_netmask)),
        ("add-host", network.add_host.map(truth)),
    ])
}

pub fn port_options(port: &rhapsody_ops::dto::resources::Port) -> Vec<String> {
    list(&[
        ("port", number(port.port)),
        ("internal-port", number(port.internal_port)),
        ("range", port.range.clone()),
    ])
}

pub fn storage_options(storage: &rhapsody_ops::dto::resources::Storage) -> Vec<String> {
    list(&[
        ("source-dir", storage.source_dir.clone()),
        ("source-dir-root", storage.source_dir_root.clone()),
        ("target-dir", Some(storage.target_dir.clone())),
        ("options", storage.options.clone()),
    ])
}
