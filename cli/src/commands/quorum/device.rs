//! `quorum device`: the words of a device and of its heuristics.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups, Pairs};
use crate::target_conf;
use serde_json::json;

pub fn add(context: &mut Context, words: &[String]) -> Done {
    let device = Device::parse(words)?;
    let model = match device.groups.flat("model").first() {
        Some(model) if !model.contains('=') => model.clone(),
        None if device.groups.has("model") => return Err(Failure::message("No model options specified")),
        _ => return Err(super::super::usage()),
    };
    let request = json!({
        "model": model,
        "model_options": grammar::pairs(&device.groups.flat("model")[1..])?,
        "generic_options": device.generic,
        "heuristics_options": device.heuristics()?,
        "force_flags": context.force_flags(),
    });
    target_conf::run(context, "rhapsody.quorum.device_add", &request).map(|_| ())
}

pub fn update(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(super::super::usage());
    }
    let device = Device::parse(words)?;
    if device.groups.has("model") && device.groups.flat("model").is_empty() {
        return Err(Failure::message("No model options specified"));
    }
    let request = json!({
        "model_options": grammar::pairs(&device.groups.flat("model"))?,
        "generic_options": device.generic,
        "heuristics_options": device.heuristics()?,
        "force_flags": context.force_flags(),
    });
    target_conf::run(context, "rhapsody.quorum.device_update", &request).map(|_| ())
}

pub fn remove(context: &mut Context, words: &[String]) -> Done {
    without_words(context, words, "rhapsody.quorum.device_remove")
}

pub fn heuristics_remove(context: &mut Context, words: &[String]) -> Done {
    without_words(context, words, "rhapsody.quorum.device_heuristics_remove")
}

/// Of a device that is configured there is nothing to tell: nobody speaks to it yet.
pub fn status(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    let config = target_conf::run(context, "rhapsody.quorum.config", &json!({}))?;
    Err(Failure::message(match config["device"].is_null() {
        true => "no quorum device is defined in this cluster",
        false => {
            "a quorum device is configured, but this version does not speak to it: its votes are not counted, see \
             'rhapsody quorum status'"
        }
    }))
}

fn without_words(context: &mut Context, words: &[String], name: &str) -> Done {
    if !words.is_empty() {
        return Err(super::super::usage());
    }
    target_conf::run(context, name, &json!({})).map(|_| ())
}

struct Device {
    generic: Pairs,
    groups: Groups,
}

impl Device {
    fn parse(words: &[String]) -> Result<Device, Failure> {
        let groups = Groups::split(words, &["model", "heuristics"]);
        groups.once(&["model", "heuristics"])?;
        let generic = grammar::pairs(&groups.head)?;
        if generic.contains_key("model") {
            return Err(Failure::message("Model cannot be specified in generic options"));
        }
        Ok(Device { generic, groups })
    }

    fn heuristics(&self) -> Result<Pairs, Failure> {
        let words = self.groups.flat("heuristics");
        if self.groups.has("heuristics") && words.is_empty() {
            return Err(Failure::message("No heuristics options specified"));
        }
        grammar::pairs(&words)
    }
}
