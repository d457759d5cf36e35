//! What a node process needs to know before it starts: corosync.conf, authkey, which node it is.

use crate::links::{Addresses, interfaces};
use anyhow::{Context, bail};
use rhapsody_client::Paths;
use rhapsody_conf::{Conf, Severity};
use rhapsody_node::config::{Layout, TieBreaker};
use rhapsody_node::{NodeId, Peer, QuorumConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// Faster than this the beat would be a load and a scheduling hiccup a death.
const TOKEN_MIN_MS: u64 = 50;
const PORT_DEFAULT: u16 = rhapsody_conf::defaults::PORT;
const LINKS_MAX: usize = rhapsody_conf::defaults::LINKS as usize;
/// Corosync's own bound for the key.
const AUTHKEY_BYTES_MAX: u64 = 4096;

pub struct Setup {
    /// `config_version`
    pub version: u64,
    /// The whole file.
    pub text: String,
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

    /// What of it the machine can take while it runs.
    pub fn layout(&self) -> Layout {
        Layout {
            version: self.version,
            nodes: self.nodes.clone(),
            token_ms: self.token_ms,
            quorum: self.quorum.clone(),
            text: self.text.clone(),
        }
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

pub fn parse(text: &str) -> anyhow::Result<Setup> {
    let conf = Conf::parse(text)?;
    let problems = conf.check();
    if let Some(problem) = problems.iter().find(|problem| problem.severity == Severity::Error) {
        bail!("{problem}");
    }
    let settings = conf.settings();
    let mut ports: [u16; LINKS_MAX] = std::array::from_fn(|link| PORT_DEFAULT + link as u16);
    for link in &settings.links {
        if let Some(port) = ports.get_mut(usize::from(link.number)) {
            *port = link.port;
        }
    }
    let written = settings.nodes.iter().map(|node| {
        let count = node.addresses.last().map_or(0, |(link, _)| usize::from(*link) + 1);
        let links = (0..count).map(|link| node.address(link as u8).map(str::to_owned)).collect();
        (node.id, links)
    });
    Ok(Setup {
        version: settings.config_version,
        text: text.to_owned(),
        id: 0,
        name: String::new(),
        cluster_name: settings.cluster_name.clone().unwrap_or_default(),
        token_ms: settings.token_ms.max(TOKEN_MIN_MS),
        encrypted: settings.crypto.cipher != "none",
        authkey: Vec::new(),
        written: written.collect(),
        nodes: settings
            .nodes
            .iter()
            .map(|node| Peer { id: node.id, name: node.name.clone(), votes: node.votes })
            .collect(),
        quorum: quorum(&settings.quorum),
        ports,
    })
}

fn quorum(quorum: &rhapsody_conf::Quorum) -> QuorumConfig {
    let tie_breaker = quorum.auto_tie_breaker.clone();
    QuorumConfig {
        // Without a provider nobody asks for quorum: one vote is enough.
        expected_votes: if quorum.provider.is_some() { quorum.expected_votes } else { 1 },
        two_node: quorum.two_node,
        wait_for_all: Some(quorum.wait_for_all),
        last_man_standing: quorum.last_man_standing,
        last_man_standing_window_ms: quorum.last_man_standing_window_ms,
        auto_tie_breaker: tie_breaker.is_some(),
        auto_tie_breaker_node: match tie_breaker.unwrap_or_default() {
            rhapsody_conf::TieBreaker::Lowest => TieBreaker::Lowest,
            rhapsody_conf::TieBreaker::Highest => TieBreaker::Highest,
            rhapsody_conf::TieBreaker::Nodes(ids) => TieBreaker::List(ids),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF: &str = "totem {\n    version: 2\n    cluster_name: c\n    transport: knet\n    token: 1000\n    \
        token_coefficient: 100\n    crypto_cipher: aes256\n    crypto_hash: sha256\n    interface {\n        linknumber: 1\n        \
        mcastport: 6000\n    }\n}\n\n# a comment\nnodelist {\n    node {\n        ring0_addr: 192.0.2.1\n        \
        ring1_addr: fd00::1\n        name: n1\n        nodeid: 4\n    }\n\n    node {\n        ring0_addr: n2\n        \
        name: n2\n        nodeid: 2\n    }\n    node {\n        ring0_addr: 127.0.0.1\n        name: n3\n        nodeid: 3\n    }\n}\n\n\
        quorum {\n    provider: corosync_votequorum\n    two_node: 1\n}\n";

    #[test]
    fn a_file() {
        let setup = parse(CONF).unwrap();
        assert_eq!((setup.token_ms, setup.encrypted, setup.cluster_name.as_str()), (1100, true, "c"));
        let nodes: Vec<_> = setup.nodes.iter().map(|node| (node.id, node.name.as_str())).collect();
        assert_eq!(nodes, [(2, "n2"), (3, "n3"), (4, "n1")]);
        assert!(setup.quorum.expected_votes == 3 && setup.has_names());
        let addresses = setup.addresses(false);
        assert_eq!(addresses[&4], ["192.0.2.1:5405".parse().ok(), "[fd00::1]:6000".parse().ok()]);
        assert_eq!(addresses[&2], [None]);
        assert_eq!(setup.find_self(None).unwrap(), (3, "n3".to_owned()), "by its address");
        assert_eq!(setup.find_self(Some("n2")).unwrap().0, 2);
        assert!(setup.find_self(Some("n9")).unwrap_err().to_string().contains("n9"));
        let far = parse(&CONF.replace("127.0.0.1", "192.0.2.3")).unwrap();
        assert!(far.find_self(None).unwrap_err().to_string().contains("n2, n3, n1"));
    }

    #[test]
    fn a_bad_file_is_refused_with_its_line() {
        let error = parse(&CONF.replace("nodeid: 3", "nodeid: 2")).err().unwrap().to_string();
        assert!(error.contains("line"), "{error}");
        assert!(parse("totem {\n").is_err());
    }
}
