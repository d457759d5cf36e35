//! `stonith sbd config`, `status`, `disable`: sbd on all nodes of the cluster.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::program::run;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Options that each node has for itself, or that are of no interest to people.
const NOT_COMMON: &[&str] = &["SBD_WATCHDOG_DEV", "SBD_OPTS", "SBD_PACEMAKER", "SBD_DEVICE"];

/// Text of its configuration file by node; none where it has none.
type Texts = BTreeMap<String, Option<String>>;

/// The settings of a shell-like file; the last one counts.
pub fn settings(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().trim_matches('"').to_owned())).collect()
}

/// What stands between semicolons, as sbd reads several devices.
pub fn devices(settings: &BTreeMap<String, String>) -> Vec<String> {
    let text = settings.get("SBD_DEVICE").map(String::as_str).unwrap_or_default();
    text.split(';').map(str::trim).filter(|device| !device.is_empty()).map(str::to_owned).collect()
}

pub fn config(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let texts: Texts = context.get("rhapsody.sbd.config", &json!({}))?;
    let nodes: BTreeMap<&String, BTreeMap<String, String>> =
        texts.iter().filter_map(|(node, text)| Some((node, settings(text.as_deref()?)))).collect();
    if nodes.is_empty() {
        eprintln!("No node has a configuration of sbd");
        return Ok(());
    }
    lines(&nodes).iter().for_each(|line| context.line(line));
    Ok(())
}

fn lines(nodes: &BTreeMap<&String, BTreeMap<String, String>>) -> Vec<String> {
    let mut lines = Vec::new();
    // They are the same everywhere.
    for (name, value) in nodes.values().next().into_iter().flatten() {
        if !NOT_COMMON.contains(&name.as_str()) {
            lines.push(format!("{name}={value}"));
        }
    }
    lines.extend(["".to_owned(), "Watchdogs:".to_owned()]);
    for (node, settings) in nodes {
        let watchdog = settings.get("SBD_WATCHDOG_DEV").map_or("<unknown>", String::as_str);
        lines.push(format!("  {node}: {watchdog}"));
    }
    let with_devices: Vec<_> =
        nodes.iter().map(|(node, of)| (node, devices(of))).filter(|(_, of)| !of.is_empty()).collect();
    if !with_devices.is_empty() {
        lines.extend(["".to_owned(), "Devices:".to_owned()]);
        for (node, devices) in with_devices {
            let quoted: Vec<String> = devices.iter().map(|device| format!("'{device}'")).collect();
            lines.push(format!("  {node}: {}", quoted.join(", ")));
        }
    }
    lines
}

#[derive(Deserialize)]
struct State {
    installed: Option<bool>,
    enabled: Option<bool>,
    running: Option<bool>,
}

pub fn status(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let states: BTreeMap<String, State> = context.get("rhapsody.sbd.status", &json!({}))?;
    let shown = |state: Option<bool>| match state {
        Some(true) => "YES",
        Some(false) => " NO",
        None => "N/A",
    };
    context.line("SBD STATUS\n<node name>: <installed> | <enabled> | <running>");
    for (node, State { installed, enabled, running }) in &states {
        context.line(format!("{node}: {} | {} | {}", shown(*installed), shown(*enabled), shown(*running)));
    }
    let local = context.run("rhapsody.sbd.local_config", &json!({}))?;
    let Value::String(text) = local else { return Ok(()) };
    for device in devices(&settings(&text)) {
        let full = context.options.has("--full").then_some(("SBD header", "dump"));
        for (title, action) in std::iter::once(("Messages list", "list")).chain(full) {
            match run("sbd", &["-d", &device, action]) {
                Ok(told) => context.line(format!("\n{title} on device '{device}':\n{}", told.trim_end())),
                Err(error) => eprintln!("Warning: Unable to read device '{device}': {error}"),
            }
        }
    }
    Ok(())
}

pub fn disable(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    eprintln!("Disabling SBD service...");
    context.run("sbd.disable_sbd", &json!({ "force_flags": context.force_flags() }))?;
    eprintln!("Warning: Cluster restart is required in order to apply these changes.");
    Ok(())
}

/// The settings of this node as JSON, as old scripts of pcs ask for them.
pub fn local_config(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    match context.run("rhapsody.sbd.local_config", &json!({}))? {
        Value::String(text) => {
            context.line(json!(settings(&text)).to_string());
            Ok(())
        }
        _ => Err(Failure::message("there is no configuration of sbd on this node")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_settings_come_once_and_what_is_a_nodes_own_by_node() {
        let one = settings(
            "# sbd\nSBD_DELAY_START=no\nSBD_WATCHDOG_DEV=/dev/wd1\nSBD_OPTS=\"-n n1\"\nSBD_DEVICE=\"/dev/a; /dev/b\"\n",
        );
        let two = settings("SBD_DELAY_START=no\nSBD_WATCHDOG_DEV=/dev/wd2\n");
        let (n1, n2) = ("n1".to_owned(), "n2".to_owned());
        let nodes = BTreeMap::from([(&n1, one), (&n2, two)]);
        assert_eq!(
            lines(&nodes),
            [
                "SBD_DELAY_START=no",
                "",
                "Watchdogs:",
                "  n1: /dev/wd1",
                "  n2: /dev/wd2",
                "",
                "Devices:",
                "  n1: '/dev/a', '/dev/b'",
            ]
        );
    }
}
