//! Commands of `/api/v2`: ours are in [`COMMANDS`]; every other name is an operation of
//! `rhapsody_ops` on the live CIB, or one of `rhapsody_ops::conf` on the corosync.conf of all nodes.

mod booth;
mod certificate;
mod cib;
mod cluster;
mod conf;
mod config;
mod dr;
mod history;
mod hosts;
mod lifecycle;
mod live;
mod report;
mod resource;
mod sbd;
mod setup;
mod tokens;
mod wait;

use crate::app::App;
use crate::auth::User;
use crate::permissions::Access::{self, Needs};
use crate::permissions::Permission::{Full, Read, Superuser, Write};
use rhapsody_api::Report;
use rhapsody_api::task::{Command, CommandOptions, TaskFinish, TaskResult, TaskState};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

/// Reports of a running command, readable while it runs.
#[derive(Clone, Default)]
pub struct Sink(Arc<Mutex<Vec<Report>>>, Arc<Mutex<Option<Arc<str>>>>);

impl Sink {
    pub fn push(&self, report: Report) {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(report);
    }

    /// The result as JSON text that is kept ready: sent as it is, instead of the command's value.
    pub fn set_ready(&self, json: Arc<str>) {
        *self.1.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(json);
    }

    pub fn ready(&self) -> Option<Arc<str>> {
        self.1.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    pub fn list(&self) -> Vec<Report> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }
}

/// What a command gets besides its parameters.
#[derive(Clone)]
pub struct Ctx {
    pub app: Arc<App>,
    pub user: User,
    pub options: CommandOptions,
    pub reports: Sink,
}

/// The command did not succeed; its reports say why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

pub type Done = Result<Value, Stop>;
type Running = Pin<Box<dyn Future<Output = Done> + Send>>;

pub struct Entry {
    pub name: &'static str,
    pub access: Access,
    pub run: fn(Ctx, Value) -> Running,
}

macro_rules! command {
    ($name:literal, $access:expr, $handler:path) => {
        Entry {
            name: $name,
            access: $access,
            run: |ctx, params| {
                Box::pin(async move {
                    let params = ctx.params(params)?;
                    $handler(&ctx, params).await
                })
            },
        }
    };
}

#[rustfmt::skip]
pub static COMMANDS: &[Entry] = &[
    command!("auth.auth_hosts", Needs(Full), hosts::auth),
    command!("auth.known_hosts_change", Needs(Full), hosts::change),
    command!("rhapsody.host.auth_token", Needs(Full), hosts::auth_token),
    command!("rhapsody.host.deauth", Needs(Full), hosts::deauth),
    command!("rhapsody.host.list", Needs(Read), hosts::list),
    command!("rhapsody.pcsd.status", Needs(Read), hosts::pcsd_status),

    command!("rhapsody.pcsd.deauth", Needs(Superuser), tokens::deauth),
    command!("rhapsody.pcsd.accept_token", Needs(Superuser), tokens::accept_token),
    command!("rhapsody.pcsd.certkey", Needs(Full), certificate::certkey),
    command!("rhapsody.pcsd.sync_certificates", Needs(Full), certificate::sync),

    command!("cluster.setup", Needs(Superuser), setup::run),
    command!("rhapsody.cluster.start", Needs(Write), lifecycle::start),
    command!("rhapsody.cluster.stop", Needs(Write), lifecycle::stop),
    command!("rhapsody.cluster.enable", Needs(Write), lifecycle::enable),
    command!("rhapsody.cluster.disable", Needs(Write), lifecycle::disable),
    command!("rhapsody.cluster.destroy", Needs(Full), lifecycle::destroy),

    command!("rhapsody.cluster.kill", Needs(Superuser), lifecycle::kill),

    command!("cluster.add_nodes", Needs(Full), conf::nodes::add),
    command!("cluster.remove_nodes", Needs(Full), conf::nodes::remove),
    command!("cluster.node_clear", Needs(Write), conf::nodes::clear),
    command!("cluster.rename_node_corosync", Needs(Write), conf::nodes::rename),
    command!("cluster.reload_corosync_conf", Needs(Write), conf::whole::reload),
    command!("cluster.set_corosync_conf", Needs(Full), conf::whole::set),
    command!("rhapsody.cluster.sync", Needs(Full), conf::whole::sync),
    command!("rhapsody.cluster.authkey", Needs(Superuser), conf::whole::authkey),

    command!("rhapsody.booth.config_of", Needs(Read), booth::config),
    command!("rhapsody.booth.pull", Needs(Full), booth::pull),
    command!("rhapsody.booth.sync", Needs(Full), booth::sync),

    command!("rhapsody.dr.config", Needs(Read), dr::config),
    command!("rhapsody.dr.set_recovery_site", Needs(Full), dr::set_recovery_site),
    command!("rhapsody.dr.status", Needs(Read), dr::status),
    command!("rhapsody.dr.destroy", Needs(Full), dr::destroy),

    command!("rhapsody.sbd.config", Needs(Read), sbd::config),
    command!("rhapsody.sbd.status", Needs(Read), sbd::status),
    command!("rhapsody.sbd.local_config", Needs(Read), sbd::local_config),
    command!("sbd.disable_sbd", Needs(Write), sbd::disable),

    command!("rhapsody.config.checkpoints", Needs(Read), config::checkpoint::list),
    command!("rhapsody.config.checkpoint", Needs(Read), config::checkpoint::get),
    command!("rhapsody.config.backup", Needs(Full), config::backup::backup),
    command!("rhapsody.config.restore", Needs(Full), config::backup::restore),

    command!("cluster.get_corosync_conf", Needs(Read), cluster::corosync_conf),
    command!("rhapsody.cluster.corosync", Needs(Read), cluster::corosync_conf_of),
    command!("rhapsody.cluster.cib", Needs(Read), cib::get),
    command!("rhapsody.resource.cleanup", Needs(Write), cluster::cleanup),
    command!("rhapsody.resource.refresh", Needs(Write), cluster::refresh),
    command!("resource.disable_safe", Needs(Write), resource::safely::disable),
    command!("resource.disable_simulate", Needs(Read), resource::safely::simulate),
    command!("resource.move_autoclean", Needs(Write), resource::moving::autoclean),
    command!("resource.restart", Needs(Write), resource::restart::run),
    command!("rhapsody.resource.relocate_run", Needs(Write), resource::relocate::run),
    command!("rhapsody.resource.relocate_clear", Needs(Write), resource::relocate::clear),
    command!("rhapsody.stonith.history", Needs(Read), history::show),
    command!("rhapsody.stonith.history_part", Needs(Read), history::part),
    command!("rhapsody.stonith.history_cleanup", Needs(Write), history::cleanup),
    command!("rhapsody.stonith.history_forget", Needs(Write), history::forget),
    command!("rhapsody.stonith.fence", Needs(Write), cluster::fence),
    command!("rhapsody.stonith.confirm", Needs(Write), cluster::confirm),
    command!("rhapsody.status", Needs(Read), cluster::status),
    command!("rhapsody.status.xml", Needs(Read), cluster::status_xml),
    command!("status.full_cluster_status_plaintext", Needs(Read), cluster::status_text),
    command!("rhapsody.quorum.status", Needs(Read), cluster::quorum),
    command!("rhapsody.quorum.expected_votes", Needs(Full), cluster::expected_votes),
    command!("rhapsody.quorum.unblock", Needs(Full), cluster::unblock),
    command!("quorum.status_text", Needs(Read), cluster::quorum_text),
    command!("cluster.wait_for_pcmk_idle", Needs(Read), wait::command),
    command!("rhapsody.node.wait", Needs(Read), wait::command),
    command!("rhapsody.cluster.report", Needs(Full), report::run),
    command!("rhapsody.cluster.report_part", Needs(Full), report::part),
    command!("rhapsody.events", Needs(Read), cluster::events),
    command!("rhapsody.core.statistics", Needs(Read), cluster::statistics),
    command!("rhapsody.core.members", Needs(Read), cluster::members),
];

impl Ctx {
    pub fn report(&self, report: Report) {
        self.reports.push(report);
    }

    /// Reports an error and stops.
    pub fn fail(&self, report: Report) -> Stop {
        self.report(report);
        Stop
    }

    pub fn params<T: serde::de::DeserializeOwned>(&self, params: Value) -> Result<T, Stop> {
        serde_json::from_value(params).map_err(|error| {
            // Serde names the field; the values stay out of it (passwords are among them).
            let text = format!("Invalid payload of the command: {}", without_values(&error));
            self.fail(Report::error("COMMAND_INVALID_PAYLOAD", text))
        })
    }

    pub fn request_time(&self, default: std::time::Duration) -> std::time::Duration {
        let seconds = self.options.request_timeout.filter(|seconds| (1..=86_400).contains(seconds));
        seconds.map_or(default, std::time::Duration::from_secs)
    }
}

/// serde quotes offending values with `"`; field names come in backquotes.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let mut parts = text.split('"');
    let mut out = parts.next().unwrap_or_default().to_owned();
    while let (Some(_value), Some(after)) = (parts.next(), parts.next()) {
        out.push_str("(value)");
        out.push_str(after);
    }
    out
}

/// Runs a command to its end.
pub async fn run(app: Arc<App>, user: User, command: Command, reports: Sink) -> (TaskFinish, Value) {
    let Command { command_name, params, options } = command;
    let user = user.acting_as(options.effective_username.as_deref(), options.effective_groups.clone());
    let entry = COMMANDS.iter().find(|entry| entry.name == command_name);
    let access = entry.map(|entry| entry.access).or_else(|| live::access(&command_name));
    let access = access.or_else(|| conf::access(&command_name));
    let Some(access) = access else {
        let text = format!("Unknown command '{command_name}'");
        reports.push(Report::error("COMMAND_UNKNOWN", text));
        return (TaskFinish::Fail, Value::Null);
    };
    if !access.allows(&user, &app.paths) {
        let text = format!("user '{}' is not permitted to run '{command_name}'", user.name);
        reports.push(Report::error("NOT_AUTHORIZED", text));
        return (TaskFinish::Fail, Value::Null);
    }
    let ctx = Ctx { app, user, options, reports: reports.clone() };
    let done = match entry {
        Some(entry) => (entry.run)(ctx, params).await,
        None if conf::access(&command_name).is_some() => conf::run(&ctx, &command_name, params).await,
        None => live::run(&ctx, &command_name, params).await,
    };
    match done {
        Ok(value) if !reports.list().iter().any(Report::is_error) => (TaskFinish::Success, value),
        Ok(value) => (TaskFinish::Fail, value),
        Err(Stop) => (TaskFinish::Fail, Value::Null),
    }
}

/// A command as it may be shown again: the answer repeats it, but not its passwords and tokens.
pub fn without_secrets(command: &Command) -> Command {
    let mut command = command.clone();
    fn hide(value: &mut Value) {
        match value {
            Value::Object(map) => {
                for (name, value) in map.iter_mut() {
                    if matches!(name.as_str(), "password" | "token" | "tokens" | "key" | "tarball") {
                        *value = Value::from("***");
                    } else {
                        hide(value);
                    }
                }
            }
            Value::Array(list) => list.iter_mut().for_each(hide),
            _ => {}
        }
    }
    const SECRET: &[&str] = &["auth.", "rhapsody.config.", "rhapsody.host.", "rhapsody.pcsd."];
    if SECRET.iter().any(|begin| command.command_name.starts_with(begin)) {
        hide(&mut command.params);
    }
    command
}

pub fn task_result(
    task_ident: String,
    command: Command,
    reports: Sink,
    finish: TaskFinish,
    result: Value,
) -> TaskResult {
    TaskResult {
        task_ident,
        command,
        reports: reports.list(),
        state: TaskState::Finished,
        task_finish_type: finish,
        kill_reason: None,
        result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_one_entry_and_no_operation_is_hidden() {
        let mut seen = std::collections::HashSet::new();
        for entry in COMMANDS {
            assert!(seen.insert(entry.name), "{} is there twice", entry.name);
            assert!(matches!(entry.access, Needs(_)), "{} has no permission", entry.name);
            assert!(live::access(entry.name).is_none(), "{} is an operation as well", entry.name);
        }
        for name in rhapsody_ops::names() {
            assert!(live::access(name).is_some(), "{name} has no permission");
            assert!(conf::access(name).is_none(), "{name} changes two files");
        }
    }

    #[test]
    fn passwords_are_not_shown_again() {
        let command = Command {
            command_name: "auth.auth_hosts".to_owned(),
            params: serde_json::json!({"hosts": {"n1": {"username": "u", "password": "p"}}}),
            options: CommandOptions::default(),
        };
        let shown = without_secrets(&command).params.to_string();
        assert!(shown.contains("***") && !shown.contains("\"p\""), "{shown}");
        let error = serde_json::from_str::<u32>("\"secret\"").unwrap_err();
        assert!(!without_values(&error).contains("secret"));
    }
}
