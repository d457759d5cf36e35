//! `resource enable`, `disable`, `manage`, `unmanage`

use crate::Done;
use crate::commands::wait;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::reports;
use rhapsody_ops::resource::switch::{ManageRequest, Request};
use rhapsody_ops::work::ForceFlags;
use serde::Deserialize;
use serde_json::json;

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
    let (safe, simulate) = (options.has("--safe"), options.has("--simulate"));
    super::refuse_stonith(context, words, Some("disable"))?;
    if simulate {
        return simulate_disable(context, words);
    }
    if safe {
        return disable_safely(context, words);
    }
    wait::refuse_on_file(context)?;
    context.change("resource.disable", &request(context, words))?;
    Ok(())
}

/// The same as `disable --safe`; `--force` asks nobody.
pub fn safe_disable(context: &mut Context, words: &[String]) -> Done {
    named(words, "safe-disable")?;
    super::refuse_stonith(context, words, Some("disable"))?;
    if context.options.has("--simulate") {
        return simulate_disable(context, words);
    }
    if context.options.force() {
        eprintln!("Warning: '--force' was given, so it is not looked at what else would be affected");
        wait::refuse_on_file(context)?;
        context.change("resource.disable", &request(context, words))?;
        return Ok(());
    }
    disable_safely(context, words)
}

fn disable_safely(context: &mut Context, words: &[String]) -> Done {
    wait::refuse_on_file(context)?;
    let strict = !context.options.has("--no-strict");
    let request = json!({ "resource_or_tag_ids": words, "strict": strict });
    if context.options.has("--brief") {
        // Only what is wrong is told.
        return match context.ask_waiting("resource.disable_safe", &request)? {
            answer if answer.done => Ok(()),
            answer => {
                for report in answer.reports.iter().filter(|report| report.is_error()) {
                    let line = reports::line(report);
                    eprintln!("{}", line.lines().next().unwrap_or_default());
                }
                Err(Failure::Told)
            }
        };
    }
    context.change("resource.disable_safe", &request)?;
    Ok(())
}

fn simulate_disable(context: &mut Context, words: &[String]) -> Done {
    let strict = !context.options.has("--no-strict");
    let request = json!({ "resource_or_tag_ids": words, "strict": strict });
    let found: Simulated = context.get("resource.disable_simulate", &request)?;
    if context.options.has("--brief") {
        for id in found.other_affected_resource_list {
            context.line(id);
        }
        return Ok(());
    }
    context.line(found.plaintext_simulated_status.trim_end());
    Ok(())
}

#[derive(Deserialize)]
struct Simulated {
    plaintext_simulated_status: String,
    other_affected_resource_list: Vec<String>,
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
