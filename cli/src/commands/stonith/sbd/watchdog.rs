//! `stonith sbd watchdog`: the watchdogs of this host. They are listed without opening one: a
//! watchdog that was opened may reset the host.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::program::run;
use std::fs;
use std::path::Path;

/// What the kernel tells about each.
const KERNEL: &str = "/sys/class/watchdog";

struct Watchdog {
    path: String,
    identity: String,
}

/// By number.
fn watchdogs(folder: &Path) -> Vec<Watchdog> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort_by_key(|name| name.trim_start_matches(|c: char| !c.is_ascii_digit()).parse::<u32>().ok());
    let identity = |name: &String| fs::read_to_string(folder.join(name).join("identity")).unwrap_or_default();
    names
        .iter()
        .map(|name| Watchdog { path: format!("/dev/{name}"), identity: identity(name).trim().to_owned() })
        .collect()
}

pub fn list(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let found = watchdogs(Path::new(KERNEL));
    if found.is_empty() {
        context.line("No available watchdog");
        return Ok(());
    }
    context.line("Available watchdog(s):");
    for Watchdog { path, identity } in found {
        context.line(format!("  {path}"));
        if !identity.is_empty() {
            context.line(format!("    Identity: {identity}"));
        }
    }
    Ok(())
}

pub fn test(context: &mut Context, words: &[String]) -> Done {
    let path = match words {
        [] => match watchdogs(Path::new(KERNEL)).as_slice() {
            [] => return Err(Failure::message("No watchdog available")),
            [one] => one.path.clone(),
            _ => {
                return Err(Failure::message(
                    "Multiple watchdog devices available, specify the one to be tested",
                ));
            }
        },
        [path] => path.clone(),
        _ => return Err(usage()),
    };
    if !context.options.force() && !context.options.has("--yes") {
        return Err(Failure::message(
            "This operation is expected to force-reboot this system without following any shutdown procedures, use --yes \
             to go on",
        ));
    }
    run("sbd", &["-w", &path, "test-watchdog"])
        .map(|_| ())
        .map_err(|error| Failure::Message(format!("Unable to initialize test of the watchdog: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn watchdogs_come_by_number() {
        let folder = std::env::temp_dir().join(format!("rhapsody-watchdogs-{}", std::process::id()));
        for name in ["watchdog10", "watchdog2"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        fs::write(folder.join("watchdog2/identity"), "softdog\n").unwrap();
        let found = watchdogs(&folder);
        let paths: Vec<&str> = found.iter().map(|found| found.path.as_str()).collect();
        assert_eq!(paths, ["/dev/watchdog2", "/dev/watchdog10"]);
        assert_eq!(found[0].identity, "softdog");
        fs::remove_dir_all(folder).unwrap();
        assert!(watchdogs(Path::new("/no/such/folder")).is_empty());
    }
}
