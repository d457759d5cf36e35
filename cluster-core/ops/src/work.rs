//! What an operation works on: a copy of the CIB, and the reports it makes.

use rhapsody_agents_catalog::Agents;
use rhapsody_api::Report;
use rhapsody_cib::{Cib, Version};

/// What surrounds an operation.
pub struct Env<'a> {
    pub agents: &'a dyn Agents,
    /// Seconds since 1970, for rules.
    pub now: i64,
    /// False for a CIB in a file: nobody acts on it.
    pub live: bool,
    /// Names and addresses of the cluster's nodes, where they are known.
    pub nodes: Vec<NodeNames>,
}

/// A node as corosync.conf names it.
#[derive(Debug, Clone, Default)]
pub struct NodeNames {
    pub name: String,
    pub addresses: Vec<String>,
}

/// The reports say why; nothing more is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

pub struct Work<'a> {
    pub cib: Cib,
    pub env: &'a Env<'a>,
    reports: Vec<Report>,
    /// Changes that count one by one, beyond the first.
    more_epochs: u64,
    /// Written even when nothing is different.
    touched: bool,
    /// What the version becomes, where it does not simply count on.
    exact_version: Option<Version>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(cib: Cib, env: &'a Env<'a>) -> Self {
        Work { cib, env, reports: Vec::new(), more_epochs: 0, touched: false, exact_version: None }
    }

    pub fn report(&mut self, report: Report) {
        self.reports.push(report);
    }

    pub fn reports(&mut self, reports: impl IntoIterator<Item = Report>) {
        self.reports.extend(reports);
    }

    pub fn error(&mut self, code: &str, text: impl Into<String>) {
        self.report(Report::error(code, text));
    }

    pub fn warning(&mut self, code: &str, text: impl Into<String>) {
        self.report(Report::warning(code, text));
    }

    /// An error that `--force` turns into a warning.
    pub fn forceable(&mut self, force: bool, code: &str, text: impl Into<String>) {
        self.report(rhapsody_agents_catalog::check::forceable(force, code, text.into()));
    }

    /// An error after which nothing else is looked at.
    pub fn stop<T>(&mut self, code: &str, text: impl Into<String>) -> Result<T, Stop> {
        self.error(code, text);
        Err(Stop)
    }

    /// Attributes are written one by one, and each counts.
    pub fn count_changes(&mut self, changes: usize) {
        self.more_epochs = u64::try_from(changes.saturating_sub(1)).unwrap_or(0);
    }

    /// A file is written (with a higher num_updates) even when nothing is different.
    pub fn touch(&mut self) {
        self.touched = true;
    }

    /// The version after this operation, instead of the next epoch.
    pub fn set_exact_version(&mut self, version: Version) {
        self.exact_version = Some(version);
    }

    pub fn failed(&self) -> bool {
        self.reports.iter().any(Report::is_error)
    }

    /// Ends the operation when anything so far was an error.
    pub fn check(&self) -> Result<(), Stop> {
        if self.failed() { Err(Stop) } else { Ok(()) }
    }

    pub(crate) fn into_reports(self) -> Vec<Report> {
        self.reports
    }

    /// A role in the words of this CIB's schema: those before pacemaker-3.7 know Master and Slave.
    pub fn role_for_cib(&self, role: &str) -> String {
        crate::values::role_for_schema(role, self.cib.schema())
    }

    /// Hands the changed copy over; true when it differs from what was there.
    pub(crate) fn finish(&mut self, cib: &mut Cib) -> bool {
        let mut version = self.cib.version();
        if self.cib.to_xml() == cib.to_xml() {
            if !self.touched || self.env.live {
                return false;
            }
            version.num_updates += 1;
            self.cib.set_version(version);
            std::mem::swap(cib, &mut self.cib);
            return true;
        }
        version.epoch += 1 + self.more_epochs;
        version.num_updates = 0;
        if let Some(exact) = self.exact_version {
            version = exact;
        }
        self.cib.set_version(version);
        std::mem::swap(cib, &mut self.cib);
        true
    }
}

/// `["FORCE"]` as pcs's commands take it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct ForceFlags(pub Vec<String>);

impl ForceFlags {
    pub fn force(&self) -> bool {
        self.0.iter().any(|flag| flag == "FORCE")
    }
}

impl From<Vec<&'static str>> for ForceFlags {
    fn from(flags: Vec<&'static str>) -> Self {
        ForceFlags(flags.into_iter().map(str::to_owned).collect())
    }
}
