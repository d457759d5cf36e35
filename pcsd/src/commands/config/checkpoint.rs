//! Earlier configurations that this node has kept; nothing of the cluster has to run.

use crate::checkpoints;
use crate::commands::hosts::Nothing;
use crate::commands::{Ctx, Done};
use rhapsody_api::Report;
use serde::Deserialize;
use serde_json::{Value, json};

pub async fn list(ctx: &Ctx, _: Nothing) -> Done {
    match checkpoints::list(&ctx.app.paths) {
        Ok(found) => Ok(json!({ "checkpoints": found })),
        Err(error) => Err(ctx.fail(Report::error("CHECKPOINT_UNREADABLE", format!("{error:#}")))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Get {
    number: u64,
}

/// The CIB of one.
pub async fn get(ctx: &Ctx, params: Get) -> Done {
    let number = params.number;
    match checkpoints::read(&ctx.app.paths, number) {
        Ok(Some(xml)) => Ok(Value::from(xml)),
        Ok(None) => {
            let text = format!("unable to read checkpoint '{number}': this node has none of this number");
            Err(ctx.fail(Report::error("CHECKPOINT_NOT_FOUND", text).with("number", number)))
        }
        Err(error) => {
            let text = format!("unable to read checkpoint '{number}': {error:#}");
            Err(ctx.fail(Report::error("CHECKPOINT_UNREADABLE", text).with("number", number)))
        }
    }
}
