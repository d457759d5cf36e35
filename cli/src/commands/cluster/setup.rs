//! `cluster setup`: words to one request; checks of values are made where the file is made.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups};
use serde_json::{Map, Value, json};

pub const USAGE: &str = "<cluster name> (<node name> [addr=<node address>]...)...
    [transport knet|udp|udpu [<transport options>] [link <link options>]...
        [compression <compression options>] [crypto <crypto options>]]
    [totem <totem options>] [quorum <quorum options>]
    [--no-cluster-uuid] [--enable] [--start [--wait[=<n>]]] [--force]
    Make a cluster of the nodes, which must be known (see 'host auth'), and send its configuration
    and keys to all of them. A node that is in a cluster already, or runs one, is refused unless
    --force is given: its old cluster is destroyed then.
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
    for option in ["--corosync_conf", "--overwrite", "--no-keys-sync"] {
        if context.options.has(option) {
            return Err(Failure::Message(format!("'cluster setup {option}' is not there yet")));
        }
    }
    if let Some(name) = context.options.value("--name") {
        return Err(Failure::Message(format!(
            "Option '--name' is from an old version of pcs, write: cluster setup {name} {}",
            words.join(" ")
        )));
    }
    let mut request = request(words)?;
    if context.options.has("--wait") && !context.options.has("--start") {
        return Err(Failure::message("Cannot specify '--wait' without specifying '--start'"));
    }
    request.insert("wait".to_owned(), super::wait(context)?);
    for (name, option) in
        [("start", "--start"), ("enable", "--enable"), ("no_cluster_uuid", "--no-cluster-uuid")]
    {
        request.insert(name.to_owned(), Value::Bool(context.options.has(option)));
    }
    request.insert("force_flags".to_owned(), json!(context.force_flags()));
    context.run("cluster.setup", &request).map(|_| ())
}

/// The request of `cluster.setup` but for what the options say.
fn request(words: &[String]) -> Result<Map<String, Value>, Failure> {
    let groups = Groups::split(words, &["transport", "totem", "quorum"]);
    if let Some(keyword) = groups.repeated(&["transport", "totem", "quorum"]) {
        return Err(Failure::Message(format!("'{keyword}' cannot be used more than once")));
    }
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
        return Err(Failure::message("transport needs a type: knet, udp or udpu"));
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
            (Some(("addr", "")), _) => return Err(Failure::message("missing value of 'addr' option")),
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
