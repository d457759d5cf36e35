//! Agents of a folder with an index (`RHAPSODY_AGENTS_DIR`), for conformance runs and tests.
//!
//! `index.json` lists agent name -> metadata XML and, for ocf and stonith, a script to ask.

use crate::settings;
use rhapsody_agents_catalog::{
    AgentName, AgentUnavailable, Agents, Described, Metadata, Validation, builtin,
};
use rhapsody_agents_run::installed::validate_with;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

#[derive(Debug, Default, Deserialize)]
struct Entry {
    xml: String,
    #[serde(default)]
    exec: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Index {
    agents: BTreeMap<String, Entry>,
    standards: Vec<String>,
    listed_agents: BTreeMap<String, Vec<String>>,
    pacemaker: BTreeMap<String, String>,
}

pub struct RecordedAgents {
    folder: PathBuf,
    index: Index,
}

impl RecordedAgents {
    pub fn open(folder: PathBuf) -> Self {
        let text = fs::read(folder.join("index.json")).unwrap_or_default();
        RecordedAgents { index: serde_json::from_slice(&text).unwrap_or_default(), folder }
    }

    /// Only the replaced `crm_resource` finds fence agents here; the real one looks in the system.
    fn knows(&self, name: &AgentName) -> bool {
        !name.is_stonith() || settings::is_mocked("crm_resource")
    }
}

impl Agents for RecordedAgents {
    fn installed(&self) -> Vec<AgentName> {
        let listed = self.index.listed_agents.iter().flat_map(|(provider, kinds)| {
            kinds.iter().filter_map(move |kind| AgentName::parse(&format!("{provider}:{kind}")).ok())
        });
        let others = self.index.agents.keys().filter_map(|name| AgentName::parse(name).ok());
        listed.chain(others.filter(|name| name.standard != "ocf")).collect()
    }

    fn standards(&self) -> Vec<String> {
        self.index.standards.clone()
    }

    fn metadata(&self, name: &AgentName) -> Result<Arc<Metadata>, AgentUnavailable> {
        let missing = |reason: String| AgentUnavailable { agent: name.to_string(), reason };
        let entry = self.index.agents.get(&name.to_string()).filter(|_| self.knows(name));
        let entry = entry.ok_or_else(|| missing("there is no such agent on this machine".to_owned()))?;
        let text =
            fs::read_to_string(self.folder.join(&entry.xml)).map_err(|error| missing(error.to_string()))?;
        Metadata::parse(name, &text).map(Arc::new).map_err(|error| missing(error.to_string()))
    }

    fn validate(&self, name: &AgentName, options: &[(String, String)]) -> Validation {
        let Some(exec) = self.index.agents.get(&name.to_string()).and_then(|entry| entry.exec.as_ref())
        else {
            return Validation::Unknown;
        };
        validate_with(name, &self.folder.join(exec), Vec::new(), &self.folder.join("ocf"), options)
    }

    fn described(&self, what: Described) -> Arc<Metadata> {
        let name = match what {
            Described::ClusterProperties => "cluster-options",
            Described::FencingDevice => "fencing-options",
            Described::PrimitiveMeta => "primitive-meta",
        };
        let text =
            self.index.pacemaker.get(name).and_then(|path| fs::read_to_string(self.folder.join(path)).ok());
        text.and_then(|text| Metadata::parse_any(&text).ok())
            .map_or_else(|| builtin::described(what), Arc::new)
    }
}
