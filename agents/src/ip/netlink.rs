//! The few questions and orders that the agent has for the kernel, over rtnetlink.
//!
//! One socket, one request at a time, answers read to their end. No cache: an agent lives for
//! milliseconds and must see what is there now.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage,
    NetlinkPayload,
};
use netlink_packet_route::address::{
    AddressAttribute, AddressFlags, AddressMessage, AddressScope, CacheInfo,
};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteType};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};

pub struct Netlink {
    socket: Socket,
    sequence: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub index: u32,
    pub name: String,
    pub up: bool,
    /// The carrier is there and the interface is up.
    pub running: bool,
    pub loopback: bool,
    /// Ethernet-like: six bytes of hardware address.
    pub mac: Option<[u8; 6]>,
}

/// An address as it stands on an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub index: u32,
    pub ip: IpAddr,
    pub prefix: u8,
    pub label: Option<String>,
    pub tentative: bool,
    pub dad_failed: bool,
}

/// A unicast route of the main table with its outgoing interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub index: u32,
    pub prefix: u8,
    pub metric: u32,
    /// Reached without a gateway.
    pub direct: bool,
}

/// What [`Netlink::add_address`] adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAddress {
    pub index: u32,
    pub ip: IpAddr,
    pub prefix: u8,
    pub broadcast: Option<Ipv4Addr>,
    pub label: Option<String>,
    pub no_dad: bool,
    pub no_prefix_route: bool,
    /// Seconds; None is forever.
    pub preferred_s: Option<u32>,
}

impl Netlink {
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Netlink { socket, sequence: 0 })
    }

    /// Routes that match `ip`, best first: longest prefix, then a direct one, then metric.
    pub fn routes_to(&mut self, ip: IpAddr) -> io::Result<Vec<Route>> {
        let mut ask = RouteMessage::default();
        ask.header.address_family = family(ip);
        let answers = self.request(RouteNetlinkMessage::GetRoute(ask), NLM_F_DUMP)?;
        let mut routes: Vec<Route> = answers
            .into_iter()
            .filter_map(|m| match m {
                RouteNetlinkMessage::NewRoute(r) => matching_route(&r, ip),
                _ => None,
            })
            .collect();
        routes.sort_by_key(|r| (std::cmp::Reverse(r.prefix), !r.direct, r.metric, r.index));
        Ok(routes)
    }

    /// Everywhere that `ip` is configured now.
    pub fn holders(&mut self, ip: IpAddr) -> io::Result<Vec<Held>> {
        let mut ask = AddressMessage::default();
        ask.header.family = family(ip);
        let answers = self.request(RouteNetlinkMessage::GetAddress(ask), NLM_F_DUMP)?;
        Ok(answers
            .into_iter()
            .filter_map(|m| match m {
                RouteNetlinkMessage::NewAddress(a) => held(&a),
                _ => None,
            })
            .filter(|h| h.ip == ip)
            .collect())
    }

    pub fn link_by_name(&mut self, name: &str) -> io::Result<Option<Link>> {
        let mut ask = LinkMessage::default();
        ask.attributes.push(LinkAttribute::IfName(name.to_owned()));
        self.link(ask)
    }

    pub fn link_by_index(&mut self, index: u32) -> io::Result<Option<Link>> {
        let mut ask = LinkMessage::default();
        ask.header.index = index;
        self.link(ask)
    }

    fn link(&mut self, ask: LinkMessage) -> io::Result<Option<Link>> {
        match self.request(RouteNetlinkMessage::GetLink(ask), NLM_F_ACK) {
            Ok(answers) => Ok(answers.into_iter().find_map(|m| match m {
                RouteNetlinkMessage::NewLink(l) => Some(link(&l)),
                _ => None,
            })),
            Err(e) if e.raw_os_error() == Some(libc::ENODEV) => Ok(None),
            // A name longer than the kernel's limit is refused as such.
            Err(e) if e.raw_os_error() == Some(libc::ERANGE) => Ok(None),
            Err(e) => Err(e),
        }
    }

    pub fn set_up(&mut self, index: u32) -> io::Result<()> {
        let mut order = LinkMessage::default();
        order.header.index = index;
        order.header.flags = LinkFlags::Up;
        order.header.change_mask = LinkFlags::Up;
        self.request(RouteNetlinkMessage::SetLink(order), NLM_F_ACK)?;
        Ok(())
    }

    pub fn add_address(&mut self, new: &NewAddress) -> io::Result<()> {
        let mut order = AddressMessage::default();
        order.header.family = family(new.ip);
        order.header.prefix_len = new.prefix;
        order.header.index = new.index;
        order.header.scope = AddressScope::Universe;
        order.attributes.push(AddressAttribute::Local(new.ip));
        order.attributes.push(AddressAttribute::Address(new.ip));
        if let Some(broadcast) = new.broadcast {
            order.attributes.push(AddressAttribute::Broadcast(broadcast));
        }
        if let Some(label) = &new.label {
            order.attributes.push(AddressAttribute::Label(label.clone()));
        }
        let mut flags = AddressFlags::empty();
        flags.set(AddressFlags::Nodad, new.no_dad);
        flags.set(AddressFlags::Noprefixroute, new.no_prefix_route);
        if !flags.is_empty() {
            order.attributes.push(AddressAttribute::Flags(flags));
        }
        if let Some(preferred) = new.preferred_s {
            let mut info = CacheInfo::default();
            info.ifa_preferred = preferred;
            info.ifa_valid = u32::MAX;
            order.attributes.push(AddressAttribute::CacheInfo(info));
        }
        self.request(RouteNetlinkMessage::NewAddress(order), NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)?;
        Ok(())
    }

    /// Removes one address; one that is gone already is no error.
    pub fn remove_address(&mut self, held: &Held) -> io::Result<()> {
        let mut order = AddressMessage::default();
        order.header.family = family(held.ip);
        order.header.prefix_len = held.prefix;
        order.header.index = held.index;
        order.attributes.push(AddressAttribute::Local(held.ip));
        match self.request(RouteNetlinkMessage::DelAddress(order), NLM_F_ACK) {
            Err(e) if !matches!(e.raw_os_error(), Some(libc::EADDRNOTAVAIL) | Some(libc::ENODEV)) => Err(e),
            _ => Ok(()),
        }
    }

    /// Sends one message and collects the answers up to the end of the dump or the
    /// acknowledgement.
    fn request(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<Vec<RouteNetlinkMessage>> {
        self.sequence += 1;
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | flags;
        header.sequence_number = self.sequence;
        let mut packet = NetlinkMessage::new(header, NetlinkPayload::from(message));
        packet.finalize();
        let mut bytes = vec![0; packet.buffer_len()];
        packet.serialize(&mut bytes);
        self.socket.send(&bytes, 0)?;

        let mut answers = Vec::new();
        loop {
            let (datagram, _) = self.socket.recv_from_full()?;
            let mut rest = &datagram[..];
            while rest.len() >= 16 {
                let Ok(answer) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest) else {
                    // An attribute that our library cannot read: skip that message only.
                    let length = u32::from_ne_bytes([rest[0], rest[1], rest[2], rest[3]]);
                    rest = after(rest, length as usize);
                    continue;
                };
                rest = after(rest, answer.header.length as usize);
                if answer.header.sequence_number != self.sequence {
                    continue;
                }
                match answer.payload {
                    NetlinkPayload::Done(_) => return Ok(answers),
                    NetlinkPayload::Error(e) => match e.code {
                        None => return Ok(answers),
                        Some(code) => return Err(io::Error::from_raw_os_error(code.get().abs())),
                    },
                    NetlinkPayload::InnerMessage(m) => answers.push(m),
                    _ => {}
                }
            }
        }
    }
}

/// The next message of a datagram: lengths are padded to four.
fn after(rest: &[u8], length: usize) -> &[u8] {
    let step = length.max(16).next_multiple_of(4);
    rest.get(step..).unwrap_or_default()
}

pub fn family(ip: IpAddr) -> AddressFamily {
    match ip {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    }
}

fn matching_route(message: &RouteMessage, ip: IpAddr) -> Option<Route> {
    let header = &message.header;
    if header.kind != RouteType::Unicast {
        return None;
    }
    let mut table = u32::from(header.table);
    let (mut index, mut destination, mut metric, mut direct) = (None, None, 0, true);
    for attribute in &message.attributes {
        match attribute {
            RouteAttribute::Table(t) => table = *t,
            RouteAttribute::Oif(i) => index = Some(*i),
            RouteAttribute::Priority(p) => metric = *p,
            RouteAttribute::Gateway(_) | RouteAttribute::Via(_) => direct = false,
            RouteAttribute::Destination(RouteAddress::Inet(a)) => {
                destination = Some(IpAddr::V4(*a));
            }
            RouteAttribute::Destination(RouteAddress::Inet6(a)) => {
                destination = Some(IpAddr::V6(*a));
            }
            _ => {}
        }
    }
    let prefix = header.destination_prefix_length;
    let matches = match destination {
        None => prefix == 0,
        Some(net) => same_network(net, ip, prefix),
    };
    (table == u32::from(RouteHeader::RT_TABLE_MAIN) && matches).then_some(Route {
        index: index?,
        prefix,
        metric,
        direct,
    })
}

pub fn same_network(a: IpAddr, b: IpAddr, prefix: u8) -> bool {
    let bits = |ip| match ip {
        IpAddr::V4(a) => (u128::from(u32::from(a)) << 96, 32),
        IpAddr::V6(a) => (u128::from(a), 128),
    };
    let ((a, wide_a), (b, wide_b)) = (bits(a), bits(b));
    wide_a == wide_b && (prefix == 0 || (a ^ b) >> (128 - u32::from(prefix.min(wide_a))) == 0)
}

pub fn held(message: &AddressMessage) -> Option<Held> {
    let mut flags = AddressFlags::from_bits_retain(u32::from(message.header.flags.bits()));
    let (mut address, mut local, mut label) = (None, None, None);
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Address(a) => address = Some(*a),
            AddressAttribute::Local(a) => local = Some(*a),
            AddressAttribute::Label(l) => label = Some(l.clone()),
            AddressAttribute::Flags(f) => flags = *f,
            _ => {}
        }
    }
    Some(Held {
        index: message.header.index,
        // On point-to-point links `address` is the other end; `local` is ours.
        ip: local.or(address)?,
        prefix: message.header.prefix_len,
        label,
        tentative: flags.contains(AddressFlags::Tentative),
        dad_failed: flags.contains(AddressFlags::Dadfailed),
    })
}

pub fn link(message: &LinkMessage) -> Link {
    let flags = message.header.flags;
    let mut link = Link {
        index: message.header.index,
        name: String::new(),
        up: flags.contains(LinkFlags::Up),
        running: flags.contains(LinkFlags::Up) && flags.contains(LinkFlags::Running),
        loopback: flags.contains(LinkFlags::Loopback),
        mac: None,
    };
    for attribute in &message.attributes {
        match attribute {
            LinkAttribute::IfName(name) => link.name = name.clone(),
            LinkAttribute::Address(bytes) => link.mac = bytes.as_slice().try_into().ok(),
            _ => {}
        }
    }
    link
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_compare_by_prefix() {
        let same = |a: &str, b: &str, p| same_network(a.parse().unwrap(), b.parse().unwrap(), p);
        assert!(same("10.77.0.1", "10.77.0.200", 24));
        assert!(!same("10.77.0.1", "10.77.1.200", 24));
        assert!(same("10.77.0.1", "192.0.2.1", 0));
        assert!(!same("10.77.0.1", "10.77.0.2", 32));
        assert!(same("fd00:77::1", "fd00:77::ffff", 64));
        assert!(!same("fd00:77::1", "10.77.0.1", 0));
    }
}
