//! `booth ticket add`, `remove`: the tickets of a booth configuration.

use super::file::{BoothConf, TICKET_NAME_MAX};
use crate::conf::options::Options;
use crate::reports::Reports;
use crate::work::Stop;
use rhapsody_agents_catalog::check::invalid_text;

const OPTIONS: &[&str] = &[
    "acquire-after",
    "attr-prereq",
    "before-acquire-handler",
    "expire",
    "mode",
    "renewal-freq",
    "retries",
    "timeout",
    "weights",
];

/// Options of the whole file: as an option of a ticket booth would refuse to start.
const GLOBAL: &[&str] = &[
    "arbitrator",
    "authfile",
    "debug",
    "enable-authfile",
    "maxtimeskew",
    "name",
    "port",
    "site",
    "site-group",
    "site-user",
    "arbitrator-group",
    "arbitrator-user",
    "ticket",
    "transport",
];

pub fn add(
    conf: &mut BoothConf,
    name: &str,
    options: Options,
    force: bool,
    reports: &mut Reports,
) -> Result<(), Stop> {
    check_name(name, reports);
    if conf.ticket(name).is_some() {
        let text = format!("booth ticket name '{name}' already exists in configuration");
        reports.error("BOOTH_TICKET_DUPLICATE", text);
    }
    check_options(&options, force, reports);
    reports.check()?;
    conf.add_ticket(name, options);
    Ok(())
}

pub fn remove(conf: &mut BoothConf, name: &str, reports: &mut Reports) -> Result<(), Stop> {
    if conf.remove_ticket(name) {
        return Ok(());
    }
    reports.stop("BOOTH_TICKET_DOES_NOT_EXIST", format!("booth ticket name '{name}' does not exist"))
}

fn check_name(name: &str, reports: &mut Reports) {
    if let Some(text) = name_problem(name) {
        reports.error("BOOTH_TICKET_NAME_INVALID", text);
    }
}

/// Why booth knows no ticket of this name.
pub(crate) fn name_problem(name: &str) -> Option<String> {
    let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (name.is_empty() || name.len() > TICKET_NAME_MAX || !letters).then(|| {
        format!("booth ticket name '{name}' is not valid, use up to {TICKET_NAME_MAX} alphanumeric characters or dash")
    })
}

fn check_options(options: &Options, force: bool, reports: &mut Reports) {
    let known: Vec<String> = OPTIONS.iter().map(|name| (*name).to_owned()).collect();
    let unknown = options.keys().filter(|name| !OPTIONS.contains(&name.as_str())).cloned();
    let (global, unknown): (Vec<String>, Vec<String>) =
        unknown.partition(|name| GLOBAL.contains(&name.as_str()));
    if !global.is_empty() {
        reports.error("INVALID_OPTIONS", invalid_text("booth ticket", &global, &known));
    }
    if !unknown.is_empty() {
        reports.forceable(force, "INVALID_OPTIONS", invalid_text("booth ticket", &unknown, &known));
    }
    for (name, value) in options {
        if value.is_empty() {
            reports.error("INVALID_OPTION_VALUE", format!("{name} cannot be empty"));
        } else if value.chars().chain(name.chars()).any(char::is_control) {
            let text = format!("{name} cannot contain control characters");
            reports.error("INVALID_OPTION_VALUE", text);
        }
    }
    if let Some(mode) = options.get("mode").filter(|mode| !mode.is_empty())
        && !["auto", "manual"].contains(&mode.as_str())
    {
        let text = format!("'{mode}' is not a valid mode value, use 'auto', 'manual'");
        reports.forceable(force, "INVALID_OPTION_VALUE", text);
    }
}
