//! `cluster report`: what all nodes know of the time in question, in one tarball.

use crate::Done;
use crate::commands::config::tarball;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::target_file::now;
use rhapsody_cib::time::parse_local;
use serde_json::json;
use std::path::Path;

const DAY_S: i64 = 86_400;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let [destination] = words else { return Err(usage()) };
    let from = time(context, "--from")?;
    let to = time(context, "--to")?;
    if from.is_none() && to.is_some() {
        return Err(Failure::message("--to says until when, --from must say since when"));
    }
    let to = to.unwrap_or_else(now);
    let from = from.unwrap_or(to - DAY_S);
    if from > to {
        return Err(Failure::message("--from is later than --to"));
    }
    let path = format!("{}.tar.bz2", destination.trim_end_matches(".tar.bz2"));
    let force = context.options.force();
    tarball::check_free(&path, force)?;
    let folder = Path::new(path.trim_end_matches(".tar.bz2")).file_name().unwrap_or_default();
    let request = json!({ "from": from, "to": to, "folder": folder.to_string_lossy() });
    let answer = context.run("rhapsody.cluster.report", &request)?;
    tarball::write(&path, &tarball::decode(answer.as_str())?, force)?;
    eprintln!("The report is in '{path}'; its configuration is shown without passwords and keys");
    Ok(())
}

fn time(context: &Context, option: &str) -> Result<Option<i64>, Failure> {
    let Some(text) = context.options.value(option) else { return Ok(None) };
    let seconds = parse_local(text).ok_or_else(|| {
        Failure::Message(format!("'{text}' is not a time for {option}, write it as \"YYYY-M-D H:M:S\""))
    })?;
    Ok(Some(seconds))
}
