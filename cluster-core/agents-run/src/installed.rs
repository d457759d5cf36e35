//! The agents of this machine: which there are, what they say, whether they accept their options.
//!
//! Our own program `rhapsody-agent` provides `ocf:rhapsody:*`, and stands in for
//! `ocf:heartbeat:IPaddr2` and `Dummy` where resource-agents is not installed.

use crate::exec::{self, Command, End};
use crate::metadata::Cache;
use rhapsody_agents_catalog::{AgentName, AgentUnavailable, Agents, Metadata, Validation};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// OCF types of ours that stand in for missing ones of provider heartbeat.
const STAND_INS: &[&str] = &["IPaddr2", "Dummy"];
const OWN_FENCE_AGENTS: &[&str] = &["fence_rhapsody_lab"];
const METADATA_TIMEOUT_MS: u64 = 20_000;
const VALIDATE_TIMEOUT_MS: u64 = 20_000;

#[derive(Debug, Clone)]
pub struct Installed {
    ocf_root: PathBuf,
    fence_folder: PathBuf,
    init_folder: PathBuf,
    unit_folders: Vec<PathBuf>,
    own: Option<PathBuf>,
    cache: Cache,
}

impl Installed {
    /// The folders of this system (`OCF_ROOT` is heeded).
    pub fn system() -> Self {
        let ocf_root = std::env::var_os("OCF_ROOT").filter(|root| !root.is_empty());
        Installed {
            ocf_root: ocf_root.map_or_else(|| PathBuf::from("/usr/lib/ocf"), PathBuf::from),
            fence_folder: PathBuf::from("/usr/sbin"),
            init_folder: PathBuf::from("/etc/init.d"),
            unit_folders: [
                "/etc/systemd/system",
                "/run/systemd/system",
                "/usr/lib/systemd/system",
                "/lib/systemd/system",
            ]
            .map(PathBuf::from)
            .to_vec(),
            own: own_program(),
            cache: Cache::system(),
        }
    }

    pub(crate) fn ocf_root(&self) -> &Path {
        &self.ocf_root
    }

    fn resource_d(&self) -> PathBuf {
        self.ocf_root.join("resource.d")
    }

    /// The program of an agent and the words that select it; None when it is not there.
    pub fn program(&self, name: &AgentName) -> Option<(PathBuf, Vec<String>)> {
        match (name.standard.as_str(), name.provider.as_deref()) {
            ("ocf", Some(provider)) => {
                let path = self.resource_d().join(plain(provider)?).join(plain(&name.kind)?);
                if is_program(&path) {
                    return Some((path, Vec::new()));
                }
                let ours = provider == "rhapsody"
                    || (provider == "heartbeat" && STAND_INS.contains(&name.kind.as_str()));
                let own = self.own.clone().filter(|_| ours && STAND_INS.contains(&name.kind.as_str()))?;
                Some((own, vec![format!("ocf:rhapsody:{}", name.kind)]))
            }
            ("stonith", None) => {
                let path = self.fence_folder.join(plain(&name.kind)?);
                if is_program(&path) {
                    return Some((path, Vec::new()));
                }
                let own = self.own.clone().filter(|_| OWN_FENCE_AGENTS.contains(&name.kind.as_str()))?;
                Some((own, vec![name.kind.clone()]))
            }
            ("lsb", None) => Some((self.init_folder.join(plain(&name.kind)?), Vec::new()))
                .filter(|(path, _)| is_program(path)),
            _ => None,
        }
    }

    fn unit(&self, name: &str) -> Option<PathBuf> {
        // An instance `name@instance` comes from the template `name@`.
        let file = match name.split_once('@') {
            Some((template, _)) => format!("{}@.service", plain(template)?),
            None => format!("{}.service", plain(name)?),
        };
        self.unit_folders.iter().map(|folder| folder.join(&file)).find(|path| path.exists())
    }

    fn ask(&self, name: &AgentName, program: &Path, mut words: Vec<String>) -> Result<String, String> {
        let mut command = Command::new(program).timeout_ms(METADATA_TIMEOUT_MS);
        if name.is_stonith() {
            words.extend(["-o".to_owned(), "metadata".to_owned()]);
        } else {
            words.push("meta-data".to_owned());
            command = ocf_environment(command, name, &self.ocf_root);
        }
        command.args = words;
        command.stdout_bytes_max = 1 << 20;
        let finished = exec::run(&command);
        match finished.end {
            End::Exited(0) => Ok(finished.stdout),
            End::Exited(code) => Err(format!("its metadata action ended with {code}")),
            End::TimedOut => Err("its metadata action did not end in time".to_owned()),
            _ => Err("it cannot be run".to_owned()),
        }
    }

    fn listing(folder: &Path) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort_by_key(|name| name.to_lowercase());
        names
    }

    fn ocf_agents(&self) -> BTreeSet<(String, String)> {
        let mut found = BTreeSet::new();
        let folder = self.resource_d();
        for provider in Self::listing(&folder) {
            for kind in Self::listing(&folder.join(&provider)) {
                // Helpers of agents lie beside them with a dot in front or as plain files.
                if !kind.starts_with('.') && is_program(&folder.join(&provider).join(&kind)) {
                    found.insert((provider.clone(), kind));
                }
            }
        }
        if self.own.is_some() {
            for kind in STAND_INS {
                found.insert(("rhapsody".to_owned(), (*kind).to_owned()));
                found.insert(("heartbeat".to_owned(), (*kind).to_owned()));
            }
        }
        found
    }

    fn services(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for folder in &self.unit_folders {
            found.extend(
                Self::listing(folder)
                    .iter()
                    .filter_map(|unit| unit.strip_suffix(".service").map(str::to_owned)),
            );
        }
        found
    }
}

impl Agents for Installed {
    fn installed(&self) -> Vec<AgentName> {
        let mut agents: Vec<AgentName> = Self::listing(&self.init_folder)
            .iter()
            .filter(|script| {
                is_program(&self.init_folder.join(script)) && *script != "README" && !script.starts_with('.')
            })
            .map(|script| AgentName::new("lsb", None, script))
            .collect();
        agents.extend(
            self.ocf_agents()
                .into_iter()
                .map(|(provider, kind)| AgentName::new("ocf", Some(&provider), &kind)),
        );
        agents.extend(self.services().iter().map(|unit| AgentName::new("systemd", None, unit)));
        let fence = Self::listing(&self.fence_folder);
        let mut fence: BTreeSet<String> = fence
            .into_iter()
            .filter(|name| name.starts_with("fence_") && is_program(&self.fence_folder.join(name)))
            .collect();
        if self.own.is_some() {
            fence.extend(OWN_FENCE_AGENTS.iter().map(|name| (*name).to_owned()));
        }
        agents.extend(fence.iter().map(|kind| AgentName::stonith(kind)));
        agents
    }

    fn standards(&self) -> Vec<String> {
        let all = ["lsb", "ocf", "service", "stonith", "systemd"];
        all.into_iter().map(str::to_owned).collect()
    }

    fn metadata(&self, name: &AgentName) -> Result<Arc<Metadata>, AgentUnavailable> {
        let missing = |reason: &str| AgentUnavailable { agent: name.to_string(), reason: reason.to_owned() };
        let service = match name.standard.as_str() {
            "systemd" => Some(self.unit(&name.kind).is_some()),
            "service" => Some(
                self.unit(&name.kind).is_some()
                    || plain(&name.kind).is_some_and(|kind| is_program(&self.init_folder.join(kind))),
            ),
            "lsb" => Some(self.program(name).is_some()),
            _ => None,
        };
        match service {
            Some(true) => return Ok(Arc::new(service_metadata(name))),
            Some(false) => return Err(missing("there is no such service on this machine")),
            None => {}
        }
        let Some((program, words)) = self.program(name) else {
            return Err(missing("there is no such agent on this machine"));
        };
        let key = name.to_string();
        if let Some(metadata) = self.cache.get(&key, &program) {
            return Ok(Arc::new(metadata));
        }
        let text = self.ask(name, &program, words).map_err(|reason| missing(&reason))?;
        let metadata = Metadata::parse(name, &text).map_err(|error| missing(&error.to_string()))?;
        self.cache.put(&key, &program, &metadata);
        Ok(Arc::new(metadata))
    }

    fn validate(&self, name: &AgentName, options: &[(String, String)]) -> Validation {
        let Some((program, words)) = self.program(name) else { return Validation::Unknown };
        validate_with(name, &program, words, &self.ocf_root, options)
    }
}

/// Runs an agent's `validate-all` with its options.
pub fn validate_with(
    name: &AgentName,
    program: &Path,
    mut words: Vec<String>,
    ocf_root: &Path,
    options: &[(String, String)],
) -> Validation {
    let mut command = Command::new(program).timeout_ms(VALIDATE_TIMEOUT_MS);
    if name.is_stonith() {
        let mut text = String::from("action=validate-all\n");
        for (option, value) in options.iter().filter(|(option, _)| option != "action") {
            text.push_str(&format!("{option}={value}\n"));
        }
        command.stdin = Some(text);
    } else if name.standard == "ocf" {
        words.push("validate-all".to_owned());
        command = ocf_environment(command, name, ocf_root);
        for (option, value) in options.iter().filter(|(_, value)| !value.is_empty()) {
            command = command.env(format!("OCF_RESKEY_{option}"), value.clone());
        }
    } else {
        return Validation::Unknown;
    }
    command.args = words;
    let finished = exec::run(&command);
    match finished.end {
        End::Exited(0) => Validation::Valid,
        // An agent without the action says so by 3 (unimplemented).
        End::Exited(3) => Validation::Unknown,
        End::Exited(_) => {
            let said = finished
                .exit_reason()
                .map(str::to_owned)
                .unwrap_or_else(|| finished.stderr.trim().to_owned());
            Validation::Invalid(said)
        }
        _ => Validation::Unknown,
    }
}

pub(crate) fn ocf_environment(command: Command, name: &AgentName, ocf_root: &Path) -> Command {
    command
        .env("OCF_ROOT", ocf_root.to_string_lossy())
        .env("OCF_RA_VERSION_MAJOR", "1")
        .env("OCF_RA_VERSION_MINOR", "1")
        .env("OCF_RESOURCE_TYPE", name.kind.clone())
        .env("OCF_RESOURCE_PROVIDER", name.provider.clone().unwrap_or_default())
        .env("OCF_RESOURCE_INSTANCE", "validate")
        .env("LC_ALL", "C")
}

/// What Pacemaker does with services, which have no metadata of their own.
fn service_metadata(name: &AgentName) -> Metadata {
    let (timeout, interval, extra) = match name.standard.as_str() {
        "lsb" => ("15", "15", vec!["restart", "force-reload"]),
        _ => ("100s", "60s", Vec::new()),
    };
    let action = |kind: &str, interval: Option<&str>| rhapsody_agents_catalog::Action {
        name: kind.to_owned(),
        timeout: Some(timeout.to_owned()),
        interval: interval.map(str::to_owned),
        ..Default::default()
    };
    let mut actions = vec![action("start", None), action("stop", None), action("monitor", Some(interval))];
    actions.extend(extra.into_iter().map(|kind| action(kind, None)));
    Metadata {
        name: name.to_string(),
        shortdesc: Some(format!("service {}", name.kind)),
        longdesc: None,
        parameters: Vec::new(),
        actions,
        ocf_1_1: false,
    }
}

/// A file name that stays in its folder.
fn plain(name: &str) -> Option<&str> {
    (!name.is_empty() && !name.contains('/') && !name.contains('\0') && name != "." && name != "..")
        .then_some(name)
}

/// A file that somebody may execute.
pub fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// `rhapsody-agent` beside ourselves, else where it is installed.
fn own_program() -> Option<PathBuf> {
    let beside =
        std::env::current_exe().ok().and_then(|exe| exe.parent().map(|folder| folder.join("rhapsody-agent")));
    let installed = [
        "/usr/lib/rhapsody/rhapsody-agent",
        "/usr/bin/rhapsody-agent",
        "/usr/sbin/rhapsody-agent",
        "/usr/local/bin/rhapsody-agent",
    ];
    beside.into_iter().chain(installed.map(PathBuf::from)).find(|path| is_program(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        let agents = Installed { cache: Cache::none(), own: None, ..Installed::system() };
        for name in ["ocf:..:x", "ocf:heartbeat:../../../bin/sh", "stonith:../bin/sh"] {
            if let Ok(name) = AgentName::parse(name) {
                assert_eq!(agents.program(&name), None, "{name}");
            }
        }
    }

    #[test]
    fn a_missing_agent_is_told() {
        let agents = Installed { cache: Cache::none(), own: None, ..Installed::system() };
        let name = AgentName::parse("ocf:nobody:nothing").unwrap();
        assert!(agents.metadata(&name).unwrap_err().to_string().contains("'ocf:nobody:nothing'"));
        assert_eq!(agents.validate(&name, &[]), Validation::Unknown);
    }
}
