//! Operations of `rhapsody_ops` on the live CIB: snapshot, run, difference, apply; when somebody
//! else was faster, again.

use super::{Ctx, Stop, cluster};
use crate::engine::{Change, EngineError};
use rhapsody_api::core::{ConfigVersion, CoreError};
use rhapsody_cib::Cib;

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
