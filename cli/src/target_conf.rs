//! corosync.conf as a target: a file (`--corosync_conf`), or the one of the cluster through pcsd.

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{reports, text_diff};
use crate::{settings, whole_file};
use rhapsody_conf::Conf;
use rhapsody_ops::conf::Env;
use rhapsody_ops::{Outcome, Permission};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::net::ToSocketAddrs;
use std::path::Path;

/// Where pcsd keeps whom it knows; its addresses are no secret to root.
const KNOWN_HOSTS: &str = "/var/lib/rhapsody/pcsd/known-hosts";

/// Runs an operation of `rhapsody_ops::conf`, tells its reports and returns its result.
pub fn run(context: &mut Context, name: &str, request: &impl Serialize) -> Result<Value, Failure> {
    let Some(path) = context.options.value("--corosync_conf").map(str::to_owned) else {
        return on_cluster(context, name, request);
    };
    let conf = read(&path)?;
    on_file(context, name, request, &path, conf)
}

/// Questions are answered from the cluster's file as it is, and so is what a change would do; the
/// change itself is pcsd's, because it takes all nodes.
fn on_cluster(context: &mut Context, name: &str, request: &impl Serialize) -> Result<Value, Failure> {
    let reads = rhapsody_ops::conf::permission(name) == Some(Permission::Read);
    if !reads && !context.options.has("--dry-run") {
        let mut params = params(name, request)?;
        if let (true, Some(params)) = (context.options.has("--skip-offline"), params.as_object_mut()) {
            params.insert("skip_offline".to_owned(), Value::Bool(true));
        }
        return context.run(name, &params);
    }
    let answer = context.run("cluster.get_corosync_conf", &serde_json::json!({}))?;
    let text = answer.as_str().ok_or_else(|| Failure::message("the answer is no text"))?;
    let mut conf = Conf::parse(text).map_err(|error| {
        Failure::Message(format!("Unable to parse the Corosync configuration of the cluster: {error}"))
    })?;
    let outcome = operate(context, name, request, &mut conf)?;
    if !reads {
        show_change(context, text, &outcome, &conf);
    }
    Ok(outcome.result)
}

/// What a dry run would have written.
fn show_change(context: &mut Context, before: &str, outcome: &Outcome, conf: &Conf) {
    if !outcome.changed {
        context.line("Nothing would change.");
        return;
    }
    context.line("corosync.conf would change:");
    for line in text_diff::lines(before, &conf.tidy()) {
        context.line(line);
    }
}

/// As [`run`] for a file that need not be there yet.
pub fn run_new(
    context: &mut Context,
    name: &str,
    request: &impl Serialize,
    path: &str,
) -> Result<Value, Failure> {
    on_file(context, name, request, path, Conf::new())
}

/// Only tells what there is to tell about a new file.
pub fn check_new(context: &mut Context, name: &str, request: &impl Serialize) -> Result<(), Failure> {
    operate(context, name, request, &mut Conf::new()).map(|_| ())
}

fn on_file(
    context: &mut Context,
    name: &str,
    request: &impl Serialize,
    path: &str,
    mut conf: Conf,
) -> Result<Value, Failure> {
    let outcome = operate(context, name, request, &mut conf)?;
    if context.options.has("--dry-run") {
        show_change(context, &fs::read_to_string(path).unwrap_or_default(), &outcome, &conf);
    } else if outcome.changed {
        whole_file::replace(Path::new(path), &conf.tidy()).map_err(|error| {
            Failure::Message(format!("Unable to write Corosync configuration '{path}': {error}"))
        })?;
    }
    Ok(outcome.result)
}

fn operate(
    context: &mut Context,
    name: &str,
    request: &impl Serialize,
    conf: &mut Conf,
) -> Result<Outcome, Failure> {
    let params = params(name, request)?;
    let env = Env { known_hosts: known_hosts(), resolves: &resolves, uuid: uuid()? };
    let outcome = rhapsody_ops::conf::run(name, params, conf, &env);
    reports::tell(&outcome.reports, context.options.has("--debug"));
    if outcome.done { Ok(outcome) } else { Err(Failure::Told) }
}

fn params(name: &str, request: &impl Serialize) -> Result<Value, Failure> {
    serde_json::to_value(request)
        .map_err(|error| Failure::Message(format!("the request '{name}' cannot be written: {error}")))
}

/// Names that corosync.conf gives to the cluster and its nodes.
pub struct Membership {
    pub cluster_name: String,
    pub nodes: Vec<String>,
}

/// Of the file that is named, or of this host's; None where there is none.
pub fn membership(context: &Context) -> Result<Option<Membership>, Failure> {
    let named = context.options.value("--corosync_conf").map(str::to_owned);
    let path = named.clone().or_else(|| settings::setting("corosync_conf_file"));
    let path = path.unwrap_or_else(|| "/etc/corosync/corosync.conf".to_owned());
    if path.is_empty() || (named.is_none() && !Path::new(&path).exists()) {
        return Ok(None);
    }
    let conf = read(&path)?;
    let nodes = conf.root().sections("nodelist").flat_map(|list| list.sections("node"));
    let name = |node: &rhapsody_conf::Section| {
        node.get("name").or(node.get("ring0_addr")).unwrap_or_default().to_owned()
    };
    Ok(Some(Membership {
        cluster_name: conf.get("totem", "cluster_name").unwrap_or_default().to_owned(),
        nodes: nodes.map(name).collect(),
    }))
}

fn read(path: &str) -> Result<Conf, Failure> {
    let text = whole_file::read(Path::new(path)).map_err(|error| {
        Failure::Message(format!("Unable to read Corosync configuration '{path}': {error}"))
    })?;
    Conf::parse(&text).map_err(|error| {
        Failure::Message(format!("Unable to parse Corosync configuration '{path}': {error}"))
    })
}

fn resolves(name: &str) -> bool {
    (name, 0).to_socket_addrs().is_ok_and(|mut addresses| addresses.next().is_some())
}

/// The first address of each known host; nobody is known where the file cannot be read.
fn known_hosts() -> BTreeMap<String, String> {
    let path = settings::setting("pcsd_known_hosts_location").unwrap_or_else(|| KNOWN_HOSTS.to_owned());
    let text = fs::read_to_string(path).unwrap_or_default();
    let file: Value = serde_json::from_str(&text).unwrap_or_default();
    let hosts = file["known_hosts"].as_object().cloned().unwrap_or_default();
    let address = |host: &Value| Some(host["dest_list"][0]["addr"].as_str()?.to_owned());
    hosts.into_iter().filter_map(|(name, host)| Some((name, address(&host)?))).collect()
}

/// A random one (version 4), in the 32 digits that corosync.conf shows.
fn uuid() -> Result<String, Failure> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::Message(format!("there are no random numbers for a UUID: {error}")))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
