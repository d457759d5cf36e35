//! `resource.disable_safe`, `resource.disable_simulate`: disable only what nothing else needs.

use super::{Trial, attempt, inside, quoted, touched_by};
use crate::commands::live::{ATTEMPTS_MAX, apply};
use crate::commands::wait::{self, Wait};
use crate::commands::{Ctx, Done, Stop};
use rhapsody_api::Report;
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disable {
    resource_or_tag_ids: Vec<String>,
    /// Other resources may not even move.
    strict: bool,
    #[serde(default)]
    wait: Wait,
}

/// What disabling would do.
struct Look {
    trial: Trial,
    text: String,
    others: Vec<String>,
}

async fn look(ctx: &Ctx, params: &Disable) -> Result<Look, Stop> {
    let request = json!({ "resource_or_tag_ids": params.resource_or_tag_ids });
    let trial = attempt(ctx, "resource.disable", request).await?;
    let (touched, planned) = touched_by(ctx, &trial.old, &trial.new).await?;
    let meant = inside(&trial.old, &params.resource_or_tag_ids);
    let others = touched
        .into_iter()
        .filter(|(id, touch)| !meant.contains(id) && (params.strict || touch.loses()))
        .map(|(id, _)| id)
        .collect();
    Ok(Look { trial, text: planned.text, others })
}

pub async fn disable(ctx: &Ctx, params: Disable) -> Done {
    for n in 1..=ATTEMPTS_MAX {
        let Look { trial, text, others } = look(ctx, &params).await?;
        if !others.is_empty() {
            let text = format!(
                "Disabling {} would have an effect on other resources: {}\n{}",
                quoted(&params.resource_or_tag_ids),
                quoted(&others),
                text.trim_end()
            );
            return Err(ctx.fail(Report::error("RESOURCE_DISABLE_AFFECTS_OTHER_RESOURCES", text)));
        }
        if apply(ctx, &trial.old, trial.new, false, n < ATTEMPTS_MAX).await? {
            trial.reports.into_iter().for_each(|report| ctx.report(report));
            break;
        }
    }
    wait::idle(ctx, params.wait).await?;
    Ok(Value::Null)
}

pub async fn simulate(ctx: &Ctx, params: Disable) -> Done {
    let Look { trial, text, others } = look(ctx, &params).await?;
    trial.reports.into_iter().for_each(|report| ctx.report(report));
    Ok(json!({ "plaintext_simulated_status": text, "other_affected_resource_list": others }))
}
