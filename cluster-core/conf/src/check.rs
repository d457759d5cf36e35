//! What is wrong with a file, in words for its author.

use crate::settings::{interfaces, link_number, link_of_key, yes};
use crate::{Conf, Section, Transport, defaults};
use std::collections::BTreeMap;
use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It is ignored, or does not mean what one may think.
    Warning,
    /// A cluster cannot be started with this file.
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// None if something is missing rather than wrong.
    pub line: Option<usize>,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "corosync.conf line {line}: {}", self.message),
            None => write!(f, "corosync.conf: {}", self.message),
        }
    }
}

impl Conf {
    /// Everything that is wrong, in the order of the file's sections. Without an error a cluster
    /// can be started.
    pub fn check(&self) -> Vec<Problem> {
        let mut checker = Checker { conf: self, problems: Vec::new() };
        checker.unknown();
        checker.totem();
        checker.interfaces();
        checker.nodes();
        checker.quorum();
        checker.problems
    }
}

struct Checker<'a> {
    conf: &'a Conf,
    problems: Vec<Problem>,
}

/// Sections that Corosync reads; of `resources` and `system` we use nothing, but they are right.
const SECTIONS: [&str; 9] =
    ["totem", "nodelist", "quorum", "logging", "system", "resources", "nozzle", "uidgid", "qb"];

const TOTEM_NUMBERS: [&str; 24] = [
    "version",
    "token",
    "token_coefficient",
    "token_retransmit",
    "token_retransmits_before_loss_const",
    "token_warning",
    "hold",
    "join",
    "send_join",
    "consensus",
    "merge",
    "downcheck",
    "fail_recv_const",
    "seqno_unchanged_const",
    "window_size",
    "max_messages",
    "miss_count_const",
    "max_network_delay",
    "knet_pmtud_interval",
    "knet_mtu",
    "knet_compression_threshold",
    "knet_compression_level",
    "netmtu",
    "threads",
];

const TOTEM_OTHERS: [&str; 22] = [
    "cluster_name",
    "cluster_uuid",
    "transport",
    "crypto_cipher",
    "crypto_hash",
    "crypto_model",
    "crypto_type",
    "secauth",
    "keyfile",
    "key",
    "link_mode",
    "rrp_mode",
    "ip_version",
    "config_version",
    "clear_node_high_bit",
    "nodeid",
    "knet_compression_model",
    "block_unlisted_ips",
    "cancel_token_hold_on_retransmit",
    "heartbeat_failures_allowed",
    "vsftype",
    "interface",
];

const CIPHERS: [&str; 4] = ["none", "aes256", "aes192", "aes128"];
const HASHES: [&str; 6] = ["none", "md5", "sha1", "sha256", "sha384", "sha512"];

impl<'a> Checker<'a> {
    fn error(&mut self, line: usize, message: String) {
        self.add(Severity::Error, line, message);
    }

    fn warn(&mut self, line: usize, message: String) {
        self.add(Severity::Warning, line, message);
    }

    fn add(&mut self, severity: Severity, line: usize, message: String) {
        let line = (line > 0).then_some(line);
        self.problems.push(Problem { severity, line, message });
    }

    /// The value that counts, and its line.
    fn get(&self, section: &str, key: &str) -> Option<(&'a str, usize)> {
        let sections: Vec<&'a Section> =
            self.conf.root().all_sections().filter(|s| s.name() == section).collect();
        sections.into_iter().filter_map(|s| find(s, key)).next_back()
    }

    fn unknown(&mut self) {
        for section in self.conf.root().all_sections() {
            if !SECTIONS.contains(&section.name()) {
                self.warn(section.line(), format!("the section `{}` is not known", section.name()));
            }
        }
        let totems: Vec<&Section> = self.conf.root().sections("totem").collect();
        for (key, _, line) in totems.iter().flat_map(|t| t.pairs_with_lines()) {
            if !TOTEM_NUMBERS.contains(&key) && !TOTEM_OTHERS.contains(&key) {
                self.warn(line, format!("the totem option `{key}` is not known"));
            }
        }
    }

    fn totem(&mut self) {
        match self.get("totem", "version") {
            Some(("2", _)) => {}
            Some((other, line)) => self.error(line, format!("totem version is `{other}`, it must be 2")),
            None => self.error(0, "there is no `version: 2` in the section `totem`".into()),
        }
        for key in TOTEM_NUMBERS {
            if let Some((value, line)) = self.get("totem", key)
                && value.parse::<u32>().is_err()
            {
                self.error(line, format!("`{key}` must be a number, it is `{value}`"));
            }
        }
        let settings = self.conf.settings();
        if let Some((value, line)) = self.get("totem", "token")
            && value.parse::<u32>().is_ok_and(|v| v < 30)
        {
            self.error(line, format!("a `token` of {value} ms is too short, the least is 30"));
        }
        let transport = self.get("totem", "transport");
        if let Some((value, line)) = transport
            && Transport::parse(value).is_none()
        {
            self.error(line, format!("the transport `{value}` is not known; use knet, udpu or udp"));
        }
        for (key, allowed) in [
            ("crypto_cipher", &CIPHERS[..]),
            ("crypto_hash", &HASHES[..]),
            ("link_mode", &["passive", "active", "rr"]),
            ("ip_version", &["ipv4", "ipv6", "ipv4-6", "ipv6-4"]),
        ] {
            if let Some((value, line)) = self.get("totem", key)
                && !allowed.contains(&value)
            {
                self.error(line, format!("`{key}` is `{value}`; use one of {}", allowed.join(", ")));
            }
        }
        let line = |key| self.get("totem", key).map_or(0, |(_, line)| line);
        let cipher_line = line("crypto_cipher");
        if settings.crypto.cipher != "none" && settings.crypto.hash == "none" {
            self.error(cipher_line, "`crypto_cipher` needs a `crypto_hash` other than none".into());
        }
        if settings.transport != Transport::Knet && settings.crypto.cipher != "none" {
            let transport = settings.transport.as_str();
            self.error(cipher_line, format!("encryption needs the transport knet, not {transport}"));
        }
        for (key, least) in [("crypto_hash", "md5"), ("crypto_hash", "sha1")] {
            if let Some((value, line)) = self.get("totem", key)
                && value == least
            {
                self.warn(line, format!("`{value}` is weak; sha256 costs nothing more"));
            }
        }
    }

    fn interfaces(&mut self) {
        let mut seen: BTreeMap<u8, usize> = BTreeMap::new();
        for interface in interfaces(self.conf) {
            let number = match link_number(interface) {
                Some(number) => number,
                None => {
                    let text = interface.get("linknumber").unwrap_or("");
                    let last = defaults::LINKS - 1;
                    self.error(interface.line(), format!("linknumber `{text}` is not one of 0 to {last}"));
                    continue;
                }
            };
            if seen.insert(number, interface.line()).is_some() {
                self.warn(interface.line(), format!("link {number} has more than one interface section"));
            }
            if let Some((port, line)) = find(interface, "mcastport")
                && !port.parse::<u16>().is_ok_and(|p| p > 0)
            {
                self.error(line, format!("`mcastport` must be a port from 1 to 65535, it is `{port}`"));
            }
            for (key, value, line) in interface.pairs_with_lines() {
                let number = key.starts_with("knet_") && key != "knet_transport";
                if number && value.parse::<u32>().is_err() {
                    self.error(line, format!("`{key}` must be a number, it is `{value}`"));
                }
            }
        }
    }

    fn nodes(&mut self) {
        let lists: Vec<&Section> = self.conf.root().sections("nodelist").collect();
        let nodes: Vec<&Section> = lists.iter().flat_map(|l| l.sections("node")).collect();
        if nodes.is_empty() {
            return self.error(0, "there is no node in the section `nodelist`".into());
        }
        let mut ids: BTreeMap<u32, usize> = BTreeMap::new();
        let mut names: BTreeMap<&str, usize> = BTreeMap::new();
        let mut addresses: BTreeMap<&str, usize> = BTreeMap::new();
        let mut first_links: Option<Vec<u8>> = None;
        for node in nodes {
            let at = node.line();
            let who = match node.get("name") {
                Some(name) if !name.is_empty() => format!("the node `{name}`"),
                _ => format!("the node of line {at}"),
            };
            match find(node, "nodeid") {
                None => self.error(at, format!("{who} has no `nodeid`")),
                Some((text, line)) => match text.parse::<u32>() {
                    Ok(id) if id > 0 => {
                        if let Some(other) = ids.insert(id, line) {
                            self.error(line, format!("the nodeid {id} is used in line {other} already"));
                        }
                    }
                    _ => {
                        let limits = format!("it must be a number from 1 to {}", u32::MAX);
                        self.error(line, format!("{who} has the nodeid `{text}`; {limits}"));
                    }
                },
            }
            match find(node, "name") {
                Some((name, line)) if !name.is_empty() => {
                    if let Some(other) = names.insert(name, line) {
                        self.error(line, format!("the name `{name}` is used in line {other} already"));
                    }
                }
                _ => self.warn(at, format!("{who} has no `name`; its first address takes that place")),
            }
            if let Some((votes, line)) = find(node, "quorum_votes")
                && votes.parse::<u32>().is_err()
            {
                self.error(line, format!("`quorum_votes` must be a number, it is `{votes}`"));
            }
            let mut links: Vec<u8> = Vec::new();
            for (key, value, line) in node.pairs_with_lines() {
                let Some(link) = link_of_key(key) else {
                    if key.starts_with("ring") && key.ends_with("_addr") {
                        let last = defaults::LINKS - 1;
                        self.error(line, format!("`{key}`: links are numbered from 0 to {last}"));
                    }
                    continue;
                };
                if value.is_empty() {
                    self.error(line, format!("{who} has an empty `{key}`"));
                    continue;
                }
                links.push(link);
                if let Some(other) = addresses.insert(value, line) {
                    self.error(line, format!("the address `{value}` is used in line {other} already"));
                }
            }
            links.sort_unstable();
            links.dedup();
            if links.is_empty() {
                self.error(at, format!("{who} has no address (`ring0_addr`)"));
                continue;
            }
            match &first_links {
                None => first_links = Some(links),
                Some(first) if *first != links => {
                    self.warn(at, format!("{who} has addresses on other links than the first node"));
                }
                Some(_) => {}
            }
        }
        if first_links.is_some_and(|l| l.len() > 1) && self.conf.settings().transport != Transport::Knet {
            self.error(0, "more than one link needs the transport knet".into());
        }
    }

    fn quorum(&mut self) {
        let settings = self.conf.settings();
        match self.get("quorum", "provider") {
            Some(("corosync_votequorum", _)) => {}
            Some((other, line)) => {
                self.error(line, format!("the quorum provider `{other}` is not known; use corosync_votequorum"));
            }
            None => self.warn(
                0,
                "without `provider: corosync_votequorum` in the section `quorum` every node counts as quorate".into(),
            ),
        }
        for key in [
            "two_node",
            "wait_for_all",
            "last_man_standing",
            "auto_tie_breaker",
            "allow_downscale",
            "expected_votes_tracking",
        ] {
            if let Some((value, line)) = self.get("quorum", key)
                && yes(value).is_none()
            {
                self.error(line, format!("`{key}` must be 0 or 1, it is `{value}`"));
            }
        }
        for key in ["expected_votes", "last_man_standing_window"] {
            if let Some((value, line)) = self.get("quorum", key)
                && !value.parse::<u32>().is_ok_and(|v| v > 0)
            {
                self.error(line, format!("`{key}` must be a number above 0, it is `{value}`"));
            }
        }
        if let Some(("1", line)) = self.get("quorum", "two_node")
            && settings.nodes.len() != 2
        {
            let count = settings.nodes.len();
            self.warn(line, format!("`two_node` is for two nodes and off with {count}"));
        }
        if settings.quorum.last_man_standing && !settings.quorum.wait_for_all {
            let line = self.get("quorum", "last_man_standing").map_or(0, |(_, line)| line);
            self.warn(line, "`last_man_standing` should go with `wait_for_all: 1`".into());
        }
        if let Some((value, line)) = self.get("quorum", "auto_tie_breaker_node")
            && !matches!(value, "lowest" | "highest")
        {
            for id in value.split_whitespace() {
                let known = id.parse().is_ok_and(|id| settings.node_by_id(id).is_some());
                if !known {
                    self.error(
                        line,
                        format!("`auto_tie_breaker_node` names `{id}`, which is no nodeid of this file"),
                    );
                }
            }
        }
    }
}

fn find<'a>(section: &'a Section, key: &str) -> Option<(&'a str, usize)> {
    section.pairs_with_lines().rev().find(|(k, _, _)| *k == key).map(|(_, v, line)| (v, line))
}
