//! `stonith create`: a fence device.

use crate::resource::create::{self, Attributes, Kind};
use crate::resource::operations::Operation;
use crate::sections;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub stonith_id: String,
    pub stonith_agent_name: String,
    pub operations: Vec<Operation>,
    pub meta_attributes: Attributes,
    pub instance_attributes: Attributes,
    pub allow_absent_agent: bool,
    pub allow_invalid_operation: bool,
    pub allow_invalid_instance_attributes: bool,
    pub use_default_operations: Option<bool>,
    pub ensure_disabled: bool,
    pub enable_agent_self_validation: bool,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    if request.stonith_agent_name.contains(':') {
        return work.stop(
            "INVALID_STONITH_AGENT_NAME",
            format!("Invalid stonith agent name '{}'. Agent name cannot contain the ':' character, do not use the 'stonith:' prefix.", request.stonith_agent_name),
        );
    }
    let mut primitive = create::Request {
        resource_id: request.stonith_id.clone(),
        resource_agent_name: request.stonith_agent_name.clone(),
        operation_list: request.operations.clone(),
        meta_attributes: request.meta_attributes.clone(),
        instance_attributes: request.instance_attributes.clone(),
        allow_absent_agent: request.allow_absent_agent,
        allow_invalid_operation: request.allow_invalid_operation,
        allow_invalid_instance_attributes: request.allow_invalid_instance_attributes,
        allow_not_suitable_command: false,
        use_default_operations: request.use_default_operations,
        ensure_disabled: request.ensure_disabled,
        enable_agent_self_validation: request.enable_agent_self_validation,
    };
    let prepared = create::prepare(work, &primitive, Kind::Stonith)?;
    // What the agent says counts more than what the user believes.
    if prepared.metadata.as_ref().is_some_and(|metadata| metadata.provides_unfencing()) {
        primitive.meta_attributes.insert("provides".to_owned(), "unfencing".to_owned());
    }
    let section = sections::make(&mut work.cib, "resources");
    create::append(work, section, None, &primitive, &prepared);
    Ok(())
}
