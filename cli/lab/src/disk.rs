//! A node's own files, and how they get where programs look for them.
//!
//! /etc and /var/lib of a node are folders on its disk in which the host's entries are found
//! again: files as copies, folders bound, except those that a cluster writes to, which are the
//! node's own and begin empty. So nothing is ever made or changed on the host, and a folder that
//! the host does not have needs no mount point there.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::mount::{MountFlags, MountPropagationFlags, mount, mount_bind_recursive, mount_change};

use crate::paths::Dir;
use crate::state::State;

/// Folders that each node has for itself, kept from one boot to the next.
const OWN_ETC: &[&str] = &["corosync", "pacemaker", "rhapsody", "booth", "sysconfig"];
const OWN_LIB: &[&str] = &["corosync", "heartbeat", "pacemaker", "pcsd", "pcs", "redis", "rhapsody", "booth"];

const FOLDERS_DEEP: u32 = 4;

/// Mounts everything; called in the node's own mount namespace, by its init.
pub fn mount_all(dir: &Dir, state: &State, node: &str) -> Result<()> {
    mount_change("/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)
        .context("cannot detach from the host's mounts")?;
    let disk = state.disks.join(node);
    for (host, own) in [("/etc", OWN_ETC), ("/var/lib", OWN_LIB)] {
        overlay(Path::new(host), &disk_folder(&disk, host), own, &state.private)?;
    }
    let log = disk_folder(&disk, "/var/log");
    if !log.exists() {
        make_folder(&log)?;
        copy_folders(Path::new("/var/log"), &log, FOLDERS_DEEP, false);
        fs::create_dir_all(log.join("rhapsody"))?;
    }
    names(&disk_folder(&disk, "/etc"), state, node)?;
    let run = run_folder(dir, &disk)?;

    let elsewhere: Vec<&PathBuf> = state.private.iter().filter(|p| !is_entry(p)).collect();
    for path in &elsewhere {
        let mine = disk_folder(&disk, &path.to_string_lossy());
        if !mine.exists() {
            own_copy(path, &mine)?;
        }
    }
    for host in ["/etc", "/var/lib", "/var/log"] {
        bind(&disk_folder(&disk, host), Path::new(host))?;
    }
    for path in elsewhere {
        // Below /var/log and the like the folder is there only where the host's was copied.
        make_folder(path)?;
        bind(&disk_folder(&disk, &path.to_string_lossy()), path)?;
    }
    bind(&run, Path::new("/run"))?;
    tmpfs(Path::new("/dev/shm"), c"mode=1777,size=256m")?;
    mount("proc", "/proc", "proc", MountFlags::empty(), None).context("cannot mount the node's /proc")?;
    // Shows the node's interfaces under /sys/class/net. Some containers forbid it; agents that
    // read there would then see the host's.
    if let Err(e) = mount("sysfs", "/sys", "sysfs", MountFlags::empty(), None) {
        eprintln!("no /sys of its own: {e}");
    }
    Ok(())
}

fn disk_folder(disk: &Path, host: &str) -> PathBuf {
    disk.join(host.trim_start_matches('/').replace('/', "-"))
}

/// Whether a folder lies directly in /etc or /var/lib, which are the node's anyway.
fn is_entry(path: &Path) -> bool {
    matches!(path.parent().and_then(Path::to_str), Some("/etc" | "/var/lib"))
}

/// Before anything is made: private folders that can be had.
pub fn check_private(folders: &[PathBuf]) -> Result<()> {
    for path in folders {
        if !path.is_absolute() || path.components().count() < 3 {
            anyhow::bail!(
                "{} is no folder that a node can have for itself; give one like /var/lib/pcsd",
                path.display()
            );
        }
        if !is_entry(path) && !path.is_dir() {
            anyhow::bail!("there is no folder {} on this machine", path.display());
        }
    }
    Ok(())
}

/// A folder as the host has it at first: below /etc with its files, elsewhere without.
fn own_copy(host: &Path, mine: &Path) -> Result<()> {
    make_folder(mine)?;
    like(host, mine);
    copy_folders(host, mine, FOLDERS_DEEP, host.starts_with("/etc"));
    Ok(())
}

/// Fills `to` with what `from` has: copies of files (once), and every folder bound unless own or
/// private.
fn overlay(from: &Path, to: &Path, own: &[&str], private: &[PathBuf]) -> Result<()> {
    let first = !to.exists();
    if first {
        make_folder(to)?;
        for name in own {
            let (host, mine) = (from.join(name), to.join(name));
            make_folder(&mine)?;
            like(&host, &mine);
            copy_folders(&host, &mine, FOLDERS_DEEP, false);
        }
        for host in private.iter().filter(|p| p.parent() == Some(from)) {
            own_copy(host, &to.join(host.file_name().unwrap_or_default()))?;
        }
    }
    let entries = fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
    for entry in entries.flatten() {
        let (host, mine) = (entry.path(), to.join(entry.file_name()));
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if private.contains(&host) || own.iter().any(|o| entry.file_name() == *o) {
            continue;
        }
        if kind.is_dir() {
            make_folder(&mine)?;
            bind(&host, &mine)?;
        } else if first && kind.is_symlink() {
            if let Ok(target) = fs::read_link(&host) {
                let _ = symlink(target, &mine);
            }
        } else if first && kind.is_file() {
            // What an ordinary user may not read its nodes do not have.
            if fs::copy(&host, &mine).is_ok() {
                like(&host, &mine);
            }
        }
    }
    Ok(())
}

/// Host name and the addresses of all nodes, anew at each boot.
fn names(etc: &Path, state: &State, node: &str) -> Result<()> {
    rustix::system::sethostname(node.as_bytes()).context("cannot set the host name")?;
    replace(&etc.join("hostname"), &format!("{node}\n"))?;
    let mut hosts = String::from("127.0.0.1 localhost\n::1 localhost\n");
    for (name, node) in &state.nodes {
        hosts += &format!("{} {name}\n", node.address);
    }
    replace(&etc.join("hosts"), &hosts)
}

/// Also where the host's file is a symlink out of /etc.
fn replace(path: &Path, text: &str) -> Result<()> {
    let _ = fs::remove_file(path);
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A tmpfs for /run, filled before it is put there: the lab's own folder on the host lies below
/// /run, too.
fn run_folder(dir: &Dir, disk: &Path) -> Result<PathBuf> {
    let run = disk.join("run");
    make_folder(&run)?;
    tmpfs(&run, c"mode=755")?;
    for (name, mode) in [("lock", 0o1777), ("user", 0o755), ("resource-agents", 0o1755)] {
        folder(&run.join(name), mode)?;
    }
    // Services find their owner's folder there, as a boot of the real machine would have made it.
    for (name, lib, mode) in [("redis", "redis", 0o2755), ("crm", "pacemaker", 0o750)] {
        if let Ok(owner) = fs::metadata(Path::new("/var/lib").join(lib)) {
            folder(&run.join(name), mode)?;
            let _ = chown(run.join(name), Some(owner.uid()), Some(owner.gid()));
        }
    }
    let shared = run.join("rhapsody-lab");
    make_folder(&shared)?;
    bind(&dir.shared(), &shared)?;
    Ok(run)
}

fn folder(path: &Path, mode: u32) -> Result<()> {
    make_folder(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
        .with_context(|| format!("cannot set the mode of {}", path.display()))
}

fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))
}

/// The folders below `from`, so many levels deep, with or without their files.
fn copy_folders(from: &Path, to: &Path, levels: u32, files: bool) {
    let Ok(entries) = fs::read_dir(from) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            let mine = to.join(entry.file_name());
            if fs::create_dir_all(&mine).is_ok() {
                like(&entry.path(), &mine);
                if levels > 1 {
                    copy_folders(&entry.path(), &mine, levels - 1, files);
                }
            }
        } else if files {
            let mine = to.join(entry.file_name());
            if fs::copy(entry.path(), &mine).is_ok() {
                like(&entry.path(), &mine);
            }
        }
    }
}

/// Owner and mode of another file, as far as we may.
fn like(host: &Path, mine: &Path) {
    if let Ok(m) = fs::metadata(host) {
        let _ = chown(mine, Some(m.uid()), Some(m.gid()));
        let _ = fs::set_permissions(mine, fs::Permissions::from_mode(m.mode() & 0o7777));
    }
}

fn bind(from: &Path, to: &Path) -> Result<()> {
    mount_bind_recursive(from, to)
        .map_err(io::Error::from)
        .with_context(|| format!("cannot mount {} on {}", from.display(), to.display()))
}

fn tmpfs(at: &Path, options: &std::ffi::CStr) -> Result<()> {
    mount("tmpfs", at, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(options))
        .with_context(|| format!("cannot mount a tmpfs on {}", at.display()))
}

/// Removes the disks of a lab. Refuses while anything is mounted below: a bound folder of the host
/// must never be emptied through it.
pub fn remove(disks: &Path) -> Result<()> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").context("cannot read the mounts")?;
    let below =
        mounts.lines().filter_map(|l| l.split(' ').nth(4)).find(|at| Path::new(at).starts_with(disks));
    if let Some(at) = below {
        anyhow::bail!("{at} is mounted, so {} is left alone", disks.display());
    }
    match fs::remove_dir_all(disks) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            Err(e).with_context(|| format!("cannot remove {}", disks.display()))
        }
        _ => Ok(()),
    }
}
