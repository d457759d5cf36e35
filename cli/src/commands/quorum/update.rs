//! `quorum update`.

use crate::Done;
use crate::context::Context;
use crate::{grammar, target_conf};
use serde_json::json;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if words.is_empty() {
        return Err(super::super::usage());
    }
    let request = json!({ "quorum_options": grammar::pairs(words)? });
    target_conf::run(context, "rhapsody.quorum.update", &request).map(|_| ())
}
