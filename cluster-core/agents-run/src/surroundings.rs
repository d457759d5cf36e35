//! What an agent finds around it, whoever runs it: the cluster's tools, folders and variables.

use crate::exec::Command;
use crate::installed::is_program;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Names by which agents call the cluster; each is a link to our `rhapsody`.
const TOOLS: [&str; 12] = [
    "attrd_updater",
    "cibadmin",
    "corosync-quorumtool",
    "crm_attribute",
    "crm_failcount",
    "crm_master",
    "crm_mon",
    "crm_node",
    "crm_resource",
    "crm_standby",
    "crm_verify",
    "stonith_admin",
];

#[derive(Debug, Clone)]
pub struct Surroundings {
    /// First in the PATH of agents, and their `HA_SBIN_DIR`.
    pub tools: PathBuf,
    /// `HA_RSCTMP`: state of agents that a reboot must clear.
    pub temporary: PathBuf,
    pub log_file: PathBuf,
    pub syslog: bool,
    /// `RHAPSODY_ROOT`, for the tools.
    pub root: Option<PathBuf>,
}

impl Surroundings {
    /// Looks around, and makes the folders that agents expect. `run` and `log` are the cluster's
    /// folders for what must not survive a reboot and for logs.
    pub fn find(run: &Path, log: &Path, temporary: PathBuf, root: Option<&Path>) -> Surroundings {
        let _ = std::fs::DirBuilder::new().recursive(true).mode(0o755).create(&temporary);
        let beside = beside();
        Surroundings {
            tools: tools(run, beside.as_deref(), program("rhapsody")),
            temporary,
            log_file: log.join("agents.log"),
            syslog: Path::new("/dev/log").exists(),
            root: root.map(Path::to_owned),
        }
    }

    /// Puts what every agent gets into the environment of one.
    pub fn give(&self, command: &mut Command) {
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let mut set = |name: &str, value: &str| command.env.insert(name.to_owned(), value.to_owned());
        set("PATH", &format!("{}:{usual}", self.tools.display()));
        set("LANG", "C");
        set("HOME", "/root");
        // resource-agents' functions call "$SHELL" with process substitution, which sh may not have
        set("SHELL", "/bin/bash");
        for name in ["HA_debug", "PCMK_debug"] {
            set(name, "0");
        }
        for name in ["HA_cluster_type", "HA_quorum_type", "PCMK_cluster_type", "PCMK_quorum_type"] {
            set(name, "corosync");
        }
        set("HA_use_logd", "off");
        set("HA_SBIN_DIR", &path(&self.tools));
        set("HA_RSCTMP", &path(&self.temporary));
        set("HA_LOGFILE", &path(&self.log_file));
        if self.syslog {
            for name in ["HA_LOGFACILITY", "HA_logfacility"] {
                set(name, "daemon");
            }
        }
        if let Some(root) = &self.root {
            set("RHAPSODY_ROOT", &path(root));
        }
    }
}

/// The folder of the running program.
fn beside() -> Option<PathBuf> {
    std::env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_owned))
}

/// One of our programs: beside the one that runs, else in an installed place.
pub fn program(name: &str) -> Option<PathBuf> {
    let installed = ["/usr/lib/rhapsody", "/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
    let folders = beside().into_iter().chain(installed.map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|program| is_program(program))
}

/// The installed folder of tools that belongs to this program, or one made in `run` for a program
/// that is not installed.
fn tools(run: &Path, beside: Option<&Path>, cli: Option<PathBuf>) -> PathBuf {
    let of_prefix = beside.and_then(Path::parent).map(|prefix| prefix.join("lib/rhapsody/tools"));
    if let Some(folder) = of_prefix.filter(|folder| folder.is_dir()) {
        return folder;
    }
    let installed = PathBuf::from("/usr/lib/rhapsody/tools");
    let Some(cli) = cli.filter(|cli| beside == cli.parent() || !installed.is_dir()) else {
        return installed;
    };
    let folder = run.join("tools");
    let _ = std::fs::create_dir_all(&folder);
    for name in TOOLS {
        let link = folder.join(name);
        if std::fs::read_link(&link).ok().as_deref() != Some(&cli) {
            let _ = std::fs::remove_file(&link);
            let _ = std::os::unix::fs::symlink(&cli, &link);
        }
    }
    folder
}
