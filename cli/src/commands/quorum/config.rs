//! `quorum config`.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::target_conf;
use rhapsody_ops::conf::options::Options;
use rhapsody_ops::quorum::config::{Device, QuorumConfig};
use serde_json::json;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let answer = target_conf::run(context, "rhapsody.quorum.config", &json!({}))?;
    let config: QuorumConfig = serde_json::from_value(answer)
        .map_err(|error| Failure::Message(format!("the answer is not understood: {error}")))?;
    if !config.options.is_empty() {
        context.line("Options:");
        options(context, 2, &config.options);
    }
    if let Some(device) = &config.device {
        show_device(context, device);
    }
    Ok(())
}

fn show_device(context: &mut Context, device: &Device) {
    context.line("Device:");
    options(context, 2, &device.generic_options);
    context.line(format!("  Model: {}", device.model));
    options(context, 4, &device.model_options);
    if !device.heuristics_options.is_empty() {
        context.line("  Heuristics:");
        options(context, 4, &device.heuristics_options);
    }
}

/// One a line, by name.
fn options(context: &mut Context, indent: usize, options: &Options) {
    let mut options: Vec<_> = options.iter().collect();
    options.sort();
    for (name, value) in options {
        context.line(format!("{:indent$}{name}: {value}", ""));
    }
}
