//! corosync.conf and its key as whole files: sent to all nodes, written here, read again.

use super::super::hosts::Nothing;
use super::super::{Ctx, Done, Stop, setup};
use super::push;
use crate::cluster_files;
use base64::Engine as _;
use rhapsody_api::Report;
use rhapsody_conf::Conf;
use serde::Deserialize;
use serde_json::{Value, json};

/// Of Corosync itself, as the core demands it.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 16..=4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Everywhere {
    #[serde(default)]
    force_flags: Vec<String>,
}

impl Everywhere {
    fn skip_offline(&self) -> bool {
        self.force_flags.iter().any(|flag| flag == "SKIP_OFFLINE_NODES")
    }
}

/// This node's file for all of them, whatever they have; those that run take it.
pub async fn sync(ctx: &Ctx, params: Everywhere) -> Done {
    let _changing = super::change_begins().await;
    let conf = super::read(ctx)?;
    let nodes = push::ask_nodes(ctx, &push::names(&conf), params.skip_offline()).await?;
    let after = push::newer(ctx, &conf, conf.clone(), &nodes.reached).await;
    push::send(ctx, &nodes.reached, None, &after, params.skip_offline()).await?;
    push::reload(ctx, &nodes.running).await?;
    Ok(Value::Null)
}

/// The cluster takes what is in this node's file.
pub async fn reload(ctx: &Ctx, _: Nothing) -> Done {
    use rhapsody_api::core::Request;
    let reloading = ctx.app.engine.request(Request::Reload, push::RELOAD_TIME).await;
    reloading.map_err(|error| {
        let text = format!("Unable to reload corosync configuration: {error}");
        ctx.fail(Report::error("COROSYNC_CONFIG_RELOAD_ERROR", text))
    })?;
    ctx.report(Report::info("COROSYNC_CONFIG_RELOADED", "Corosync configuration reloaded"));
    Ok(Value::Null)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    file_content: String,
}

/// On this node only, without telling anybody.
pub async fn set(ctx: &Ctx, params: Set) -> Done {
    match cluster_files::replace_corosync_conf(&ctx.app, &params.file_content) {
        Ok(()) => Ok(Value::Null),
        Err(error) => {
            let text = format!("Unable to write corosync.conf: {error:#}");
            Err(ctx.fail(Report::error("COROSYNC_CONFIG_DISTRIBUTION_NODE_ERROR", text)))
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Authkey {
    /// Base64; a new one is made where none is given.
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    force_flags: Vec<String>,
}

/// A new link key for all nodes. Members of a running cluster would no longer understand each other
/// while they take it one after the other.
pub async fn authkey(ctx: &Ctx, params: Authkey) -> Done {
    let _changing = super::change_begins().await;
    let everywhere = Everywhere { force_flags: params.force_flags };
    let key = match params.key {
        Some(text) => checked_key(ctx, &text)?,
        None => setup::new_key(ctx, "corosync authkey")?,
    };
    let conf: Conf = super::read(ctx)?;
    let nodes = push::ask_nodes(ctx, &push::names(&conf), everywhere.skip_offline()).await?;
    push::must_be_stopped(ctx, "the authkey", &nodes.running)?;
    let list = super::super::wait::quoted(&nodes.reached);
    ctx.report(Report::info("FILES_DISTRIBUTION_STARTED", format!("Sending 'corosync authkey' to {list}")));
    let data = json!({
        "corosync authkey": {"type": "corosync_authkey", "data": key, "rewrite_existing": true},
    });
    if setup::put_files(ctx, &nodes.reached, &data).await { Ok(Value::Null) } else { Err(Stop) }
}

fn checked_key(ctx: &Ctx, text: &str) -> Result<String, Stop> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
    if KEY_BYTES.contains(&bytes.len()) {
        return Ok(text.to_owned());
    }
    let text = format!(
        "an authkey has {} to {} bytes, this one has {}",
        KEY_BYTES.start(),
        KEY_BYTES.end(),
        bytes.len()
    );
    Err(ctx.fail(Report::error("INVALID_AUTHKEY", text)))
}
