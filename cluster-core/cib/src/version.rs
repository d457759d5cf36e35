use std::fmt;

/// What orders CIBs: compared field by field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version {
    /// Set by the administrator only.
    pub admin_epoch: u64,
    /// One more with each configuration change.
    pub epoch: u64,
    /// One more with each status change; 0 after a configuration change.
    pub num_updates: u64,
}

impl Version {
    pub fn new(admin_epoch: u64, epoch: u64, num_updates: u64) -> Version {
        Version { admin_epoch, epoch, num_updates }
    }

    /// The part that a configuration change is based on.
    pub fn base(self) -> (u64, u64) {
        (self.admin_epoch, self.epoch)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.admin_epoch, self.epoch, self.num_updates)
    }
}
