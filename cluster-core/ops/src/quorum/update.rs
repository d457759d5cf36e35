//! `quorum update`: options of votequorum.

use super::{has_device, settle_two_node};
use crate::conf::ConfWork;
use crate::conf::options::{Check, Options};
use crate::conf::tables::QUORUM;
use crate::reports::Reports;
use crate::work::Stop;
use rhapsody_agents_catalog::check::quoted;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub quorum_options: Options,
}

/// A device decides what these would.
pub(super) const WITHOUT_DEVICE: &[&str] =
    &["auto_tie_breaker", "last_man_standing", "last_man_standing_window"];

pub fn run(work: &mut ConfWork<'_>, request: Request) -> Result<(), Stop> {
    let mut options = request.quorum_options;
    options.sort_keys();
    Check { kind: "quorum", table: QUORUM, update: true, force: None }.run(&options, &mut work.reports);
    if has_device(&work.conf) {
        let clashing: Vec<&String> = options
            .iter()
            .filter(|(name, value)| WITHOUT_DEVICE.contains(&name.as_str()) && !value.is_empty())
            .map(|(name, _)| name)
            .collect();
        if !clashing.is_empty() {
            let text = format!(
                "These options cannot be set when the cluster uses a quorum device: {}",
                quoted(clashing)
            );
            work.reports.error("COROSYNC_OPTIONS_INCOMPATIBLE_WITH_QDEVICE", text);
        }
    }
    let after = |name: &str| match options.get(name) {
        Some(value) => Some(value.as_str()).filter(|value| !value.is_empty()),
        None => work.conf.get("quorum", name),
    };
    // What is there already is not complained about when nothing of it is touched.
    if options.get("last_man_standing_window").is_some_and(|window| !window.is_empty()) {
        window_needs_last_man(after("last_man_standing"), &mut work.reports);
    }
    work.reports.check()?;
    for (name, value) in &options {
        match value.as_str() {
            "" => {
                work.conf.remove("quorum", name);
            }
            value => work.conf.set("quorum", name, value),
        }
    }
    settle_two_node(&mut work.conf);
    Ok(())
}

pub(crate) fn window_needs_last_man(last_man_standing: Option<&str>, reports: &mut Reports) {
    if last_man_standing.is_none_or(|value| value == "0") {
        let text = "If quorum option 'last_man_standing_window' is enabled, quorum option 'last_man_standing' must be enabled as well";
        reports.error("PREREQUISITE_OPTION_MUST_BE_ENABLED_AS_WELL", text);
    }
}
