//! From a CIB to [`Status`].

mod extras;
mod history;
mod nodes;
mod resources;
mod summary;
mod warnings;

use crate::types::Status;
use rhapsody_cib::Cib;
use rhapsody_scheduler::model::Cluster;

impl Status {
    /// The status that a CIB describes at a time (seconds since 1970).
    pub fn new(cib: &Cib, now: i64) -> Status {
        let cib = cib.upgraded();
        Self::of(&cib, &rhapsody_scheduler::unpack(&cib, now), now)
    }

    /// The same from a model that has been unpacked already, from this very document.
    pub fn of(cib: &Cib, cluster: &Cluster, now: i64) -> Status {
        Status {
            summary: summary::summary(cib, cluster, now),
            nodes: nodes::nodes(cib, cluster),
            resources: resources::resources(cib, cluster),
            bans: extras::bans(cib, cluster),
            node_attributes: extras::node_attributes(cib, cluster),
            node_history: history::node_history(cib, cluster),
            failures: history::failures(cib, cluster),
            tickets: extras::tickets(cib, cluster),
            warnings: warnings::warnings(cluster),
        }
    }
}
