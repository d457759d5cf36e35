//! `cluster setup`: words to one request; checks of values are made where the file is made.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups};
use crate::target_conf;
use serde_json::{Map, Value, json};

pub const USAGE: &str = "<cluster name> (<node name> [addr=<node address>]...)...
    [transport knet|udp|udpu [<transport options>] [link <link options>]...
        [compression <compression options>] [crypto <crypto options>]]
    [totem <totem options>] [quorum <quorum options>]
    [--no-cluster-uuid] [--force]
    ([--enable] [--start [--wait[=<n>]]]) | [--corosync_conf <path> [--overwrite]]
    Make a cluster of the nodes, which must be known (see 'host auth'), and send its configuration
    and keys to all of them. A node that is in a cluster already, or runs one, is refused unless
    --force is given: its old cluster is destroyed then. With --corosync_conf only the file is
    written, no node is asked for anything.
    Quorum options: auto_tie_breaker, last_man_standing, last_man_standing_window, wait_for_all.
    Crypto options: cipher, hash, model. Link options: linknumber, link_priority, mcastport,
    ping_interval, ping_timeout, ping_precision, pong_count, transport.";

pub const OPTIONS: &[&str] = &[
    "--start",
    "--enable",
    "--wait",
    "--force",
    "--skip-offline",
    "--no-cluster-uuid",
    "--no-keys-sync",
    "--corosync_conf",
    "--overwrite",
    "--name",
];

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let mut words = words.to_vec();
    // The name of a cluster was an option once.
    if let Some(name) = context.options.value("--name").map(str::to_owned) {
        eprintln!(
            "Deprecation Warning: 'cluster setup --name {name}' is the old spelling, please use 'cluster setup {name}' \
             instead"
        );
        words.insert(0, name);
    }
    let mut request = request(&words)?;
    request.insert("force_flags".to_owned(), json!(context.force_flags()));
    let no_uuid = context.options.has("--no-cluster-uuid");
    request.insert("no_cluster_uuid".to_owned(), Value::Bool(no_uuid));
    if let Some(path) = context.options.value("--corosync_conf").map(str::to_owned) {
        return to_file(context, &request, &path);
    }
    if context.options.has("--overwrite") {
        let text = "Cannot specify '--overwrite' when '--corosync_conf' is not specified";
        return Err(Failure::message(text));
    }
    if context.options.has("--no-keys-sync") {
        return Err(Failure::message("'cluster setup --no-keys-sync' is not there yet"));
    }
    if context.options.has("--wait") && !context.options.has("--start") {
        return Err(Failure::message("Cannot specify '--wait' without specifying '--start'"));
    }
    request.insert("wait".to_owned(), super::wait(context)?);
    for (name, option) in [("start", "--start"), ("enable", "--enable")] {
        request.insert(name.to_owned(), Value::Bool(context.options.has(option)));
    }
    context.run("cluster.setup", &request).map(|_| ())
}

/// Only makes corosync.conf: no host is asked for anything.
fn to_file(context: &mut Context, request: &Map<String, Value>, path: &str) -> Done {
    const LIVE: &[&str] = &["--enable", "--no-keys-sync", "--start", "--wait"];
    if LIVE.iter().any(|option| context.options.has(option)) {
        let names: Vec<String> = LIVE.iter().map(|option| format!("'{option}'")).collect();
        return Err(Failure::Message(format!(
            "Cannot specify any of {} when '--corosync_conf' is specified",
            names.join(", ")
        )));
    }
    if !context.options.has("--overwrite") && std::path::Path::new(path).exists() {
        // What is wrong with the request is worth telling first.
        target_conf::check_new(context, "rhapsody.cluster.setup_file", request)?;
        return Err(Failure::Message(format!(
            "Corosync configuration file '{path}' already exists, use --overwrite to overwrite existing file(s)"
        )));
    }
    target_conf::run_new(context, "rhapsody.cluster.setup_file", request, path).map(|_| ())
}

/// The request of `cluster.setup` but for what the options say.
fn request(words: &[String]) -> Result<Map<String, Value>, Failure> {
    let groups = Groups::split(words, &["transport", "totem", "quorum"]);
    groups.once(&["transport", "totem", "quorum"])?;
    let [name, nodes @ ..] = groups.head.as_slice() else { return Err(super::super::usage()) };
    if nodes.is_empty() {
        return Err(super::super::usage());
    }
    let mut request = Map::new();
    request.insert("cluster_name".to_owned(), Value::String(name.clone()));
    request.insert("nodes".to_owned(), Value::Array(parse_nodes(nodes)?));
    if groups.has("transport") {
        transport(&groups.flat("transport"), &mut request)?;
    }
    for keyword in ["totem", "quorum"] {
        if groups.has(keyword) {
            let pairs = grammar::pairs(&groups.flat(keyword))?;
            request.insert(format!("{keyword}_options"), json!(pairs));
        }
    }
    Ok(request)
}

fn transport(words: &[String], request: &mut Map<String, Value>) -> Result<(), Failure> {
    let groups = Groups::split(words, &["link", "compression", "crypto"]);
    let [kind, options @ ..] = groups.head.as_slice() else {
        return Err(Failure::message("Transport type not defined; write transport knet, udp or udpu"));
    };
    if kind.contains('=') {
        return Err(Failure::Message(format!(
            "transport needs a type before '{kind}': write transport knet {kind}"
        )));
    }
    request.insert("transport_type".to_owned(), Value::String(kind.clone()));
    if !options.is_empty() {
        request.insert("transport_options".to_owned(), json!(grammar::pairs(options)?));
    }
    let mut links = Vec::new();
    for link in groups.each("link") {
        links.push(json!(grammar::pairs(link)?));
    }
    if !links.is_empty() {
        request.insert("link_list".to_owned(), Value::Array(links));
    }
    for keyword in ["compression", "crypto"] {
        if groups.has(keyword) {
            let pairs = grammar::pairs(&groups.flat(keyword))?;
            request.insert(format!("{keyword}_options"), json!(pairs));
        }
    }
    Ok(())
}

fn parse_nodes(words: &[String]) -> Result<Vec<Value>, Failure> {
    let mut nodes: Vec<(String, Vec<String>)> = Vec::new();
    for word in words {
        match (word.split_once('='), nodes.last_mut()) {
            (None, _) => nodes.push((word.clone(), Vec::new())),
            (Some(("addr", address)), Some((_, addresses))) => addresses.push(address.to_owned()),
            (Some((option, _)), Some((node, _))) => {
                return Err(Failure::Message(format!(
                    "invalid node option '{option}' of '{node}', allowed option is: 'addr'; options of the \
                     cluster follow one of the words 'transport', 'totem', 'quorum'"
                )));
            }
            (Some(_), None) => return Err(super::super::usage()),
        }
    }
    Ok(nodes
        .into_iter()
        .map(|(name, addrs)| match addrs.is_empty() {
            true => json!({ "name": name }),
            false => json!({ "name": name, "addrs": addrs }),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Value, Failure> {
        request(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).map(Value::Object)
    }

    #[test]
    fn every_group_of_words_finds_its_place() {
        let request = parse(
            "linuxha n1 addr=10.0.0.1 addr=10.1.0.1 n2 transport knet ip_version=ipv4 link mcastport=5405 \
             link linknumber=1 crypto cipher=aes256 hash=sha256 totem token=1000 quorum wait_for_all=1",
        )
        .unwrap();
        assert_eq!(
            request,
            json!({
                "cluster_name": "linuxha",
                "nodes": [{"name": "n1", "addrs": ["10.0.0.1", "10.1.0.1"]}, {"name": "n2"}],
                "transport_type": "knet",
                "transport_options": {"ip_version": "ipv4"},
                "link_list": [{"mcastport": "5405"}, {"linknumber": "1"}],
                "crypto_options": {"cipher": "aes256", "hash": "sha256"},
                "totem_options": {"token": "1000"},
                "quorum_options": {"wait_for_all": "1"},
            })
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in [
            "",
            "linuxha",
            "linuxha n1 token=1000",
            "linuxha addr=1",
            "linuxha n1 transport",
            "linuxha n1 transport ip_version=ipv4",
            "linuxha n1 totem a=1 totem b=2",
            "linuxha n1 totem token",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
