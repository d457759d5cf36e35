//! "Node List".

use super::{MonOptions, item, resources};
use crate::types::{Health, Node, NodeKind, Resource, Status};

pub fn write(text: &mut String, status: &Status, options: &MonOptions) {
    text.push_str("Node List:\n");
    if options.by_node {
        for node in &status.nodes {
            item(text, 0, &format!("{} {}: {}:", kind(node), name(node, options), state(node)));
            item(text, 1, "Resources:");
            for rsc in resources_on(status, node) {
                resources::write_on_node(text, rsc, 2);
            }
        }
        return;
    }
    let mut lists: [(&str, Vec<&str>); 5] = [
        ("Online", Vec::new()),
        ("OFFLINE", Vec::new()),
        ("RemoteOnline", Vec::new()),
        ("RemoteOFFLINE", Vec::new()),
        ("GuestOnline", Vec::new()),
    ];
    for node in &status.nodes {
        if options.detail || is_special(node) {
            let set = node.feature_set.as_ref().filter(|_| options.detail);
            let set = set.map(|set| format!(", feature set {set}")).unwrap_or_default();
            item(text, 0, &format!("{} {}: {}{set}", kind(node), name(node, options), state(node)));
            continue;
        }
        let list = match (node.kind, node.online) {
            (NodeKind::Member, true) => 0,
            (NodeKind::Member, false) => 1,
            (NodeKind::Remote, true) => 2,
            (NodeKind::Remote, false) => 3,
            (NodeKind::Guest, true) => 4,
            // A guest that is not running is the business of its container.
            (NodeKind::Guest, false) => continue,
        };
        lists[list].1.push(&node.name);
    }
    for (label, names) in lists {
        if !names.is_empty() {
            item(text, 0, &format!("{label}: [ {} ]", names.join(" ")));
        }
    }
}

fn is_special(node: &Node) -> bool {
    node.unclean
        || node.pending
        || node.standby
        || (node.standby_onfail && node.online)
        || node.maintenance
        || (node.online && node.health != Health::Green)
}

pub fn kind(node: &Node) -> &'static str {
    match node.kind {
        NodeKind::Member => "Node",
        NodeKind::Remote => "RemoteNode",
        NodeKind::Guest => "GuestNode",
    }
}

/// With `-R`: the host of a guest, the id of a member.
pub fn name(node: &Node, options: &MonOptions) -> String {
    let mut name = node.name.clone();
    if options.detail {
        if node.kind == NodeKind::Guest {
            // Of one that runs nowhere the host is empty.
            name.push_str(&format!("@{}", node.host.as_deref().unwrap_or_default()));
        }
        if node.kind == NodeKind::Member && node.id != node.name && !node.id.is_empty() {
            name.push_str(&format!(" ({})", node.id));
        }
    }
    name
}

/// `online`, `UNCLEAN (offline)`, `standby (with active resources)`, ...
pub fn state(node: &Node) -> String {
    let busy = !node.resources.is_empty();
    let state = match () {
        () if node.unclean && node.online => "UNCLEAN (online)",
        () if node.unclean && node.pending => "UNCLEAN (pending)",
        () if node.unclean => "UNCLEAN (offline)",
        () if node.pending => "pending",
        () if node.standby_onfail && node.online => "standby (on-fail)",
        () if node.standby && !node.online => "OFFLINE (standby)",
        () if node.standby && busy => "standby (with active resources)",
        () if node.standby => "standby",
        () if node.maintenance && node.online => "maintenance",
        () if node.maintenance => "OFFLINE (maintenance)",
        () if node.online => "online",
        () => "OFFLINE",
    };
    let health = match node.health {
        Health::Red if node.online => " (health is RED)",
        Health::Yellow if node.online => " (health is YELLOW)",
        _ => "",
    };
    format!("{state}{health}")
}

fn resources_on<'a>(status: &'a Status, node: &Node) -> Vec<&'a Resource> {
    let all: Vec<&Resource> = status.resources.iter().flat_map(|entry| entry.primitives()).collect();
    let find = |id: &String| {
        all.iter().copied().find(|rsc| rsc.instance == *id).filter(|rsc| !rsc.implicit_connection())
    };
    node.resources.iter().filter_map(find).collect()
}

impl Resource {
    /// The connection of a guest node is not shown among the resources of its host.
    fn implicit_connection(&self) -> bool {
        self.implicit && self.connection
    }
}
