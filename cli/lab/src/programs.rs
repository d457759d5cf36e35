//! Programs that the lab calls: its own binary again, the cluster's daemons, the system's tools.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The program whose `lab` (or itself) is this crate's [`crate::main`]: PID 1 of the nodes, the
/// supervisor and the probe are further processes of it.
pub fn own() -> Result<PathBuf> {
    let exe = std::env::current_exe().context("cannot find my own program")?;
    let named = |p: &Path, n: &str| p.file_name() == Some(OsStr::new(n));
    if named(&exe, "rhapsody") || named(&exe, "lab") {
        return Ok(exe);
    }
    if let Some(dir) = std::env::var_os("RHAPSODY_BIN_DIR") {
        return Ok(PathBuf::from(dir).join("rhapsody"));
    }
    // A test executable lies in target/debug/deps.
    let beside = exe.parent().into_iter().chain(exe.parent().and_then(Path::parent));
    for dir in beside {
        for name in ["rhapsody", "examples/lab"] {
            let path = dir.join(name);
            if path.is_file() {
                return Ok(path);
            }
        }
    }
    bail!(
        "the program `rhapsody` is not beside {}; build it, or say where it is with RHAPSODY_BIN_DIR",
        exe.display()
    )
}

/// A program of ours: beside the own one, else where it is installed.
pub fn beside(own: &Path, name: &str) -> Option<PathBuf> {
    let dir = own.parent()?;
    // A cargo example lies one folder below the programs.
    let dirs = [
        Some(dir),
        dir.parent().filter(|_| dir.ends_with("examples")),
        Some(Path::new("/usr/sbin")),
        Some(Path::new("/usr/local/sbin")),
        Some(Path::new("/usr/lib/rhapsody")),
    ];
    dirs.into_iter().flatten().map(|d| d.join(name)).find(|p| p.is_file())
}

/// The system's tools, looked for before anything is made.
pub fn check_tools() -> Result<()> {
    for (tool, package) in [("ip", "iproute2"), ("nsenter", "util-linux"), ("setsid", "util-linux")] {
        if !on_path(tool) {
            bail!("the program {tool} is needed and not there; install {package}");
        }
    }
    Ok(())
}

pub fn check_nft() -> Result<()> {
    if !on_path("nft") {
        bail!("partitions and pauses need the program nft; install nftables");
    }
    Ok(())
}

/// PATH of everything that runs in the lab: our programs, then the low-level names that are ours
/// too (`crm_mon`, ...), then the system's. A bare lab has the system's names as they are.
pub fn search_path(own: &Path, bare: bool) -> String {
    let mut system = String::new();
    if !bare {
        system += "/run/rhapsody/tools:/usr/lib/rhapsody/tools:";
    }
    system += "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let dir = own.parent().map(|d| match d.parent() {
        Some(up) if d.ends_with("examples") => up,
        _ => d,
    });
    match dir.and_then(Path::to_str) {
        Some(dir) => format!("{dir}:{system}"),
        None => system,
    }
}

fn on_path(name: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':').chain(["/usr/sbin", "/sbin"]).any(|d| Path::new(d).join(name).is_file())
}
