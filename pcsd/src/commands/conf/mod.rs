//! Operations on the cluster's corosync.conf: this node's file, changed by `rhapsody_ops::conf`, sent
//! to all nodes, taken by those that run.

pub mod nodes;
pub mod push;
pub mod whole;

use super::{Ctx, Done, Stop, live};
use crate::files;
use crate::permissions::Access;
use rhapsody_api::Report;
use rhapsody_conf::Conf;
use rhapsody_ops::Outcome;
use rhapsody_ops::conf::Env;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::ToSocketAddrs;

/// One change at a time from this node: each is made from what the one before left.
static CHANGING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// What an operation demands; `None` when there is no such operation. Making a file without a cluster
/// is for the command line.
pub fn access(name: &str) -> Option<Access> {
    if name == "rhapsody.cluster.setup_file" {
        return None;
    }
    rhapsody_ops::conf::permission(name).map(live::needs)
}

/// Runs an operation on the file; what it changed goes to all nodes. `skip_offline` is taken out of
/// its parameters, for operations that know no flags.
pub async fn run(ctx: &Ctx, name: &str, mut params: Value) -> Done {
    let _changing = change_begins().await;
    let taken = params.as_object_mut().and_then(|params| params.shift_remove("skip_offline"));
    let skip_offline = taken == Some(Value::Bool(true)) || has_flag(&params, "SKIP_OFFLINE_NODES");
    let before = read(ctx)?;
    let (after, outcome) = operate(ctx, name, params, before.clone()).await?;
    let Outcome { done, changed, reports, result } = outcome;
    reports.into_iter().for_each(|report| ctx.report(report));
    if !done {
        return Err(Stop);
    }
    if changed {
        push::to_all(ctx, &before, after, skip_offline).await?;
    }
    Ok(result)
}

/// Held while a change is made and sent.
pub async fn change_begins() -> tokio::sync::MutexGuard<'static, ()> {
    CHANGING.lock().await
}

pub fn has_flag(params: &Value, wanted: &str) -> bool {
    params["force_flags"].as_array().is_some_and(|flags| flags.iter().any(|flag| flag == wanted))
}

/// This node's file.
pub fn read(ctx: &Ctx) -> Result<Conf, Stop> {
    let path = ctx.app.paths.corosync_conf();
    let why = match files::read_optional(&path) {
        Ok(Some(bytes)) => match Conf::parse(&String::from_utf8_lossy(&bytes)) {
            Ok(conf) => return Ok(conf),
            Err(error) => {
                let text = format!("Unable to parse {}: {error}", path.display());
                return Err(ctx.fail(Report::error("PARSE_ERROR_COROSYNC_CONF", text)));
            }
        },
        Ok(None) => "it does not exist; is this node in a cluster?".to_owned(),
        Err(error) => error.to_string(),
    };
    let text = format!("Unable to read {}: {why}", path.display());
    Err(ctx.fail(Report::error("UNABLE_TO_READ_COROSYNC_CONFIG", text)))
}

/// The operation itself, on a thread where looking up a name may take its time.
pub async fn operate(ctx: &Ctx, name: &str, params: Value, mut conf: Conf) -> Result<(Conf, Outcome), Stop> {
    let known_hosts = first_addresses(ctx)?;
    let name = name.to_owned();
    let running = tokio::task::spawn_blocking(move || {
        let env = Env { known_hosts, resolves: &resolves, uuid: new_uuid() };
        let outcome = rhapsody_ops::conf::run(&name, params, &mut conf, &env);
        (conf, outcome)
    });
    running.await.map_err(|_| {
        ctx.fail(Report::error("INTERNAL_ERROR", "internal error; see the log of rhapsody-pcsd"))
    })
}

/// Where each known host was authenticated.
pub fn first_addresses(ctx: &Ctx) -> Result<BTreeMap<String, String>, Stop> {
    let known = ctx
        .app
        .known_hosts
        .load()
        .map_err(|error| ctx.fail(Report::error("UNABLE_TO_READ_KNOWN_HOSTS", format!("{error:#}"))))?;
    let address = |name: &String, host: &crate::known_hosts::Host| {
        Some((name.clone(), host.destinations(name).into_iter().next()?.addr))
    };
    Ok(known.known_hosts.iter().filter_map(|(name, host)| address(name, host)).collect())
}

pub fn resolves(name: &str) -> bool {
    (name, 0).to_socket_addrs().is_ok_and(|mut addresses| addresses.next().is_some())
}

pub fn new_uuid() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
