//! `rhapsody.configuration.get`: the whole configuration as data, what `config --output-format json`
//! prints and `plan` and `apply` read.

use crate::dto::{constraints::Constraints, levels::Levels, resources::Resources};
use crate::work::{Stop, Work};
use crate::{acl, alert, constraint, defaults, node, property, resource, stonith, tag};
use acl::Acls;
use alert::Alerts;
use defaults::Defaults;
use node::attribute::Nodes;
use property::config::Properties;
use serde::{Deserialize, Serialize};
use tag::Tags;

/// A section that is absent says nothing about that part of the configuration.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Configuration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<Properties>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_defaults: Option<Defaults>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_defaults: Option<Defaults>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<Nodes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fencing_levels: Option<Levels>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraints: Option<Constraints>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Tags>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acls: Option<Acls>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alerts: Option<Alerts>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Nothing {}

/// All sections.
pub fn get(work: &mut Work<'_>, _request: Nothing) -> Result<Configuration, Stop> {
    Ok(Configuration {
        properties: Some(property::config::run(work, Default::default())?),
        resource_defaults: Some(defaults::resource_config(work, Default::default())?),
        operation_defaults: Some(defaults::operation_config(work, Default::default())?),
        nodes: Some(node::attribute::config(work, Default::default())?),
        resources: Some(resource::config::run(work, Default::default())?),
        fencing_levels: Some(stonith::level::config(work, Default::default())?),
        constraints: Some(constraint::config::run(work, Default::default())?),
        tags: Some(tag::config(work, Default::default())?),
        acls: Some(acl::config(work, Default::default())?),
        alerts: Some(alert::config(work, Default::default())?),
    })
}
