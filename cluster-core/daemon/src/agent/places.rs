//! Where agents, tools and their folders are on this machine.

use rhapsody_agents_run::installed::is_program;
use rhapsody_agents_run::surroundings::{Surroundings, program};
use rhapsody_client::Paths;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone)]
pub struct Places {
    /// `resource.d/PROVIDER/TYPE` is below it.
    pub ocf_root: PathBuf,
    pub init_d: PathBuf,
    /// Searched for fence agents, in this order.
    pub fence_folders: Vec<PathBuf>,
    /// Our own agents, one program.
    pub own_agents: Option<PathBuf>,
    pub systemctl: Option<PathBuf>,
    pub systemd_runs: bool,
    pub surroundings: Surroundings,
}

impl Places {
    /// Looks around, and makes the folders that agents expect.
    pub fn find(paths: &Paths) -> Places {
        let temporary = paths.at("/run/resource-agents");
        Places {
            ocf_root: Some(paths.at("/usr/lib/ocf")).filter(|f| f.is_dir()).unwrap_or("/usr/lib/ocf".into()),
            init_d: PathBuf::from("/etc/init.d"),
            fence_folders: ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/sbin"].map(PathBuf::from).to_vec(),
            own_agents: program("rhapsody-agent"),
            systemctl: ["/usr/bin/systemctl", "/bin/systemctl"]
                .map(PathBuf::from)
                .into_iter()
                .find(|p| is_program(p)),
            systemd_runs: Path::new("/run/systemd/system").is_dir(),
            surroundings: Surroundings::find(&paths.run(), &paths.log(), temporary, paths.root()),
        }
    }

    /// The program of an OCF agent with the arguments before the action; ours where the
    /// distribution has none of that name.
    pub fn ocf_agent(&self, provider: &str, agent: &str) -> Option<(PathBuf, Vec<String>)> {
        let plain = |name: &str| !name.is_empty() && !name.contains('/') && !name.starts_with('.');
        if !plain(provider) || !plain(agent) {
            return None;
        }
        let installed = self.ocf_root.join("resource.d").join(provider).join(agent);
        if is_program(&installed) {
            return Some((installed, Vec::new()));
        }
        let ours = matches!(provider, "heartbeat" | "pacemaker" | "rhapsody")
            && matches!(agent, "IPaddr2" | "Dummy");
        let program = self.own_agents.clone().filter(|_| ours)?;
        Some((program, vec![format!("ocf:rhapsody:{agent}")]))
    }

    /// The program of a fence agent with the arguments before all others.
    pub fn fence_agent(&self, agent: &str) -> Option<(PathBuf, Vec<String>)> {
        if agent.is_empty() || agent.contains('/') || agent.starts_with('.') {
            return None;
        }
        let installed = self.fence_folders.iter().map(|f| f.join(agent)).find(|p| is_program(p));
        if let Some(program) = installed {
            return Some((program, Vec::new()));
        }
        let program = self.own_agents.clone().filter(|_| agent == "fence_rhapsody_lab")?;
        Some((program, vec![agent.to_owned()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn agents_are_found_and_ours_stand_in() {
        let folder = std::env::temp_dir().join(format!("rhapsody-places-{}", std::process::id()));
        let provider = folder.join("resource.d/heartbeat");
        std::fs::create_dir_all(&provider).unwrap();
        for (name, mode) in [("Dummy", 0o755), ("IPaddr2", 0o644)] {
            std::fs::write(provider.join(name), "#!/bin/sh\n").unwrap();
            std::fs::set_permissions(provider.join(name), PermissionsExt::from_mode(mode)).unwrap();
        }
        let places = Places {
            ocf_root: folder.clone(),
            own_agents: Some("/x/rhapsody-agent".into()),
            ..Places::find(&Paths::below(&folder))
        };
        assert_eq!(places.ocf_agent("heartbeat", "Dummy"), Some((provider.join("Dummy"), vec![])));
        let ours = Some(("/x/rhapsody-agent".into(), vec!["ocf:rhapsody:IPaddr2".to_owned()]));
        assert_eq!(places.ocf_agent("heartbeat", "IPaddr2"), ours);
        assert_eq!(places.ocf_agent("rhapsody", "IPaddr2"), ours);
        assert_eq!(places.ocf_agent("heartbeat", "apache"), None);
        assert_eq!(places.ocf_agent("heartbeat", "../heartbeat/Dummy"), None);
        assert!(folder.join("run/resource-agents").is_dir());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
