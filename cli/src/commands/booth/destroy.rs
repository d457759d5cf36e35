//! `booth destroy`: the files of an instance are removed from this host.

use super::file::{instance, read};
use super::resource;
use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_ops::booth::{FOLDER, config_path};
use std::path::{Path, PathBuf};

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let name = instance(context)?;
    let path = config_path(&name);
    if !Path::new(&path).exists() {
        return Err(Failure::Message(format!("there is no booth configuration '{path}'")));
    }
    if resource::is_used(context, &name) {
        return Err(Failure::Message(format!(
            "booth instance '{name}' is used in a cluster resource, remove it first with 'rhapsody booth remove'"
        )));
    }
    let key = match read(&path) {
        Ok(conf) => conf.get("authfile").map(PathBuf::from),
        // A file that cannot be read names no key that could be removed with it.
        Err(_) if context.options.force() => None,
        Err(failure) => return Err(failure),
    };
    let key = key.filter(|key| key.parent() == Some(Path::new(FOLDER)));
    for path in key.into_iter().chain([PathBuf::from(path)]) {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::Message(format!("Unable to remove '{}': {error}", path.display())));
            }
            _ => {}
        }
    }
    Ok(())
}
