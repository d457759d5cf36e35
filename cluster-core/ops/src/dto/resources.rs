//! Resources as data: what `resource config --output-format json` prints.

use super::nvset::{self, Nvset};
use crate::values::is_true;
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    pub primitives: Vec<Primitive>,
    pub clones: Vec<Clone>,
    pub groups: Vec<Group>,
    pub bundles: Vec<Bundle>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Agent {
    pub standard: String,
    pub provider: Option<String>,
    #[serde(rename = "type")]
    pub kind: String,
}

impl std::fmt::Display for Agent {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.provider {
            Some(provider) => write!(out, "{}:{provider}:{}", self.standard, self.kind),
            None => write!(out, "{}:{}", self.standard, self.kind),
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Op {
    pub id: String,
    pub name: String,
    pub interval: String,
    pub description: Option<String>,
    pub start_delay: Option<String>,
    pub interval_origin: Option<String>,
    pub timeout: Option<String>,
    pub enabled: Option<bool>,
    pub record_pending: Option<bool>,
    pub role: Option<String>,
    pub on_fail: Option<String>,
    pub meta_attributes: Vec<Nvset>,
    pub instance_attributes: Vec<Nvset>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Primitive {
    pub id: String,
    pub agent_name: Agent,
    pub description: Option<String>,
    pub operations: Vec<Op>,
    pub meta_attributes: Vec<Nvset>,
    pub instance_attributes: Vec<Nvset>,
    pub utilization: Vec<Nvset>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clone {
    pub id: String,
    pub description: Option<String>,
    pub member_id: String,
    pub meta_attributes: Vec<Nvset>,
    pub instance_attributes: Vec<Nvset>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    pub id: String,
    pub description: Option<String>,
    pub member_ids: Vec<String>,
    pub meta_attributes: Vec<Nvset>,
    pub instance_attributes: Vec<Nvset>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Container {
    pub image: String,
    pub replicas: Option<i64>,
    pub replicas_per_host: Option<i64>,
    pub promoted_max: Option<i64>,
    pub run_command: Option<String>,
    pub network: Option<String>,
    pub options: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    pub ip_range_start: Option<String>,
    pub control_port: Option<i64>,
    pub host_interface: Option<String>,
    pub host_netmask: Option<i64>,
    pub add_host: Option<bool>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Port {
    pub id: String,
    pub port: Option<i64>,
    pub internal_port: Option<i64>,
    pub range: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Storage {
    pub id: String,
    pub source_dir: Option<String>,
    pub source_dir_root: Option<String>,
    pub target_dir: String,
    pub options: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Bundle {
    pub id: String,
    pub description: Option<String>,
    pub member_id: Option<String>,
    pub container_type: Option<String>,
    pub container_options: Option<Container>,
    pub network: Option<Network>,
    pub port_mappings: Vec<Port>,
    pub storage_mappings: Vec<Storage>,
    pub meta_attributes: Vec<Nvset>,
    pub instance_attributes: Vec<Nvset>,
}

/// All resources of a CIB, each kind in document order of the kinds' elements.
pub fn read(doc: &Document) -> Resources {
    let mut resources = Resources::default();
    let Some(section) = crate::sections::get(doc, "resources") else { return resources };
    for element in doc.descendants(section) {
        match doc.name(element) {
            "primitive" => resources.primitives.push(read_primitive(doc, element)),
            "clone" | "master" => resources.clones.push(read_clone(doc, element)),
            "group" => resources.groups.push(read_group(doc, element)),
            "bundle" => resources.bundles.push(read_bundle(doc, element)),
            _ => {}
        }
    }
    resources
}

fn text(doc: &Document, element: Element, name: &str) -> Option<String> {
    doc.attr(element, name).map(str::to_owned)
}

fn number(doc: &Document, element: Element, name: &str) -> Option<i64> {
    doc.attr(element, name).and_then(|value| value.parse().ok())
}

pub fn read_primitive(doc: &Document, element: Element) -> Primitive {
    let operations = doc.child(element, "operations");
    Primitive {
        id: text(doc, element, "id").unwrap_or_default(),
        agent_name: Agent {
            standard: text(doc, element, "class").unwrap_or_default(),
            provider: text(doc, element, "provider"),
            kind: text(doc, element, "type").unwrap_or_default(),
        },
        description: text(doc, element, "description"),
        operations: operations
            .map(|operations| doc.children_named(operations, "op").map(|op| read_op(doc, op)).collect())
            .unwrap_or_default(),
        meta_attributes: nvset::all(doc, element, "meta_attributes"),
        instance_attributes: nvset::all(doc, element, "instance_attributes"),
        utilization: nvset::all(doc, element, "utilization"),
    }
}

fn read_op(doc: &Document, op: Element) -> Op {
    Op {
        id: text(doc, op, "id").unwrap_or_default(),
        name: text(doc, op, "name").unwrap_or_default(),
        interval: text(doc, op, "interval").unwrap_or_default(),
        description: text(doc, op, "description"),
        start_delay: text(doc, op, "start-delay"),
        interval_origin: text(doc, op, "interval-origin"),
        timeout: text(doc, op, "timeout"),
        enabled: doc.attr(op, "enabled").map(is_true),
        record_pending: doc.attr(op, "record-pending").map(is_true),
        role: doc.attr(op, "role").map(|role| crate::values::role(role).unwrap_or(role).to_owned()),
        on_fail: text(doc, op, "on-fail"),
        meta_attributes: nvset::all(doc, op, "meta_attributes"),
        instance_attributes: nvset::all(doc, op, "instance_attributes"),
    }
}

fn member_ids(doc: &Document, element: Element) -> Vec<String> {
    let members = doc.children(element).filter(|child| matches!(doc.name(*child), "primitive" | "group"));
    members.filter_map(|member| text(doc, member, "id")).collect()
}

fn read_clone(doc: &Document, element: Element) -> Clone {
    let mut meta_attributes = nvset::all(doc, element, "meta_attributes");
    if doc.name(element) == "master" {
        as_promotable(&mut meta_attributes);
    }
    Clone {
        id: text(doc, element, "id").unwrap_or_default(),
        description: text(doc, element, "description"),
        member_id: member_ids(doc, element).into_iter().next().unwrap_or_default(),
        meta_attributes,
        instance_attributes: nvset::all(doc, element, "instance_attributes"),
    }
}

/// `<master>` of old CIBs is a promotable clone.
fn as_promotable(blocks: &mut Vec<Nvset>) {
    if blocks.iter().any(|block| block.get("promotable").is_some()) {
        return;
    }
    if blocks.is_empty() {
        let block = Nvset { id: String::new(), options: Default::default(), rule: None, nvpairs: Vec::new() };
        blocks.push(block);
    }
    let id = String::new();
    blocks[0].nvpairs.push(nvset::Nvpair { id, name: "promotable".to_owned(), value: "true".to_owned() });
}

fn read_group(doc: &Document, element: Element) -> Group {
    Group {
        id: text(doc, element, "id").unwrap_or_default(),
        description: text(doc, element, "description"),
        member_ids: member_ids(doc, element),
        meta_attributes: nvset::all(doc, element, "meta_attributes"),
        instance_attributes: nvset::all(doc, element, "instance_attributes"),
    }
}

fn read_bundle(doc: &Document, element: Element) -> Bundle {
    let container = doc.children(element).find(|child| matches!(doc.name(*child), "docker" | "podman"));
    let network = doc.child(element, "network");
    let list = |parent: &str, name: &str| -> Vec<Element> {
        let parent = doc.child(element, parent);
        parent.map(|parent| doc.children_named(parent, name).collect()).unwrap_or_default()
    };
    Bundle {
        id: text(doc, element, "id").unwrap_or_default(),
        description: text(doc, element, "description"),
        member_id: member_ids(doc, element).into_iter().next(),
        container_type: container.map(|container| doc.name(container).to_owned()),
        container_options: container.map(|container| Container {
            image: text(doc, container, "image").unwrap_or_default(),
            replicas: number(doc, container, "replicas"),
            replicas_per_host: number(doc, container, "replicas-per-host"),
            promoted_max: number(doc, container, "promoted-max")
                .or_else(|| number(doc, container, "masters")),
            run_command: text(doc, container, "run-command"),
            network: text(doc, container, "network"),
            options: text(doc, container, "options"),
        }),
        network: network.map(|network| Network {
            ip_range_start: text(doc, network, "ip-range-start"),
            control_port: number(doc, network, "control-port"),
            host_interface: text(doc, network, "host-interface"),
            host_netmask: number(doc, network, "host-netmask"),
            add_host: doc.attr(network, "add-host").map(is_true),
        }),
        port_mappings: list("network", "port-mapping")
            .into_iter()
            .map(|port| Port {
                id: text(doc, port, "id").unwrap_or_default(),
                port: number(doc, port, "port"),
                internal_port: number(doc, port, "internal-port"),
                range: text(doc, port, "range"),
            })
            .collect(),
        storage_mappings: list("storage", "storage-mapping")
            .into_iter()
            .map(|storage| Storage {
                id: text(doc, storage, "id").unwrap_or_default(),
                source_dir: text(doc, storage, "source-dir"),
                source_dir_root: text(doc, storage, "source-dir-root"),
                target_dir: text(doc, storage, "target-dir").unwrap_or_default(),
                options: text(doc, storage, "options"),
            })
            .collect(),
        meta_attributes: nvset::all(doc, element, "meta_attributes"),
        instance_attributes: nvset::all(doc, element, "instance_attributes"),
    }
}
