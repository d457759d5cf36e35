//! Booth's own daemon on this host: what it knows, and whether it runs as an arbitrator.

use super::file::instance;
use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::program::run;
use rhapsody_ops::booth::config_path;
use std::path::Path;

pub fn status(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let conf = config_path(&instance(context)?);
    for (title, what) in [("DAEMON STATUS:", "status"), ("TICKETS:", "list"), ("PEERS:", "peers")] {
        let told = booth(&[what, "-c", &conf])
            .map_err(|error| Failure::Message(format!("unable to get status of booth daemon: {error}")))?;
        context.line(format!("{title}\n{}\n", told.trim_end()));
    }
    Ok(())
}

pub fn grant(context: &mut Context, words: &[String]) -> Done {
    ticket(context, words, "grant")
}

pub fn revoke(context: &mut Context, words: &[String]) -> Done {
    ticket(context, words, "revoke")
}

fn ticket(context: &mut Context, words: &[String], action: &str) -> Done {
    let (ticket, site) = match words {
        [ticket] => (ticket, super::resource::site_address(context)?),
        [ticket, site] => (ticket, site.clone()),
        _ => return Err(usage()),
    };
    let conf = config_path(&instance(context)?);
    booth(&[action, "-s", &site, ticket, "-c", &conf])
        .map(|told| told.lines().for_each(|line| context.line(line)))
        .map_err(|error| {
            Failure::Message(format!(
                "unable to {action} booth ticket '{ticket}' for site '{site}', reason: {error}"
            ))
        })
}

fn booth(words: &[&str]) -> Result<String, String> {
    run("booth", words)
}

/// `systemctl` for the unit of an instance.
pub fn switch(context: &mut Context, words: &[String], action: &str) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let unit = format!("booth@{}", instance(context)?);
    let failed = |why: &str| Failure::Message(format!("Unable to {action} {unit}: {why}"));
    if !Path::new("/run/systemd/system").exists() {
        return Err(failed("booth's arbitrator is a unit of systemd, which does not run on this host"));
    }
    run("systemctl", &[action, &unit]).map_err(|error| failed(&error))?;
    let done = match action {
        "enable" => "enabled",
        "disable" => "disabled",
        "start" => "started",
        _ => "stopped",
    };
    eprintln!("{unit} {done}");
    Ok(())
}
