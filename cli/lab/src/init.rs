//! The first processes of namespaces: `__init` is PID 1 of a node, `__hold` keeps the bridge's and
//! the client's.

use std::io::Write;
use std::time::Duration;

use anyhow::Result;
use rustix::process::{WaitOptions, wait};

use crate::disk;
use crate::paths::Dir;
use crate::state::State;

/// Mounts the node's files, says that it is ready, then reaps orphans until the power is cut.
pub fn init(dir: &Dir, node: &str) -> Result<()> {
    let _ = rustix::process::setsid();
    let mounted = State::load(dir).and_then(|state| disk::mount_all(dir, &state, node));
    if let Err(e) = mounted {
        say(&format!("error {e:#}"));
        return Err(e);
    }
    std::env::set_current_dir("/")?;
    say("ready");
    loop {
        match wait(WaitOptions::empty()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            // Without children there is nothing to wait for; orphans come without notice.
            Err(_) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

pub fn hold() -> ! {
    let _ = rustix::process::setsid();
    say("ready");
    loop {
        std::thread::park();
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}
