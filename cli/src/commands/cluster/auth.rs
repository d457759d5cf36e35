//! `cluster auth`: authenticate to the nodes of this cluster, by the names they have in it.

use crate::Done;
use crate::commands::host::auth;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_conf::Conf;
use serde_json::{Map, Value, json};

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let answer = context.run("cluster.get_corosync_conf", &json!({}))?;
    let text = answer.as_str().ok_or_else(|| Failure::message("the answer is no corosync.conf"))?;
    let conf = Conf::parse(text)
        .map_err(|error| Failure::Message(format!("Unable to parse the Corosync configuration: {error}")))?;
    let nodes: Vec<String> = conf.settings().nodes.into_iter().map(|node| node.name).collect();
    let known = context.run("rhapsody.host.list", &json!({}))?;
    let username = context.options.value("-u").map(str::to_owned).map_or_else(auth::ask_name, Ok)?;
    let password = context.options.value("-p").map(str::to_owned).map_or_else(auth::ask_password, Ok)?;
    let hosts: Map<String, Value> = nodes
        .into_iter()
        .map(|name| {
            // Where a node was reached until now; a new one is reached by its name.
            let dest_list = known[&name]["dest_list"].as_array().cloned().unwrap_or_default();
            let host = json!({"username": username, "password": password, "dest_list": dest_list});
            (name, host)
        })
        .collect();
    context.run("auth.auth_hosts", &json!({ "hosts": hosts })).map(|_| ())
}
