//! Operations of `rhapsody_ops` on the live CIB: snapshot, run, difference, apply; when somebody
//! else was faster, again.

use super::cib::current;
use super::resource::awaited::Awaited;
use super::wait::{self, Wait};
use super::{Ctx, Done, Stop, cluster};
use crate::corosync;
use crate::engine::{Change, EngineError};
use crate::files::unix_seconds;
use crate::permissions::{Access, Permission};
use rhapsody_agents_run::installed::Installed;
use rhapsody_api::Report;
use rhapsody_api::core::{ConfigVersion, CoreError};
use rhapsody_cib::Cib;
use rhapsody_ops::work::NodeNames;
use rhapsody_ops::{Env, Outcome};
use serde_json::Value;

pub const ATTEMPTS_MAX: usize = 5;

/// What an operation demands; `None` when there is no such operation.
pub fn access(name: &str) -> Option<Access> {
    rhapsody_ops::permission(name).map(needs)
}

/// pcsd's word for what an operation demands.
pub fn needs(permission: rhapsody_ops::Permission) -> Access {
    Access::Needs(match permission {
        rhapsody_ops::Permission::Read => Permission::Read,
        rhapsody_ops::Permission::Write => Permission::Write,
        rhapsody_ops::Permission::Grant => Permission::Grant,
        rhapsody_ops::Permission::Full => Permission::Full,
    })
}

/// Runs an operation; `wait` and `dry_run` are taken out of its parameters.
pub async fn run(ctx: &Ctx, name: &str, mut params: Value) -> Done {
    let mut taken =
        |key: &str| params.as_object_mut().and_then(|params| params.shift_remove(key)).unwrap_or_default();
    let Some(wait) = Wait::parse(&taken("wait")) else {
        let text = "wait is neither true, false nor a number of seconds up to a day";
        return Err(ctx.fail(Report::error("COMMAND_INVALID_PAYLOAD", text)));
    };
    let dry_run = taken("dry_run") == Value::Bool(true);
    let force =
        params["force_flags"].as_array().is_some_and(|flags| flags.iter().any(|flag| flag == "FORCE"));
    for attempt in 1..=ATTEMPTS_MAX {
        let old = current(ctx).await?;
        let (new, outcome) = operate(ctx, name, params.clone(), old.clone()).await?;
        let Outcome { done, changed, reports, result } = outcome;
        let awaited = Awaited::of(name, &params, &old, &new);
        if done && changed && !dry_run && !apply(ctx, &old, new, force, attempt < ATTEMPTS_MAX).await? {
            continue;
        }
        reports.into_iter().for_each(|report| ctx.report(report));
        if !done {
            return Err(Stop);
        }
        if !dry_run && wait != Wait::No {
            wait::idle(ctx, wait).await?;
            awaited.tell(ctx).await?;
        }
        return Ok(result);
    }
    Err(Stop)
}

/// The operation itself, where it may take its time: it may have to ask agents for their metadata.
pub async fn operate(ctx: &Ctx, name: &str, params: Value, mut cib: Cib) -> Result<(Cib, Outcome), Stop> {
    let nodes = corosync::membership(&ctx.app).unwrap_or_default().nodes;
    let nodes =
        nodes.into_iter().map(|node| NodeNames { name: node.name, addresses: node.addresses }).collect();
    let (agents, name) = (ctx.app.agents.clone(), name.to_owned());
    let running = tokio::task::spawn_blocking(move || {
        let agents: &Installed = &agents;
        let env = Env { agents, now: unix_seconds() as i64, live: true, nodes };
        let outcome = rhapsody_ops::run(&name, params, &mut cib, &env);
        (cib, outcome)
    });
    running.await.map_err(|_| {
        ctx.fail(Report::error("INTERNAL_ERROR", "internal error; see the log of rhapsody-pcsd"))
    })
}

/// Gives `new` to the cluster. False: the CIB has moved on since `old`, and `may_retry`.
pub async fn apply(ctx: &Ctx, old: &Cib, mut new: Cib, force: bool, may_retry: bool) -> Result<bool, Stop> {
    let from = old.version();
    let mut to = new.version();
    if (to.admin_epoch, to.epoch) <= (from.admin_epoch, from.epoch) {
        // Compared at equal versions, so that nothing but a real change moves the epoch.
        new.set_version(from);
        if rhapsody_cib::patch::diff(old, &new).is_none() {
            return Ok(true);
        }
        to = from;
        to.epoch += 1;
        to.num_updates = 0;
        new.set_version(to);
    }
    let Some(patch) = rhapsody_cib::patch::diff(old, &new) else { return Ok(true) };
    let base = ConfigVersion { admin_epoch: from.admin_epoch, epoch: from.epoch };
    let change = Change { patch, base, force, user: ctx.user.name.clone() };
    match ctx.app.engine.apply(change).await {
        Ok(_) => Ok(true),
        Err(EngineError::Core(CoreError::Stale { .. })) if may_retry => Ok(false),
        Err(error) => Err(cluster::refused(ctx, &error)),
    }
}
