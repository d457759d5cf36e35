//! `host deauth`: forget tokens.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use crate::live::known_hosts::KnownHosts;
use crate::live::{self, LiveError};
use serde_json::json;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if words.iter().any(|word| word.contains('=')) {
        return Err(super::super::usage());
    }
    if live::is_root() && context.options.value("--host").is_none() {
        return context.run("rhapsody.host.deauth", &json!({ "hosts": words })).map(|_| ());
    }
    let told = |e: LiveError| Failure::Message(e.to_string());
    let mut known = KnownHosts::load_own().map_err(told)?;
    let named: Vec<String> =
        if words.is_empty() { known.names().map(str::to_owned).collect() } else { words.to_vec() };
    let unknown: Vec<&str> = named.iter().map(String::as_str).filter(|n| known.get(n).is_none()).collect();
    if !unknown.is_empty() {
        let known: Vec<&str> = known.names().collect();
        return Err(Failure::Message(format!(
            "Following hosts were not found: '{}'; known are: {}",
            unknown.join("', '"),
            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
        )));
    }
    for name in &named {
        known.remove(name);
    }
    known.save_own().map_err(told)
}
