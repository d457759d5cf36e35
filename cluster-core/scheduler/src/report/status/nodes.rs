//! The node list: who is online, and what is special about others.

use crate::model::*;

pub(super) fn nodes(c: &Cluster, out: &mut Vec<String>) {
    let (mut online, mut offline, mut remote_on, mut remote_off, mut guest_on): (
        Vec<_>,
        Vec<_>,
        Vec<_>,
        Vec<_>,
        Vec<_>,
    ) = Default::default();
    for n in &c.node_order {
        let node = &c[*n];
        if node.is_guest() && !node.online {
            continue;
        }
        let kind = match node.kind {
            NodeKind::Cluster => "Node",
            NodeKind::Remote => "RemoteNode",
            NodeKind::Guest => "GuestNode",
        };
        let mut state = String::new();
        if node.unclean {
            let how = if node.online {
                "online"
            } else if node.pending {
                "pending"
            } else {
                "offline"
            };
            state = format!("UNCLEAN ({how})");
        } else if node.pending {
            state = "pending".into();
        } else if node.standby_on_fail && node.online {
            state = "standby (on-fail)".into();
        } else if node.standby {
            state = if !node.online {
                "OFFLINE (standby)".into()
            } else if node.running.is_empty() {
                "standby".into()
            } else {
                "standby (with active resources)".into()
            };
        } else if node.maintenance {
            state = if node.online { "maintenance".into() } else { "OFFLINE (maintenance)".into() };
        }
        if node.online && node.health < 1 && c.options.health != HealthStrategy::None {
            if state.is_empty() {
                state = "online".into();
            }
            state += if node.health < 0 { " (health is RED)" } else { " (health is YELLOW)" };
        }
        if state.is_empty() {
            let list = match (node.kind, node.online) {
                (NodeKind::Cluster, true) => &mut online,
                (NodeKind::Cluster, false) => &mut offline,
                (NodeKind::Remote, true) => &mut remote_on,
                (NodeKind::Remote, false) => &mut remote_off,
                (NodeKind::Guest, true) => &mut guest_on,
                (NodeKind::Guest, false) => continue,
            };
            list.push(node.name.as_str());
        } else {
            out.push(format!("    * {kind} {}: {state}", node.name));
        }
    }
    for (label, list) in [
        ("Online", online),
        ("OFFLINE", offline),
        ("RemoteOnline", remote_on),
        ("RemoteOFFLINE", remote_off),
        ("GuestOnline", guest_on),
    ] {
        if !list.is_empty() {
            out.push(format!("    * {label}: [ {} ]", list.join(" ")));
        }
    }
}
