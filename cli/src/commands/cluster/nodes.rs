//! `cluster start`, `stop`, `enable`, `disable`: the same words, four commands.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::{Map, Value, json};

pub fn start(context: &mut Context, words: &[String]) -> Done {
    let mut request = targets(context, words)?;
    request.insert("wait".to_owned(), super::wait(context)?);
    context.run("rhapsody.cluster.start", &request).map(|_| ())
}

pub fn stop(context: &mut Context, words: &[String]) -> Done {
    let mut request = targets(context, words)?;
    request.insert("force_flags".to_owned(), json!(context.force_flags()));
    context.run("rhapsody.cluster.stop", &request).map(|_| ())
}

pub fn enable(context: &mut Context, words: &[String]) -> Done {
    let request = targets(context, words)?;
    context.run("rhapsody.cluster.enable", &request).map(|_| ())
}

pub fn disable(context: &mut Context, words: &[String]) -> Done {
    let request = targets(context, words)?;
    context.run("rhapsody.cluster.disable", &request).map(|_| ())
}

/// All nodes, the named ones, or (neither) the local one.
fn targets(context: &Context, words: &[String]) -> Result<Map<String, Value>, Failure> {
    let mut request = Map::new();
    match (context.options.has("--all"), words.is_empty()) {
        (true, false) => return Err(Failure::message("Cannot specify both --all and a list of nodes.")),
        (true, true) => {
            request.insert("all".to_owned(), Value::Bool(true));
        }
        (false, false) => {
            request.insert("nodes".to_owned(), json!(words));
        }
        (false, true) => {}
    }
    Ok(request)
}
