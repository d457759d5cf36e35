//! `property config`: the cluster properties that are set.

use crate::dto::nvset::{self, Nvset};
use crate::sections;
use crate::work::{Stop, Work};
use rhapsody_agents_catalog::{Described, Parameter};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    pub evaluate_expired: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Properties {
    pub nvsets: Vec<Nvset>,
}

pub fn run(work: &mut Work<'_>, _request: Request) -> Result<Properties, Stop> {
    let section = sections::get(&work.cib, "crm_config");
    let nvsets =
        section.map(|section| nvset::all(&work.cib, section, "cluster_property_set")).unwrap_or_default();
    Ok(Properties { nvsets })
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Nothing {}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Metadata {
    pub properties_metadata: Vec<Parameter>,
    pub readonly_properties: Vec<String>,
}

/// Properties that the cluster writes itself.
pub const READONLY: &[&str] =
    &["cluster-infrastructure", "cluster-name", "dc-version", "have-watchdog", "last-lrm-refresh"];

/// `property describe`, `property defaults`.
pub fn metadata(work: &mut Work<'_>, _request: Nothing) -> Result<Metadata, Stop> {
    let described = work.env.agents.described(Described::ClusterProperties);
    Ok(Metadata {
        properties_metadata: described.parameters.clone(),
        readonly_properties: READONLY.iter().map(|name| (*name).to_owned()).collect(),
    })
}
