//! `pcsd certkey` and `pcsd sync-certificates`.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::json;

pub fn certkey(context: &mut Context, words: &[String]) -> Done {
    let [certificate, key] = words else { return Err(usage()) };
    let read = |path: &String| {
        std::fs::read_to_string(path)
            .map_err(|error| Failure::Message(format!("Unable to read file '{path}': {error}")))
    };
    let request = json!({
        "certificate": read(certificate)?,
        "key": read(key)?,
        "force_flags": context.force_flags(),
    });
    context.run("rhapsody.pcsd.certkey", &request)?;
    eprintln!("Certificate and key updated");
    Ok(())
}

pub fn sync(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    context.run("rhapsody.pcsd.sync_certificates", &json!({})).map(|_| ())
}
