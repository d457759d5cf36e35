//! `config backup`: a tarball of what makes this node one.

use super::tarball::{check_free, decode, write};
use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;
use std::io::{self, IsTerminal, Write};

const ENDING: &str = ".tar.bz2";

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let path = match words {
        [] => None,
        [path] if path.ends_with(ENDING) => Some(path.clone()),
        [path] => Some(format!("{path}{ENDING}")),
        _ => return Err(usage()),
    };
    let force = context.options.force();
    match &path {
        Some(path) => check_free(path, force)?,
        None if io::stdout().is_terminal() => {
            return Err(Failure::message("a tarball is nothing for a terminal, name a file"));
        }
        None => {}
    }
    let answer = context.run("rhapsody.config.backup", &json!({}))?;
    let bytes = decode(answer.as_str())?;
    match path {
        Some(path) => write(&path, &bytes, force),
        None => io::stdout()
            .write_all(&bytes)
            .map_err(|error| Failure::Message(format!("unable to write the tarball: {error}"))),
    }
}
