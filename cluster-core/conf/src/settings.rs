//! What the file means, with the defaults of corosync.conf(5) and votequorum(5).
//!
//! Values that make no sense count as not given; [`crate::Conf::check`] is who complains.

use crate::{Conf, Section, defaults};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Transport {
    #[default]
    Knet,
    Udpu,
    Udp,
}

impl Transport {
    pub fn parse(text: &str) -> Option<Transport> {
        match text {
            "knet" => Some(Transport::Knet),
            "udpu" => Some(Transport::Udpu),
            "udp" => Some(Transport::Udp),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Transport::Knet => "knet",
            Transport::Udpu => "udpu",
            Transport::Udp => "udp",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto {
    /// `none`, `aes256`, `aes192`, `aes128`
    pub cipher: String,
    /// `none`, `md5`, `sha1`, `sha256`, `sha384`, `sha512`
    pub hash: String,
}

impl Crypto {
    /// Nobody authenticates and nobody encrypts.
    pub fn is_none(&self) -> bool {
        self.cipher == "none" && self.hash == "none"
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub id: u32,
    /// Without a name its first address names it.
    pub name: String,
    /// Link number and address, ascending.
    pub addresses: Vec<(u8, String)>,
    pub votes: u32,
}

impl Node {
    pub fn address(&self, link: u8) -> Option<&str> {
        self.addresses.iter().find(|(l, _)| *l == link).map(|(_, a)| a.as_str())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub number: u8,
    pub port: u16,
    /// Higher ones are preferred in passive mode.
    pub priority: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TieBreaker {
    #[default]
    Lowest,
    Highest,
    /// In this order.
    Nodes(Vec<u32>),
}

/// A quorum device (arbitrator), as far as this file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub model: String,
    pub votes: Option<u32>,
    pub host: Option<String>,
    pub algorithm: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quorum {
    /// `corosync_votequorum`; without it there is no quorum service and all are quorate.
    pub provider: Option<String>,
    /// Given, or the sum of the nodes' votes.
    pub expected_votes: u32,
    pub two_node: bool,
    /// On by itself with `two_node` (unless it says 0).
    pub wait_for_all: bool,
    pub last_man_standing: bool,
    pub last_man_standing_window_ms: u64,
    /// The tie breaker, if that is on.
    pub auto_tie_breaker: Option<TieBreaker>,
    pub allow_downscale: bool,
    pub device: Option<Device>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    pub to_logfile: bool,
    pub logfile: Option<String>,
    pub to_syslog: bool,
    pub to_stderr: bool,
    pub debug: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub cluster_name: Option<String>,
    pub cluster_uuid: Option<String>,
    pub transport: Transport,
    /// What counts: with three nodes and more, `token_coefficient` is in it.
    pub token_ms: u64,
    pub token_base_ms: u64,
    pub token_coefficient_ms: u64,
    pub crypto: Crypto,
    pub keyfile: String,
    pub config_version: u64,
    /// `ipv4`, `ipv6`, `ipv4-6`, `ipv6-4`
    pub ip_version: String,
    /// `passive`, `active`, `rr`
    pub link_mode: String,
    /// By id.
    pub nodes: Vec<Node>,
    /// All links that some node has an address for.
    pub links: Vec<Link>,
    pub quorum: Quorum,
    pub logging: Logging,
}

/// Corosync's booleans.
pub(crate) fn yes(text: &str) -> Option<bool> {
    match text {
        "yes" | "on" | "1" | "true" => Some(true),
        "no" | "off" | "0" | "false" => Some(false),
        _ => None,
    }
}

impl Settings {
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.name == name)
    }

    pub fn node_by_id(&self, id: u32) -> Option<&Node> {
        self.nodes.iter().find(|n| n.id == id)
    }

    pub fn link(&self, number: u8) -> Option<&Link> {
        self.links.iter().find(|l| l.number == number)
    }
}

impl Conf {
    pub fn settings(&self) -> Settings {
        let totem = |key: &str| self.get("totem", key).filter(|v| !v.is_empty());
        let number = |key: &str| totem(key).and_then(|v| v.parse::<u64>().ok());
        let nodes = nodes(self);
        let token_base_ms = number("token").unwrap_or(defaults::TOKEN_MS);
        let token_coefficient_ms = number("token_coefficient").unwrap_or(defaults::TOKEN_COEFFICIENT_MS);
        let more = (nodes.len() as u64).saturating_sub(2);
        let token_ms = token_base_ms.saturating_add(more.saturating_mul(token_coefficient_ms));
        let transport = totem("transport").and_then(Transport::parse).unwrap_or_default();
        let secauth = totem("secauth").and_then(yes).unwrap_or(false);
        let crypto = |key: &str, secure: &str| {
            let default = if secauth { secure } else { "none" };
            totem(key).unwrap_or(default).to_owned()
        };
        let default_ip = if transport == Transport::Udp { "ipv4" } else { "ipv6-4" };
        Settings {
            cluster_name: totem("cluster_name").map(str::to_owned),
            cluster_uuid: totem("cluster_uuid").map(str::to_owned),
            transport,
            token_ms,
            token_base_ms,
            token_coefficient_ms,
            crypto: Crypto {
                cipher: crypto("crypto_cipher", "aes256"),
                hash: crypto("crypto_hash", "sha256"),
            },
            keyfile: totem("keyfile").unwrap_or(defaults::KEYFILE).to_owned(),
            config_version: number("config_version").unwrap_or(0),
            ip_version: totem("ip_version").unwrap_or(default_ip).to_owned(),
            link_mode: totem("link_mode").unwrap_or("passive").to_owned(),
            links: links(self, &nodes),
            quorum: quorum(self, &nodes),
            nodes,
            logging: logging(self),
        }
    }
}

/// `ring0_addr` is link 0.
pub(crate) fn link_of_key(key: &str) -> Option<u8> {
    let number = key.strip_prefix("ring")?.strip_suffix("_addr")?;
    number.parse().ok().filter(|n| *n < defaults::LINKS && number.len() == 1)
}

fn nodes(conf: &Conf) -> Vec<Node> {
    let lists = conf.root().sections("nodelist");
    let mut nodes: Vec<Node> = lists
        .flat_map(|list| list.sections("node"))
        .filter_map(|section| {
            let mut addresses: Vec<(u8, String)> = Vec::new();
            for (key, value) in section.pairs() {
                if let Some(link) = link_of_key(key).filter(|_| !value.is_empty()) {
                    addresses.retain(|(l, _)| *l != link);
                    addresses.push((link, value.to_owned()));
                }
            }
            addresses.sort();
            let first = addresses.first().map(|(_, a)| a.as_str());
            let name = section.get("name").filter(|n| !n.is_empty()).or(first)?.to_owned();
            let id = section.get("nodeid")?.parse().ok().filter(|id| *id > 0)?;
            let votes = section.get("quorum_votes").and_then(|v| v.parse().ok()).unwrap_or(1);
            Some(Node { id, name, addresses, votes })
        })
        .collect();
    nodes.sort_by_key(|n| n.id);
    nodes
}

pub(crate) fn interfaces(conf: &Conf) -> impl Iterator<Item = &Section> {
    conf.root().sections("totem").flat_map(|t| t.sections("interface"))
}

/// Without a number it is link 0; the oldest name was `ringnumber`.
pub(crate) fn link_number(interface: &Section) -> Option<u8> {
    match interface.get("linknumber").or_else(|| interface.get("ringnumber")) {
        None => Some(0),
        Some(text) => text.parse().ok().filter(|n| *n < defaults::LINKS),
    }
}

fn links(conf: &Conf, nodes: &[Node]) -> Vec<Link> {
    let used = |link: u8| nodes.iter().any(|n| n.address(link).is_some());
    (0..defaults::LINKS)
        .filter(|number| used(*number))
        .map(|number| {
            let mut link = Link { number, port: defaults::PORT + u16::from(number), priority: 1 };
            for interface in interfaces(conf).filter(|i| link_number(i) == Some(number)) {
                let port = interface.get("mcastport").and_then(|p| p.parse().ok());
                link.port = port.filter(|p| *p > 0).unwrap_or(link.port);
                let priority = interface.get("knet_link_priority").and_then(|p| p.parse().ok());
                link.priority = priority.unwrap_or(link.priority);
            }
            link
        })
        .collect()
}

fn quorum(conf: &Conf, nodes: &[Node]) -> Quorum {
    let get = |key: &str| conf.get("quorum", key).filter(|v| !v.is_empty());
    let flag = |key: &str| get(key).and_then(yes);
    let votes = nodes.iter().fold(0u32, |sum, n| sum.saturating_add(n.votes));
    let given = get("expected_votes").and_then(|v| v.parse().ok()).filter(|v| *v > 0);
    // With more than two nodes it is off by itself.
    let two_node = flag("two_node").unwrap_or(false) && nodes.len() <= 2;
    let breaker = get("auto_tie_breaker_node").unwrap_or("lowest");
    let tie_breaker = match breaker {
        "highest" => TieBreaker::Highest,
        "lowest" => TieBreaker::Lowest,
        list => TieBreaker::Nodes(list.split_whitespace().filter_map(|n| n.parse().ok()).collect()),
    };
    let device = conf.root().sections("quorum").flat_map(|q| q.sections("device")).last().map(|device| {
        let model = device.get("model").unwrap_or("").to_owned();
        let of_model = |key: &str| {
            let sections = device.sections(&model);
            sections.filter_map(|m| m.get(key)).last().map(str::to_owned)
        };
        Device {
            votes: device.get("votes").and_then(|v| v.parse().ok()),
            host: of_model("host"),
            algorithm: of_model("algorithm"),
            model,
        }
    });
    Quorum {
        provider: get("provider").map(str::to_owned),
        expected_votes: given.unwrap_or(votes),
        two_node,
        wait_for_all: flag("wait_for_all").unwrap_or(two_node),
        last_man_standing: flag("last_man_standing").unwrap_or(false),
        last_man_standing_window_ms: get("last_man_standing_window")
            .and_then(|v| v.parse().ok())
            .unwrap_or(defaults::LAST_MAN_STANDING_WINDOW_MS),
        auto_tie_breaker: flag("auto_tie_breaker").unwrap_or(false).then_some(tie_breaker),
        allow_downscale: flag("allow_downscale").unwrap_or(false),
        device,
    }
}

fn logging(conf: &Conf) -> Logging {
    let get = |key: &str| conf.get("logging", key).filter(|v| !v.is_empty());
    let flag = |key: &str, default| get(key).and_then(yes).unwrap_or(default);
    Logging {
        to_logfile: flag("to_logfile", false),
        logfile: get("logfile").map(str::to_owned),
        to_syslog: flag("to_syslog", true),
        to_stderr: flag("to_stderr", true),
        debug: matches!(get("debug"), Some("on" | "trace")),
    }
}
