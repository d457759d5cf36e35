//! A client that asks an address all the time: how long was the service away?
//!
//! An ICMP echo goes out every few milliseconds. An outage is the time between two answers, both
//! as received here, when it is longer than `gap`. Each answer is a line of the raw log
//! (`SEQUENCE SENT_US RECEIVED_US`, monotonic), from which every figure can be computed again.
//! A probe that was itself kept waiting by a busy machine says so (`# late AT_US BY_US`): an
//! outage of that length at that time is the machine's and not the cluster's.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto};

use crate::enter;
use crate::monotonic_us;
use crate::paths::Dir;
use crate::state::{CLIENT, State};

#[derive(Debug, Clone)]
pub struct ProbeOptions {
    pub interval: Duration,
    pub count: Option<u64>,
    pub duration: Option<Duration>,
    /// Raw log; by default a new file in the lab's folder, which goes with the lab.
    pub log: Option<PathBuf>,
}

impl Default for ProbeOptions {
    fn default() -> Self {
        ProbeOptions { interval: Duration::from_millis(5), count: None, duration: None, log: None }
    }
}

/// Longer than this between two answers is an outage, unless the caller says otherwise.
pub const GAP: Duration = Duration::from_millis(25);

/// A probe in the background; stopped when dropped, its log stays.
#[derive(Debug)]
pub struct Probe {
    child: Child,
    log: PathBuf,
}

impl Probe {
    pub(crate) fn start(dir: &Dir, state: &State, address: &str, options: &ProbeOptions) -> Result<Probe> {
        let (mut command, log) = command(dir, state, address, options, false)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .context("cannot start the probe")?;
        Ok(Probe { child, log })
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    /// What has been seen so far.
    pub fn report(&self) -> Result<Report> {
        Report::read(&self.log, GAP, Some(monotonic_us()))
    }

    /// Waits until answers have come without a gap for that long.
    pub fn wait_steady(&self, steady: Duration, limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        loop {
            let report = self.report()?;
            let since = match report.outages.last() {
                Some(outage) => outage.to_us,
                None => report.first_us,
            };
            if since.is_some_and(|s| monotonic_us() - s > steady.as_micros() as u64) {
                return Ok(());
            }
            if Instant::now() >= end {
                bail!("the address does not answer steadily within {} s", limit.as_secs());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until an answer sent after `since_us` has come; returns when it came.
    pub fn wait_answer(&self, since_us: u64, limit: Duration) -> Result<u64> {
        let end = Instant::now() + limit;
        loop {
            let text = fs::read_to_string(&self.log).unwrap_or_default();
            let found = text.lines().filter_map(answer_line).find(|(sent, _)| *sent >= since_us);
            if let Some((_, received)) = found {
                return Ok(received);
            }
            if Instant::now() >= end {
                bail!("no answer within {} ms; raw log: {}", limit.as_millis(), self.log.display());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it and tells all.
    pub fn stop(mut self) -> Result<Report> {
        self.end();
        Report::read(&self.log, GAP, None)
    }

    fn end(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
            if let Ok(mut file) = File::options().append(true).open(&self.log) {
                let _ = writeln!(file, "# end {}", monotonic_us());
            }
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.end();
    }
}

/// The probe's process in the client's namespace, and its log.
pub fn command(
    dir: &Dir,
    state: &State,
    address: &str,
    options: &ProbeOptions,
    talk: bool,
) -> Result<(std::process::Command, PathBuf)> {
    let ip: IpAddr =
        address.parse().with_context(|| format!("{address:?} is not an IPv4 or IPv6 address"))?;
    if options.interval < Duration::from_millis(1) {
        bail!("the interval of a probe is at least 1 ms");
    }
    let log = match &options.log {
        Some(path) => std::path::absolute(path)?,
        None => dir.path().join(format!("probe-{}.log", monotonic_us())),
    };
    File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = enter::raw(state, CLIENT)?;
    let none = "-".to_owned();
    command
        .arg(&state.program)
        .args(["lab", "__probe"])
        .arg(dir.path())
        .arg(&log)
        .arg(ip.to_string())
        .arg(options.interval.as_micros().to_string())
        .arg(options.count.map_or(none.clone(), |c| c.to_string()))
        .arg(options.duration.map_or(none, |d| d.as_micros().to_string()))
        .arg(if talk { "talk" } else { "quiet" });
    Ok((command, log))
}

/// `__probe`: LOG ADDRESS INTERVAL_US COUNT|- DURATION_US|- talk|quiet
pub fn run(args: &[String]) -> Result<()> {
    let [log, address, interval, count, duration, talk] = args else {
        bail!("this is the lab's own probe; use: rhapsody lab probe ADDRESS");
    };
    let limit = |text: &str| -> Result<u64> {
        match text {
            "-" => Ok(u64::MAX),
            text => Ok(text.parse()?),
        }
    };
    let interval: u64 = interval.parse()?;
    let ip: IpAddr = address.parse()?;
    let (count, duration) = (limit(count)?, limit(duration)?);
    let echo = Echo::open(ip)?;
    let mut log = BufWriter::new(File::options().append(true).open(log)?);
    let began = monotonic_us();
    writeln!(log, "# probe {ip} every {interval} us")?;
    writeln!(log, "# begin {began}")?;

    let mut talker = (talk == "talk").then(|| Tracker::new(GAP));
    let end = began.saturating_add(duration);
    let (mut due, mut sent, mut answered) = (began, 0, 0);
    loop {
        let now = monotonic_us();
        let complete = sent >= count && answered >= count;
        if complete || now >= end || (sent >= count && now >= due.saturating_add(1_000_000)) {
            break;
        }
        if now >= due && sent < count {
            if now - due > GAP.as_micros() as u64 {
                writeln!(log, "# late {now} {}", now - due)?;
                due = now; // and no burst to make up for it
            }
            echo.send(sent, now);
            sent += 1;
            due += interval;
        }
        // The last answers get a second to arrive.
        let until = if sent < count { due } else { due + 1_000_000 };
        echo.wait(until.min(end).saturating_sub(monotonic_us()));
        while let Some((sequence, at)) = echo.receive() {
            let received = monotonic_us();
            answered += 1;
            writeln!(log, "{sequence} {at} {received}")?;
            if let Some(outage) = talker.as_mut().and_then(|t| t.answer(received)) {
                println!("{outage}");
            }
        }
        log.flush()?;
    }
    writeln!(log, "# end {}", monotonic_us())?;
    log.flush()?;
    Ok(())
}

/// The time without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    pub from_us: u64,
    /// None: it still lasted when the probe ended.
    pub to_us: Option<u64>,
    /// How long the probe itself was kept from asking in that time.
    pub late_us: u64,
}

impl Outage {
    /// Until its end, or None while it lasts.
    pub fn ms(&self) -> Option<f64> {
        Some((self.to_us? - self.from_us) as f64 / 1000.0)
    }
}

impl std::fmt::Display for Outage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let s = |us: u64| us as f64 / 1e6;
        let from = s(self.from_us);
        match self.to_us {
            Some(to) => write!(
                f,
                "outage {:.0} ms (no answer from {from:.3} s to {:.3} s)",
                self.ms().unwrap_or_default(),
                s(to)
            )?,
            None => write!(f, "outage without end (no answer from {from:.3} s on)")?,
        }
        if self.late_us > 0 {
            write!(f, " (the probe itself was late by {:.1} ms)", self.late_us as f64 / 1000.0)?;
        }
        Ok(())
    }
}

/// Turns answers into outages as they come.
struct Tracker {
    gap_us: u64,
    last: Option<u64>,
}

impl Tracker {
    fn new(gap: Duration) -> Self {
        Tracker { gap_us: gap.as_micros() as u64, last: None }
    }

    fn answer(&mut self, at: u64) -> Option<Outage> {
        let last = self.last.replace(at)?;
        (at.saturating_sub(last) > self.gap_us).then_some(Outage {
            from_us: last,
            to_us: Some(at),
            late_us: 0,
        })
    }
}

/// What a raw log says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    pub began_us: u64,
    pub ended_us: u64,
    pub answers: u64,
    pub first_us: Option<u64>,
    pub outages: Vec<Outage>,
}

impl Report {
    /// `now` ends a log that is still being written.
    pub fn read(log: &Path, gap: Duration, now: Option<u64>) -> Result<Report> {
        let text = fs::read_to_string(log).with_context(|| format!("cannot read {}", log.display()))?;
        Ok(Report::of(&text, gap, now))
    }

    fn of(text: &str, gap: Duration, now: Option<u64>) -> Report {
        let mut report = Report::default();
        let mut tracker = Tracker::new(gap);
        let mut late = Vec::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["#", "begin", at] => report.began_us = at.parse().unwrap_or(0),
                ["#", "end", at] => report.ended_us = at.parse().unwrap_or(0),
                ["#", "late", at, by] => {
                    if let (Ok(at), Ok(by)) = (at.parse::<u64>(), by.parse::<u64>()) {
                        late.push((at, by));
                    }
                }
                _ => {
                    let Some((_, received)) = answer_line(line) else {
                        continue;
                    };
                    report.answers += 1;
                    report.first_us.get_or_insert(received);
                    report.outages.extend(tracker.answer(received));
                }
            }
        }
        if report.ended_us == 0 {
            report.ended_us = now.or(tracker.last).unwrap_or(report.began_us);
        }
        let last = tracker.last.unwrap_or(report.began_us);
        if report.ended_us.saturating_sub(last) > tracker.gap_us {
            report.outages.push(Outage { from_us: last, to_us: None, late_us: 0 });
        }
        for outage in &mut report.outages {
            let within = |at: &u64| *at > outage.from_us && *at <= outage.to_us.unwrap_or(u64::MAX);
            outage.late_us = late.iter().filter(|(at, _)| within(at)).map(|(_, by)| by).sum();
        }
        report
    }

    /// Of one that did not end: until the end of the log.
    pub fn longest_ms(&self) -> f64 {
        self.outages.iter().map(|o| o.to_us.unwrap_or(self.ended_us) - o.from_us).max().unwrap_or(0) as f64
            / 1000.0
    }

    /// Answers and time, then the longest outage, as the last two lines of every probe.
    pub fn summary(&self) -> String {
        format!(
            "{} answers in {:.1} s, {} outage{}\nlongest outage {:.0} ms",
            self.answers,
            (self.ended_us - self.began_us) as f64 / 1e6,
            self.outages.len(),
            if self.outages.len() == 1 { "" } else { "s" },
            self.longest_ms(),
        )
    }

    /// The outage that a fault at this time began: the first that ended after it.
    pub fn after(&self, fault_us: u64) -> Option<&Outage> {
        self.outages.iter().find(|o| o.to_us.is_none_or(|to| to > fault_us))
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for outage in &self.outages {
            writeln!(f, "{outage}")?;
        }
        write!(f, "{}", self.summary())
    }
}

/// (sent, received) of an answer's line; half a line at the end of a log that grows is none.
fn answer_line(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split(' ');
    let (_, sent, received) = (words.next()?, words.next()?, words.next()?);
    Some((sent.parse().ok()?, received.parse().ok()?))
}

/// A raw ICMP socket for one address.
struct Echo {
    socket: OwnedFd,
    to: SocketAddr,
    id: u16,
}

impl Echo {
    fn open(ip: IpAddr) -> Result<Self> {
        let (family, protocol) = match ip {
            IpAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP),
            IpAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6),
        };
        let socket = rustix::net::socket_with(
            family,
            SocketType::RAW,
            SocketFlags::CLOEXEC | SocketFlags::NONBLOCK,
            Some(protocol),
        )
        .context("cannot open a raw socket")?;
        Ok(Echo { socket, to: SocketAddr::new(ip, 0), id: std::process::id() as u16 })
    }

    /// An unreachable address is what we are here to see, not an error.
    fn send(&self, sequence: u64, at: u64) {
        let mut packet = [0_u8; 24];
        packet[0] = if self.to.is_ipv4() { 8 } else { 128 };
        packet[4..6].copy_from_slice(&self.id.to_be_bytes());
        packet[6..8].copy_from_slice(&(sequence as u16).to_be_bytes());
        packet[8..16].copy_from_slice(&sequence.to_be_bytes());
        packet[16..24].copy_from_slice(&at.to_be_bytes());
        if self.to.is_ipv4() {
            let sum = checksum(&packet);
            packet[2..4].copy_from_slice(&sum.to_be_bytes());
        } // the kernel fills in that of ICMPv6
        let _ = rustix::net::sendto(&self.socket, &packet, SendFlags::empty(), &self.to);
    }

    fn wait(&self, us: u64) {
        let mut fds = [PollFd::new(&self.socket, PollFlags::IN)];
        let limit = Timespec { tv_sec: (us / 1_000_000) as i64, tv_nsec: (us % 1_000_000) as i64 * 1000 };
        let _ = poll(&mut fds, Some(&limit));
    }

    /// Sequence and time of sending of an answer that is there.
    fn receive(&self) -> Option<(u64, u64)> {
        let mut buffer = [0_u8; 256];
        loop {
            let (_, length, from) =
                rustix::net::recvfrom(&self.socket, &mut buffer, RecvFlags::empty()).ok()?;
            let from = from.and_then(|f| SocketAddr::try_from(f).ok());
            if from.map(|f| f.ip()) != Some(self.to.ip()) {
                continue;
            }
            let packet = &buffer[..length.min(buffer.len())];
            // IPv4 raw sockets deliver the IP header too.
            let (skip, answer) = match self.to {
                SocketAddr::V4(_) => (usize::from(packet.first()? & 0xf) * 4, 0),
                SocketAddr::V6(_) => (0, 129),
            };
            let Some(echo) = packet.get(skip..).filter(|e| e.len() >= 24) else {
                continue;
            };
            if echo[0] == answer && echo[4..6] == self.id.to_be_bytes() {
                let number = |b: &[u8]| b.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
                return Some((number(&echo[8..16]), number(&echo[16..24])));
            }
        }
    }
}

fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 =
        bytes.chunks(2).map(|c| u32::from(c[0]) << 8 | u32::from(*c.get(1).unwrap_or(&0))).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(answers: &[u64], rest: &str) -> String {
        let mut text = String::from("# probe 10.0.0.1 every 5000 us\n# begin 1000\n");
        for (n, at) in answers.iter().enumerate() {
            text += &format!("{n} {} {at}\n", at - 100);
        }
        text + rest
    }

    #[test]
    fn outages_come_out_of_the_raw_log() {
        let text = log(&[5_000, 10_000, 510_000, 515_000], "# late 300000 200000\n# end 520000\n");
        let report = Report::of(&text, GAP, None);
        assert_eq!(report.answers, 4);
        assert_eq!(report.outages.len(), 1);
        assert_eq!(report.outages[0].ms(), Some(500.0));
        assert_eq!(report.outages[0].late_us, 200_000);
        assert!(report.to_string().ends_with("longest outage 500 ms"), "{report}");
        assert_eq!(report.after(20_000), report.outages.first());
        assert_eq!(report.after(516_000), None);
    }

    #[test]
    fn an_outage_without_an_end_is_seen() {
        let text = log(&[5_000, 10_000], "# end 900000\n");
        let report = Report::of(&text, GAP, None);
        assert_eq!(report.outages.len(), 1);
        assert_eq!((report.outages[0].from_us, report.outages[0].to_us), (10_000, None));
        let silent = Report::of(&log(&[], ""), GAP, Some(900_000));
        assert_eq!(silent.outages[0].from_us, 1000);
        assert_eq!(silent.answers, 0);
        let cut = Report::of(&log(&[5_000], "1 99"), GAP, None);
        assert_eq!(cut.answers, 1, "half a line is no answer");
    }
}
