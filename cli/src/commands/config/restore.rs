//! `config restore`: the tarball of a backup, back on the nodes.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::json;
use std::io::Read;

/// No backup is longer; the daemon has a bound of its own for what it takes.
const BYTES_MAX: u64 = 64 << 20;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let tarball = match words {
        [] => read(std::io::stdin().lock()).map_err(|error| format!("unable to read the tarball: {error}")),
        [path] => std::fs::File::open(path)
            .and_then(read)
            .map_err(|error| format!("unable to restore the cluster: '{path}': {error}")),
        _ => return Err(usage()),
    };
    let tarball = tarball.map_err(Failure::Message)?;
    if tarball.is_empty() {
        return Err(Failure::message("unable to read the tarball: empty file"));
    }
    let local = context.options.has("--local");
    let request = json!({ "tarball": BASE64_STANDARD.encode(tarball), "local": local });
    context.run("rhapsody.config.restore", &request).map(|_| ())
}

fn read(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(std::io::Error::other("it is longer than any backup"));
    }
    Ok(bytes)
}
