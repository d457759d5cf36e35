//! A CIB in a file: operations run in this process, the file is replaced when they succeed.

use crate::agents_dir::RecordedAgents;
use crate::failure::Failure;
use crate::settings;
use crate::target::Answer;
use crate::whole_file::{self, Lock};
use rhapsody_agents_catalog::Agents;
use rhapsody_agents_run::Installed;
use rhapsody_cib::Cib;
use rhapsody_ops::Env;
use rhapsody_ops::work::NodeNames;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

pub struct FileTarget {
    path: PathBuf,
    cib: Cib,
    /// What was read; None where there was no file.
    seen: Option<String>,
    agents: Box<dyn Agents>,
    /// What the CIB was when the changes began to be kept in memory; see [`crate::hold`].
    pub(crate) base: Option<Box<Cib>>,
    /// This is a copy of the live CIB.
    live: bool,
}

/// What a new file begins with: a schema that every Pacemaker since 2.0 knows.
const NEW: &str = r#"<cib admin_epoch="0" epoch="1" num_updates="0" validate-with="pacemaker-3.1">
  <configuration>
    <crm_config/>
    <nodes/>
    <resources/>
    <constraints/>
  </configuration>
  <status/>
</cib>
"#;

fn has_folder(path: &Path) -> bool {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    path.file_name().is_some() && folder.is_none_or(Path::is_dir)
}

impl FileTarget {
    pub fn open(path: &str) -> Result<Self, Failure> {
        let path = PathBuf::from(path);
        let shown = path.display().to_string();
        let seen = match whole_file::read(&path) {
            Ok(text) => Some(text),
            // A file that is not there yet is one to begin.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && has_folder(&path) => {
                eprintln!("The CIB file '{shown}' does not exist, starting with an empty CIB");
                None
            }
            Err(error) => return Err(unreadable(&path, &error)),
        };
        let cib = parse(&path, seen.as_deref())?;
        Ok(FileTarget { path, cib, seen, agents: agents(), base: None, live: false })
    }

    /// A copy of the live CIB, which is never written to a file.
    pub fn copy_of_live(text: &str) -> Result<Self, Failure> {
        let cib = Cib::parse(text)
            .map_err(|error| Failure::Message(format!("unable to parse the live CIB: {error}")))?;
        let base = Some(Box::new(cib.clone()));
        Ok(FileTarget { path: PathBuf::new(), cib, seen: None, agents: agents(), base, live: true })
    }

    /// A CIB that is only shown.
    pub fn to_be_read(cib: Cib) -> Self {
        FileTarget { path: PathBuf::new(), cib, seen: None, agents: agents(), base: None, live: false }
    }

    /// A CIB that is written nowhere.
    #[cfg(test)]
    pub fn in_memory(cib: Cib, agents: Box<dyn Agents>) -> Self {
        let base = Some(Box::new(cib.clone()));
        FileTarget { path: PathBuf::new(), cib, seen: None, agents, base, live: false }
    }

    /// Changes stay in memory from now on.
    pub fn keep(&mut self) {
        if self.base.is_none() {
            self.base = Some(Box::new(self.cib.clone()));
        }
    }

    pub fn cib(&self) -> &Cib {
        &self.cib
    }

    pub fn is_copy_of_live(&self) -> bool {
        self.live
    }

    /// Knows the agents and nothing else.
    pub fn nowhere() -> Self {
        Self::to_be_read(Cib::empty())
    }

    pub fn run_command(&mut self, name: &str, params: Value) -> Result<Answer, Failure> {
        let env = Env { agents: &*self.agents, now: now(), live: self.live, nodes: nodes() };
        let mut outcome = rhapsody_ops::run(name, params.clone(), &mut self.cib, &env);
        if outcome.changed && self.base.is_none() {
            let _lock = Lock::of(&self.path);
            if let Some(now) = self.changed_meanwhile()? {
                // As on a live cluster: once more, on what somebody else has made of it.
                self.cib = parse(&self.path, Some(&now))?;
                self.seen = Some(now);
                outcome = rhapsody_ops::run(name, params, &mut self.cib, &env);
            }
            if outcome.changed {
                let text = self.cib.to_xml();
                self.put(&text)?;
                self.seen = Some(text);
            }
        }
        Ok(Answer { done: outcome.done, reports: outcome.reports, result: outcome.result })
    }

    /// Replaces the file whole; what was there stays when anything goes wrong.
    pub fn write(&self, text: &str) -> Result<(), Failure> {
        let _lock = Lock::of(&self.path);
        if self.changed_meanwhile()?.is_some() {
            let shown = self.path.display();
            let text = format!("the CIB file '{shown}' was changed meanwhile, nothing is written: try again");
            return Err(Failure::Message(text));
        }
        self.put(text)
    }

    /// The text of the file, if it is not the one that was read. What is read once only, as a pipe,
    /// does not change.
    fn changed_meanwhile(&self) -> Result<Option<String>, Failure> {
        match fs::metadata(&self.path) {
            Ok(file) if file.is_file() => {}
            _ => return Ok(None),
        }
        let now = whole_file::read(&self.path).map_err(|error| unreadable(&self.path, &error))?;
        Ok(Some(now).filter(|now| Some(now) != self.seen.as_ref()))
    }

    fn put(&self, text: &str) -> Result<(), Failure> {
        whole_file::replace(&self.path, text).map_err(|error| {
            Failure::Message(format!("unable to write the CIB file '{}': {error}", self.path.display()))
        })
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::Message(format!("unable to read the CIB file '{}': {error}", path.display()))
}

/// A new CIB where there is no text.
fn parse(path: &Path, text: Option<&str>) -> Result<Cib, Failure> {
    Cib::parse(text.unwrap_or(NEW)).map_err(|error| {
        Failure::Message(format!("unable to parse the CIB file '{}': {error}", path.display()))
    })
}

/// The agents of this machine, or those of a recorded folder.
pub fn agents() -> Box<dyn Agents> {
    match settings::agents_dir() {
        Some(folder) => Box::new(RecordedAgents::open(folder)),
        None => Box::new(Installed::system()),
    }
}

/// Seconds since 1970.
pub fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0))
}

/// Nodes of the local corosync.conf, when there is one: their names and addresses are taken.
fn nodes() -> Vec<NodeNames> {
    let path =
        settings::setting("corosync_conf_file").unwrap_or_else(|| "/etc/corosync/corosync.conf".to_owned());
    let text = if path.is_empty() { None } else { fs::read_to_string(path).ok() };
    let Some(conf) = text.and_then(|text| rhapsody_conf::Conf::parse(&text).ok()) else { return Vec::new() };
    let names = |node: &rhapsody_conf::Section| NodeNames {
        name: node.get("name").or(node.get("ring0_addr")).unwrap_or_default().to_owned(),
        addresses: node
            .pairs()
            .filter(|(key, _)| key.starts_with("ring") && key.ends_with("_addr"))
            .map(|(_, address)| address.to_owned())
            .collect(),
    };
    conf.root()
        .sections("nodelist")
        .flat_map(|list| list.sections("node").map(names).collect::<Vec<_>>())
        .collect()
}
