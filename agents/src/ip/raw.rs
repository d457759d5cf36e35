//! Packet sockets: the only unsafe code of the agents.
//!
//! `std` and `rustix` have no `sockaddr_ll`, without which a packet socket cannot be told the
//! interface. Everything here is one socket call with a structure that lives across it.
#![allow(unsafe_code)]

use std::io;
use std::mem;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Closes every descriptor above stderr. Only for the first line of a process: nothing that owns
/// a descriptor may exist yet.
pub fn close_inherited() {
    // SAFETY: a plain system call; by the contract above no live object owns these descriptors.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32);
    }
}

/// Lends a descriptor of a type that has no `AsFd` for the time of a call.
pub fn with_fd<T>(fd: RawFd, f: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
    // SAFETY: the caller's borrow of the owner lasts for this whole call.
    f(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// A datagram packet socket: the kernel writes and strips the link header.
pub struct PacketSocket {
    fd: OwnedFd,
    index: u32,
    protocol: u16,
}

impl PacketSocket {
    /// For sending only. `protocol` is an Ethernet type, as in 0x0806 for ARP; the socket itself has
    /// none, because one that could receive takes the kernel ten milliseconds to bind.
    pub fn sender(index: u32, protocol: u16) -> io::Result<Self> {
        Self::open(index, protocol, 0)
    }

    /// Receives as well.
    pub fn receiver(index: u32, protocol: u16) -> io::Result<Self> {
        let socket = Self::open(index, protocol, protocol)?;
        let address = socket.address([0; 6]);
        // SAFETY: `address` is a valid sockaddr_ll of the given size and outlives the call.
        let bound = unsafe {
            libc::bind(
                socket.fd.as_raw_fd(),
                (&raw const address).cast(),
                mem::size_of_val(&address) as libc::socklen_t,
            )
        };
        if bound < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(socket)
    }

    fn open(index: u32, protocol: u16, receives: u16) -> io::Result<Self> {
        // SAFETY: a plain system call; the returned descriptor is owned by nobody else.
        let fd = unsafe {
            let fd = libc::socket(
                libc::AF_PACKET,
                libc::SOCK_DGRAM | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK,
                i32::from(receives.to_be()),
            );
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(fd)
        };
        Ok(PacketSocket { fd, index, protocol })
    }

    pub fn send(&self, to: [u8; 6], payload: &[u8]) -> io::Result<()> {
        let address = self.address(to);
        // SAFETY: payload and address are valid for their lengths and outlive the call.
        let sent = unsafe {
            libc::sendto(
                self.fd.as_raw_fd(),
                payload.as_ptr().cast(),
                payload.len(),
                0,
                (&raw const address).cast(),
                mem::size_of_val(&address) as libc::socklen_t,
            )
        };
        if sent < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// One packet, or WouldBlock.
    pub fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        rustix::io::read(&self.fd, buffer).map_err(io::Error::from)
    }

    pub fn into_fd(self) -> OwnedFd {
        self.fd
    }

    pub fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    fn address(&self, mac: [u8; 6]) -> libc::sockaddr_ll {
        // SAFETY: sockaddr_ll is plain data for which all zeroes is a valid value.
        let mut address: libc::sockaddr_ll = unsafe { mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = self.protocol.to_be();
        address.sll_ifindex = self.index as i32;
        address.sll_halen = 6;
        address.sll_addr[..6].copy_from_slice(&mac);
        address
    }
}
