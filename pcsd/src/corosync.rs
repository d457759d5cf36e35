//! What pcsd needs to know from corosync.conf: the cluster's name and its nodes.

use crate::app::App;
use crate::files;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Membership {
    pub cluster_name: String,
    pub nodes: Vec<Node>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub id: String,
    pub addresses: Vec<String>,
}

/// Of this host; `None` where there is no readable corosync.conf.
pub fn membership(app: &App) -> Option<Membership> {
    let bytes = files::read_optional(&app.paths.corosync_conf()).ok()??;
    parse(&String::from_utf8_lossy(&bytes)).ok()
}

/// Sections are `name {` ... `}`, options `name: value`, one a line.
pub fn parse(text: &str) -> Result<Membership, String> {
    let mut found = Membership::default();
    let mut sections: Vec<&str> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_suffix('{') {
            sections.push(name.trim());
            if sections == ["nodelist", "node"] {
                found.nodes.push(Node::default());
            }
        } else if line == "}" {
            if sections.pop().is_none() {
                return Err(format!("line {}: unexpected closing brace", number + 1));
            }
        } else if let Some((name, value)) = line.split_once(':') {
            let (name, value) = (name.trim(), value.trim().to_owned());
            match (sections.as_slice(), found.nodes.last_mut()) {
                (["totem"], _) if name == "cluster_name" => found.cluster_name = value,
                (["nodelist", "node"], Some(node)) => match name {
                    "name" => node.name = value,
                    "nodeid" => node.id = value,
                    _ if name.starts_with("ring") && name.ends_with("_addr") => {
                        node.addresses.push(value);
                    }
                    _ => {}
                },
                _ => {}
            }
        } else {
            return Err(format!("line {}: neither a section nor an option", number + 1));
        }
    }
    if let Some(open) = sections.last() {
        return Err(format!("section '{open}' is not closed"));
    }
    Ok(found)
}

/// Refuses what no node could start from.
pub fn check(text: &str) -> anyhow::Result<()> {
    let found = parse(text).map_err(|error| anyhow::anyhow!("corosync.conf is not valid: {error}"))?;
    if found.nodes.is_empty() {
        anyhow::bail!("corosync.conf is not valid: it lists no nodes");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_and_name_are_found() {
        let text = "# c\ntotem {\n  version: 2\n  cluster_name: c1\n  interface {\n    cluster_name: no\n  }\n}\nnodelist {\n node {\n ring0_addr: 10.0.0.1\n ring1_addr: fe80::1\n name: n1\n nodeid: 1\n }\n node {\n ring0_addr: b\n }\n}\n";
        let found = parse(text).unwrap();
        assert_eq!(found.cluster_name, "c1");
        assert_eq!(found.nodes.len(), 2);
        assert_eq!(found.nodes[0].addresses, ["10.0.0.1", "fe80::1"]);
        assert_eq!(found.nodes[0].name, "n1");
        check(text).unwrap();
        for bad in ["", "totem {", "}", "word\n", "totem {\n}\n"] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
