//! What a bundle says about its containers, as parameters of the container agents.

use super::bundle::number;
use crate::model::{Definition, OpDef};
use rhapsody_xml::{Document, Element};
use smol_str::{SmolStr, format_smolstr};
use std::fmt::Write;

/// The port on which the executor inside a container listens.
const REMOTE_PORT: &str = "3121";
/// The key by which the cluster and that executor know each other.
const KEY_FILE: &str = "/etc/pacemaker/authkey";
const LOG_ROOT: &str = "/var/log/pacemaker/bundles";
const REMOTE_DAEMON: &str = "/usr/sbin/pacemaker-remoted";

/// A directory or file of the host inside the container.
struct Mount {
    source: String,
    /// Every replica has a directory of its own below `source`.
    per_replica: bool,
    target: String,
    options: Option<String>,
}

/// A port (or range) of the host and the one inside.
struct Port {
    outside: String,
    inside: String,
}

/// One `<bundle>`, read.
pub(super) struct ContainerSpec {
    pub id: SmolStr,
    pub agent: SmolStr,
    pub image: String,
    pub replicas: i32,
    pub per_host: i32,
    pub promoted_max: i32,
    pub has_child: bool,
    pub ip_range_start: Option<String>,
    pub control_port: SmolStr,
    /// The port is configured, and not the usual one for lack of it.
    own_port: bool,
    run_command: Option<String>,
    network: Option<String>,
    options: Option<String>,
    netmask: String,
    interface: Option<String>,
    add_host: bool,
    mounts: Vec<Mount>,
    ports: Vec<Port>,
}

impl ContainerSpec {
    pub fn read(doc: &Document, e: Element, technology: Element, id: &SmolStr) -> ContainerSpec {
        let of = |x: Option<Element>, name: &str| x.and_then(|x| doc.attr(x, name)).map(str::to_owned);
        let container = |name: &str| doc.attr(technology, name);
        let network = doc.child(e, "network");
        let storage = doc.child(e, "storage");
        let promoted_max =
            number(container("promoted-max").or_else(|| container("masters"))).unwrap_or(0).max(0);
        let replicas = number(container("replicas")).unwrap_or(promoted_max).max(1);
        let has_child = doc.child(e, "primitive").is_some();
        let control_port = of(network, "control-port").unwrap_or_else(|| REMOTE_PORT.to_owned());
        let mut mounts: Vec<Mount> = storage
            .map(|s| doc.children_named(s, "storage-mapping").filter_map(|m| mount(doc, m)).collect())
            .unwrap_or_default();
        let mut ports: Vec<Port> = network
            .map(|n| doc.children_named(n, "port-mapping").filter_map(|p| port(doc, p)).collect())
            .unwrap_or_default();
        if has_child {
            let logs_mapped = mounts.iter().any(|m| m.target == "/var/log");
            mounts.push(Mount {
                source: KEY_FILE.to_owned(),
                per_replica: false,
                target: KEY_FILE.to_owned(),
                options: None,
            });
            if !logs_mapped {
                mounts.push(Mount {
                    source: LOG_ROOT.to_owned(),
                    per_replica: true,
                    target: "/var/log".to_owned(),
                    options: None,
                });
            }
            ports.push(Port { outside: control_port.clone(), inside: control_port.clone() });
        }
        ContainerSpec {
            id: id.clone(),
            agent: doc.name(technology).into(),
            image: container("image").unwrap_or("").to_owned(),
            replicas,
            per_host: number(container("replicas-per-host")).unwrap_or(1).max(1),
            promoted_max,
            has_child,
            ip_range_start: of(network, "ip-range-start"),
            control_port: control_port.into(),
            own_port: of(network, "control-port").is_some(),
            run_command: container("run-command").map(str::to_owned),
            network: container("network").map(str::to_owned),
            options: container("options").map(str::to_owned),
            netmask: of(network, "host-netmask").unwrap_or_else(|| "32".to_owned()),
            interface: of(network, "host-interface"),
            add_host: of(network, "add-host").and_then(|v| super::values::boolean(&v)).unwrap_or(true),
            mounts,
            ports,
        }
    }

    /// What runs inside has to be told from what runs beside it: by address or by port.
    pub fn is_reachable(&self) -> bool {
        !self.has_child || self.ip_range_start.is_some() || self.own_port
    }

    /// The resource that brings a replica's address up.
    pub fn address(&self, ip: &str) -> Definition {
        let mut params: Vec<(SmolStr, SmolStr)> = vec![("ip".into(), ip.into())];
        if let Some(interface) = &self.interface {
            params.push(("nic".into(), interface.into()));
        }
        params.push(("cidr_netmask".into(), SmolStr::from(&self.netmask)));
        // An address may hold colons, which ids may not.
        let id = format_smolstr!("{}-ip-{}", self.id, ip.replace(':', "."));
        implicit(id, "IPaddr2", params)
    }

    /// The resource that runs a replica's container.
    pub fn container(&self, offset: u32, ip: Option<&str>, addresses: &[SmolStr]) -> Definition {
        let name = format!("{}-{offset}", self.id);
        let mut params: Vec<(SmolStr, SmolStr)> = vec![
            ("image".into(), SmolStr::from(&self.image)),
            ("allow_pull".into(), "true".into()),
            ("force_kill".into(), "false".into()),
            ("reuse".into(), "false".into()),
            ("run_opts".into(), self.run_options(&name, ip, addresses).into()),
            ("mount_points".into(), self.own_directories(&name).into()),
        ];
        let command = self.run_command.as_deref().or(self.has_child.then_some(REMOTE_DAEMON));
        if let Some(command) = command {
            params.push(("run_cmd".into(), command.into()));
        }
        // The agent only asks whether the container lives, not what is inside.
        params.push(("monitor_cmd".into(), "/bin/true".into()));
        implicit(format_smolstr!("{}-{}-{offset}", self.id, self.agent), &self.agent, params)
    }

    /// The options of the container engine, in the order in which digests were made of them.
    fn run_options(&self, name: &str, ip: Option<&str>, addresses: &[SmolStr]) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        if self.agent == "docker" {
            out += " --restart=no";
        }
        if ip.is_some() {
            let _ = write!(out, " -h {name}");
        }
        out += " -e PCMK_stderr=1";
        if let Some(network) = &self.network {
            let _ = write!(out, " --net={network}");
        }
        let _ = write!(out, " -e PCMK_remote_port={}", self.control_port);
        for m in &self.mounts {
            let _ = write!(out, " -v {}:{}", m.source_for(name), m.target);
            if let Some(options) = &m.options {
                let _ = write!(out, ":{options}");
            }
        }
        for p in &self.ports {
            match ip {
                Some(ip) => {
                    let _ = write!(out, " -p {ip}:{}:{}", p.outside, p.inside);
                }
                None if self.network.as_deref() != Some("host") => {
                    let _ = write!(out, " -p {}:{}", p.outside, p.inside);
                }
                None => {}
            }
        }
        if let Some(options) = &self.options {
            let _ = write!(out, " {options}");
        }
        out.push(' ');
        for (i, address) in addresses.iter().enumerate() {
            let _ = if self.add_host {
                write!(out, " --add-host={}-{i}:{address}", self.id)
            } else {
                write!(out, " --hosts-entry={address}={}-{i}", self.id)
            };
        }
        out
    }

    /// Directories that have to exist on the host before the container starts.
    fn own_directories(&self, name: &str) -> String {
        let own: Vec<String> =
            self.mounts.iter().filter(|m| m.per_replica).map(|m| m.source_for(name)).collect();
        own.join(",")
    }
}

impl Mount {
    fn source_for(&self, name: &str) -> String {
        if self.per_replica { format!("{}/{name}", self.source) } else { self.source.clone() }
    }
}

fn mount(doc: &Document, e: Element) -> Option<Mount> {
    let target = doc.attr(e, "target-dir")?.to_owned();
    let options = doc.attr(e, "options").map(str::to_owned);
    let (source, per_replica) = match (doc.attr(e, "source-dir"), doc.attr(e, "source-dir-root")) {
        (Some(source), _) => (source, false),
        (None, Some(root)) => (root, true),
        (None, None) => return None,
    };
    Some(Mount { source: source.to_owned(), per_replica, target, options })
}

fn port(doc: &Document, e: Element) -> Option<Port> {
    let get = |name: &str| doc.attr(e, name).map(str::to_owned);
    let outside = get("port").or_else(|| get("range"))?;
    let inside = get("port").and(get("internal-port")).unwrap_or_else(|| outside.clone());
    Some(Port { outside, inside })
}

fn implicit(id: SmolStr, agent: &str, fixed_params: Vec<(SmolStr, SmolStr)>) -> Definition {
    let monitor = OpDef {
        id: format_smolstr!("{id}-monitor-60s"),
        name: "monitor".into(),
        interval_ms: 60_000,
        role: None,
        enabled: true,
        element: None,
        fixed: Vec::new(),
    };
    Definition {
        id,
        class: "ocf".into(),
        provider: Some("heartbeat".into()),
        agent: agent.into(),
        fixed_params,
        ops: vec![monitor],
        ..Definition::default()
    }
}
