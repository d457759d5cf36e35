//! The options of corosync.conf that setup takes: which there are, and what values they have.

use rhapsody_api::Report;
use std::collections::BTreeMap;

pub type Options = BTreeMap<String, String>;

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// `0` or `1`, or `yes` / `no` where corosync wants words.
    Flag,
    YesNo,
    Number,
    Positive,
    Range(u64, u64),
    OneOf(&'static [&'static str]),
    Text,
    Address,
}
use Kind::*;

type Table = &'static [(&'static str, Kind)];

pub const TRANSPORTS: &[&str] = &["knet", "udp", "udpu"];
const IP_VERSIONS: &[&str] = &["ipv4", "ipv6", "ipv4-6", "ipv6-4"];
/// Links of knet; the others have one.
pub const LINKS_MAX: usize = 8;

const KNET: Table = &[
    ("ip_version", OneOf(IP_VERSIONS)),
    ("knet_pmtud_interval", Number),
    ("link_mode", OneOf(&["active", "passive", "rr"])),
];
const UDP: Table = &[("ip_version", OneOf(IP_VERSIONS)), ("netmtu", Positive)];
const KNET_LINK: Table = &[
    ("linknumber", Range(0, LINKS_MAX as u64 - 1)),
    ("link_priority", Range(0, 255)),
    ("mcastport", Range(1, 65535)),
    ("ping_interval", Number),
    ("ping_precision", Number),
    ("ping_timeout", Number),
    ("pong_count", Number),
    ("transport", OneOf(&["sctp", "udp"])),
];
const UDP_LINK: Table = &[
    ("bindnetaddr", Address),
    ("broadcast", Flag),
    ("mcastaddr", Address),
    ("mcastport", Range(1, 65535)),
    ("ttl", Range(0, 255)),
];
const COMPRESSION: Table = &[("level", Number), ("model", Text), ("threshold", Number)];
const CRYPTO: Table = &[
    ("cipher", OneOf(&["none", "aes256", "aes192", "aes128"])),
    ("hash", OneOf(&["none", "md5", "sha1", "sha256", "sha384", "sha512"])),
    ("model", OneOf(&["nss", "openssl"])),
];
const TOTEM: Table = &[
    ("block_unlisted_ips", YesNo),
    ("consensus", Number),
    ("downcheck", Number),
    ("fail_recv_const", Number),
    ("heartbeat_failures_allowed", Number),
    ("hold", Number),
    ("join", Number),
    ("max_messages", Number),
    ("max_network_delay", Number),
    ("merge", Number),
    ("miss_count_const", Number),
    ("send_join", Number),
    ("seqno_unchanged_const", Number),
    ("token", Positive),
    ("token_coefficient", Number),
    ("token_retransmit", Number),
    ("token_retransmits_before_loss_const", Number),
    ("window_size", Number),
];
const QUORUM: Table = &[
    ("auto_tie_breaker", Flag),
    ("last_man_standing", Flag),
    ("last_man_standing_window", Positive),
    ("wait_for_all", Flag),
];

#[derive(Debug, Clone, Copy)]
pub enum Group {
    Transport,
    Link,
    Compression,
    Crypto,
    Totem,
    Quorum,
}

impl Group {
    fn name(self) -> &'static str {
        match self {
            Group::Transport => "transport",
            Group::Link => "link",
            Group::Compression => "compression",
            Group::Crypto => "crypto",
            Group::Totem => "totem",
            Group::Quorum => "quorum",
        }
    }

    fn table(self, is_knet: bool) -> Table {
        match (self, is_knet) {
            (Group::Transport, true) => KNET,
            (Group::Transport, false) => UDP,
            (Group::Link, true) => KNET_LINK,
            (Group::Link, false) => UDP_LINK,
            (Group::Compression, true) => COMPRESSION,
            (Group::Crypto, true) => CRYPTO,
            (Group::Compression | Group::Crypto, false) => &[],
            (Group::Totem, _) => TOTEM,
            (Group::Quorum, _) => QUORUM,
        }
    }
}

/// Tells every option that does not exist and every value that cannot be.
pub fn check(group: Group, is_knet: bool, options: &Options, reports: &mut Vec<Report>) {
    let table = group.table(is_knet);
    let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    for (name, value) in options {
        let Some((_, kind)) = table.iter().find(|(known, _)| known == name) else {
            let text = if names.is_empty() {
                format!("there are no {} options with transport udp or udpu; use knet", group.name())
            } else {
                format!("invalid {} option '{name}', allowed options are: {}", group.name(), quote(&names))
            };
            reports.push(
                Report::error("INVALID_OPTIONS", text)
                    .with("option_names", vec![name.as_str()])
                    .with("allowed", names.clone())
                    .with("option_type", group.name()),
            );
            continue;
        };
        if let Some(wanted) = wanted_instead(*kind, value) {
            let text = format!("'{value}' is not a valid {name} value, use {wanted}");
            reports.push(
                Report::error("INVALID_OPTION_VALUE", text)
                    .with("option_name", name.as_str())
                    .with("option_value", value.as_str())
                    .with("allowed_values", wanted),
            );
        }
    }
}

/// What it should be; `None` when it is.
fn wanted_instead(kind: Kind, value: &str) -> Option<String> {
    let number = value.parse::<u64>().ok().filter(|number| *number <= i32::MAX as u64);
    let good = match kind {
        Flag => matches!(value, "0" | "1"),
        YesNo => matches!(value, "yes" | "no"),
        Number => number.is_some(),
        Positive => number.is_some_and(|number| number > 0),
        Range(from, to) => number.is_some_and(|number| (from..=to).contains(&number)),
        OneOf(values) => values.contains(&value),
        Text => !value.is_empty() && !value.contains(['{', '}', '\n', '\r']),
        Address => value.parse::<std::net::IpAddr>().is_ok(),
    };
    if good {
        return None;
    }
    Some(match kind {
        Flag => "0 or 1".to_owned(),
        YesNo => "yes or no".to_owned(),
        Number => "a non-negative integer".to_owned(),
        Positive => "a positive integer".to_owned(),
        Range(from, to) => format!("{from}..{to}"),
        OneOf(values) => quote(values),
        Text => "a text without braces and line breaks".to_owned(),
        Address => "an IP address".to_owned(),
    })
}

pub fn quote(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(group: Group, is_knet: bool, pairs: &[(&str, &str)]) -> Vec<String> {
        let options = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let mut reports = Vec::new();
        check(group, is_knet, &options, &mut reports);
        reports.into_iter().map(|report| report.message.message).collect()
    }

    #[test]
    fn options_and_values_are_checked() {
        let none: Vec<String> = Vec::new();
        assert_eq!(told(Group::Totem, true, &[("token", "1000"), ("block_unlisted_ips", "yes")]), none);
        assert_eq!(told(Group::Quorum, false, &[("wait_for_all", "1")]), none);
        assert_eq!(told(Group::Link, true, &[("linknumber", "7"), ("mcastport", "5405")]), none);
        for (group, is_knet, name, value, word) in [
            (Group::Totem, true, "tokne", "1", "allowed options"),
            (Group::Totem, true, "token", "0", "positive"),
            (Group::Totem, true, "token", "1\n}", "positive"),
            (Group::Quorum, true, "wait_for_all", "yes", "0 or 1"),
            (Group::Link, true, "linknumber", "8", "0..7"),
            (Group::Crypto, true, "cipher", "rot13", "'aes256'"),
            (Group::Crypto, false, "cipher", "none", "use knet"),
            (Group::Link, false, "mcastaddr", "n1", "IP address"),
            (Group::Compression, true, "model", "a}b", "braces"),
        ] {
            let told = told(group, is_knet, &[(name, value)]);
            assert!(told.len() == 1 && told[0].contains(word), "{told:?}");
        }
    }
}
