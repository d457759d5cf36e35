//! `--wait`: for nodes to be there, or for the cluster to have nothing left to do.

use super::{Ctx, Done, Stop};
use crate::engine::EngineError;
use crate::local_node;
use crate::peers::{self, Ask};
use rhapsody_api::Report;
use rhapsody_api::core::{CoreError, Request};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// Without a number: as long as pcs waits for nodes to start.
const START_TIME: Duration = Duration::from_secs(15 * 60);
/// Without a number: as long as pcs waits for an idle cluster.
const IDLE_TIME: Duration = Duration::from_secs(60 * 60);
/// How often a node that starts is asked.
const POLL: Duration = Duration::from_millis(100);
const SECONDS_MAX: u64 = 86_400;

/// false, true, a number of seconds, or the same as text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wait {
    #[default]
    No,
    AsLongAsUsual,
    For(Duration),
}

impl Wait {
    fn time(self, usual: Duration) -> Option<Duration> {
        match self {
            Wait::No => None,
            Wait::AsLongAsUsual => Some(usual),
            Wait::For(time) => Some(time),
        }
    }

    pub fn parse(value: &Value) -> Option<Wait> {
        let seconds = match value {
            Value::Null | Value::Bool(false) => return Some(Wait::No),
            Value::Bool(true) => return Some(Wait::AsLongAsUsual),
            Value::String(text) if text.is_empty() => return Some(Wait::AsLongAsUsual),
            Value::String(text) => u64::try_from(rhapsody_cib::duration::parse_seconds(text)?).ok()?,
            Value::Number(number) => number.as_u64()?,
            _ => return None,
        };
        match seconds {
            0 => Some(Wait::AsLongAsUsual),
            1..=SECONDS_MAX => Some(Wait::For(Duration::from_secs(seconds))),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Wait::parse(&value).ok_or_else(|| {
            serde::de::Error::custom("wait is neither true, false nor a number of seconds up to a day")
        })
    }
}

fn is_started(status: &Value) -> bool {
    status["online"] == Value::Bool(true) && status["pending"] == Value::Bool(false)
}

/// Until these nodes are online; each is asked on its own.
pub async fn start_wait(ctx: &Ctx, nodes: &[String], wait: Wait) -> Result<(), Stop> {
    let Some(time) = wait.time(START_TIME) else { return Ok(()) };
    if nodes.is_empty() {
        return Ok(());
    }
    let text = format!("Waiting for node(s) to start: {}...", quoted(nodes));
    ctx.report(Report::info("WAIT_FOR_NODE_STARTUP_STARTED", text));
    let deadline = Instant::now() + time;
    let ask = Ask::get("remote/pacemaker_node_status", &ctx.user).within(Duration::from_secs(5));
    let mut left = nodes.to_vec();
    loop {
        let mut waiting = Vec::new();
        for (node, answer) in peers::ask_all(&ctx.app, &left, &ask).await {
            let status = answer.ok().and_then(|text| serde_json::from_str::<Value>(&text).ok());
            if status.is_some_and(|status| is_started(&status)) {
                let text = "Cluster started";
                ctx.report(Report::info("CLUSTER_START_SUCCESS", text).on_node(node));
            } else {
                waiting.push(node);
            }
        }
        left = waiting;
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() + POLL > deadline {
            break;
        }
        tokio::time::sleep(POLL).await;
    }
    let text = format!(
        "the time was up before these nodes were online: {}; see 'rhapsody status' there",
        left.join(", ")
    );
    Err(ctx.fail(Report::error("WAIT_FOR_NODE_STARTUP_TIMED_OUT", text)))
}

pub async fn local_start(ctx: &Ctx, wait: Wait) -> Done {
    let Some(time) = wait.time(START_TIME) else { return Ok(Value::Null) };
    let deadline = Instant::now() + time;
    ctx.report(Report::info("WAIT_FOR_NODE_STARTUP_STARTED", "Waiting for node(s) to start..."));
    while Instant::now() < deadline {
        if local_node::status(&ctx.app).await.is_ok_and(|status| is_started(&status)) {
            ctx.report(Report::info("CLUSTER_START_SUCCESS", "Started"));
            return Ok(Value::Null);
        }
        tokio::time::sleep(POLL).await;
    }
    let text = "the time was up before this node was online; see 'rhapsody status'";
    Err(ctx.fail(Report::error("WAIT_FOR_NODE_STARTUP_TIMED_OUT", text)))
}

/// Until the cluster has done all it wants to do; tells that it waits.
pub async fn idle(ctx: &Ctx, wait: Wait) -> Result<(), Stop> {
    if wait == Wait::No {
        return Ok(());
    }
    let limit = match wait {
        Wait::For(time) => format!(" (timeout: {} second{})", time.as_secs(), plural(time.as_secs())),
        _ => String::new(),
    };
    let text = format!("Waiting for the cluster to apply configuration changes{limit}...");
    ctx.report(Report::info("WAIT_FOR_IDLE_STARTED", text));
    quietly(ctx, wait).await
}

/// The same for a step in the middle of a command.
pub async fn quietly(ctx: &Ctx, wait: Wait) -> Result<(), Stop> {
    let Some(time) = wait.time(IDLE_TIME) else { return Ok(()) };
    let request = Request::Wait { timeout_ms: time.as_millis() as u64 };
    // The core keeps the time; a little more is for its answer.
    match ctx.app.engine.request(request, time + Duration::from_secs(5)).await {
        Ok(_) => Ok(()),
        Err(EngineError::Core(CoreError::Timeout) | EngineError::Timeout(_)) => {
            let text = format!(
                "the cluster was not done within {} s; the change was made, see 'rhapsody status' for what is left",
                time.as_secs()
            );
            Err(ctx.fail(Report::error("WAIT_FOR_IDLE_TIMED_OUT", text)))
        }
        Err(error) => Err(ctx.fail(Report::error("WAIT_FOR_IDLE_ERROR", error.to_string()))),
    }
}

fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Idle {
    #[serde(default = "usual")]
    wait_value: Wait,
}

fn usual() -> Wait {
    Wait::AsLongAsUsual
}

pub async fn command(ctx: &Ctx, params: Idle) -> Done {
    let wait = if params.wait_value == Wait::No { usual() } else { params.wait_value };
    idle(ctx, wait).await?;
    Ok(Value::Null)
}

/// `'n1', 'n2'`, as pcs lists nodes.
pub fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn all_spellings_of_wait() {
        let of = |value: Value| serde_json::from_value::<Wait>(value).ok();
        assert_eq!(of(json!(false)), Some(Wait::No));
        assert_eq!(of(json!(null)), Some(Wait::No));
        assert_eq!(of(json!(true)), Some(Wait::AsLongAsUsual));
        assert_eq!(of(json!(0)), Some(Wait::AsLongAsUsual));
        assert_eq!(of(json!(7)), Some(Wait::For(Duration::from_secs(7))));
        assert_eq!(of(json!("2min")), Some(Wait::For(Duration::from_secs(120))));
        for bad in [json!(-1), json!("soon"), json!([]), json!(100_000_000)] {
            assert_eq!(of(bad), None);
        }
    }
}
