//! `stonith sbd device`: shared disks with slots for messages.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::program::run;

/// Timeouts, and the letters by which sbd knows them.
const TIMEOUTS: &[(&str, &str)] = &[
    ("allocate-timeout", "-2"),
    ("loop-timeout", "-3"),
    ("msgwait-timeout", "-4"),
    ("watchdog-timeout", "-1"),
];
const MESSAGES: &[&str] = &["clear", "crashdump", "exit", "off", "reset", "test"];

pub fn setup(context: &mut Context, words: &[String]) -> Done {
    let (devices, options) = parse(words)?;
    let quoted: Vec<String> = devices.iter().map(|device| format!("'{device}'")).collect();
    let quoted = quoted.join(", ");
    if !context.options.force() {
        return Err(Failure::Message(format!(
            "All current content on device(s) {quoted} will be overwritten, use --force to override"
        )));
    }
    eprintln!("Warning: All current content on device(s) {quoted} will be overwritten");
    let mut line: Vec<&str> = devices.iter().flat_map(|device| ["-d", device]).collect();
    line.extend(options.iter().flat_map(|(letter, seconds)| [*letter, seconds]));
    line.push("create");
    eprintln!("Initializing device(s) {}...", devices.join(", "));
    run("sbd", &line)
        .map_err(|error| Failure::Message(format!("Initialization of device(s) {quoted} failed: {error}")))?;
    eprintln!("Device(s) initialized successfully");
    Ok(())
}

/// The devices, and what sbd is to be told.
type Setup<'a> = (Vec<&'a str>, Vec<(&'static str, &'a str)>);

fn parse(words: &[String]) -> Result<Setup<'_>, Failure> {
    let (mut devices, mut options) = (Vec::new(), Vec::new());
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(usage)?;
        if name == "device" {
            devices.push(value);
            continue;
        }
        let Some((_, letter)) = TIMEOUTS.iter().find(|(known, _)| *known == name) else {
            let known: Vec<String> = TIMEOUTS.iter().map(|(name, _)| format!("'{name}'")).collect();
            return Err(Failure::Message(format!(
                "invalid option '{name}', allowed options are: {}",
                known.join(", ")
            )));
        };
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Failure::Message(format!(
                "'{value}' is not a valid {name} value, use a non-negative integer"
            )));
        }
        options.push((*letter, value));
    }
    if devices.is_empty() {
        return Err(Failure::message("No device defined"));
    }
    Ok((devices, options))
}

pub fn message(_: &mut Context, words: &[String]) -> Done {
    let [device, node, message] = words else { return Err(usage()) };
    if !MESSAGES.contains(&message.as_str()) {
        let known: Vec<String> = MESSAGES.iter().map(|known| format!("'{known}'")).collect();
        return Err(Failure::Message(format!(
            "'{message}' is not a valid message value, use {}",
            known.join(", ")
        )));
    }
    run("sbd", &["-d", device, "message", node, message]).map(|_| ()).map_err(|error| {
        Failure::Message(format!(
            "Unable to set message '{message}' for node '{node}' on device '{device}': {error}"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_get_sbds_letters() {
        let words = ["device=/dev/a", "watchdog-timeout=5", "device=/dev/b", "msgwait-timeout=10"];
        let words = words.map(str::to_owned);
        let (devices, options) = parse(&words).unwrap();
        assert_eq!(devices, ["/dev/a", "/dev/b"]);
        assert_eq!(options, [("-1", "5"), ("-4", "10")]);
        assert!(parse(&["watchdog-timeout=5".to_owned()]).is_err());
    }
}
