//! The replicated document: configuration (durable) and status (in memory), and the entries that
//! change them in one order everywhere.

pub mod apply;
pub mod config;
pub mod disk;
pub mod entry;
pub mod merge;
pub mod render;
pub mod status;

use crate::{Cib, Node};
use config::Held;
use disk::Disk;
use status::Status;

pub(crate) struct Replica {
    /// The configuration that counts.
    pub held: Held,
    /// The next one, prepared but not committed.
    pub staged: Option<Held>,
    pub status: Status,
    /// num_updates.
    pub updates: u64,
    pub disk: Disk,
}

impl Replica {
    pub fn empty() -> Replica {
        Replica {
            held: Held::new(Cib::empty(), Default::default(), None),
            staged: None,
            status: Status::default(),
            updates: 0,
            disk: Disk::default(),
        }
    }
}

impl Node {
    /// The whole document as this node has it: configuration, status, and the attributes of the
    /// root that tools read.
    pub(crate) fn whole_cib(&self, reader: render::Reader) -> Cib {
        let mut cib = self.replica.held.cib.clone();
        render::status(&mut cib, &self.replica.status, &self.names, reader);
        let mut version = cib.version();
        version.num_updates = self.replica.updates;
        cib.set_version(version);
        let root = cib.root();
        cib.set_attr(root, "have-quorum", if self.quorate() { "1" } else { "0" });
        match self.view().map(|v| v.dc) {
            Some(dc) => cib.set_attr(root, "dc-uuid", &dc.to_string()),
            None => {
                cib.remove_attr(root, "dc-uuid");
            }
        }
        cib
    }

    /// As long as this stays, [`Node::whole_cib`] does: the version, and what counts the changes that
    /// no entry makes (a view, a lost quorum, a peer that leaves). The lowest bit: there is no view.
    pub fn cib_key(&self) -> (u64, u64, u64, u64) {
        let (admin_epoch, epoch) = self.replica.held.stamp.version();
        let others = self.counters.views_installed + self.counters.events;
        (admin_epoch, epoch, self.replica.updates, 2 * others + u64::from(self.view().is_none()))
    }
}
