//! `resource debug-start`, `debug-stop`, `debug-monitor`, `debug-promote`, `debug-demote`: an agent's
//! action run on this node, whatever the cluster thinks of it, with what it said.

use super::{configured, is_stonith};
use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_agents_catalog::AgentName;
use rhapsody_agents_run::Installed;
use rhapsody_agents_run::by_hand::Call;
use rhapsody_agents_run::exec::End;
use rhapsody_agents_run::surroundings::Surroundings;
use rhapsody_client::Paths;
use rhapsody_ops::dto::nvset::Nvset;
use rhapsody_ops::dto::resources::Resources;
use rhapsody_ops::values;

/// When neither the resource nor its agent says how long.
const TIMEOUT_MS: u64 = 20_000;

pub fn run(context: &mut Context, words: &[String], action: &str) -> Done {
    let [id] = words else {
        return Err(Failure::Message(format!("You must specify a resource to debug-{action}")));
    };
    let all = configured(context)?;
    if is_stonith(&all, id) {
        return Err(Failure::message("This command does not accept stonith resources."));
    }
    let resource = primitive(&all, id, action)?;
    let name = &resource.agent_name;
    let agent = AgentName {
        standard: name.standard.clone(),
        provider: name.provider.clone(),
        kind: name.kind.clone(),
    };
    let operation = resource.operations.iter().find(|op| op.name == action);
    let timeout_ms = operation
        .and_then(|op| op.timeout.as_deref())
        .and_then(values::interval_ms)
        .filter(|timeout| *timeout > 0)
        .unwrap_or(TIMEOUT_MS);
    let (options, meta) = (pairs(&resource.instance_attributes), pairs(&resource.meta_attributes));
    let paths = Paths::from_env();
    let temporary = paths.at("/run/resource-agents");
    let surroundings = &Surroundings::find(&paths.run(), &paths.log(), temporary, paths.root());
    let call = Call {
        agent: &agent,
        action,
        instance: id,
        options: &options,
        meta: &meta,
        timeout_ms,
        surroundings,
    };
    let Some(finished) = Installed::system().call(&call) else {
        return Err(Failure::Message(format!("agent '{agent}' is not installed on this node")));
    };
    let (code, meaning) = match &finished.end {
        End::Exited(code) => (*code, rhapsody_status::ocf_exit_text(*code).to_owned()),
        End::TimedOut => (1, format!("it did not end within {} s", timeout_ms / 1000)),
        End::Signaled(signal) => (1, format!("it was ended by signal {signal}")),
        End::Missing(text) | End::Denied(text) | End::NotStarted(text) => (5, text.clone()),
    };
    context.line(format!("Operation force-{action} for {id} ({agent}) returned {code} ({meaning})"));
    let full = context.options.has("--full");
    if full {
        for (name, value) in &options {
            context.line(format!(" >  option: {name}={value}"));
        }
        context.line(format!(" >  time: {} ms", finished.elapsed_ms));
    }
    for (stream, text) in [("stdout", &finished.stdout), ("stderr", &finished.stderr)] {
        for line in text.lines().filter(|line| !line.is_empty()) {
            context.line(format!(" >  {stream}: {line}"));
        }
    }
    match u8::try_from(code) {
        Ok(0) => Ok(()),
        Ok(code) => Err(Failure::Code(code)),
        Err(_) => Err(Failure::Code(1)),
    }
}

fn primitive<'a>(
    all: &'a Resources,
    id: &str,
    action: &str,
) -> Result<&'a rhapsody_ops::dto::resources::Primitive, Failure> {
    if let Some(found) = all.primitives.iter().find(|found| found.id == id) {
        return Ok(found);
    }
    let of = |kind: &str, members: &str| {
        Failure::Message(format!(
            "unable to debug-{action} a {kind}, try the {kind}'s resource(s): {members}"
        ))
    };
    if let Some(group) = all.groups.iter().find(|group| group.id == id) {
        return Err(of("group", &group.member_ids.join(",")));
    }
    if let Some(clone) = all.clones.iter().find(|clone| clone.id == id) {
        return Err(of("clone", &clone.member_id));
    }
    if let Some(bundle) = all.bundles.iter().find(|bundle| bundle.id == id) {
        return Err(of("bundle", bundle.member_id.as_deref().unwrap_or("")));
    }
    Err(Failure::Message(format!("Resource '{id}' does not exist")))
}

/// Attributes of blocks that hold on every node and at every time.
fn pairs(blocks: &[Nvset]) -> Vec<(String, String)> {
    let plain = blocks.iter().filter(|block| block.rule.is_none());
    plain.flat_map(|block| &block.nvpairs).map(|pair| (pair.name.clone(), pair.value.clone())).collect()
}
