//! `resource.restart`: stop and start, everywhere or on one node, and leave the configuration as it was.

use super::{change, nodes_of, on_nodes};
use crate::commands::cib::current;
use crate::commands::wait::{self, Wait};
use crate::commands::{Ctx, Done, Stop};
use rhapsody_api::Report;
use rhapsody_cib::Cib;
use rhapsody_ops::nvset;
use rhapsody_ops::resource::tree;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restart {
    resource_id: String,
    #[serde(default)]
    node: Option<String>,
    /// Seconds, or text with a unit.
    #[serde(default)]
    timeout: Option<Value>,
}

pub async fn run(ctx: &Ctx, params: Restart) -> Done {
    let Some(wait) = Wait::parse(&params.timeout.clone().unwrap_or(Value::Bool(true))) else {
        let text = "'timeout' is no number of seconds up to a day";
        return Err(ctx.fail(Report::error("INVALID_OPTION_VALUE", text)));
    };
    let cib = current(ctx).await?;
    let id = whole(ctx, &cib, &params)?;
    let before = nodes_of(&cib, &id, false);
    let here = params.node.as_ref().is_none_or(|node| before.contains(node));
    if before.is_empty() || !here {
        let place = params.node.as_ref().map(|node| format!(" on node '{node}'")).unwrap_or_default();
        let text = format!("resource '{id}' is not running{place} and so cannot be restarted");
        return Err(ctx.fail(Report::error("RESOURCE_NOT_RUNNING", text)));
    }
    let stop = Step::to_stop(&cib, &id, params.node.as_deref());
    change(ctx, stop.name, stop.there).await?;
    let stopped = wait::quietly(ctx, wait).await;
    let left = current(ctx).await.map(|cib| nodes_of(&cib, &id, false));
    // Whatever became of it, the configuration is what it was before.
    change(ctx, stop.back_name, stop.back).await?;
    stopped?;
    let left = left?;
    if params.node.as_ref().map_or(!left.is_empty(), |node| left.contains(node)) {
        let text = format!("resource '{id}' did not stop on {}; nothing was restarted", on_nodes(&left));
        return Err(ctx.fail(Report::error("RESOURCE_RESTART_ERROR", text)));
    }
    wait::quietly(ctx, wait).await?;
    let after = nodes_of(&current(ctx).await?, &id, false);
    if after.is_empty() || params.node.as_ref().is_some_and(|node| !after.contains(node)) {
        let text =
            format!("resource '{id}' was stopped and did not start again; 'rhapsody status --full' says why");
        return Err(ctx.fail(Report::error("RESOURCE_RESTART_ERROR", text)));
    }
    ctx.report(Report::info("RESOURCE_RESTARTED", format!("{id} successfully restarted")));
    Ok(Value::Null)
}

/// The resource that can be restarted as a whole: a member of a clone or bundle stands for that.
fn whole(ctx: &Ctx, cib: &Cib, params: &Restart) -> Result<String, Stop> {
    let id = &params.resource_id;
    let Some(resource) = tree::find(cib, id) else {
        let text = format!("bundle / clone / group / resource '{id}' does not exist");
        return Err(ctx.fail(Report::error("ID_NOT_FOUND", text)));
    };
    if tree::is_stonith(cib, resource) {
        let text = "This command does not accept stonith resources.";
        return Err(ctx.fail(Report::error("RESOURCE_DOES_NOT_ACCEPT_STONITH", text)));
    }
    let top = tree::top(cib, resource);
    let many = tree::is_clone(cib, top) || cib.name(top) == "bundle";
    if params.node.is_some() && !many {
        let text = "can only restart on a specific node for a clone or bundle resource";
        return Err(ctx.fail(Report::error("RESOURCE_RESTART_NODE_IS_FOR_MULTIINSTANCE_ONLY", text)));
    }
    if many && top != resource {
        let outer = tree::id(cib, top);
        let text = format!("using '{outer}', because '{id}' runs in it as one of several instances");
        ctx.report(Report::warning("RESOURCE_RESTART_USING_PARENT_RESOURCE", text));
        return Ok(outer);
    }
    Ok(id.clone())
}

/// A temporary change, and how it is taken back.
struct Step {
    name: &'static str,
    there: Value,
    back_name: &'static str,
    back: Value,
}

impl Step {
    fn to_stop(cib: &Cib, id: &str, node: Option<&str>) -> Step {
        if let Some(node) = node {
            return Step {
                name: "resource.ban",
                there: json!({ "resource_id": id, "node": node }),
                back_name: "rhapsody.constraint.remove",
                back: json!({ "ids": [format!("cli-ban-{id}-on-{node}")] }),
            };
        }
        let role = tree::find(cib, id)
            .and_then(|resource| nvset::value(cib, resource, "meta_attributes", "target-role"))
            .unwrap_or("");
        let set = |role: &str| json!({ "resource_id": id, "meta_attrs": { "target-role": role }, "force_flags": [] });
        Step {
            name: "resource.update_meta",
            there: set("Stopped"),
            back_name: "resource.update_meta",
            back: set(role),
        }
    }
}
