//! `stonith history`: fencings as all nodes that answer know them.

use super::hosts::{Nothing, unreachable_report};
use super::{Ctx, Done, Stop, cluster};
use crate::peers::{self, Ask};
use crate::{cluster_files, fence_history, files};
use rhapsody_api::Report;
use rhapsody_api::core::Event;
use rhapsody_api::report::Level;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

const TIME: Duration = Duration::from_secs(10);

/// What this node knows.
pub async fn part(ctx: &Ctx, _: Nothing) -> Done {
    let events =
        fence_history::of_this_node(&ctx.app).await.map_err(|error| cluster::refused(ctx, &error))?;
    Ok(json!(events))
}

pub async fn show(ctx: &Ctx, nothing: Nothing) -> Done {
    // This node must know; of the others those that do.
    let mut events: Vec<Event> = serde_json::from_value(part(ctx, nothing).await?).unwrap_or_default();
    let ask = Ask::command("rhapsody.stonith.history_part", &ctx.user, &json!({}));
    for (_, answer) in peers::ask_all(&ctx.app, &others(ctx), &ask.within(ctx.request_time(TIME))).await {
        let found = answer.and_then(|answer| peers::result_of(&answer)).unwrap_or_default();
        events.extend(serde_json::from_value::<Vec<Event>>(found).unwrap_or_default());
    }
    Ok(json!({ "events": fence_history::merged(events) }))
}

fn others(ctx: &Ctx) -> Vec<String> {
    cluster_files::node_names(&ctx.app).into_iter().filter(|node| *node != ctx.app.host).collect()
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Forget {
    node: Option<String>,
    until_ms: u64,
}

/// On this node.
pub async fn forget(ctx: &Ctx, params: Forget) -> Done {
    match fence_history::forget(&ctx.app.paths, params.node.as_deref(), params.until_ms) {
        Ok(()) => Ok(Value::Null),
        Err(error) => Err(ctx.fail(Report::error("FENCE_HISTORY_COMMAND_ERROR", format!("{error:#}")))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cleanup {
    #[serde(default)]
    node: Option<String>,
}

/// On all nodes; one that does not answer still shows what was.
pub async fn cleanup(ctx: &Ctx, params: Cleanup) -> Done {
    let what = Forget { node: params.node, until_ms: files::unix_seconds() * 1000 };
    forget(ctx, what.clone()).await?;
    let ask = Ask::command("rhapsody.stonith.history_forget", &ctx.user, &json!(what));
    let answers = peers::ask_all(&ctx.app, &others(ctx), &ask.within(ctx.request_time(TIME))).await;
    let mut well = true;
    for (node, answer) in answers {
        if let Err(error) = answer.and_then(|answer| peers::result_of(&answer)) {
            let mut report = unreachable_report(&node, "rhapsody.stonith.history_forget", &error);
            report.severity.level = Level::Warning;
            ctx.report(report);
            well = false;
        }
    }
    let of = what.node.map_or_else(String::new, |node| format!(" for node {node}"));
    let text = match well {
        true => format!("cleaning up fencing-history{of}"),
        false => format!("cleaning up fencing-history{of}, not on the nodes above"),
    };
    ctx.report(Report::info("FENCE_HISTORY_CLEANED_UP", text));
    Ok::<Value, Stop>(Value::Null)
}
