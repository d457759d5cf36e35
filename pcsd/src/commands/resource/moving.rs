//! `resource.move_autoclean`: away from a node and stay away, without a constraint left behind.

use super::{Trial, attempt, change, effects, inside, nodes_of, on_nodes, quoted, touched_by};
use crate::commands::cib::current;
use crate::commands::live::{ATTEMPTS_MAX, apply};
use crate::commands::wait::{self, Wait};
use crate::commands::{Ctx, Done, Stop};
use rhapsody_api::Report;
use rhapsody_cib::Cib;
use rhapsody_xml::Element;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    resource_id: String,
    #[serde(default)]
    node: Option<String>,
    /// Only the promoted role.
    #[serde(default)]
    master: bool,
    /// Seconds; 0 is as long as it takes.
    #[serde(default)]
    wait_timeout: u64,
    /// Nothing else may be touched.
    #[serde(default)]
    strict: bool,
}

pub async fn autoclean(ctx: &Ctx, params: Move) -> Done {
    let wait = match params.wait_timeout {
        0 => Wait::AsLongAsUsual,
        seconds => Wait::For(std::time::Duration::from_secs(seconds)),
    };
    let id = &params.resource_id;
    let request = json!({ "resource_id": id, "node": params.node, "master": params.master });
    let mut made = String::new();
    for n in 1..=ATTEMPTS_MAX {
        let trial = attempt(ctx, "resource.move", request.clone()).await?;
        made = check(ctx, &params, &trial).await?;
        if apply(ctx, &trial.old, trial.new, false, n < ATTEMPTS_MAX).await? {
            break;
        }
    }
    let text = format!("Location constraint to move resource '{id}' has been created");
    ctx.report(Report::info("RESOURCE_MOVE_CONSTRAINT_CREATED_FOR_NOW", text));
    let arrived = wait::idle(ctx, wait).await;
    // Taken back in any case: it was for the moment only.
    change(ctx, "rhapsody.constraint.remove", json!({ "ids": [made] })).await?;
    let text = format!("Location constraint created to move resource '{id}' has been removed");
    ctx.report(Report::info("RESOURCE_MOVE_CONSTRAINT_REMOVED", text));
    arrived?;
    wait::idle(ctx, wait).await?;
    let now = nodes_of(&current(ctx).await?, id, params.master);
    if params.node.as_ref().is_some_and(|node| !now.contains(node)) || now.is_empty() {
        let place = if now.is_empty() {
            "is not running".to_owned()
        } else {
            format!("is running on {}", on_nodes(&now))
        };
        let text = format!("resource '{id}' {place}; it did not stay where it was to go");
        return Err(ctx.fail(Report::error("RESOURCE_MOVE_DID_NOT_SUCCEED", text)));
    }
    ctx.report(Report::info(
        "RESOURCE_RUNNING_ON_NODES",
        format!("resource '{id}' is running on {}", on_nodes(&now)),
    ));
    Ok(Value::Null)
}

/// Would it go, and stay? The id of the constraint that is to be made.
async fn check(ctx: &Ctx, params: &Move, trial: &Trial) -> Result<String, Stop> {
    let id = &params.resource_id;
    let refuse = |code: &str, text: String| ctx.fail(Report::error(code, text));
    let now = nodes_of(&trial.old, id, params.master);
    if now.is_empty() {
        let text = format!("It is not possible to move resource '{id}' as it is not running on any node");
        return Err(refuse("CANNOT_MOVE_RESOURCE_NOT_RUNNING", text));
    }
    if params.node.as_ref().is_some_and(|node| now.contains(node)) {
        let text = format!("resource '{id}' is already running on {}, nothing was changed", on_nodes(&now));
        return Err(refuse("RESOURCE_ALREADY_RUNNING_ON_NODE", text));
    }
    let Some(made) = new_constraint(&trial.old, &trial.new) else {
        let text = format!(
            "there is a constraint that moves resource '{id}' already; see 'rhapsody resource clear'"
        );
        return Err(refuse("RESOURCE_MOVE_NOT_AFFECTING_RESOURCE", text));
    };
    let (touched, planned) = touched_by(ctx, &trial.old, &trial.new).await?;
    let moved = parse(ctx, &planned.after.to_xml())?;
    let then = nodes_of(&moved, id, params.master);
    let goes = match &params.node {
        Some(node) => then.contains(node),
        None => then != now && !then.is_empty(),
    };
    if !goes {
        let text = format!(
            "Unable to move resource '{id}' using a location constraint. Current location of the resource may be affected by some \
             other constraint."
        );
        return Err(refuse("RESOURCE_MOVE_NOT_AFFECTING_RESOURCE", text));
    }
    let meant = inside(&trial.old, std::slice::from_ref(id));
    let others: BTreeSet<String> = touched.into_keys().filter(|other| !meant.contains(other)).collect();
    if params.strict && !others.is_empty() {
        let text = format!("Moving resource '{id}' affects resources: {}", quoted(&others));
        return Err(refuse("RESOURCE_MOVE_AFFECTS_OTHER_RESOURCES", text));
    }
    let mut clean = moved;
    if let Some(constraint) = rhapsody_ops::ids::find(&clean, &made) {
        clean.remove(constraint);
    }
    let back = effects(ctx, &clean).await?.touched;
    if back.keys().any(|other| meant.contains(other) || params.strict) {
        let text = format!(
            "Unable to ensure that moved resource '{id}' will stay on the same node after a constraint created for moving the \
             resource is removed; 'rhapsody resource move-with-constraint' moves it and keeps the constraint"
        );
        return Err(refuse("RESOURCE_MOVE_AUTOCLEAN_SIMULATION_FAILURE", text));
    }
    Ok(made)
}

fn parse(ctx: &Ctx, text: &str) -> Result<Cib, Stop> {
    Cib::parse(text).map_err(|error| {
        ctx.fail(Report::error("CIB_SIMULATE_ERROR", format!("Unable to simulate changes in CIB: {error}")))
    })
}

/// The id of the location constraint that only `new` has.
fn new_constraint(old: &Cib, new: &Cib) -> Option<String> {
    let ids = |cib: &Cib| -> BTreeSet<String> {
        let all = cib.constraints().map(|section| cib.children(section).collect::<Vec<Element>>());
        all.unwrap_or_default()
            .into_iter()
            .filter_map(|found| cib.attr(found, "id"))
            .map(str::to_owned)
            .collect()
    };
    ids(new).difference(&ids(old)).next().cloned()
}
