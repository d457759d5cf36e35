//! The addresses of this machine, and the notice that something about them has changed.

use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;

/// Groups of rtnetlink(7): links, IPv4 addresses, IPv6 addresses.
const RTMGRP_LINK: u32 = 1;
const RTMGRP_IPV4_IFADDR: u32 = 0x10;
const RTMGRP_IPV6_IFADDR: u32 = 0x100;
/// A dump has not more parts than this.
const PARTS_MAX: usize = 10_000;

/// All addresses of all interfaces.
pub fn local_addresses() -> io::Result<BTreeSet<IpAddr>> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;
    let mut header = NetlinkHeader::default();
    header.flags = NLM_F_DUMP | NLM_F_REQUEST;
    let question = RouteNetlinkMessage::GetAddress(AddressMessage::default());
    let mut packet = NetlinkMessage::new(header, NetlinkPayload::from(question));
    packet.finalize();
    let mut bytes = vec![0; packet.header.length as usize];
    packet.serialize(&mut bytes);
    socket.send(&bytes, 0)?;
    let mut found = BTreeSet::new();
    for _ in 0..PARTS_MAX {
        let (bytes, _) = socket.recv_from_full()?;
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest)
                .map_err(|error| io::Error::other(error.to_string()))?;
            match message.payload {
                NetlinkPayload::Done(_) => return Ok(found),
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewAddress(address)) => {
                    found.extend(addresses(&address));
                }
                NetlinkPayload::Error(error) => return Err(error.to_io()),
                _ => {}
            }
            let length = (message.header.length as usize).next_multiple_of(4);
            rest = rest.get(length..).unwrap_or_default();
        }
    }
    Err(io::Error::other("the list of addresses does not end"))
}

/// On a point-to-point link `Local` is ours and `Address` the other end's.
fn addresses(message: &AddressMessage) -> Option<IpAddr> {
    let local = message.attributes.iter().find_map(|a| match a {
        AddressAttribute::Local(address) => Some(*address),
        _ => None,
    });
    local.or_else(|| {
        message.attributes.iter().find_map(|a| match a {
            AddressAttribute::Address(address) => Some(*address),
            _ => None,
        })
    })
}

/// A socket that becomes readable when links or addresses change.
pub fn watch() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind(&SocketAddr::new(0, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR))?;
    socket.set_non_blocking(true)?;
    Ok(socket)
}

/// Reads what has been told, and forgets it: what counts is that something changed.
pub fn drain(socket: &Socket) {
    let mut bytes = Vec::with_capacity(8192);
    for _ in 0..1000 {
        bytes.clear();
        if socket.recv(&mut bytes, 0).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn loopback_is_among_them() {
        let addresses = super::local_addresses().unwrap();
        assert!(addresses.contains(&"127.0.0.1".parse().unwrap()), "{addresses:?}");
        assert!(super::watch().is_ok());
    }
}
