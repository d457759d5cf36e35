//! Commands on resources that look ahead with the scheduler, or take several changes to be done.
//!
//! Each asks the scheduler on a copy of the live CIB before anything is changed, and takes its own
//! temporary changes back when a later step fails.

pub mod awaited;
pub mod moving;
pub mod relocate;
pub mod restart;
pub mod safely;

use super::cib::current;
use super::live::{ATTEMPTS_MAX, apply, operate};
use super::{Ctx, Stop};
use crate::files::unix_seconds;
use rhapsody_api::Report;
use rhapsody_cib::Cib;
use rhapsody_ops::resource::tree;
use rhapsody_scheduler::effects::{self, Effects, Touch};
use rhapsody_status::Status;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The live CIB, and what an operation makes of a copy.
struct Trial {
    old: Cib,
    new: Cib,
    reports: Vec<Report>,
}

/// Runs an operation on a copy of the live CIB; what refuses it is reported.
async fn attempt(ctx: &Ctx, name: &str, params: Value) -> Result<Trial, Stop> {
    let old = current(ctx).await?;
    let (new, outcome) = operate(ctx, name, params, old.clone()).await?;
    if !outcome.done {
        outcome.reports.into_iter().for_each(|report| ctx.report(report));
        return Err(Stop);
    }
    Ok(Trial { old, new, reports: outcome.reports })
}

/// Runs an operation on the live CIB; it tells something only when it is refused.
async fn change(ctx: &Ctx, name: &str, params: Value) -> Result<(), Stop> {
    for n in 1..=ATTEMPTS_MAX {
        let trial = attempt(ctx, name, params.clone()).await?;
        if apply(ctx, &trial.old, trial.new, false, n < ATTEMPTS_MAX).await? {
            return Ok(());
        }
    }
    Err(Stop)
}

/// What the scheduler would do for a CIB.
async fn effects(ctx: &Ctx, cib: &Cib) -> Result<Effects, Stop> {
    let cib = cib.clone();
    let planned =
        tokio::task::spawn_blocking(move || effects::of(cib.document(), unix_seconds() as i64)).await;
    let text = match planned {
        Ok(Ok(effects)) => return Ok(effects),
        Ok(Err(text)) => text,
        Err(_) => "the scheduler failed; see the log of rhapsody-pcsd".to_owned(),
    };
    Err(ctx.fail(Report::error("CIB_SIMULATE_ERROR", format!("Unable to simulate changes in CIB: {text}"))))
}

/// What a change would touch, without what is going on anyway.
async fn touched_by(ctx: &Ctx, old: &Cib, new: &Cib) -> Result<(BTreeMap<String, Touch>, Effects), Stop> {
    let before = effects(ctx, old).await?.touched;
    let planned = effects(ctx, new).await?;
    let mut touched = planned.touched.clone();
    touched.retain(|id, touch| before.get(id) != Some(touch));
    Ok((touched, planned))
}

/// Ids of the primitives inside of resources or tags, themselves included.
fn inside(cib: &Cib, ids: &[String]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for id in ids {
        let members: Vec<String> = match rhapsody_ops::ids::find(cib, id) {
            Some(tag) if cib.name(tag) == "tag" => {
                cib.children(tag).filter_map(|member| cib.attr(member, "id")).map(str::to_owned).collect()
            }
            _ => vec![id.clone()],
        };
        for found in members.iter().filter_map(|member| tree::find(cib, member)) {
            all.extend(tree::primitives_in(cib, found).into_iter().map(|inner| tree::id(cib, inner)));
        }
    }
    all
}

/// Where a resource is active; `promoted`: only where it is in that role.
fn nodes_of(cib: &Cib, id: &str, promoted: bool) -> BTreeSet<String> {
    let status = Status::new(cib, unix_seconds() as i64);
    let mut found = status.find(id);
    if found.is_empty()
        && let Some(group) = tree::find(cib, id)
    {
        // A group inside of a clone has no place of its own in the status.
        let members: Vec<String> =
            tree::primitives_in(cib, group).into_iter().map(|member| tree::id(cib, member)).collect();
        found = members.iter().flat_map(|member| status.find(member)).collect();
    }
    let here =
        found.into_iter().filter(|resource| resource.active && (!promoted || resource.role == "Promoted"));
    here.flat_map(|resource| &resource.nodes).map(|node| node.name.clone()).collect()
}

/// `node 'n1'`, `nodes 'n1', 'n2'`
fn on_nodes(nodes: &BTreeSet<String>) -> String {
    let names: Vec<String> = nodes.iter().map(|node| format!("'{node}'")).collect();
    format!("node{} {}", if names.len() == 1 { "" } else { "s" }, names.join(", "))
}

fn quoted<'a>(ids: impl IntoIterator<Item = &'a String>) -> String {
    ids.into_iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ")
}
