//! The file of a new cluster, in the layout that pcs writes.

use crate::{Conf, Section, Transport, defaults};

/// Options by name, as the user gave them.
pub type Options = Vec<(String, String)>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupNode {
    pub name: String,
    /// Of links 0, 1, ...
    pub addresses: Vec<String>,
}

/// What `cluster setup` was asked for. Names of options are pcs's (`link_priority`, `cipher`),
/// already validated.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    pub cluster_name: String,
    pub cluster_uuid: Option<String>,
    pub transport: Transport,
    pub nodes: Vec<SetupNode>,
    pub totem: Options,
    pub transport_options: Options,
    pub compression: Options,
    pub crypto: Options,
    pub quorum: Options,
    /// One of each link that was mentioned; without `linknumber` they count from 0.
    pub links: Vec<Options>,
    /// Write `token: 1000` and `token_coefficient: 0` unless the user gave others: right for our
    /// own engine, too short for Corosync on a busy network.
    pub short_token: bool,
}

const KNET_LINK_OPTIONS: [&str; 6] =
    ["link_priority", "ping_interval", "ping_precision", "ping_timeout", "pong_count", "transport"];

/// What an option of a link is called in the file.
pub fn link_key(transport: Transport, option: &str) -> String {
    let knet = transport == Transport::Knet && KNET_LINK_OPTIONS.contains(&option);
    if knet { format!("knet_{option}") } else { option.to_owned() }
}

impl Setup {
    pub fn build(&self) -> Conf {
        let mut conf = Conf::new();
        self.totem(conf.root_mut().add_section("totem"));
        let nodelist = conf.root_mut().add_section("nodelist");
        for (index, node) in self.nodes.iter().enumerate() {
            let section = nodelist.add_section("node");
            for (link, address) in node.addresses.iter().enumerate() {
                section.set(&format!("ring{link}_addr"), address);
            }
            section.set("name", &node.name);
            section.set("nodeid", &(index + 1).to_string());
        }
        let quorum = conf.root_mut().add_section("quorum");
        quorum.set("provider", "corosync_votequorum");
        let tie_breaker = self.quorum.iter().any(|(k, v)| k == "auto_tie_breaker" && v == "1");
        if self.nodes.len() == 2 && !tie_breaker {
            quorum.set("two_node", "1");
        }
        set_sorted(quorum, "", &self.quorum);
        let logging = conf.root_mut().add_section("logging");
        logging.set("to_logfile", "yes");
        logging.set("logfile", "/var/log/corosync/corosync.log");
        logging.set("to_syslog", "yes");
        logging.set("timestamp", "on");
        conf
    }

    fn totem(&self, totem: &mut Section) {
        totem.set("version", "2");
        totem.set("cluster_name", &self.cluster_name);
        if let Some(uuid) = &self.cluster_uuid {
            totem.set("cluster_uuid", uuid);
        }
        totem.set("transport", self.transport.as_str());
        let mut options = self.totem.clone();
        if self.short_token && !has(&options, "token") {
            options.push(("token".into(), defaults::SETUP_TOKEN_MS.to_string()));
            if !has(&options, "token_coefficient") {
                let none = defaults::SETUP_TOKEN_COEFFICIENT_MS.to_string();
                options.push(("token_coefficient".into(), none));
            }
        }
        set_sorted(totem, "", &options);
        set_sorted(totem, "", &self.transport_options);
        set_sorted(totem, "knet_compression_", &self.compression);
        if self.transport == Transport::Knet {
            // Who asks for one half of it does not mean to be without the other.
            let mut crypto = self.crypto.clone();
            let unprotected = crypto.iter().any(|(k, v)| k == "hash" && v == "none");
            if !has(&crypto, "cipher") {
                let cipher = if unprotected { "none" } else { "aes256" };
                crypto.push(("cipher".into(), cipher.into()));
            }
            if !has(&crypto, "hash") {
                crypto.push(("hash".into(), "sha256".into()));
            }
            set_sorted(totem, "crypto_", &crypto);
        } else {
            set_sorted(totem, "crypto_", &self.crypto);
        }
        let mut links: Vec<(usize, &Options)> = Vec::new();
        for (index, options) in self.links.iter().enumerate() {
            let number = options.iter().find(|(k, _)| k == "linknumber").and_then(|(_, v)| v.parse().ok());
            links.push((number.unwrap_or(index), options));
        }
        links.sort_by_key(|(number, _)| *number);
        for (number, options) in links {
            self.interface(totem.add_section("interface"), number, options);
        }
    }

    fn interface(&self, interface: &mut Section, number: usize, options: &Options) {
        let mut named: Options = Vec::new();
        for (key, value) in options.iter().filter(|(k, _)| k != "linknumber") {
            let value = match (key.as_str(), value.as_str()) {
                ("broadcast", "1") => "yes",
                ("broadcast", "0") => continue,
                (_, value) => value,
            };
            named.push((link_key(self.transport, key), value.to_owned()));
        }
        named.push(("linknumber".into(), number.to_string()));
        set_sorted(interface, "", &named);
    }
}

fn has(options: &Options, key: &str) -> bool {
    options.iter().any(|(k, _)| k == key)
}

/// Empty values mean "not given".
fn set_sorted(section: &mut Section, prefix: &str, options: &Options) {
    let mut options: Vec<&(String, String)> = options.iter().filter(|(_, v)| !v.is_empty()).collect();
    options.sort();
    for (key, value) in options {
        section.set(&format!("{prefix}{key}"), value);
    }
}
