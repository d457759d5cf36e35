//! `__spawn`: makes new namespaces and starts one process in them.
//!
//! A process of its own does this, because a pid namespace begins with the next child and a user
//! namespace wants a single thread. It tells its parent the child's pid and, once the child says
//! so, that it is ready; then it ends and the child goes on without a parent of ours.
//!
//! The only unsafe code of the lab is the one call here.
#![allow(unsafe_code)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use rustix::thread::UnshareFlags;

use crate::paths::is_root;

/// What a new process gets for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Network and host name, and without root the user namespace that all others live in.
    Bridge,
    Client,
    Node,
}

impl Kind {
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "bridge" => Kind::Bridge,
            "client" => Kind::Client,
            "node" => Kind::Node,
            _ => return None,
        })
    }

    pub fn word(self) -> &'static str {
        match self {
            Kind::Bridge => "bridge",
            Kind::Client => "client",
            Kind::Node => "node",
        }
    }
}

/// In the intermediate process: unshare, start `child`, relay what it says.
pub fn spawn(kind: Kind, mut child: Command, log: &Path) -> Result<()> {
    let mut flags = UnshareFlags::NEWNET | UnshareFlags::NEWUTS;
    if kind == Kind::Node {
        flags |= UnshareFlags::NEWNS | UnshareFlags::NEWIPC | UnshareFlags::NEWPID;
    }
    if kind == Kind::Bridge && !is_root() {
        let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
        // SAFETY: no file descriptors are unshared; this process has one thread.
        unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWUSER) }.context(
            "cannot make a user namespace; run as root, or allow user namespaces \
             (sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns)",
        )?;
        let map = |file: &str, text: String| {
            fs::write(format!("/proc/self/{file}"), text)
                .with_context(|| format!("cannot write /proc/self/{file}"))
        };
        map("setgroups", "deny".into())?;
        map("uid_map", format!("0 {} 1", uid.as_raw()))?;
        map("gid_map", format!("0 {} 1", gid.as_raw()))?;
    }
    // SAFETY: no file descriptors are unshared; this process has one thread.
    unsafe { rustix::thread::unshare_unsafe(flags) }.context("cannot make namespaces")?;
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("cannot open {}", log.display()))?;
    let mut child = child
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .context("cannot start the first process of the namespaces")?;
    println!("pid {}", child.id());
    std::io::stdout().flush()?;
    let mut line = String::new();
    if let Some(out) = child.stdout.take() {
        BufReader::new(out.take(4096)).read_line(&mut line)?;
    }
    match line.trim_end() {
        "" => println!("error it ended at once"),
        line => println!("{line}"),
    }
    Ok(())
}

/// In the lab: runs the intermediate process and learns the pid.
pub fn run(command: &mut Command) -> Result<i32> {
    let out = crate::bounded::output(command, b"", std::time::Duration::from_secs(30))?;
    let text = String::from_utf8_lossy(&out.stdout);
    let mut pid = None;
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("pid", number)) => pid = number.parse().ok(),
            Some(("error", why)) => bail!("{why}"),
            _ => {}
        }
    }
    match pid {
        Some(pid) if out.status.success() && text.lines().any(|l| l == "ready") => Ok(pid),
        _ => bail!("{}", String::from_utf8_lossy(&out.stderr).trim()),
    }
}
