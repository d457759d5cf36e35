//! Whether the parameters of a recorded operation are still those of the configuration.

use crate::model::{Cluster, NodeIdx, ResourceIdx};
use crate::unpack::Env;
use crate::unpack::history::Entry;

/// The parameters changed since this entry was recorded.
pub fn changed_since(_env: &Env, _c: &Cluster, _rsc: ResourceIdx, _node: NodeIdx, _entry: &Entry) -> bool {
    false
}

impl crate::plan::Plan<'_> {
    pub fn check_configuration_changes(&mut self) {}
}

/// The digest an executor would record for an action.
pub fn of_action(a: &rhapsody_transition::Action) -> String {
    use rhapsody_cib::digest::{in_op_digest, op_digest};
    let recurring = a.interval_ms() > 0;
    op_digest(
        a.params.iter().filter(|(k, _)| in_op_digest(k, recurring)).map(|(k, v)| (k.as_str(), v.as_str())),
    )
}
