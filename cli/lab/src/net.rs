//! The segment: a bridge, cables, and rules for what it drops.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::bounded::{tool, tool_with_input};
use crate::enter;
use crate::programs;
use crate::state::{BRIDGE, CLIENT, State};

pub const CLIENT_HOST: u8 = 250;
const FIRST_HOST: u8 = 10;
/// Host parts up to 42: room for addresses of services on the segment.
pub const NODES_MAX: u8 = 32;

pub fn address(host: u8) -> String {
    format!("10.77.0.{host}")
}

pub fn host_of(number: u8) -> u8 {
    FIRST_HOST + number
}

pub fn make_bridge(state: &State) -> Result<()> {
    batch(
        state,
        BRIDGE,
        "link set lo up\n\
         link add br0 type bridge stp_state 0 forward_delay 0 mcast_snooping 0\n\
         link set br0 up\n",
    )
    .context("cannot make the segment")
}

/// Gives a node or the client its cable and its addresses.
pub fn wire(state: &State, name: &str) -> Result<()> {
    let (host, link) = match name {
        CLIENT => (CLIENT_HOST, true),
        _ => {
            let node = state.node(name)?;
            (host_of(node.number), node.link)
        }
    };
    let pid = state.holder(name)?.pid;
    let port = port(name);
    unplug(state, name);
    let up = if link { "up" } else { "down" };
    // A machine keeps its hardware address over a reboot; neighbours rely on it.
    batch(
        state,
        BRIDGE,
        &format!(
            "link add {port} type veth peer name eth0 address 02:00:0a:4d:00:{host:02x} netns {pid}\n\
             link set {port} master br0\n\
             link set {port} {up}\n"
        ),
    )
    .with_context(|| format!("cannot connect {name}"))?;
    batch(
        state,
        name,
        &format!(
            "link set lo up\n\
             addr add {}/24 brd + dev eth0\n\
             link set eth0 up\n",
            address(host)
        ),
    )
    .with_context(|| format!("cannot give {name} its address"))?;
    // A kernel without IPv6 is no reason to fail.
    let _ = batch(state, name, &format!("addr add fd00:77::{host}/64 dev eth0 nodad\n"));
    Ok(())
}

/// Pulls the cable out or puts it back: the node's interface loses its carrier.
pub fn set_link(state: &State, name: &str, up: bool) -> Result<()> {
    let to = if up { "up" } else { "down" };
    batch(state, BRIDGE, &format!("link set {} {to}\n", port(name)))
        .with_context(|| format!("cannot take the link of {name} {to}"))
}

/// Takes the port away; it goes by itself, later, with the node's last process.
pub fn unplug(state: &State, name: &str) {
    let _ = batch(state, BRIDGE, &format!("link del {}\n", port(name)));
}

fn port(name: &str) -> String {
    format!("v-{name}")
}

/// Puts the cuts and pauses of the state into force, all at once.
pub fn apply_rules(state: &State) -> Result<()> {
    let rules = rules(state);
    if rules.is_empty() && programs::check_nft().is_err() {
        return Ok(()); // nothing can be in force either
    }
    programs::check_nft()?;
    let mut command = enter::raw(state, BRIDGE)?;
    command.args(["nft", "-f", "-"]);
    let table = format!(
        "table bridge lab\ndelete table bridge lab\ntable bridge lab {{\n\
         chain segment {{\ntype filter hook forward priority 0; policy accept;\n{rules}}}\n}}\n"
    );
    tool_with_input(&mut command, table.as_bytes()).context("cannot change what the segment drops")
}

fn rules(state: &State) -> String {
    let mut rules = String::new();
    for (from, to) in &state.cuts {
        let (from, to) = (port(from), port(to));
        let _ = writeln!(rules, "iifname \"{from}\" oifname \"{to}\" drop");
    }
    for (name, _) in state.nodes.iter().filter(|(_, n)| n.paused) {
        let port = port(name);
        let _ = writeln!(rules, "iifname \"{port}\" drop\noifname \"{port}\" drop");
    }
    rules
}

/// `n1,n2 / n3` as directed cuts between every two names of different groups. Names that are in
/// no group (the client, say) reach everybody.
pub fn partition(state: &State, words: &[String]) -> Result<Vec<(String, String)>> {
    let text = words.join(" ");
    let mut group_of: BTreeMap<&str, usize> = BTreeMap::new();
    let groups: Vec<&str> = text.split('/').collect();
    if groups.len() < 2 {
        bail!("{text:?} is one group; write at least two, as in: n1,n2 / n3");
    }
    for (number, group) in groups.iter().enumerate() {
        let names: Vec<&str> =
            group.split(|c: char| c == ',' || c.is_whitespace()).filter(|n| !n.is_empty()).collect();
        if names.is_empty() {
            bail!("a group of {text:?} is empty; write for example: n1,n2 / n3");
        }
        for name in names {
            if name != CLIENT {
                state.node(name)?;
            }
            if group_of.insert(name, number).is_some() {
                bail!("{name} is named twice in {text:?}");
            }
        }
    }
    let mut cuts = Vec::new();
    for (a, group_a) in &group_of {
        for (b, group_b) in &group_of {
            if group_a != group_b {
                cuts.push(((*a).to_owned(), (*b).to_owned()));
            }
        }
    }
    Ok(cuts)
}

fn batch(state: &State, name: &str, lines: &str) -> Result<()> {
    let mut command: Command = enter::raw(state, name)?;
    command.args(["ip", "-batch", "-"]);
    match lines.trim_end().split_once('\n') {
        // One line as words: its error message then names it.
        None => {
            let mut command = enter::raw(state, name)?;
            command.arg("ip").args(lines.split_whitespace());
            tool(&mut command)
        }
        Some(_) => tool_with_input(&mut command, lines.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::NodeState;
    use std::path::PathBuf;

    fn state(nodes: u8) -> State {
        let node = |number| {
            let node = NodeState {
                number,
                address: address(host_of(number)),
                init: None,
                link: true,
                paused: false,
            };
            (format!("n{number}"), node)
        };
        State {
            name: "t".into(),
            program: PathBuf::new(),
            rootless: false,
            bare: true,
            private: Vec::new(),
            disks: PathBuf::new(),
            supervisor: None,
            bridge: None,
            client: None,
            nodes: (1..=nodes).map(node).collect(),
            cuts: Vec::new(),
        }
    }

    fn check(words: &str) -> Result<String> {
        let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        let cuts = partition(&state(4), &words)?;
        Ok(cuts.iter().map(|(a, b)| format!("{a}>{b}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn partitions_cut_both_ways_between_groups() {
        assert_eq!(check("n1 / n2").unwrap(), "n1>n2 n2>n1");
        assert_eq!(check("n1,n2 / n3").unwrap(), "n1>n3 n2>n3 n3>n1 n3>n2", "n4 and the client see all");
        assert_eq!(check("n1/n2/client").unwrap().split(' ').count(), 6);
        for (bad, word) in
            [("n1,n2", "two"), ("n1 /", "empty"), ("n1 / n9", "no node n9"), ("n1 / n1", "twice")]
        {
            let text = check(bad).unwrap_err().to_string();
            assert!(text.contains(word), "{text}");
        }
    }

    #[test]
    fn rules_name_ports() {
        let mut s = state(2);
        assert_eq!(rules(&s), "");
        s.cuts = vec![("n1".into(), "n2".into())];
        s.node_mut("n2").unwrap().paused = true;
        assert_eq!(
            rules(&s),
            "iifname \"v-n1\" oifname \"v-n2\" drop\niifname \"v-n2\" drop\noifname \"v-n2\" drop\n"
        );
    }
}
