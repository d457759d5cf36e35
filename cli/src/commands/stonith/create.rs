//! `stonith create`

use crate::Done;
use crate::commands::{usage, wait};
use crate::context::Context;
use crate::grammar::{self, Groups};
use rhapsody_ops::stonith::create::Request;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let [id, agent, rest @ ..] = words else { return Err(usage()) };
    let parts = Groups::split(rest, &["op", "meta"]);
    let occurrences: Vec<&[String]> = parts.each("op").collect();
    wait::refuse_on_file(context)?;
    let force = context.options.force();
    let request = Request {
        stonith_id: id.clone(),
        stonith_agent_name: agent.clone(),
        operations: grammar::operations(&occurrences)?,
        meta_attributes: grammar::pairs(&parts.flat("meta"))?,
        instance_attributes: grammar::pairs(&parts.head)?,
        allow_absent_agent: force,
        allow_invalid_operation: force,
        allow_invalid_instance_attributes: force,
        use_default_operations: Some(!context.options.has("--no-default-ops")),
        ensure_disabled: context.options.has("--disabled"),
        enable_agent_self_validation: context.options.has("--agent-validation"),
    };
    context.change("stonith.create", &request)?;
    Ok(())
}
