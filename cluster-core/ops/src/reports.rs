//! The reports an operation gathers while it works on a file other than the CIB.

use crate::work::Stop;
use rhapsody_agents_catalog::check;
use rhapsody_api::Report;

#[derive(Debug, Default)]
pub struct Reports(Vec<Report>);

impl Reports {
    pub fn add(&mut self, report: Report) {
        self.0.push(report);
    }

    pub fn error(&mut self, code: &str, text: impl Into<String>) {
        self.add(Report::error(code, text));
    }

    pub fn warning(&mut self, code: &str, text: impl Into<String>) {
        self.add(Report::warning(code, text));
    }

    pub fn deprecation(&mut self, code: &str, text: impl Into<String>) {
        self.add(Report::deprecation(code, text));
    }

    pub fn info(&mut self, code: &str, text: impl Into<String>) {
        self.add(Report::info(code, text));
    }

    /// An error that `--force` turns into a warning.
    pub fn forceable(&mut self, force: bool, code: &str, text: impl Into<String>) {
        self.add(check::forceable(force, code, text.into()));
    }

    /// An error after which nothing else is looked at.
    pub fn stop<T>(&mut self, code: &str, text: impl Into<String>) -> Result<T, Stop> {
        self.error(code, text);
        Err(Stop)
    }

    pub fn failed(&self) -> bool {
        self.0.iter().any(Report::is_error)
    }

    /// Ends the operation when anything so far was an error.
    pub fn check(&self) -> Result<(), Stop> {
        if self.failed() { Err(Stop) } else { Ok(()) }
    }

    pub fn list(&self) -> &[Report] {
        &self.0
    }

    pub fn into_list(self) -> Vec<Report> {
        self.0
    }
}
