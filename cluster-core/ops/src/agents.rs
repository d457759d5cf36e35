//! `resource list`, `describe`, `standards`, `providers`, `agents`: what is installed.

use crate::work::{Stop, Work};
use rhapsody_agents_catalog::{AgentName, Described, Metadata, NameError};
use rhapsody_api::Report;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListRequest {
    /// Read the agents' descriptions.
    pub describe: bool,
    pub search: Option<String>,
}

/// One agent, shortly.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listed {
    pub name: String,
    pub standard: String,
    pub shortdesc: Option<String>,
}

pub fn list(work: &mut Work<'_>, request: ListRequest) -> Result<Vec<Listed>, Stop> {
    Ok(listed(work, &request, |name| !name.is_stonith()))
}

pub fn stonith_list(work: &mut Work<'_>, request: ListRequest) -> Result<Vec<Listed>, Stop> {
    Ok(listed(work, &request, AgentName::is_stonith))
}

fn listed(work: &Work<'_>, request: &ListRequest, wanted: impl Fn(&AgentName) -> bool) -> Vec<Listed> {
    let agents = work.env.agents;
    let search = request.search.as_deref().unwrap_or("").to_lowercase();
    let found = agents.installed().into_iter().filter(wanted);
    found
        .filter(|name| name.to_string().to_lowercase().contains(&search))
        .map(|name| {
            let slow = matches!(name.standard.as_str(), "systemd" | "service" | "lsb");
            let metadata = (request.describe && !slow).then(|| agents.metadata(&name).ok()).flatten();
            let shortdesc = metadata.and_then(|metadata| metadata.shortdesc.clone());
            Listed { standard: name.standard.clone(), name: name.to_string(), shortdesc }
        })
        .collect()
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DescribeRequest {
    pub agent_name: String,
}

pub fn describe(work: &mut Work<'_>, request: DescribeRequest) -> Result<Metadata, Stop> {
    let agents = work.env.agents;
    let name = match AgentName::find(&request.agent_name, || agents.installed()) {
        Ok((name, guessed)) => {
            if guessed {
                work.report(Report::info(
                    "AGENT_NAME_GUESSED",
                    format!("Assumed agent name '{name}' (deduced from '{}')", request.agent_name),
                ));
            }
            name
        }
        Err(error) => {
            let code = match &error {
                NameError::Malformed(_) => "INVALID_RESOURCE_AGENT_NAME",
                NameError::Unknown(_) => "AGENT_NAME_GUESS_FOUND_NONE",
                NameError::Ambiguous { .. } => "AGENT_NAME_GUESS_FOUND_MORE_THAN_ONE",
            };
            return work.stop(code, error.to_string());
        }
    };
    metadata(work, &name)
}

pub fn stonith_describe(work: &mut Work<'_>, request: DescribeRequest) -> Result<Metadata, Stop> {
    if request.agent_name.contains(':') {
        return work.stop(
            "INVALID_STONITH_AGENT_NAME",
            format!(
                "Invalid stonith agent name '{}'. Agent name cannot contain the ':' character, do not use the 'stonith:' prefix.",
                request.agent_name
            ),
        );
    }
    metadata(work, &AgentName::stonith(&request.agent_name))
}

/// With Pacemaker's own options of every fence device behind the agent's.
fn metadata(work: &mut Work<'_>, name: &AgentName) -> Result<Metadata, Stop> {
    match work.env.agents.metadata(name) {
        Ok(metadata) => {
            let mut metadata = (*metadata).clone();
            if name.is_stonith() {
                let fencing = work.env.agents.described(Described::FencingDevice);
                metadata.parameters.extend(fencing.parameters.iter().cloned());
            }
            Ok(metadata)
        }
        Err(error) => work.stop("UNABLE_TO_GET_AGENT_METADATA", error.to_string()),
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Nothing {}

pub fn standards(work: &mut Work<'_>, _request: Nothing) -> Result<Vec<String>, Stop> {
    Ok(work.env.agents.standards())
}

pub fn providers(work: &mut Work<'_>, _request: Nothing) -> Result<Vec<String>, Stop> {
    let mut all: Vec<String> =
        work.env.agents.installed().into_iter().filter_map(|name| name.provider).collect();
    all.sort();
    all.dedup();
    Ok(all)
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AgentsRequest {
    /// `ocf`, `ocf:heartbeat`, `systemd`, ...
    pub standard_provider: Option<String>,
}

pub fn agents(work: &mut Work<'_>, request: AgentsRequest) -> Result<Vec<String>, Stop> {
    let filter = request.standard_provider.unwrap_or_default();
    let (standard, provider) = match filter.split_once(':') {
        Some((standard, provider)) => (standard.to_owned(), Some(provider.to_owned())),
        None => (filter, None),
    };
    let fits = |name: &AgentName| {
        (standard.is_empty() || name.standard == standard)
            && provider.as_ref().is_none_or(|provider| name.provider.as_ref() == Some(provider))
    };
    let mut all: Vec<String> =
        work.env.agents.installed().into_iter().filter(fits).map(|name| name.kind).collect();
    all.sort_by_key(|name| name.to_lowercase());
    all.dedup();
    Ok(all)
}
