//! `booth`: tickets between clusters. The file of a booth instance, and its resources in the CIB.

pub mod cib;
pub mod file;
pub mod setup;
pub mod ticket;

use crate::reports::Reports;

/// Where the files of an instance are.
pub const FOLDER: &str = "/etc/booth";
/// The instance that is meant when none is named.
pub const DEFAULT_NAME: &str = "booth";

/// Tells when a name would lead out of the folder.
pub fn check_name(name: &str, reports: &mut Reports) {
    if name.is_empty() || name.starts_with('.') || name.contains(|c: char| c == '/' || c.is_control()) {
        let text = format!("booth name '{name}' is not valid, it cannot be empty or contain / characters");
        reports.error("BOOTH_INVALID_NAME", text);
    }
}

pub fn config_path(name: &str) -> String {
    format!("{FOLDER}/{name}.conf")
}

pub fn key_path(name: &str) -> String {
    format!("{FOLDER}/{name}.key")
}
