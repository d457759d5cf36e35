//! The options of corosync.conf that commands take, by what they belong to.

use super::options::{FLAG, Kind, ON_OFF, Table};
use rhapsody_conf::Transport;

pub const TRANSPORTS: &[&str] = &["knet", "udp", "udpu"];
const IP_VERSIONS: Kind = Kind::OneOf(&["ipv4", "ipv4-6", "ipv6", "ipv6-4"]);

const KNET: &Table = &[
    ("ip_version", IP_VERSIONS),
    ("knet_pmtud_interval", Kind::NonNegative),
    ("link_mode", Kind::OneOf(&["active", "passive", "rr"])),
];

const UDP: &Table = &[("ip_version", IP_VERSIONS), ("netmtu", Kind::Positive)];

const KNET_LINK: &Table = &[
    ("linknumber", Kind::Range(0, 7)),
    ("link_priority", Kind::Range(0, 255)),
    ("mcastport", Kind::Port),
    ("ping_interval", Kind::NonNegative),
    ("ping_precision", Kind::NonNegative),
    ("ping_timeout", Kind::NonNegative),
    ("pong_count", Kind::NonNegative),
    ("transport", Kind::OneOf(&["sctp", "udp"])),
];

const UDP_LINK: &Table = &[
    ("bindnetaddr", Kind::IpAddress),
    ("broadcast", FLAG),
    ("mcastaddr", Kind::IpAddress),
    ("mcastport", Kind::Port),
    ("ttl", Kind::Range(0, 255)),
];

pub const COMPRESSION: &Table = &[
    ("level", Kind::NonNegative),
    ("model", Kind::Text("a compression model e.g. zlib, lz4 or bzip2")),
    ("threshold", Kind::NonNegative),
];

pub const CRYPTO: &Table = &[
    ("cipher", Kind::OneOf(&["aes128", "aes192", "aes256", "none"])),
    ("hash", Kind::OneOf(&["md5", "none", "sha1", "sha256", "sha384", "sha512"])),
    ("model", Kind::OneOf(&["nss", "openssl"])),
];

pub const TOTEM: &Table = &[
    ("block_unlisted_ips", Kind::OneOf(&["no", "yes"])),
    ("consensus", Kind::NonNegative),
    ("downcheck", Kind::NonNegative),
    ("fail_recv_const", Kind::NonNegative),
    ("heartbeat_failures_allowed", Kind::NonNegative),
    ("hold", Kind::NonNegative),
    ("join", Kind::NonNegative),
    ("max_messages", Kind::NonNegative),
    ("max_network_delay", Kind::NonNegative),
    ("merge", Kind::NonNegative),
    ("miss_count_const", Kind::NonNegative),
    ("send_join", Kind::NonNegative),
    ("seqno_unchanged_const", Kind::NonNegative),
    ("token", Kind::NonNegative),
    ("token_coefficient", Kind::NonNegative),
    ("token_retransmit", Kind::NonNegative),
    ("token_retransmits_before_loss_const", Kind::NonNegative),
    ("window_size", Kind::NonNegative),
];

pub const QUORUM: &Table = &[
    ("auto_tie_breaker", FLAG),
    ("last_man_standing", FLAG),
    ("last_man_standing_window", Kind::Positive),
    ("wait_for_all", FLAG),
];

pub const DEVICE: &Table = &[("sync_timeout", Kind::Positive), ("timeout", Kind::Positive)];

/// `tie_breaker` also takes a node id, which the file knows.
pub const DEVICE_NET: &Table = &[
    ("algorithm", Kind::Required("'ffsplit', 'lms'")),
    ("connect_timeout", Kind::Range(1000, 120_000)),
    ("force_ip_version", Kind::OneOf(&["0", "4", "6"])),
    ("host", Kind::Required("a qdevice host address")),
    ("keep_active_partition_tie_breaker", ON_OFF),
    ("port", Kind::Port),
    ("tie_breaker", Kind::Text("a node")),
    ("tls", Kind::OneOf(&["off", "on", "required"])),
];

pub const HEURISTICS: &Table = &[
    ("interval", Kind::Positive),
    ("mode", Kind::OneOf(&["off", "on", "sync"])),
    ("sync_timeout", Kind::Positive),
    ("timeout", Kind::Positive),
];

pub fn transport(transport: Transport) -> &'static Table {
    if transport == Transport::Knet { KNET } else { UDP }
}

pub fn link(transport: Transport) -> &'static Table {
    if transport == Transport::Knet { KNET_LINK } else { UDP_LINK }
}

/// Of a link that is there: its number stays.
pub fn link_update(transport: Transport) -> &'static Table {
    match link(transport) {
        [("linknumber", _), others @ ..] => others,
        all => all,
    }
}

/// How messages name the family of a transport.
pub fn family(transport: Transport) -> &'static str {
    if transport == Transport::Knet { "knet" } else { "udp/udpu" }
}
