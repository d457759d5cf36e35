//! `cluster node`: remote and guest nodes, and new names for nodes.

use crate::Done;
use crate::commands::{usage, wait};
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups};
use crate::target_conf;
use rhapsody_ops::cluster::{node_guest, node_remote, rename_cib};
use serde_json::json;

pub fn add_remote(context: &mut Context, words: &[String]) -> Done {
    let [name, rest @ ..] = words else { return Err(usage()) };
    let (address, rest) = match rest {
        [first, rest @ ..] if !first.contains('=') && first != "op" && first != "meta" => (Some(first), rest),
        _ => (None, rest),
    };
    let groups = Groups::split(rest, &["op", "meta"]);
    let occurrences: Vec<&[String]> = groups.each("op").collect();
    let request = node_remote::Add {
        node_name: name.clone(),
        node_address: address.cloned(),
        operations: grammar::operations(&occurrences)?,
        meta_attributes: grammar::pairs(&groups.flat("meta"))?,
        instance_attributes: grammar::pairs(&groups.head)?,
        use_default_operations: Some(!context.options.has("--no-default-ops")),
        force_flags: context.force_flags().into(),
    };
    wait::refuse_on_file(context)?;
    context.change("rhapsody.cluster.node_add_remote", &request).map(|_| ())
}

pub fn remove_remote(context: &mut Context, words: &[String]) -> Done {
    let [node] = words else { return Err(usage()) };
    let request =
        node_remote::Remove { node_identifier: node.clone(), force_flags: context.force_flags().into() };
    context.change("rhapsody.cluster.node_remove_remote", &request).map(|_| ())
}

pub fn add_guest(context: &mut Context, words: &[String]) -> Done {
    let [name, resource, options @ ..] = words else { return Err(usage()) };
    let request = node_guest::Add {
        node_name: name.clone(),
        resource_id: resource.clone(),
        options: grammar::pairs(options)?,
        force_flags: context.force_flags().into(),
    };
    wait::refuse_on_file(context)?;
    context.change("rhapsody.cluster.node_add_guest", &request).map(|_| ())
}

pub fn remove_guest(context: &mut Context, words: &[String]) -> Done {
    let [node] = words else { return Err(usage()) };
    let request =
        node_guest::Remove { node_identifier: node.clone(), force_flags: context.force_flags().into() };
    wait::refuse_on_file(context)?;
    context.change("rhapsody.cluster.node_remove_guest", &request).map(|_| ())
}

/// `<node> [addr=<address>]...`; the dry run shows the file alone.
pub fn add(context: &mut Context, words: &[String]) -> Done {
    let [name, options @ ..] = words else { return Err(usage()) };
    let mut addresses = Vec::new();
    for option in options {
        match option.strip_prefix("addr=") {
            Some(address) => addresses.push(address),
            None => {
                let text = format!("invalid node option '{option}', allowed options are: 'addr'");
                return Err(Failure::Message(text));
            }
        }
    }
    if context.options.has("--wait") && !context.options.has("--start") {
        return Err(Failure::message("Cannot specify '--wait' without specifying '--start'"));
    }
    let node = match addresses.is_empty() {
        true => json!({ "name": name }),
        false => json!({ "name": name, "addrs": addresses }),
    };
    let mut request = json!({ "nodes": [node], "force_flags": context.force_flags() });
    if context.options.has("--dry-run") {
        return target_conf::run(context, "rhapsody.cluster.node_add", &request).map(|_| ());
    }
    request["wait"] = super::wait(context)?;
    request["start"] = context.options.has("--start").into();
    request["enable"] = context.options.has("--enable").into();
    context.run("cluster.add_nodes", &request).map(|_| ())
}

pub fn remove(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(usage());
    }
    let request = json!({ "node_list": words, "force_flags": context.force_flags() });
    if context.options.has("--dry-run") {
        return target_conf::run(context, "rhapsody.cluster.node_remove", &request).map(|_| ());
    }
    context.run("cluster.remove_nodes", &request).map(|_| ())
}

pub fn clear(context: &mut Context, words: &[String]) -> Done {
    let [node] = words else { return Err(usage()) };
    let request = json!({ "node_name": node, "allow_clear_cluster_node": context.options.force() });
    context.run("cluster.node_clear", &request).map(|_| ())
}

pub fn rename_cib(context: &mut Context, words: &[String]) -> Done {
    let [old, new] = words else { return Err(usage()) };
    let request = rename_cib::Request {
        old_name: old.clone(),
        new_name: new.clone(),
        force_flags: context.force_flags().into(),
    };
    context.change("cluster.rename_node_cib", &request).map(|_| ())
}
