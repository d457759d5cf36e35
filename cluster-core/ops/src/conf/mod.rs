//! Operations on corosync.conf: `(file, request) -> reports`, for `--corosync_conf FILE` and for
//! the file of a cluster.
//!
//! [`run`] is the door, as `rhapsody_ops::run` is for the CIB. An operation that fails leaves the
//! file as it was. What an operation needs from the outside (addresses of hosts, a random number)
//! is in [`Env`].

pub mod options;
pub mod tables;

use crate::reports::Reports;
use crate::table::Permission;
use crate::work::Stop;
use crate::{Outcome, cluster, quorum};
use rhapsody_api::Report;
use rhapsody_conf::Conf;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;

/// What surrounds an operation.
pub struct Env<'a> {
    /// The first address of each host that is known.
    pub known_hosts: BTreeMap<String, String>,
    /// Does this name have an address?
    pub resolves: &'a dyn Fn(&str) -> bool,
    /// 32 hexadecimal digits, never used before.
    pub uuid: String,
}

/// What an operation works on.
pub struct ConfWork<'a> {
    pub conf: Conf,
    pub env: &'a Env<'a>,
    pub reports: Reports,
}

struct Operation {
    name: &'static str,
    permission: Permission,
    run: fn(&mut ConfWork<'_>, Value) -> Result<Value, Stop>,
}

macro_rules! operations {
    ($($name:literal $permission:ident $run:path;)*) => {
        const OPERATIONS: &[Operation] = &[$(Operation {
            name: $name,
            permission: Permission::$permission,
            run: |work, params| typed(work, params, $run),
        }),*];
    };
}

operations! {
    "cluster.get_corosync_conf_struct" Read cluster::config::run;
    "cluster.generate_cluster_uuid" Full cluster::uuid::run;
    "cluster.rename" Full cluster::rename::cluster;
    "cluster.rename_node_corosync" Full cluster::rename::node;
    "rhapsody.cluster.config_update" Full cluster::config_update::run;
    "rhapsody.cluster.link_add" Full cluster::link::add;
    "rhapsody.cluster.link_remove" Full cluster::link::remove;
    "rhapsody.cluster.link_update" Full cluster::link::update;
    "rhapsody.cluster.node_add" Full cluster::nodes::add;
    "rhapsody.cluster.node_remove" Full cluster::nodes::remove;
    "rhapsody.cluster.setup_file" Full cluster::setup::run;
    "rhapsody.quorum.config" Read quorum::config::run;
    "rhapsody.quorum.update" Write quorum::update::run;
    "rhapsody.quorum.device_add" Write quorum::device::add;
    "rhapsody.quorum.device_remove" Write quorum::device::remove;
    "rhapsody.quorum.device_update" Write quorum::device::update;
    "rhapsody.quorum.device_heuristics_remove" Write quorum::device::heuristics_remove;
}

fn typed<R, T, F>(work: &mut ConfWork<'_>, params: Value, run: F) -> Result<Value, Stop>
where
    R: DeserializeOwned,
    T: Serialize,
    F: FnOnce(&mut ConfWork<'_>, R) -> Result<T, Stop>,
{
    let params = if params.is_null() { Value::Object(serde_json::Map::new()) } else { params };
    let request = match serde_json::from_value(params) {
        Ok(request) => request,
        Err(error) => {
            let text = format!("the parameters do not fit: {error}");
            return work.reports.stop("API_INVALID_PARAMETERS", text);
        }
    };
    let result = run(work, request)?;
    serde_json::to_value(result).or_else(|error| {
        work.reports.stop("API_INVALID_RESULT", format!("the result cannot be written: {error}"))
    })
}

/// Who may call an operation; None for a name that is not one.
pub fn permission(name: &str) -> Option<Permission> {
    OPERATIONS.iter().find(|operation| operation.name == name).map(|operation| operation.permission)
}

pub fn names() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|operation| operation.name)
}

/// Runs the operation called `name`; `conf` is changed only when it succeeds.
pub fn run(name: &str, params: Value, conf: &mut Conf, env: &Env<'_>) -> Outcome {
    let refused = |reports| Outcome { done: false, changed: false, reports, result: Value::Null };
    let Some(operation) = OPERATIONS.iter().find(|operation| operation.name == name) else {
        let text = format!("there is no command '{name}'");
        return refused(vec![Report::error("API_UNKNOWN_COMMAND", text)]);
    };
    let mut work = ConfWork { conf: conf.clone(), env, reports: Reports::default() };
    match (operation.run)(&mut work, params) {
        Ok(result) if !work.reports.failed() => {
            let changed = operation.permission != Permission::Read && work.conf != *conf;
            std::mem::swap(conf, &mut work.conf);
            Outcome { done: true, changed, reports: work.reports.into_list(), result }
        }
        _ => {
            let mut reports = work.reports.into_list();
            if !reports.iter().any(Report::is_error) {
                reports.push(Report::error("COMMAND_FAILED", format!("'{name}' did not succeed")));
            }
            refused(reports)
        }
    }
}
