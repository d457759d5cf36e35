//! Operations on fence devices.

pub mod create;
pub mod level;

use rhapsody_agents_catalog::check;
use rhapsody_api::Report;

/// `action` is the cluster's to choose; setting it makes every fence action the same.
pub fn check_action(given: &[(String, String)], force: bool) -> Option<Report> {
    let (_, value) = given.iter().find(|(name, _)| name == "action")?;
    if value.is_empty() {
        return None;
    }
    Some(check::forceable(
        force,
        "STONITH_DEPRECATED_ACTION",
        format!(
            "stonith option 'action' is deprecated and might be removed in a future release, therefore it should not be used, use {} instead",
            check::quoted(["pcmk_off_action", "pcmk_reboot_action"])
        ),
    ))
}
