//! `--wait`: only where there is something to wait for.

use crate::context::Context;
use crate::failure::Failure;

/// Tells that `--wait` is on its way out, and refuses it on a file.
pub fn refuse_on_file(context: &Context) -> Result<(), Failure> {
    if !context.options.has("--wait") {
        return Ok(());
    }
    eprintln!(
        "Deprecation Warning: Using '--wait' is deprecated. Instead, use 'rhapsody status wait' to wait until the cluster has \
         settled, and 'rhapsody status query resource' to see what became of the resource."
    );
    if context.options.has("-f") {
        return Err(Failure::message("Cannot use '-f' together with '--wait'"));
    }
    context.wait_seconds()?;
    Ok(())
}
