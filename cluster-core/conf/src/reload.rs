//! What a running cluster takes of a changed file, and what it takes at its next start only.

use crate::{Conf, Settings};
use std::collections::BTreeMap;

/// Everything of a change that members which run cannot agree on one after the other; empty when
/// the change can be made while the cluster runs.
pub fn needs_stop(before: &Settings, after: &Settings) -> Vec<String> {
    let mut told = Vec::new();
    if before.cluster_name != after.cluster_name {
        told.push("the name of the cluster".to_owned());
    }
    if (before.crypto.cipher == "none") != (after.crypto.cipher == "none") {
        told.push("whether links are encrypted".to_owned());
    }
    let names: BTreeMap<u32, &str> = before.nodes.iter().map(|node| (node.id, node.name.as_str())).collect();
    for node in &after.nodes {
        if names.get(&node.id).is_some_and(|name| *name != node.name) {
            told.push(format!("the name of the node with the number {}", node.id));
        } else if !names.contains_key(&node.id) && names.values().any(|name| *name == node.name) {
            told.push(format!("the number of the node '{}'", node.name));
        }
    }
    told
}

impl Conf {
    /// Which of two files is newer: members take the one with the greater number.
    pub fn config_version(&self) -> u64 {
        self.get("totem", "config_version").and_then(|version| version.parse().ok()).unwrap_or(0)
    }

    /// Makes this file newer than one with that version.
    pub fn succeed(&mut self, version: u64) {
        self.set("totem", "config_version", &(version + 1).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = "totem {\n    version: 2\n    cluster_name: c\n    crypto_cipher: aes256\n    crypto_hash: sha256\n}\n\n\
        nodelist {\n    node {\n        ring0_addr: 192.0.2.1\n        name: n1\n        nodeid: 1\n    }\n\n    \
        node {\n        ring0_addr: 192.0.2.2\n        name: n2\n        nodeid: 2\n    }\n}\n";

    fn told(edit: impl FnOnce(&mut Conf)) -> String {
        let before = Conf::parse(CONF).unwrap();
        let mut after = before.clone();
        edit(&mut after);
        needs_stop(&before.settings(), &after.settings()).join("; ")
    }

    #[test]
    fn what_a_running_cluster_takes() {
        assert_eq!(told(|conf| conf.set("totem", "token", "5000")), "");
        assert_eq!(told(|conf| conf.set("totem", "crypto_cipher", "aes128")), "");
        assert_eq!(told(|conf| conf.set("quorum", "wait_for_all", "1")), "");
        assert_eq!(told(|conf| conf.set("totem", "crypto_cipher", "none")), "whether links are encrypted");
        assert_eq!(told(|conf| conf.set("totem", "cluster_name", "d")), "the name of the cluster");
        let second = |key: &'static str, value: &'static str| {
            move |conf: &mut Conf| {
                let lists = conf.root_mut().sections_mut("nodelist");
                if let Some(node) = lists.flat_map(|list| list.sections_mut("node")).nth(1) {
                    node.set(key, value);
                }
            }
        };
        assert_eq!(told(second("ring0_addr", "192.0.2.9")), "");
        assert_eq!(told(second("name", "n9")), "the name of the node with the number 2");
        assert_eq!(told(second("nodeid", "9")), "the number of the node 'n2'");
    }

    #[test]
    fn a_successor_is_newer() {
        let mut conf = Conf::parse(CONF).unwrap();
        assert_eq!(conf.config_version(), 0);
        conf.succeed(6);
        assert_eq!((conf.config_version(), conf.settings().config_version), (7, 7));
    }
}
