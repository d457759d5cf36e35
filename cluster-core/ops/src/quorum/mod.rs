//! `quorum`: votes, in corosync.conf.

pub mod config;
pub mod device;
pub mod update;

use rhapsody_conf::{Conf, Section};

/// Is a quorum device defined?
pub(crate) fn has_device(conf: &Conf) -> bool {
    device_section(conf).is_some()
}

/// The last one counts.
pub(crate) fn device_section(conf: &Conf) -> Option<&Section> {
    conf.root().sections("quorum").flat_map(|quorum| quorum.sections("device")).last()
}

/// `two_node` is on exactly with two nodes, no device and no tie breaker.
pub(crate) fn settle_two_node(conf: &mut Conf) {
    let nodes: usize = conf.root().sections("nodelist").map(|list| list.sections("node").count()).sum();
    let tie_breaker = conf.get("quorum", "auto_tie_breaker") == Some("1");
    if nodes == 2 && !tie_breaker && !has_device(conf) {
        conf.set("quorum", "two_node", "1");
    } else {
        conf.remove("quorum", "two_node");
    }
}
