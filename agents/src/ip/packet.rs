//! Gratuitous ARP and unsolicited neighbour advertisements as bytes (RFC 826, 5227, 4861).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::raw::PacketSocket;

const ETH_ARP: u16 = 0x0806;
const ETH_IPV6: u16 = 0x86dd;
const BROADCAST: [u8; 6] = [0xff; 6];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Arp {
    Request = 1,
    Reply = 2,
}

/// Says on the segment that `ip` lives at `mac`.
pub struct Announcer {
    socket: PacketSocket,
    ip: IpAddr,
    mac: [u8; 6],
}

impl Announcer {
    pub fn open(index: u32, ip: IpAddr, mac: [u8; 6]) -> io::Result<Self> {
        let protocol = match ip {
            IpAddr::V4(_) => ETH_ARP,
            IpAddr::V6(_) => ETH_IPV6,
        };
        Ok(Announcer { socket: PacketSocket::sender(index, protocol)?, ip, mac })
    }

    /// The socket, for a process that is to keep it open.
    pub fn into_fd(self) -> std::os::fd::OwnedFd {
        self.socket.into_fd()
    }

    /// Once. IPv4 goes out as request and as reply: there are neighbours that believe only one.
    pub fn announce(&self) -> io::Result<()> {
        match self.ip {
            IpAddr::V4(ip) => {
                for kind in [Arp::Request, Arp::Reply] {
                    let frame = arp(kind, self.mac, ip, BROADCAST, ip);
                    self.socket.send(BROADCAST, &frame)?;
                }
                Ok(())
            }
            // All nodes, ff02::1, is 33:33:00:00:00:01 on Ethernet.
            IpAddr::V6(ip) => self.socket.send([0x33, 0x33, 0, 0, 0, 1], &advertisement(self.mac, ip)),
        }
    }
}

/// Asks whether somebody has `ip` (RFC 5227 probe: no sender address, so no cache is changed).
pub struct Prober {
    socket: PacketSocket,
    ip: Ipv4Addr,
    mac: [u8; 6],
}

impl Prober {
    pub fn open(index: u32, ip: Ipv4Addr, mac: [u8; 6]) -> io::Result<Self> {
        Ok(Prober { socket: PacketSocket::receiver(index, ETH_ARP)?, ip, mac })
    }

    pub fn ask(&self) -> io::Result<()> {
        let frame = arp(Arp::Request, self.mac, Ipv4Addr::UNSPECIFIED, [0; 6], self.ip);
        self.socket.send(BROADCAST, &frame)
    }

    /// The hardware address of an owner, if one has answered by now.
    pub fn answer(&self) -> Option<[u8; 6]> {
        let mut buffer = [0; 128];
        while let Ok(length) = self.socket.receive(&mut buffer) {
            if let Some(mac) = owner(&buffer[..length], self.ip)
                && mac != self.mac
            {
                return Some(mac);
            }
        }
        None
    }

    pub fn fd(&self) -> &std::os::fd::OwnedFd {
        self.socket.fd()
    }
}

fn arp(kind: Arp, mac: [u8; 6], sender: Ipv4Addr, target_mac: [u8; 6], target: Ipv4Addr) -> [u8; 28] {
    let mut frame = [0; 28];
    frame[..6].copy_from_slice(&[0, 1, 8, 0, 6, 4]);
    frame[7] = kind as u8;
    frame[8..14].copy_from_slice(&mac);
    frame[14..18].copy_from_slice(&sender.octets());
    frame[18..24].copy_from_slice(&target_mac);
    frame[24..28].copy_from_slice(&target.octets());
    frame
}

/// Who says in this ARP packet that `ip` is theirs.
fn owner(frame: &[u8], ip: Ipv4Addr) -> Option<[u8; 6]> {
    let claims = frame.len() >= 28 && frame[..6] == [0, 1, 8, 0, 6, 4] && frame[14..18] == ip.octets();
    claims.then(|| frame[8..14].try_into().ok()).flatten()
}

/// An IPv6 packet to all nodes: unsolicited, override, with our link-layer address.
fn advertisement(mac: [u8; 6], ip: Ipv6Addr) -> [u8; 72] {
    let all_nodes = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    let mut packet = [0; 72];
    packet[0] = 0x60;
    packet[5] = 32; // payload bytes
    packet[6] = 58; // ICMPv6
    packet[7] = 255; // hop limit: proves that it comes from this link
    packet[8..24].copy_from_slice(&ip.octets());
    packet[24..40].copy_from_slice(&all_nodes.octets());
    packet[40] = 136; // neighbour advertisement
    packet[44] = 0x20; // override
    packet[48..64].copy_from_slice(&ip.octets());
    packet[64..66].copy_from_slice(&[2, 1]); // target link-layer address, 8 bytes
    packet[66..72].copy_from_slice(&mac);
    let sum = icmp6_checksum(&packet[8..40], &packet[40..]);
    packet[42..44].copy_from_slice(&sum.to_be_bytes());
    packet
}

fn icmp6_checksum(addresses: &[u8], payload: &[u8]) -> u16 {
    let words = |bytes: &[u8]| -> u32 {
        bytes.chunks(2).map(|c| u32::from(u16::from_be_bytes([c[0], *c.get(1).unwrap_or(&0)]))).sum()
    };
    let mut sum = words(addresses) + payload.len() as u32 + 58 + words(payload);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: [u8; 6] = [2, 0, 0, 0, 0, 9];

    #[test]
    fn arp_says_who_owns_the_address() {
        let ip = Ipv4Addr::new(10, 77, 0, 200);
        let frame = arp(Arp::Request, MAC, ip, BROADCAST, ip);
        assert_eq!(owner(&frame, ip), Some(MAC));
        assert_eq!(owner(&frame, Ipv4Addr::new(10, 77, 0, 201)), None);
        let probe = arp(Arp::Request, MAC, Ipv4Addr::UNSPECIFIED, [0; 6], ip);
        assert_eq!(owner(&probe, ip), None, "a probe claims nothing");
        assert_eq!(owner(&frame[..20], ip), None);
    }

    #[test]
    fn advertisement_checksum_verifies() {
        let packet = advertisement(MAC, "fd00:77::200".parse().unwrap());
        // Summing a packet with its checksum in place gives zero.
        assert_eq!(icmp6_checksum(&packet[8..40], &packet[40..]), 0);
        assert_eq!(&packet[66..], &MAC);
    }
}
