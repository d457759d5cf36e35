//! `resource create ... clone|promotable`: a primitive in a clone of its own.

use super::clone::{self, CloneOptions};
use super::create::{self, Attributes, Kind};
use crate::sections;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub resource_id: String,
    pub resource_agent_name: String,
    pub operation_list: Vec<super::operations::Operation>,
    pub meta_attributes: Attributes,
    pub instance_attributes: Attributes,
    pub clone_meta_options: Attributes,
    pub clone_id: Option<String>,
    pub allow_absent_agent: bool,
    pub allow_invalid_operation: bool,
    pub allow_invalid_instance_attributes: bool,
    pub allow_not_suitable_command: bool,
    pub allow_incompatible_clone_meta_attributes: bool,
    pub use_default_operations: Option<bool>,
    pub ensure_disabled: bool,
    pub enable_agent_self_validation: bool,
}

impl Request {
    fn primitive(&self) -> create::Request {
        create::Request {
            resource_id: self.resource_id.clone(),
            resource_agent_name: self.resource_agent_name.clone(),
            operation_list: self.operation_list.clone(),
            meta_attributes: self.meta_attributes.clone(),
            instance_attributes: self.instance_attributes.clone(),
            allow_absent_agent: self.allow_absent_agent,
            allow_invalid_operation: self.allow_invalid_operation,
            allow_invalid_instance_attributes: self.allow_invalid_instance_attributes,
            allow_not_suitable_command: self.allow_not_suitable_command,
            use_default_operations: self.use_default_operations,
            // It is the clone that is disabled.
            ensure_disabled: false,
            enable_agent_self_validation: self.enable_agent_self_validation,
        }
    }
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let primitive = request.primitive();
    if !request.clone_meta_options.is_empty() {
        work.warning(
            "META_ATTRS_NOT_VALIDATED_UNSUPPORTED_TYPE",
            "Meta attributes of clone are not validated",
        );
    }
    let prepared = create::prepare(work, &primitive, Kind::Resource)?;
    if let Some(id) = &request.clone_id {
        work.check_new_id(id, "clone name");
        if *id == request.resource_id {
            work.error("ID_ALREADY_EXISTS", format!("'{id}' already exists"));
        }
    }
    let agent = (prepared.name.to_string(), prepared.metadata.as_deref());
    clone::check_options(
        work,
        &request.clone_meta_options,
        &[(request.resource_id.clone(), agent.0, agent.1.cloned())],
        request.allow_incompatible_clone_meta_attributes,
    );
    work.check()?;
    let section = sections::make(&mut work.cib, "resources");
    let element = create::append(work, section, None, &primitive, &prepared);
    let options = CloneOptions {
        id: request.clone_id.clone(),
        meta: request.clone_meta_options.clone(),
        disabled: request.ensure_disabled,
    };
    let id = clone::wrap(work, element, &options);
    clone::warn_notify(work, prepared.metadata.as_deref(), &id, &request.clone_meta_options);
    Ok(())
}
