//! Schemas: some words need a newer one than the CIB says it has.

use crate::work::Work;
use rhapsody_api::Report;
use rhapsody_cib::Cib;

/// The newest schema that is written; live clusters stay at what Debian's tools still read.
const LATEST_FILE: &str = "pacemaker-4.0";
const LATEST_LIVE: &str = "pacemaker-3.9";

fn number(schema: Option<&str>) -> Option<(u32, u32)> {
    let (major, minor) = schema?.strip_prefix("pacemaker-")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

impl Work<'_> {
    /// Brings the CIB to the latest schema when it is older than what is needed; says so.
    pub fn require_schema(&mut self, needed: (u32, u32)) {
        if number(self.cib.schema()).is_none_or(|have| have >= needed) {
            return;
        }
        self.upgrade();
        self.report(Report::info(
            "CIB_UPGRADE_SUCCESSFUL",
            "CIB has been upgraded to the latest schema version.",
        ));
    }

    /// Refuses a change that makes the CIB wrong, forced or not; mistakes that were there may stay.
    pub(crate) fn check_schema(&mut self, before: &Cib) {
        const SHOWN_MAX: usize = 10;
        let mut problems = self.cib.errors();
        if problems.is_empty() {
            return;
        }
        let known = before.errors();
        problems.retain(|problem| !known.contains(problem));
        if problems.is_empty() {
            return;
        }
        let lines: Vec<String> =
            problems.iter().take(SHOWN_MAX).map(|problem| format!("  {problem}")).collect();
        self.error(
            "CIB_PUSH_ERROR",
            format!(
                "Unable to update cib: the update does not conform to the configured schema\n{}",
                lines.join("\n")
            ),
        );
    }

    /// The latest schema, whatever is needed; false when it is there already.
    pub fn upgrade(&mut self) -> bool {
        let latest = if self.env.live { LATEST_LIVE } else { LATEST_FILE };
        if number(self.cib.schema()) >= number(Some(latest)) {
            return false;
        }
        self.cib.upgrade();
        let root = self.cib.root();
        self.cib.set_attr(root, "validate-with", latest);
        let mut version = self.cib.version();
        version.admin_epoch += 1;
        version.epoch = 1;
        version.num_updates = 0;
        self.cib.set_version(version);
        true
    }
}
