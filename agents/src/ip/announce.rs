//! The background sender: keeps telling the segment who has the address.
//!
//! `start` announces once before it returns and leaves this process behind: `arp_count` packets
//! `arp_interval` apart, then one a second until ten seconds have gone by, and the same again
//! whenever the carrier comes back (a switch that was rebooted has forgotten us). In between it
//! sleeps in one poll. It ends when the address or the interface goes; `stop` kills it before it
//! takes the address away, so that nothing is announced by a node that gives up.
//!
//! It is a process group of its own, holds no descriptor of its parent, and is found again by a
//! locked file with its pid and start time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::netlink::{self, Link, Netlink};
use super::packet::Announcer;
use super::raw;

/// The first argument that makes the program this process.
pub const WORD: &str = "__announce";

/// After the first packets one a second goes out until so much time has passed.
const TAIL: Duration = Duration::from_secs(10);
const TAIL_STEP: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct Plan {
    pub index: u32,
    pub ip: IpAddr,
    pub count: u32,
    pub interval: Duration,
    pub file: PathBuf,
}

/// The file by which `stop` finds the sender.
pub fn file(tmp: &Path, ip: IpAddr, nic: &str) -> PathBuf {
    tmp.join(format!("rhapsody-announce-{ip}-{nic}"))
}

/// Leaves the sender behind. It inherits the packet socket, because the last close of one waits for
/// the kernel's readers of the network lists (ten milliseconds and more): not in `start`.
pub fn spawn(plan: &Plan, announcer: Announcer) -> io::Result<()> {
    if let Some(dir) = plan.file.parent() {
        fs::create_dir_all(dir)?;
    }
    Command::new(std::env::current_exe()?)
        .arg(WORD)
        .arg(plan.index.to_string())
        .arg(plan.ip.to_string())
        .arg(plan.count.to_string())
        .arg(plan.interval.as_millis().to_string())
        .arg(&plan.file)
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::from(announcer.into_fd()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Whoever ran the agent may kill or await the agent's whole group.
        .process_group(0)
        .spawn()?;
    Ok(())
}

/// Ends the sender that `file` names. It sends nothing any more once the signal is under way; its
/// whole death is not waited for, because it includes the slow close of a packet socket.
pub fn end(file: &Path) {
    let Ok(text) = fs::read_to_string(file) else {
        return;
    };
    let mut words = text.split_ascii_whitespace();
    let (Some(pid), Some(started)) = (words.next(), words.next()) else {
        return;
    };
    if let Some(pid) = pid.parse().ok().and_then(Pid::from_raw)
        && let Ok(process) = pidfd_open(pid, PidfdFlags::empty())
        // Looked at after the descriptor is held: the number cannot be reused any more.
        && start_time(pid).as_deref() == Some(started)
    {
        let _ = pidfd_send_signal(&process, Signal::KILL);
    }
    let _ = fs::remove_file(file);
}

pub fn main(args: &[String]) -> u8 {
    raw::close_inherited();
    let Some(plan) = plan(args) else {
        eprintln!("Error: this is the background sender of IPaddr2; the agent starts it itself");
        return 1;
    };
    match run(&plan) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn plan(args: &[String]) -> Option<Plan> {
    let [index, ip, count, interval, file] = args else {
        return None;
    };
    Some(Plan {
        index: index.parse().ok()?,
        ip: ip.parse().ok()?,
        count: count.parse().ok()?,
        interval: Duration::from_millis(interval.parse().ok()?),
        file: file.into(),
    })
}

fn run(plan: &Plan) -> io::Result<()> {
    let Some(_lock) = claim(&plan.file)? else {
        return Ok(()); // an earlier start left one that still does this
    };
    let events = subscribe()?;
    let mut netlink = Netlink::open()?;
    let mut began = Instant::now();
    let mut sent = 1; // `start` has sent the first
    loop {
        let Some((link, announcer)) = look(&mut netlink, plan)? else {
            return Ok(());
        };
        let mut running = link.running;
        loop {
            let next = due(plan, sent).map(|d| (began + d).saturating_duration_since(Instant::now()));
            let ready = wait_socket(&events, next.filter(|_| running));
            if ready {
                match news(&events, plan) {
                    News::Nothing => {}
                    News::Gone => return Ok(()),
                    News::Carrier(now) => {
                        let back = now && !running;
                        running = now;
                        if back {
                            (began, sent) = (Instant::now(), 0);
                            break; // the hardware address may be another one now
                        }
                    }
                    News::Lost => break,
                }
            } else if running && next.is_some() {
                // A link that just went down refuses; its return starts over anyway.
                let _ = announcer.announce();
                sent += 1;
            }
        }
    }
}

/// When packet number `sent` (from 0) is due after the beginning; None when all are out.
fn due(plan: &Plan, sent: u32) -> Option<Duration> {
    if sent < plan.count {
        return Some(plan.interval * sent);
    }
    let first = plan.interval * plan.count.saturating_sub(1);
    let at = first + TAIL_STEP * (sent - plan.count + 1);
    (at <= TAIL).then_some(at)
}

/// The interface and a sender for it, as long as it still has the address.
fn look(netlink: &mut Netlink, plan: &Plan) -> io::Result<Option<(Link, Announcer)>> {
    let held = netlink.holders(plan.ip)?;
    if !held.iter().any(|h| h.index == plan.index) {
        return Ok(None);
    }
    let Some(link) = netlink.link_by_index(plan.index)? else {
        return Ok(None);
    };
    let Some(mac) = link.mac else { return Ok(None) };
    let announcer = Announcer::open(plan.index, plan.ip, mac)?;
    Ok(Some((link, announcer)))
}

enum News {
    Nothing,
    /// The address or the interface is gone.
    Gone,
    Carrier(bool),
    /// The kernel dropped messages; look again.
    Lost,
}

fn subscribe() -> io::Result<Socket> {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    // RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR
    socket.bind(&SocketAddr::new(0, 0x1 | 0x10 | 0x100))?;
    socket.set_non_blocking(true)?;
    Ok(socket)
}

fn news(events: &Socket, plan: &Plan) -> News {
    let datagram = match events.recv_from_full() {
        Ok((datagram, _)) => datagram,
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => return News::Nothing,
        Err(_) => return News::Lost,
    };
    // Each event comes in a datagram of its own.
    let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&datagram) else {
        return News::Nothing;
    };
    match message.payload {
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(l)) if l.header.index == plan.index => {
            News::Carrier(netlink::link(&l).running)
        }
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelLink(l)) if l.header.index == plan.index => {
            News::Gone
        }
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelAddress(a)) => match netlink::held(&a) {
            Some(h) if h.index == plan.index && h.ip == plan.ip => News::Gone,
            _ => News::Nothing,
        },
        _ => News::Nothing,
    }
}

/// Our file, locked for as long as we live; None when another sender has it.
fn claim(path: &Path) -> io::Result<Option<File>> {
    let mut file = OpenOptions::new().create(true).truncate(false).write(true).read(true).open(path)?;
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(None);
    }
    let me = rustix::process::getpid();
    let started = start_time(me).ok_or_else(|| io::Error::other("no start time in /proc"))?;
    file.set_len(0)?;
    writeln!(file, "{} {started}", me.as_raw_nonzero())?;
    Ok(Some(file))
}

/// Field 22 of /proc/PID/stat: with the pid it names a process for good.
fn start_time(pid: Pid) -> Option<String> {
    let mut text = String::new();
    File::open(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?.read_to_string(&mut text).ok()?;
    let (_, rest) = text.rsplit_once(')')?;
    rest.split_ascii_whitespace().nth(19).map(str::to_owned)
}

fn wait_socket(socket: &Socket, timeout: Option<Duration>) -> bool {
    raw::with_fd(socket.as_raw_fd(), |fd: BorrowedFd<'_>| {
        let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
        let timeout = timeout.map(timespec);
        matches!(poll(&mut fds, timeout.as_ref()), Ok(n) if n > 0)
    })
}

pub fn wait(fds: &[PollFd<'_>], timeout: Duration) -> bool {
    let mut fds = fds.to_vec();
    matches!(poll(&mut fds, Some(&timespec(timeout))), Ok(n) if n > 0)
}

fn timespec(d: Duration) -> Timespec {
    Timespec { tv_sec: d.as_secs() as i64, tv_nsec: i64::from(d.subsec_nanos()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_spread_over_ten_seconds() {
        let plan = Plan {
            index: 1,
            ip: "10.0.0.1".parse().unwrap(),
            count: 3,
            interval: Duration::from_millis(200),
            file: PathBuf::new(),
        };
        let at = |n| due(&plan, n).map(|d| d.as_millis());
        assert_eq!([at(0), at(1), at(2)], [Some(0), Some(200), Some(400)]);
        assert_eq!([at(3), at(4)], [Some(1400), Some(2400)]);
        assert_eq!([at(11), at(12)], [Some(9400), None]);
    }

    #[test]
    fn a_stale_file_ends_nobody() {
        let dir = std::env::temp_dir().join(format!("rhapsody-announce-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join("x");
        // Our own pid with another start time: were it believed, this test would die here.
        fs::write(&path, format!("{} 1", std::process::id())).unwrap();
        end(&path);
        assert!(!path.exists());
        end(&path);
        fs::remove_dir_all(&dir).unwrap();
    }
}
