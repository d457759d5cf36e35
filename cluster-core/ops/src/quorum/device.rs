//! `quorum device`: add, change, remove the arbitrator and its heuristics.

use super::update::WITHOUT_DEVICE;
use super::{config, has_device, settle_two_node};
use crate::conf::ConfWork;
use crate::conf::options::{Check, Kind, Options};
use crate::conf::tables::{DEVICE, DEVICE_NET, HEURISTICS};
use crate::reports::Reports;
use crate::work::{ForceFlags, Stop};
use rhapsody_agents_catalog::check::quoted;
use rhapsody_conf::{Conf, Section};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    pub model: String,
    #[serde(default)]
    pub model_options: Options,
    #[serde(default)]
    pub generic_options: Options,
    #[serde(default)]
    pub heuristics_options: Options,
    #[serde(default)]
    pub force_flags: ForceFlags,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    #[serde(default)]
    pub model_options: Options,
    #[serde(default)]
    pub generic_options: Options,
    #[serde(default)]
    pub heuristics_options: Options,
    #[serde(default)]
    pub force_flags: ForceFlags,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remove {}

pub fn add(work: &mut ConfWork<'_>, request: Add) -> Result<(), Stop> {
    if has_device(&work.conf) {
        return work.reports.stop("QDEVICE_ALREADY_DEFINED", "quorum device is already defined");
    }
    let force = request.force_flags.force();
    let given = Given {
        model: &request.model,
        model_options: &request.model_options,
        generic_options: &request.generic_options,
        heuristics_options: &request.heuristics_options,
        update: false,
        force,
    };
    model(&request.model, force, &mut work.reports);
    given.check(&work.conf, &mut work.reports);
    heuristics_run_something(&request.heuristics_options, &mut work.reports);
    work.reports.check()?;
    for name in WITHOUT_DEVICE {
        work.conf.remove("quorum", name);
    }
    let mut device = Section::new("device");
    set(&mut device, &request.generic_options);
    device.set("model", &request.model);
    settle_votes(&mut device, &request.model, &request.model_options);
    for (name, options) in
        [(request.model.as_str(), &request.model_options), ("heuristics", &request.heuristics_options)]
    {
        if !options.is_empty() {
            set(device.add_section(name), options);
        }
    }
    let exists = work.conf.root().sections("quorum").next().is_some();
    if !exists {
        work.conf.root_mut().add_section("quorum");
    }
    if let Some(quorum) = work.conf.root_mut().sections_mut("quorum").last() {
        quorum.push_section(device);
    }
    settle_two_node(&mut work.conf);
    Ok(())
}

pub fn update(work: &mut ConfWork<'_>, request: Update) -> Result<(), Stop> {
    let Some(before) = config::device(&work.conf) else { return not_defined(work) };
    let given = Given {
        model: &before.model,
        model_options: &request.model_options,
        generic_options: &request.generic_options,
        heuristics_options: &request.heuristics_options,
        update: true,
        force: request.force_flags.force(),
    };
    given.check(&work.conf, &mut work.reports);
    if !request.heuristics_options.is_empty() {
        let after = merged(&before.heuristics_options, &request.heuristics_options);
        heuristics_run_something(&after, &mut work.reports);
    }
    work.reports.check()?;
    let Some(device) =
        work.conf.root_mut().sections_mut("quorum").flat_map(|quorum| quorum.sections_mut("device")).last()
    else {
        return not_defined(work);
    };
    set(device, &request.generic_options);
    for (name, options) in
        [(before.model.as_str(), &request.model_options), ("heuristics", &request.heuristics_options)]
    {
        if options.is_empty() {
            continue;
        }
        if device.sections(name).next().is_none() {
            device.add_section(name);
        }
        // Removed from all of them, set where it counts.
        for section in device.sections_mut(name) {
            options.keys().filter(|key| options[*key].is_empty()).for_each(|key| {
                section.remove(key);
            });
        }
        if let Some(section) = device.sections_mut(name).last() {
            set(section, options);
        }
        device.remove_sections(name, |section| section.is_empty());
    }
    settle_votes(device, &before.model, &request.model_options);
    Ok(())
}

pub fn remove(work: &mut ConfWork<'_>, _: Remove) -> Result<(), Stop> {
    let mut removed = 0;
    for quorum in work.conf.root_mut().sections_mut("quorum") {
        removed += quorum.remove_sections("device", |_| true);
    }
    if removed == 0 {
        return not_defined(work);
    }
    settle_two_node(&mut work.conf);
    Ok(())
}

pub fn heuristics_remove(work: &mut ConfWork<'_>, _: Remove) -> Result<(), Stop> {
    if !has_device(&work.conf) {
        return not_defined(work);
    }
    for quorum in work.conf.root_mut().sections_mut("quorum") {
        for device in quorum.sections_mut("device") {
            device.remove_sections("heuristics", |_| true);
        }
    }
    Ok(())
}

fn not_defined<T>(work: &mut ConfWork<'_>) -> Result<T, Stop> {
    work.reports.stop("QDEVICE_NOT_DEFINED", "no quorum device is defined in this cluster")
}

/// What a command says about a device.
struct Given<'a> {
    model: &'a str,
    model_options: &'a Options,
    generic_options: &'a Options,
    heuristics_options: &'a Options,
    update: bool,
    force: bool,
}

impl Given<'_> {
    fn check(&self, conf: &Conf, reports: &mut Reports) {
        let force = Some(self.force);
        if self.model == "net" {
            let check = Check { kind: "quorum device model", table: DEVICE_NET, update: self.update, force };
            self.required(reports);
            check.run(self.model_options, reports);
            self.algorithm_and_tie_breaker(&check, conf, reports);
        }
        if self.generic_options.contains_key("model") {
            reports.error("INVALID_OPTIONS", "Model cannot be specified in generic options");
            return;
        }
        Check { kind: "quorum device", table: DEVICE, update: self.update, force }
            .run(self.generic_options, reports);
        self.heuristics(reports);
    }

    fn required(&self, reports: &mut Reports) {
        if self.update {
            return;
        }
        let missing: Vec<&str> = ["algorithm", "host"]
            .into_iter()
            .filter(|name| !self.model_options.contains_key(*name))
            .collect();
        if !missing.is_empty() {
            let (s, are) = if missing.len() == 1 { ("", "is") } else { ("s", "are") };
            let text = format!("required quorum device model option{s} {} {are} missing", quoted(missing));
            reports.error("REQUIRED_OPTIONS_ARE_MISSING", text);
        }
    }

    /// The values of these are known; what else they might be, corosync-qdevice may know.
    fn algorithm_and_tie_breaker(&self, check: &Check<'_>, conf: &Conf, reports: &mut Reports) {
        const ALGORITHMS: Kind = Kind::OneOf(&["ffsplit", "lms"]);
        let value = |name: &str| self.model_options.get(name).filter(|value| !value.is_empty());
        if let Some(algorithm) = value("algorithm") {
            check.value("algorithm", ALGORITHMS, algorithm, reports);
        }
        let ids = conf.settings().nodes.into_iter().map(|node| node.id.to_string());
        let mut allowed: Vec<String> = ids.collect();
        allowed.extend(["highest".to_owned(), "lowest".to_owned()]);
        if let Some(node) = value("tie_breaker")
            && !allowed.contains(node)
        {
            let text = format!("'{node}' is not a valid tie_breaker value, use {}", quoted(allowed));
            check.tell("INVALID_OPTION_VALUE", text, reports);
        }
    }

    fn heuristics(&self, reports: &mut Reports) {
        let is_exec = |name: &str| name.strip_prefix("exec_").is_some_and(|rest| !rest.is_empty());
        let (execs, others): (Options, Options) =
            self.heuristics_options.clone().into_iter().partition(|(name, _)| is_exec(name));
        let check =
            Check { kind: "heuristics", table: HEURISTICS, update: self.update, force: Some(self.force) };
        check.run_with_pattern(&others, Some("exec_NAME"), reports);
        // What they run is for the shell to judge.
        Check { table: &[], ..check }.user_defined(&execs, Kind::Text("a command to be run"), reports);
    }
}

fn model(model: &str, force: bool, reports: &mut Reports) {
    if !Section::can_hold(model) || model.is_empty() {
        let text = format!("'{}' is not a valid model value, use 'net'", model.escape_debug());
        reports.error("INVALID_OPTION_VALUE", text);
    } else if model != "net" {
        let text = format!("'{model}' is not a valid model value, use 'net'");
        reports.forceable(force, "INVALID_OPTION_VALUE", text);
    }
}

fn heuristics_run_something(options: &Options, reports: &mut Reports) {
    let on = options.get("mode").is_some_and(|mode| mode == "on" || mode == "sync");
    if on && !options.keys().any(|name| name.starts_with("exec_")) {
        let text = "No exec_NAME options are specified, so heuristics are effectively disabled";
        reports.warning("COROSYNC_QUORUM_HEURISTICS_ENABLED_WITH_NO_EXEC", text);
    }
}

fn merged(before: &Options, change: &Options) -> Options {
    let mut after = before.clone();
    after.extend(change.iter().map(|(name, value)| (name.clone(), value.clone())));
    after.retain(|_, value| !value.is_empty());
    after
}

/// Empty values remove; new ones come in the order of their names.
fn set(section: &mut Section, options: &Options) {
    let mut options: Vec<(&String, &String)> = options.iter().collect();
    options.sort();
    for (name, value) in options {
        if value.is_empty() {
            section.remove(name);
        } else {
            section.set(name, value);
        }
    }
}

/// The fifty-fifty split has one vote; the last man standing counts for itself.
fn settle_votes(device: &mut Section, model: &str, model_options: &Options) {
    match model_options.get("algorithm").map(String::as_str) {
        Some("ffsplit") if model == "net" => device.set("votes", "1"),
        Some("lms") if model == "net" => {
            device.remove("votes");
        }
        _ => {}
    }
}
