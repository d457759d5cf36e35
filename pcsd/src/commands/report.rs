//! `cluster report`: what each node can tell, in one tarball.

use super::hosts::unreachable_report;
use super::{Ctx, Done};
use crate::backup::Tar;
use crate::peers::{self, Ask};
use crate::{cluster_files, report};
use base64::prelude::{BASE64_STANDARD, Engine};
use rhapsody_api::Report;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// A node may have much to read.
const TIME: Duration = Duration::from_secs(120);

/// In seconds since 1970.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    from: u64,
    to: u64,
}

/// This node's files, in base64 by name.
pub async fn part(ctx: &Ctx, params: Part) -> Done {
    let files = report::collect(&ctx.app, params.from..=params.to).await;
    let files: BTreeMap<String, String> =
        files.into_iter().map(|(name, bytes)| (name, BASE64_STANDARD.encode(bytes))).collect();
    Ok(json!(files))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whole {
    from: u64,
    to: u64,
    /// What the tarball unpacks to.
    folder: String,
}

/// Of all nodes that answer; outside of a cluster of this host.
pub async fn run(ctx: &Ctx, params: Whole) -> Done {
    let Whole { from, to, folder } = params;
    let is_name = !folder.is_empty() && !folder.contains('/') && !matches!(folder.as_str(), "." | "..");
    if !is_name || from > to {
        let text = "a report needs a name for its folder, and a begin that is before its end";
        return Err(ctx.fail(Report::error("COMMAND_INVALID_PAYLOAD", text)));
    }
    let nodes = cluster_files::node_names(&ctx.app);
    let asked = json!(Part { from, to });
    let ask = Ask::command("rhapsody.cluster.report_part", &ctx.user, &asked);
    let mut parts = Vec::new();
    for (node, answer) in peers::ask_all(&ctx.app, &nodes, &ask.within(ctx.request_time(TIME))).await {
        match answer.and_then(|answer| peers::result_of(&answer)) {
            Ok(files) => parts.push((node, files)),
            Err(error) => {
                let told = unreachable_report(&node, "rhapsody.cluster.report_part", &error).message.message;
                let text = format!("this node is missing in the report: {told}");
                ctx.report(Report::warning("REPORT_WITHOUT_NODE", text).on_node(node));
            }
        }
    }
    if parts.is_empty() {
        parts.push((ctx.app.host.clone(), part(ctx, Part { from, to }).await?));
    }
    match pack(&folder, &parts) {
        Ok(bytes) => Ok(Value::from(BASE64_STANDARD.encode(bytes))),
        Err(error) => Err(ctx.fail(Report::error("REPORT_FAILED", format!("{error:#}")))),
    }
}

fn pack(folder: &str, parts: &[(String, Value)]) -> anyhow::Result<Vec<u8>> {
    let mut tar = Tar::new();
    for (node, files) in parts {
        for (name, content) in files.as_object().into_iter().flatten() {
            let bytes = content.as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
            // The names come from another host.
            let is_plain = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
            if let (Some(bytes), true) = (bytes, is_plain) {
                tar.add(&format!("{folder}/{node}/{name}"), &bytes, 0o600)?;
            }
        }
    }
    tar.finish()
}
