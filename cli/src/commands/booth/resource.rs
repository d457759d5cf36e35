//! `booth create`, `booth remove`: booth as a resource of the cluster.

use super::file::{instance, read};
use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use rhapsody_ops::booth::{cib, config_path};

pub fn create(context: &mut Context, words: &[String]) -> Done {
    let ["ip", ip] = words.iter().map(String::as_str).collect::<Vec<_>>()[..] else { return Err(usage()) };
    let name = instance(context)?;
    // A resource without its file could not be started anywhere.
    read(&config_path(&name))?;
    let request = cib::Create {
        instance_name: name,
        ip: ip.to_owned(),
        allow_absent_resource_agent: context.options.force(),
    };
    context.change("rhapsody.booth.create", &request).map(|_| ())
}

pub fn remove(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let request =
        cib::Remove { instance_name: instance(context)?, force_flags: context.force_flags().into() };
    context.change("rhapsody.booth.remove", &request).map(|_| ())
}
