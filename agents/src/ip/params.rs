//! Parameters of IPaddr2, checked once.
//!
//! Names and defaults as `ocf:heartbeat:IPaddr2`. Not here: the CLUSTERIP mode of anonymous clones
//! (`mac`, `clusterip_hash`; the kernel has dropped it) and `lvs_ipv6_addrlabel`: both are refused
//! with a sentence, never ignored.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::ocf::{Env, Failure};

/// Every parameter that the agent takes.
pub const NAMES: &[&str] = &[
    "ip",
    "nic",
    "cidr_netmask",
    "netmask",
    "broadcast",
    "iflabel",
    "lvs_support",
    "unique_clone_address",
    "arp_interval",
    "arp_count",
    "arp_count_refresh",
    "arp_bg",
    "arp_sender",
    "send_arp_opts",
    "flush_routes",
    "run_arping",
    "nodad",
    "noprefixroute",
    "preferred_lft",
    "network_namespace",
];

/// The kernel's limit of an interface name or label, without the terminating zero.
const LABEL_CHARS_MAX: usize = 15;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broadcast {
    /// Host bits set (`+`).
    Ones,
    /// Host bits cleared (`-`).
    Zeroes,
    Address(Ipv4Addr),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Params {
    pub ip: IpAddr,
    pub nic: Option<String>,
    pub label: Option<String>,
    pub prefix: Option<u8>,
    pub broadcast: Broadcast,
    pub lvs_support: bool,
    pub arp_interval_ms: u32,
    pub arp_count: u32,
    pub arp_count_refresh: u32,
    pub arp_background: bool,
    pub flush_routes: bool,
    pub collision_check: bool,
    pub no_dad: bool,
    pub no_prefix_route: bool,
    pub preferred_s: Option<u32>,
}

/// The address and the interface only: all that stop and monitor go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub ip: IpAddr,
    pub nic: Option<String>,
}

impl Place {
    pub fn read(env: &Env) -> Result<Self, Failure> {
        let text = env
            .get("ip")
            .ok_or_else(|| Failure::configured("the parameter ip (the address to manage) is required"))?;
        let ip: IpAddr = text.parse().map_err(|_| {
            Failure::configured(format!(
                "ip={text} is not an IPv4 or IPv6 address (without a /prefix: that is cidr_netmask)"
            ))
        })?;
        let ip = match env.flag("unique_clone_address", false) {
            true => plus(ip, env.number("CRM_meta_clone", 0)?),
            false => ip,
        };
        let nic = env.get("nic").map(|n| match n.split_once(':') {
            Some((base, _)) => base.to_owned(),
            None => n.to_owned(),
        });
        Ok(Place { ip, nic })
    }
}

impl Params {
    pub fn read(env: &Env) -> Result<Self, Failure> {
        let Place { ip, nic } = Place::read(env)?;
        refuse_what_is_missing(env, ip)?;
        let prefix = match env.get("cidr_netmask").or_else(|| env.get("netmask")) {
            None => None,
            Some(text) => Some(prefix(text, ip)?),
        };
        if let IpAddr::V6(a) = ip
            && a.is_unicast_link_local()
            && nic.is_none()
        {
            return Err(Failure::configured(format!("the link-local address {ip} needs the parameter nic")));
        }
        let label = label(env, nic.as_deref())?;
        let broadcast = match env.get("broadcast") {
            None | Some("+") => Broadcast::Ones,
            Some("-") => Broadcast::Zeroes,
            Some(text) => Broadcast::Address(text.parse().map_err(|_| {
                Failure::configured(format!("broadcast={text} is neither an address nor + nor -"))
            })?),
        };
        let arp_interval_ms = env.number("arp_interval", 200)?;
        let arp_count = env.number("arp_count", 5)?;
        if arp_interval_ms == 0 || arp_count == 0 {
            return Err(Failure::configured("arp_interval and arp_count must be greater than 0"));
        }
        let preferred_s = match env.get("preferred_lft") {
            None | Some("forever") => None,
            Some(text) => Some(text.parse().map_err(|_| {
                Failure::configured(format!("preferred_lft={text} is neither seconds nor forever"))
            })?),
        };
        Ok(Params {
            ip,
            nic,
            label,
            prefix,
            broadcast,
            lvs_support: env.flag("lvs_support", false),
            arp_interval_ms,
            arp_count,
            arp_count_refresh: env.number("arp_count_refresh", 0)?,
            arp_background: env.flag("arp_bg", true),
            flush_routes: env.flag("flush_routes", false),
            collision_check: env.flag("run_arping", false),
            no_dad: env.flag("nodad", false),
            no_prefix_route: env.flag("noprefixroute", false),
            preferred_s,
        })
    }
}

/// The broadcast address that goes with an address; none on /31 and /32 and for IPv6.
pub fn broadcast(rule: Broadcast, ip: IpAddr, prefix: u8) -> Option<Ipv4Addr> {
    let IpAddr::V4(ip) = ip else { return None };
    let host = u32::MAX.checked_shr(u32::from(prefix)).unwrap_or(0);
    match rule {
        Broadcast::Address(a) => Some(a),
        _ if prefix > 30 => None,
        Broadcast::Ones => Some(Ipv4Addr::from(u32::from(ip) | host)),
        Broadcast::Zeroes => Some(Ipv4Addr::from(u32::from(ip) & !host)),
    }
}

fn refuse_what_is_missing(env: &Env, ip: IpAddr) -> Result<(), Failure> {
    let unique = env.flag("unique_clone_address", false);
    if env.number("CRM_meta_clone_max", 1)? > 1 && !unique {
        return Err(Failure::configured(
            "one address on several nodes at once (an anonymous clone, CLUSTERIP) is not supported; \
             give each instance its own with unique_clone_address=true and meta globally-unique=true",
        ));
    }
    if unique && !env.flag("CRM_meta_globally_unique", false) {
        return Err(Failure::configured("unique_clone_address needs a clone with meta globally-unique=true"));
    }
    if env.flag("lvs_ipv6_addrlabel", false) {
        return Err(Failure::configured(
            "lvs_ipv6_addrlabel is not supported by this agent; use ocf:heartbeat:IPaddr2 for it",
        ));
    }
    if ip.is_ipv6() && env.flag("lvs_support", false) {
        return Err(Failure::configured("lvs_support is for IPv4 only"));
    }
    const SENDERS: &[&str] = &["send_arp", "ipoibarping", "iputils_arping", "libnet_arping"];
    if let Some(sender) = env.get("arp_sender")
        && !SENDERS.contains(&sender)
    {
        return Err(Failure::configured(format!("arp_sender={sender} is none of {}", SENDERS.join(", "))));
    }
    match env.get("send_arp_opts") {
        // Both kinds are sent anyway.
        None | Some("-A") | Some("-U") => Ok(()),
        Some(options) => Err(Failure::configured(format!(
            "send_arp_opts={options}: this agent sends the packets itself and knows only -A and -U"
        ))),
    }
}

/// `24`, or the dotted form that old configurations have.
fn prefix(text: &str, ip: IpAddr) -> Result<u8, Failure> {
    let most = if ip.is_ipv4() { 32 } else { 128 };
    let wrong = || Failure::configured(format!("cidr_netmask={text} is not a number of 0 to {most}"));
    if let (IpAddr::V4(_), Ok(mask)) = (ip, text.parse::<Ipv4Addr>()) {
        let mask = u32::from(mask);
        let ones = mask.leading_ones();
        return match mask.checked_shl(ones).unwrap_or(0) {
            0 => Ok(ones as u8),
            _ => Err(wrong()),
        };
    }
    match text.parse::<u8>() {
        Ok(prefix) if prefix <= most => Ok(prefix),
        _ => Err(wrong()),
    }
}

/// `iflabel`, or the part after the colon of a `nic` in the old spelling; checked against the
/// interface's name once that is known.
fn label(env: &Env, nic: Option<&str>) -> Result<Option<String>, Failure> {
    let old = env.get("nic").and_then(|n| n.split_once(':')).map(|x| x.1);
    let Some(label) = old.or_else(|| env.get("iflabel")) else {
        return Ok(None);
    };
    if let Some(nic) = nic {
        full_label(nic, label)?;
    }
    Ok(Some(label.to_owned()))
}

pub fn full_label(nic: &str, label: &str) -> Result<String, Failure> {
    let full = format!("{nic}:{label}");
    if full.len() > LABEL_CHARS_MAX {
        return Err(Failure::configured(format!(
            "the label {full} is longer than {LABEL_CHARS_MAX} characters; shorten iflabel"
        )));
    }
    Ok(full)
}

fn plus(ip: IpAddr, clone: u32) -> IpAddr {
    match ip {
        IpAddr::V4(a) => IpAddr::V4(Ipv4Addr::from(u32::from(a).wrapping_add(clone))),
        IpAddr::V6(a) => IpAddr::V6(Ipv6Addr::from(u128::from(a).wrapping_add(u128::from(clone)))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ocf::Exit;

    fn read(pairs: &[(&str, &str)]) -> Result<Params, Failure> {
        let vars = pairs.iter().map(|(a, b)| (format!("OCF_RESKEY_{a}").into(), b.into()));
        Params::read(&Env::from_vars(vars).unwrap())
    }

    #[test]
    fn good_parameters() {
        let p =
            read(&[("ip", "10.77.0.200"), ("cidr_netmask", "255.255.255.0"), ("nic", "eth0:web")]).unwrap();
        assert_eq!(p.prefix, Some(24));
        assert_eq!((p.nic.as_deref(), p.label.as_deref()), (Some("eth0"), Some("web")));
        assert_eq!((p.arp_count, p.arp_interval_ms), (5, 200));
        assert_eq!(broadcast(p.broadcast, p.ip, 24), Some(Ipv4Addr::new(10, 77, 0, 255)));
        assert_eq!(broadcast(Broadcast::Zeroes, p.ip, 24), Some(Ipv4Addr::new(10, 77, 0, 0)));
        assert_eq!(broadcast(p.broadcast, p.ip, 32), None);
        let clone = read(&[
            ("ip", "10.0.0.255"),
            ("unique_clone_address", "true"),
            ("CRM_meta_globally_unique", "true"),
            ("CRM_meta_clone_max", "3"),
            ("CRM_meta_clone", "2"),
        ]);
        assert_eq!(clone.unwrap().ip.to_string(), "10.0.1.1");
    }

    #[test]
    fn bad_parameters_are_named() {
        for (pairs, word) in [
            (&[][..], "required"),
            (&[("ip", "10.0.0.1/24")], "cidr_netmask"),
            (&[("ip", "10.0.0.1"), ("cidr_netmask", "33")], "0 to 32"),
            (&[("ip", "10.0.0.1"), ("cidr_netmask", "255.0.255.0")], "cidr_netmask"),
            (&[("ip", "fe80::1")], "nic"),
            (&[("ip", "10.0.0.1"), ("nic", "eth0"), ("iflabel", "much-too-long")], "longer"),
            (&[("ip", "10.0.0.1"), ("broadcast", "x")], "broadcast"),
            (&[("ip", "10.0.0.1"), ("arp_count", "0")], "arp_count"),
            (&[("ip", "10.0.0.1"), ("arp_interval", "-1")], "arp_interval"),
            (&[("ip", "10.0.0.1"), ("arp_sender", "pigeon")], "pigeon"),
            (&[("ip", "10.0.0.1"), ("send_arp_opts", "-b")], "-b"),
            (&[("ip", "10.0.0.1"), ("CRM_meta_clone_max", "2")], "unique_clone_address"),
            (&[("ip", "fd00::1"), ("lvs_ipv6_addrlabel", "1")], "lvs_ipv6_addrlabel"),
            (&[("ip", "fd00::1"), ("preferred_lft", "soon")], "preferred_lft"),
        ] {
            let failure = read(pairs).unwrap_err();
            assert_eq!(failure.exit, Exit::Configured, "{failure:?}");
            assert!(failure.reason.contains(word), "{failure:?} lacks {word}");
        }
    }
}
