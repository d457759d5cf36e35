//! What the configuration says about one operation: timeout, `on-fail`, ...

use super::operation::OnFail;
use super::{Env, attributes, rules, values};
use crate::model::{Cluster, Flags, NodeIdx, OpDef, ResourceIdx, Role};
use smol_str::{SmolStr, ToSmolStr};

/// The configured operation for a task and interval.
pub fn find<'c>(
    c: &'c Cluster,
    rsc: ResourceIdx,
    task: &str,
    interval_ms: u64,
    disabled_too: bool,
) -> Option<&'c OpDef> {
    let ops = &c[rsc].definition.ops;
    let look = |name: &str, interval: u64| {
        ops.iter().find(|o| o.name == name && o.interval_ms == interval && (disabled_too || o.enabled))
    };
    look(task, interval_ms).or_else(|| match task {
        "migrate_to" | "migrate_from" => look("migrate", 0),
        "notify" => look("notify", 0),
        _ => None,
    })
}

/// The enabled recurring monitor that runs most often.
fn most_frequent_monitor(c: &Cluster, rsc: ResourceIdx) -> Option<&OpDef> {
    c[rsc]
        .definition
        .ops
        .iter()
        .filter(|o| o.enabled && o.name == "monitor" && o.interval_ms > 0)
        .min_by_key(|o| o.interval_ms)
}

fn own_value<'a>(env: &Env<'a>, op: &'a OpDef, name: &str) -> Option<&'a str> {
    match op.element {
        Some(e) => env.doc.attr(e, name),
        None => op.fixed.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()),
    }
}

/// All meta-attributes of an operation. Rules see agent and operation, never nodes.
pub fn meta(
    env: &Env,
    c: &Cluster,
    rsc: ResourceIdx,
    task: &str,
    interval_ms: u64,
    op: Option<&OpDef>,
) -> rules::Values {
    let doc = env.doc;
    let mut out = rules::Values::new();
    let mut ctx = env.context();
    ctx.agent = Some(attributes::agent(c, rsc));
    ctx.operation = Some((task, interval_ms));
    if let Some(op) = op {
        match op.element {
            Some(e) => {
                for (name, value) in doc.attrs(e) {
                    out.insert(name.into(), value.into());
                }
                let blocks: Vec<_> = doc.children_named(e, "meta_attributes").collect();
                rules::resolve(doc, &blocks, &ctx, None, &mut out);
            }
            None => {
                out.insert("name".into(), op.name.clone());
                out.extend(op.fixed.iter().cloned());
            }
        }
    }
    let probe = task == "monitor" && interval_ms == 0;
    if probe
        && !out.contains_key("timeout")
        && let Some(monitor) = most_frequent_monitor(c, rsc)
    {
        let timeout = own_value(env, monitor, "timeout").map(SmolStr::from).or_else(|| {
            let e = monitor.element?;
            let blocks: Vec<_> = doc.children_named(e, "meta_attributes").collect();
            let mut found = rules::Values::new();
            rules::resolve(doc, &blocks, &ctx, None, &mut found);
            found.get("timeout").cloned()
        });
        if let Some(timeout) = timeout {
            out.insert("timeout".into(), timeout);
        }
    }
    rules::resolve(doc, &env.op_defaults, &ctx, None, &mut out);
    out.shift_remove("id");
    normalise(env, c, rsc, task, interval_ms, &mut out);
    out
}

fn normalise(
    env: &Env,
    c: &Cluster,
    rsc: ResourceIdx,
    task: &str,
    interval_ms: u64,
    out: &mut rules::Values,
) {
    out.shift_remove("interval");
    // Reactions that need a stop are none to a stop that failed.
    let needs_stop = |v: &SmolStr| ["standby", "demote", "stop"].iter().any(|w| v.eq_ignore_ascii_case(w));
    if task == "stop" && out.get("on-fail").is_some_and(needs_stop) {
        out.shift_remove("on-fail");
    }
    if interval_ms > 0 {
        out.insert("interval".into(), interval_ms.to_smolstr());
    }
    let probe = task == "monitor" && interval_ms == 0;
    let device = c[rsc].is(Flags::FENCE_DEVICE);
    let mut timeout = out.get("timeout").and_then(|t| values::milliseconds(t)).filter(|t| *t > 0);
    if device && (probe || task == "start") {
        let params = attributes::parameters(env, c, rsc, None);
        if let Some(ms) = params.get("pcmk_monitor_timeout").and_then(|t| values::milliseconds(t)) {
            timeout = Some(ms);
        }
    }
    out.insert("timeout".into(), timeout.unwrap_or(20_000).to_smolstr());
    let promoted = task == "promote"
        || (interval_ms > 0 && out.get("role").and_then(|r| Role::parse(r)) == Some(Role::Promoted));
    let meaningless = match out.get("on-fail").map(|v| v.to_ascii_lowercase()).as_deref() {
        Some("stop" | "standby") => task == "stop",
        Some("demote") => !promoted,
        _ => false,
    };
    if meaningless {
        out.shift_remove("on-fail");
    }
    if let Some(delay) = out.get("start-delay").map(|d| values::milliseconds(d).unwrap_or(0)) {
        out.insert("start-delay".into(), delay.to_smolstr());
    } else if let Some(origin) = out.get("interval-origin").and_then(|o| values::timestamp(o))
        && interval_ms > 0
    {
        let interval = (interval_ms / 1000).max(1) as i64;
        let past = (env.now - origin).rem_euclid(interval);
        let delay = if past == 0 { 0 } else { interval - past };
        out.insert("start-delay".into(), (delay * 1000).to_smolstr());
    }
}

/// The reaction to a failure of an operation, with its default.
pub fn on_fail(env: &Env, c: &Cluster, rsc: ResourceIdx, task: &str, interval_ms: u64) -> OnFail {
    let op = find(c, rsc, task, interval_ms, true).cloned();
    let configured = meta(env, c, rsc, task, interval_ms, op.as_ref()).get("on-fail").cloned();
    let promoted_monitor =
        |o: &OpDef| o.name == "monitor" && o.interval_ms > 0 && o.role == Some(Role::Promoted);
    let configured = configured.or_else(|| {
        if task != "demote" {
            return None;
        }
        // demote follows the promoted role's monitor
        c[rsc].definition.ops.iter().filter(|o| promoted_monitor(o) && o.enabled).find_map(|o| {
            let value = meta(env, c, rsc, "monitor", o.interval_ms, Some(o)).get("on-fail").cloned()?;
            (value != "demote").then_some(value)
        })
    });
    let fencing = c.options.fencing;
    let wanted = match configured.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("block") => Some(OnFail::Block),
        Some("fence") if fencing => Some(OnFail::Fence),
        Some("fence") => Some(OnFail::Stop),
        Some("standby") => Some(OnFail::Standby),
        Some("ignore" | "nothing") => Some(OnFail::Ignore),
        Some("migrate") => Some(OnFail::Ban),
        Some("stop") => Some(OnFail::Stop),
        Some("restart") => Some(OnFail::Restart),
        Some("restart-container") if c[rsc].container.is_some() => Some(OnFail::RestartContainer),
        Some("demote") if task == "promote" || op.as_ref().is_some_and(promoted_monitor) => {
            Some(OnFail::Demote)
        }
        _ => None,
    };
    if let Some(w) = wanted {
        return w;
    }
    if c[rsc].container.is_some() {
        return OnFail::RestartContainer;
    }
    let probe = task == "monitor" && interval_ms == 0;
    if c[rsc].is(Flags::REMOTE_CONNECTION) && !probe && task != "start" {
        if !c[rsc].is_managed() {
            return OnFail::Stop;
        }
        return OnFail::ResetRemote;
    }
    if task == "stop" {
        return if fencing { OnFail::Fence } else { OnFail::Block };
    }
    OnFail::Restart
}

/// Where an operation is described for a node (used for its own parameters).
pub fn parameters(env: &Env, c: &Cluster, op: Option<&OpDef>, node: Option<NodeIdx>) -> rules::Values {
    let mut out = rules::Values::new();
    let Some(e) = op.and_then(|o| o.element) else { return out };
    let blocks: Vec<_> = env.doc.children_named(e, "instance_attributes").collect();
    if blocks.is_empty() {
        return out;
    }
    let mut ctx = env.context();
    ctx.node = node.map(|n| &c[n].attributes);
    rules::resolve(env.doc, &blocks, &ctx, None, &mut out);
    out
}
