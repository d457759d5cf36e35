//! `resource relocate run`: resources to where they would be if nothing kept them where they are.

use super::change;
use crate::commands::cib::current;
use crate::commands::wait::{self, Wait};
use crate::commands::{Ctx, Done, Stop};
use crate::files::unix_seconds;
use rhapsody_api::Report;
use rhapsody_cib::Cib;
use rhapsody_status::relocation::{self, Relocation};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the ids of our constraints begin with; pcs's own word, so that either removes the other's.
const PREFIX: &str = "pcs-relocate-";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Empty: all.
    #[serde(default)]
    resource_ids: Vec<String>,
}

pub async fn run(ctx: &Ctx, params: Run) -> Done {
    let cib = current(ctx).await?;
    for id in &params.resource_ids {
        if rhapsody_ops::resource::tree::find(&cib, id).is_none() {
            let text = format!("resource '{id}' does not exist");
            ctx.report(Report::error("ID_NOT_FOUND", text));
        }
    }
    if ctx.reports.list().iter().any(Report::is_error) {
        return Err(Stop);
    }
    let plan = plan(ctx, cib, params.resource_ids).await?;
    if plan.is_empty() {
        ctx.report(Report::info(
            "RESOURCE_RELOCATE_NOTHING_TO_DO",
            "every resource is at its best node already",
        ));
        return Ok(Value::Null);
    }
    let mut made = Vec::new();
    let mut constrained = Ok(());
    for found in &plan {
        for node in found.to.difference(&found.from) {
            let constraint = format!("{PREFIX}{}-{node}", found.resource);
            let text = format!("Creating location constraint: {} prefers {node}=INFINITY", found.resource);
            ctx.report(Report::info("RESOURCE_RELOCATE_CONSTRAINT_CREATED", text));
            let request = json!({
                "resource": found.resource,
                "preferences": [{ "node": node, "score": "INFINITY" }],
                "id": constraint,
            });
            constrained = change(ctx, "rhapsody.constraint.location_add", request).await;
            if constrained.is_err() {
                break;
            }
            made.push(constraint);
        }
    }
    ctx.report(Report::info(
        "WAIT_FOR_IDLE_STARTED",
        "Waiting for the cluster to apply configuration changes...",
    ));
    let arrived = match constrained {
        Ok(()) => wait::quietly(ctx, Wait::AsLongAsUsual).await,
        refused => refused,
    };
    remove(ctx, made).await?;
    arrived?;
    wait::quietly(ctx, Wait::AsLongAsUsual).await?;
    Ok(Value::Null)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clear {}

/// Removes what a `run` that was cut short has left behind.
pub async fn clear(ctx: &Ctx, _: Clear) -> Done {
    let cib = current(ctx).await?;
    let section =
        cib.constraints().map(|section| cib.children(section).collect::<Vec<_>>()).unwrap_or_default();
    let ids = section.into_iter().filter_map(|found| cib.attr(found, "id"));
    let left: Vec<String> = ids.filter(|id| id.starts_with(PREFIX)).map(str::to_owned).collect();
    remove(ctx, left).await?;
    Ok(Value::Null)
}

async fn remove(ctx: &Ctx, ids: Vec<String>) -> Result<(), Stop> {
    if ids.is_empty() {
        return Ok(());
    }
    change(ctx, "rhapsody.constraint.remove", json!({ "ids": ids })).await
}

async fn plan(ctx: &Ctx, cib: Cib, ids: Vec<String>) -> Result<Vec<Relocation>, Stop> {
    let planned =
        tokio::task::spawn_blocking(move || relocation::plan(&cib, unix_seconds() as i64, &ids)).await;
    let text = match planned {
        Ok(Ok(plan)) => return Ok(plan),
        Ok(Err(text)) => text,
        Err(_) => "the scheduler failed; see the log of rhapsody-pcsd".to_owned(),
    };
    Err(ctx.fail(Report::error("CIB_SIMULATE_ERROR", format!("Unable to simulate changes in CIB: {text}"))))
}
