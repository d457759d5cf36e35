//! What a node process needs to know before it starts: corosync.conf, authkey, which node it is.

use crate::links::{Addresses, interfaces};
use anyhow::{Context, bail};
use rhapsody_client::Paths;
use rhapsody_node::config::TieBreaker;
use rhapsody_node::{NodeId, Peer, QuorumConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// Of corosync.conf(5).
const TOKEN_DEFAULT_MS: u64 = 3000;
const TOKEN_COEFFICIENT_DEFAULT_MS: u64 = 650;
/// Faster than this the beat would be a load and a scheduling hiccup a death.
const TOKEN_MIN_MS: u64 = 50;
const PORT_DEFAULT: u16 = 5405;
const LINKS_MAX: usize = 8;
/// Corosync's own bound for the key.
const AUTHKEY_BYTES_MAX: u64 = 4096;

pub struct Setup {
    pub id: NodeId,
    pub name: String,
    pub cluster_name: String,
    pub token_ms: u64,
    pub encrypted: bool,
    pub authkey: Vec<u8>,
    pub nodes: Vec<Peer>,
    pub quorum: QuorumConfig,
    /// As written, by node and link: addresses or host names.
    pub written: BTreeMap<NodeId, Vec<Option<String>>>,
    pub ports: [u16; LINKS_MAX],
}

impl Setup {
    /// Reads the files. `wanted` is the node's name where the caller says it.
    pub fn read(paths: &Paths, wanted: Option<&str>) -> anyhow::Result<Setup> {
        let path = paths.corosync_conf();
        let text = fs::read_to_string(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => anyhow::anyhow!(
                "there is no cluster on this node ({} does not exist); to make one: \
                 rhapsody cluster setup NAME NODE...",
                path.display()
            ),
            _ => anyhow::anyhow!("cannot read {}: {error}", path.display()),
        })?;
        let mut setup = parse(&text).with_context(|| path.display().to_string())?;
        setup.authkey = read_authkey(paths, setup.encrypted)?;
        let (id, name) = setup.find_self(wanted)?;
        setup.id = id;
        setup.name = name;
        Ok(setup)
    }

    /// By name where one was given; else by an address of this machine, else by its host name.
    fn find_self(&self, wanted: Option<&str>) -> anyhow::Result<(NodeId, String)> {
        let of_name = |name: &str| self.nodes.iter().find(|node| node.name == name);
        if let Some(name) = wanted {
            let node = of_name(name).with_context(|| format!("node '{name}' is not in the nodelist"))?;
            return Ok((node.id, node.name.clone()));
        }
        let local: BTreeSet<IpAddr> = interfaces::local_addresses().unwrap_or_default();
        let mut here = self.nodes.iter().filter(|node| {
            let written = self.written.get(&node.id).into_iter().flatten().flatten();
            written.filter_map(|address| address.parse().ok()).any(|address: IpAddr| local.contains(&address))
        });
        if let (Some(node), None) = (here.next(), here.next()) {
            return Ok((node.id, node.name.clone()));
        }
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let short = host.split('.').next().unwrap_or_default();
        let node = of_name(&host).or_else(|| of_name(short)).or_else(|| {
            // A ring address that is this machine's name says the same.
            self.nodes.iter().find(|node| {
                let mut written = self.written.get(&node.id).into_iter().flatten().flatten();
                written.any(|address| *address == host || *address == short)
            })
        });
        let names: Vec<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
        let node = node.with_context(|| {
            format!(
                "this machine is in no nodelist entry: none of the addresses is here and its name '{host}' is \
                 none of {}",
                names.join(", ")
            )
        })?;
        Ok((node.id, node.name.clone()))
    }

    /// Addresses that are written as such; names are missing here.
    pub fn addresses(&self, look_up: bool) -> Addresses {
        resolve(&self.written, &self.ports, look_up)
    }

    /// Whether host names are among the addresses.
    pub fn has_names(&self) -> bool {
        self.written.values().flatten().flatten().any(|text| text.parse::<IpAddr>().is_err())
    }
}

/// Addresses of what is written; with `look_up` names are asked for, which may take long.
pub fn resolve(
    written: &BTreeMap<NodeId, Vec<Option<String>>>,
    ports: &[u16; LINKS_MAX],
    look_up: bool,
) -> Addresses {
    let resolved = |link: usize, text: &str| match text.parse::<IpAddr>() {
        Ok(address) => Some(SocketAddr::new(address, ports[link])),
        Err(_) if look_up => (text, ports[link]).to_socket_addrs().ok()?.next(),
        Err(_) => None,
    };
    let of_node = |links: &Vec<Option<String>>| -> Vec<Option<SocketAddr>> {
        links.iter().enumerate().map(|(link, text)| resolved(link, text.as_deref()?)).collect()
    };
    written.iter().map(|(id, links)| (*id, of_node(links))).collect()
}

fn read_authkey(paths: &Paths, encrypted: bool) -> anyhow::Result<Vec<u8>> {
    let path = paths.corosync_authkey();
    match fs::metadata(&path) {
        Ok(meta) if meta.len() > AUTHKEY_BYTES_MAX => {
            bail!("{}: longer than {AUTHKEY_BYTES_MAX} bytes", path.display())
        }
        Ok(_) => {
            let key = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            if key.len() < 16 {
                bail!("{}: a key of {} bytes is too short", path.display(), key.len());
            }
            Ok(key)
        }
        // As Corosync: without crypto no key is needed. Then anybody on the segment can speak.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !encrypted => {
            crate::log::warning(format!("{} does not exist: links are not protected", path.display()));
            Ok(b"no authkey".to_vec())
        }
        Err(error) => Err(error).with_context(|| {
            format!("cannot read {} (rhapsody cluster setup makes one for all nodes)", path.display())
        }),
    }
}

/// `section.key` pairs; each node and interface is a section of its own.
#[derive(Default)]
struct Read {
    totem: BTreeMap<String, String>,
    quorum: BTreeMap<String, String>,
    nodes: Vec<BTreeMap<String, String>>,
    interfaces: Vec<BTreeMap<String, String>>,
}

fn lines(text: &str) -> anyhow::Result<Read> {
    let mut read = Read::default();
    let mut open: Vec<String> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_suffix('{') {
            open.push(name.trim().to_owned());
            match open.join(".").as_str() {
                "nodelist.node" => read.nodes.push(BTreeMap::new()),
                "totem.interface" => read.interfaces.push(BTreeMap::new()),
                _ => {}
            }
        } else if line == "}" {
            open.pop().with_context(|| format!("line {}: a closing brace too many", number + 1))?;
        } else {
            let (key, value) =
                line.split_once(':').with_context(|| format!("line {}: no 'key: value'", number + 1))?;
            let section = match open.join(".").as_str() {
                "totem" => Some(&mut read.totem),
                "quorum" => Some(&mut read.quorum),
                "nodelist.node" => read.nodes.last_mut(),
                "totem.interface" => read.interfaces.last_mut(),
                _ => None,
            };
            if let Some(section) = section {
                section.insert(key.trim().to_owned(), value.trim().to_owned());
            }
        }
    }
    if !open.is_empty() {
        bail!("a closing brace is missing at the end");
    }
    Ok(read)
}

fn parse(text: &str) -> anyhow::Result<Setup> {
    let read = lines(text)?;
    let number = |section: &BTreeMap<String, String>, key: &str, default: u64| -> anyhow::Result<u64> {
        section.get(key).map_or(Ok(default), |value| {
            value.parse().with_context(|| format!("{key}: '{value}' is not a number"))
        })
    };
    let mut nodes = Vec::new();
    let mut written = BTreeMap::new();
    for (index, node) in read.nodes.iter().enumerate() {
        let id = number(node, "nodeid", index as u64 + 1)? as NodeId;
        let links: Vec<Option<String>> =
            (0..LINKS_MAX).map(|n| node.get(&format!("ring{n}_addr")).cloned()).collect();
        let count = links.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let name = node.get("name").or(links[0].as_ref()).cloned();
        let name = name.with_context(|| format!("node {id} has neither name nor ring0_addr"))?;
        let votes = number(node, "quorum_votes", 1)? as u32;
        if id == 0 || written.insert(id, links[..count].to_vec()).is_some() {
            bail!("nodeid {id} is 0 or used twice");
        }
        nodes.push(Peer { id, name, votes });
    }
    if nodes.is_empty() {
        bail!("there is no node in the nodelist");
    }
    let coefficient = number(&read.totem, "token_coefficient", TOKEN_COEFFICIENT_DEFAULT_MS)?;
    let token = number(&read.totem, "token", TOKEN_DEFAULT_MS)?;
    let token_ms = token + coefficient * (nodes.len() as u64).saturating_sub(2);
    let mut ports: [u16; LINKS_MAX] = std::array::from_fn(|link| PORT_DEFAULT + link as u16);
    for (index, interface) in read.interfaces.iter().enumerate() {
        let link = number(interface, "linknumber", number(interface, "ringnumber", index as u64)?)? as usize;
        if let Some(port) = ports.get_mut(link) {
            *port = number(interface, "mcastport", u64::from(*port))? as u16;
        }
    }
    let cipher = read.totem.get("crypto_cipher").map(String::as_str);
    let secauth = read.totem.get("secauth").is_some_and(|value| value == "on");
    let encrypted = cipher.map_or(secauth, |cipher| cipher != "none");
    let cluster_name = read.totem.get("cluster_name").cloned().unwrap_or_default();
    let quorum = quorum(&read.quorum)?;
    Ok(Setup {
        id: 0,
        name: String::new(),
        cluster_name,
        token_ms: token_ms.max(TOKEN_MIN_MS),
        encrypted,
        authkey: Vec::new(),
        nodes,
        quorum,
        written,
        ports,
    })
}

fn quorum(section: &BTreeMap<String, String>) -> anyhow::Result<QuorumConfig> {
    let on = |key: &str| section.get(key).map(|value| value == "1" || value == "yes" || value == "on");
    let number = |key: &str| section.get(key).and_then(|value| value.parse().ok()).unwrap_or(0);
    let auto_tie_breaker_node = match section.get("auto_tie_breaker_node").map(String::as_str) {
        None | Some("lowest") => TieBreaker::Lowest,
        Some("highest") => TieBreaker::Highest,
        Some(list) => {
            let ids = list.split_whitespace().map(str::parse).collect::<Result<_, _>>();
            TieBreaker::List(ids.with_context(|| format!("auto_tie_breaker_node: '{list}'"))?)
        }
    };
    Ok(QuorumConfig {
        expected_votes: number("expected_votes"),
        two_node: on("two_node").unwrap_or(false),
        wait_for_all: on("wait_for_all"),
        last_man_standing: on("last_man_standing").unwrap_or(false),
        last_man_standing_window_ms: u64::from(number("last_man_standing_window")),
        auto_tie_breaker: on("auto_tie_breaker").unwrap_or(false),
        auto_tie_breaker_node,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = "totem {\n    version: 2\n    cluster_name: c\n    transport: knet\n    token: 1000\n    \
        token_coefficient: 100\n    crypto_cipher: aes256\n    interface {\n        linknumber: 1\n        \
        mcastport: 6000\n    }\n}\n\n# a comment\nnodelist {\n    node {\n        ring0_addr: 192.0.2.1\n        \
        ring1_addr: fd00::1\n        name: n1\n        nodeid: 4\n    }\n\n    node {\n        ring0_addr: n2\n        \
        nodeid: 2\n    }\n    node {\n        ring0_addr: 127.0.0.1\n        name: n3\n        nodeid: 3\n    }\n}\n\n\
        quorum {\n    provider: corosync_votequorum\n    two_node: 1\n}\n";

    #[test]
    fn a_file() {
        let setup = parse(CONF).unwrap();
        assert_eq!((setup.token_ms, setup.encrypted, setup.cluster_name.as_str()), (1100, true, "c"));
        let nodes: Vec<_> = setup.nodes.iter().map(|node| (node.id, node.name.as_str())).collect();
        assert_eq!(nodes, [(4, "n1"), (2, "n2"), (3, "n3")]);
        assert!(setup.quorum.two_node && setup.quorum.wait_for_all.is_none() && setup.has_names());
        let addresses = setup.addresses(false);
        assert_eq!(addresses[&4], ["192.0.2.1:5405".parse().ok(), "[fd00::1]:6000".parse().ok()]);
        assert_eq!(addresses[&2], [None]);
        assert_eq!(setup.find_self(None).unwrap(), (3, "n3".to_owned()), "by its address");
        assert_eq!(setup.find_self(Some("n2")).unwrap().0, 2);
        assert!(setup.find_self(Some("n9")).unwrap_err().to_string().contains("n9"));
        let far = parse(&CONF.replace("127.0.0.1", "192.0.2.3")).unwrap();
        assert!(far.find_self(None).unwrap_err().to_string().contains("n1, n2, n3"));
    }

    #[test]
    fn bad_files_say_where() {
        for (text, wanted) in [
            ("totem {\n", "closing brace"),
            ("}\n", "line 1"),
            ("totem {\nfoo\n}\n", "line 2"),
            ("totem {\ntoken: x\n}\nnodelist {\nnode {\nring0_addr: a\n}\n}\n", "token"),
            ("totem {\n}\n", "no node"),
            (
                "nodelist {\nnode {\nring0_addr: a\nnodeid: 1\n}\nnode {\nring0_addr: b\nnodeid: 1\n}\n}\n",
                "twice",
            ),
        ] {
            let error = parse(text).err().map(|error| format!("{error:#}")).unwrap_or_default();
            assert!(error.contains(wanted), "{text:?}: {error}");
        }
    }
}
