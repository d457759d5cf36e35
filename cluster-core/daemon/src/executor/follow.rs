//! `--follow`, for service managers: a manager that starts us again because the executor it knew
//! was killed finds a successor at work (the node process has started it). Instead of refusing, this
//! process stays in the foreground for it: it passes on signals and ends when the core has ended.

use super::lock;
use crate::process::Process;
use crate::sys;
use rhapsody_client::Paths;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process};
use std::time::{Duration, Instant};

/// A successor is there after some milliseconds, or not at all.
const SUCCESSOR: Duration = Duration::from_secs(1);

/// Returns when no core runs: true if the last one has left in order.
pub fn until_over(paths: &Paths) -> anyhow::Result<bool> {
    let lock = paths.core_lock();
    let Some(mut core) = lock::owner(&lock) else { return Ok(false) };
    let signals = sys::signals(&[libc::SIGTERM, libc::SIGINT, libc::SIGHUP])?;
    loop {
        wait_for(core, &signals);
        let give_up = Instant::now() + SUCCESSOR;
        core = loop {
            if std::fs::read_to_string(&lock).is_ok_and(|text| text.is_empty()) {
                return Ok(true);
            }
            match lock::owner(&lock) {
                Some(next) => break next,
                None if Instant::now() >= give_up => return Ok(false),
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
    }
}

fn wait_for(core: Process, signals: &std::os::fd::OwnedFd) {
    let Some(watch) = core.watch() else { return };
    loop {
        let mut waits = [PollFd::new(&watch, PollFlags::IN), PollFd::new(signals, PollFlags::IN)];
        let _ = poll(&mut waits, None);
        let over = !waits[0].revents().is_empty();
        while let Some(signal) = sys::next_signal(signals) {
            let passed = if signal == libc::SIGHUP { Signal::HUP } else { Signal::TERM };
            if let Some(pid) = Pid::from_raw(core.pid as i32) {
                let _ = kill_process(pid, passed);
            }
        }
        if over {
            return;
        }
    }
}
