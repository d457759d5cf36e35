//! `pcsd deauth` and `pcsd accept_token`.

use crate::Done;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;

pub fn deauth(context: &mut Context, words: &[String]) -> Done {
    context.run("rhapsody.pcsd.deauth", &json!({ "tokens": words })).map(|_| ())
}

pub fn accept_token(context: &mut Context, words: &[String]) -> Done {
    let path = match words {
        [path] => path,
        _ => return Err(Failure::message("1 argument required")),
    };
    let token = read_token(path)?;
    context.run("rhapsody.pcsd.accept_token", &json!({ "token": token })).map(|_| ())
}

/// What a file holds, without the end of its line.
pub fn read_token(path: &str) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Message(format!("Unable to read file '{path}': {error}")))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
