//! `status nodes`, `status resources`, `status cluster`.

use super::model;
use crate::Done;
use crate::commands::cluster::dropped;
use crate::context::Context;
use crate::failure::Failure;
use crate::target_conf;
use rhapsody_status::{Status, Surroundings};
use serde_json::{Value, json};

pub fn nodes(context: &mut Context, words: &[String]) -> Done {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => {
            refuse(context, &["--corosync_conf"])?;
            let status = model::get(context)?;
            context.line(status.pcs_nodes_text().trim_end());
        }
        ["corosync"] => {
            refuse(context, &["--corosync_conf", "-f"])?;
            let text = corosync_nodes(context)?;
            context.line(text.trim_end());
        }
        ["both"] => {
            refuse(context, &["--corosync_conf", "-f"])?;
            let corosync = corosync_nodes(context)?;
            let pacemaker = model::get(context)?.pcs_nodes_text();
            context.line(format!("{corosync}{}", pacemaker.trim_end()));
        }
        ["config"] => {
            let text = configured_nodes(context)?;
            context.line(text.trim_end());
        }
        _ => return Err(super::super::usage()),
    }
    Ok(())
}

/// Options that the words do not go with.
fn refuse(context: &Context, options: &[&str]) -> Done {
    let given: Vec<String> =
        options.iter().filter(|name| context.options.has(name)).map(|name| format!("'{name}'")).collect();
    match given.as_slice() {
        [] => Ok(()),
        [one] => Err(Failure::Message(format!("Specified option {one} is not supported in this command"))),
        many => Err(Failure::Message(format!(
            "Specified options {} are not supported in this command",
            many.join(", ")
        ))),
    }
}

/// The nodes that corosync.conf and the CIB name.
fn configured_nodes(context: &mut Context) -> Result<String, Failure> {
    let on_files = context.options.has("-f") || context.options.has("--corosync_conf");
    let corosync: Vec<String> = match on_files {
        true => target_conf::membership(context)?.map(|found| found.nodes).unwrap_or_default(),
        false => members(context)?.into_iter().map(|(name, _)| name).collect(),
    };
    let status = model::get(context)?;
    let joined =
        |names: &mut dyn Iterator<Item = &str>| -> String { names.map(|name| format!(" {name}")).collect() };
    let corosync = joined(&mut corosync.iter().map(String::as_str));
    let known = joined(&mut member_names(&status));
    Ok(format!("Corosync Nodes:\n{corosync}\nPacemaker Nodes:\n{known}"))
}

fn member_names(status: &Status) -> impl Iterator<Item = &str> {
    status.nodes.iter().filter(|n| !n.is_remote()).map(|n| n.name.as_str())
}

/// Names of the configured members, and whether they are there.
fn members(context: &mut Context) -> Result<Vec<(String, bool)>, Failure> {
    let answer = context.run("rhapsody.core.members", &json!({}))?;
    let list = answer.get("members").unwrap_or(&answer).as_array().cloned().unwrap_or_default();
    let member = |m: Value| Some((m.get("name")?.as_str()?.to_owned(), m.get("online")?.as_bool()?));
    Ok(list.into_iter().filter_map(member).collect())
}

fn corosync_nodes(context: &mut Context) -> Result<String, Failure> {
    let members = members(context)?;
    let names = |online: bool| -> String {
        let mut names: Vec<&str> =
            members.iter().filter(|(_, is)| *is == online).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.into_iter().map(|name| format!(" {name}")).collect()
    };
    Ok(format!("Corosync Nodes:\n Online:{}\n Offline:{}\n", names(true), names(false)))
}

/// Also `cluster status`.
pub fn cluster(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let live = context.options.value("-f").is_none();
    let cib = model::cib(context)?;
    let status = Status::new(&cib, model::now());
    let mut around = Surroundings::default();
    if live {
        let Value::Object(nodes) = context.run("rhapsody.pcsd.status", &json!({}))? else {
            return Err(Failure::message("the state of the daemons was not understood"));
        };
        around.pcsd =
            nodes.into_iter().map(|(n, s)| (n, s.as_str().unwrap_or("Offline").to_owned())).collect();
    }
    let text = status.pcs_cluster_text(&around);
    let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
    context.line(title);
    for warning in dropped(&cib) {
        context.line(format!(" {warning}"));
    }
    context.line(rest.trim_end());
    Ok(())
}
