//! `cluster config`: corosync.conf shown as text, JSON or the command that makes it.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups};
use crate::output::{cmd, json};
use crate::target_conf;
use rhapsody_ops::cluster::config::CorosyncConf;
use rhapsody_ops::conf::options::Options;
use serde_json::json;

const GROUPS: &[&str] = &["transport", "compression", "crypto", "totem"];

pub fn show(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let format = context.format(&["cmd", "json", "text"])?;
    let answer = target_conf::run(context, "cluster.get_corosync_conf_struct", &json!({}))?;
    if format == "json" {
        context.line(json::line(&answer));
        return Ok(());
    }
    let conf: CorosyncConf = serde_json::from_value(answer)
        .map_err(|error| Failure::Message(format!("the answer is not understood: {error}")))?;
    if format == "cmd" {
        if conf.quorum_device.is_some() {
            eprintln!("Warning: Quorum device configuration detected but not yet supported by this command.");
        }
        context.line(command(&conf));
    } else {
        text(context, &conf);
    }
    Ok(())
}

pub fn update(context: &mut Context, words: &[String]) -> Done {
    let groups = Groups::split(words, GROUPS);
    if !groups.head.is_empty() {
        return Err(super::super::usage());
    }
    let mut request = serde_json::Map::new();
    for group in GROUPS {
        let pairs = grammar::pairs(&groups.flat(group))?;
        request.insert(format!("{group}_options"), json!(pairs));
    }
    target_conf::run(context, "rhapsody.cluster.config_update", &request).map(|_| ())
}

pub fn uuid_generate(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let request = json!({ "force_flags": context.force_flags() });
    target_conf::run(context, "cluster.generate_cluster_uuid", &request).map(|_| ())
}

fn text(context: &mut Context, conf: &CorosyncConf) {
    context.line(format!("Cluster Name: {}", conf.cluster_name));
    if let Some(uuid) = &conf.cluster_uuid {
        context.line(format!("Cluster UUID: {uuid}"));
    }
    context.line(format!("Transport: {}", conf.transport.to_lowercase()));
    context.line("Nodes:");
    for node in sorted_nodes(conf) {
        context.line(format!("  {}:", node.name));
        for address in &node.addrs {
            context.line(format!("    Link {} address: {}", address.link, address.addr));
        }
        context.line(format!("    nodeid: {}", node.nodeid));
    }
    if !conf.links_options.is_empty() {
        context.line("Links:");
        for (number, options) in sorted_links(conf) {
            context.line(format!("  Link {number}:"));
            lines(context, 4, options);
        }
    }
    for (title, options) in [
        ("Transport Options:", &conf.transport_options),
        ("Compression Options:", &conf.compression_options),
        ("Crypto Options:", &conf.crypto_options),
        ("Totem Options:", &conf.totem_options),
        ("Quorum Options:", &conf.quorum_options),
    ] {
        titled(context, 0, title, options);
    }
    if let Some(device) = &conf.quorum_device {
        context.line(format!("Quorum Device: {}", device.model));
        titled(context, 2, "Options:", &device.generic_options);
        titled(context, 2, "Model Options:", &device.model_options);
        titled(context, 2, "Heuristics:", &device.heuristics_options);
    }
}

fn titled(context: &mut Context, indent: usize, title: &str, options: &Options) {
    if !options.is_empty() {
        context.line(format!("{:indent$}{title}", ""));
        lines(context, indent + 2, options);
    }
}

/// One a line, by name.
fn lines(context: &mut Context, indent: usize, options: &Options) {
    for (name, value) in sorted(options) {
        context.line(format!("{:indent$}{name}: {value}", ""));
    }
}

fn sorted(options: &Options) -> Vec<(&String, &String)> {
    let mut options: Vec<_> = options.iter().collect();
    options.sort();
    options
}

fn sorted_nodes(conf: &CorosyncConf) -> Vec<&rhapsody_ops::cluster::config::Node> {
    let mut nodes: Vec<_> = conf.nodes.iter().collect();
    nodes.sort_by_key(|node| &node.name);
    nodes
}

fn sorted_links(conf: &CorosyncConf) -> Vec<(&String, &Options)> {
    let mut links: Vec<_> = conf.links_options.iter().collect();
    links.sort_by_key(|(number, _)| *number);
    links
}

/// `cluster setup` as it would be written to get this file.
fn command(conf: &CorosyncConf) -> String {
    let mut out = vec![format!("pcs cluster setup {}", cmd::quote(&conf.cluster_name))];
    for node in sorted_nodes(conf) {
        let addresses: String =
            node.addrs.iter().map(|address| format!(" {}", cmd::pair("addr", &address.addr))).collect();
        out.push(format!("  {}{addresses}", cmd::quote(&node.name)));
    }
    out.push("  transport".to_owned());
    out.push(format!("  {}", conf.transport.to_lowercase()));
    pairs(&mut out, 6, &conf.transport_options);
    for (_, options) in sorted_links(conf) {
        keyword(&mut out, 4, "link", options);
    }
    keyword(&mut out, 4, "compression", &conf.compression_options);
    keyword(&mut out, 4, "crypto", &conf.crypto_options);
    keyword(&mut out, 2, "totem", &conf.totem_options);
    keyword(&mut out, 2, "quorum", &conf.quorum_options);
    if conf.cluster_uuid.is_none() {
        out.push("  --no-cluster-uuid".to_owned());
    }
    cmd::join_lines(&out)
}

fn keyword(out: &mut Vec<String>, indent: usize, word: &str, options: &Options) {
    if !options.is_empty() {
        out.push(format!("{:indent$}{word}", ""));
        pairs(out, indent + 2, options);
    }
}

fn pairs(out: &mut Vec<String>, indent: usize, options: &Options) {
    for (name, value) in sorted(options) {
        out.push(format!("{:indent$}{}", "", cmd::pair(name, value)));
    }
}
