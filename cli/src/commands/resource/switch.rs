//! `resource enable`, `disable`, `manage`, `unmanage`

use crate::Done;
use crate::commands::wait;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_ops::resource::switch::{ManageRequest, Request};
use rhapsody_ops::work::ForceFlags;

pub fn enable(context: &mut Context, words: &[String]) -> Done {
    named(words, "enable")?;
    super::refuse_stonith(context, words, Some("enable"))?;
    wait::refuse_on_file(context)?;
    context.change("resource.enable", &request(context, words))?;
    Ok(())
}

pub fn disable(context: &mut Context, words: &[String]) -> Done {
    named(words, "disable")?;
    let options = &context.options;
    for name in ["--safe", "--simulate"] {
        if options.has(name) && options.has("-f") {
            return Err(match name {
                "--safe" => Failure::message("'--safe' cannot be used with '-f'"),
                _ => Failure::message("Only one of '--simulate', '-f' can be used"),
            });
        }
    }
    if options.has("--brief") && !options.has("--safe") && !options.has("--simulate") {
        return Err(Failure::message("'--brief' cannot be used without '--simulate' or '--safe'"));
    }
    if options.has("--safe") || options.has("--simulate") {
        return Err(Failure::message("'--safe' and '--simulate' are not there yet"));
    }
    super::refuse_stonith(context, words, Some("disable"))?;
    wait::refuse_on_file(context)?;
    context.change("resource.disable", &request(context, words))?;
    Ok(())
}

fn named(words: &[String], verb: &str) -> Done {
    match words.is_empty() {
        true => Err(Failure::Message(format!("You must specify resource(s) to {verb}"))),
        false => Ok(()),
    }
}

fn request(context: &Context, words: &[String]) -> Request {
    Request { resource_or_tag_ids: words.to_vec(), force_flags: ForceFlags::from(context.force_flags()) }
}

pub fn manage(context: &mut Context, words: &[String]) -> Done {
    switch_managed(context, words, "manage")
}

pub fn unmanage(context: &mut Context, words: &[String]) -> Done {
    switch_managed(context, words, "unmanage")
}

fn switch_managed(context: &mut Context, words: &[String], verb: &str) -> Done {
    named(words, verb)?;
    super::refuse_stonith(context, words, None)?;
    let request =
        ManageRequest { resource_or_tag_ids: words.to_vec(), with_monitor: context.options.has("--monitor") };
    context.change(&format!("resource.{verb}"), &request)?;
    Ok(())
}
