//! `cluster edit`: a copy of the CIB in the user's editor, and back what was changed.

use super::cib;
use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn run(context: &mut Context, words: &[String]) -> Done {
    let (None, scope, _) = cib::parse(context, words, &["scope"])? else { return Err(usage()) };
    let editor = std::env::var("EDITOR").ok().filter(|editor| !editor.trim().is_empty());
    let editor = editor.ok_or_else(|| Failure::message("$EDITOR environment variable is not set"))?;
    let before = format!("{}\n", cib::text(context, scope.as_deref())?.trim_end());
    let copy = write_copy(&before)?;
    let edited = edit(&editor, &copy).and_then(|()| {
        fs::read_to_string(&copy).map_err(|error| unable("read the edited copy", &copy, &error))
    });
    let edited = edited.inspect_err(|_| remove(&copy))?;
    if edited == before {
        remove(&copy);
        eprintln!("CIB not updated, no changes detected");
        return Ok(());
    }
    let pushed = push(context, scope, before, edited);
    match &pushed {
        Ok(()) => remove(&copy),
        // An hour of work is not thrown away for a typo.
        Err(_) => eprintln!("The edited copy is kept in '{}'", copy.display()),
    }
    pushed
}

/// Of the whole only the difference: what others changed meanwhile stays.
fn push(context: &mut Context, scope: Option<String>, before: String, edited: String) -> Done {
    let mut request = json!({ "cib": edited, "force_flags": context.force_flags() });
    match scope {
        Some(scope) => request["scope"] = Value::from(scope),
        None => request["diff_against"] = Value::from(before),
    }
    if context.change("rhapsody.cluster.cib_push", &request)? == Value::Bool(true) {
        eprintln!("CIB updated");
    }
    Ok(())
}

/// In a file that only this user can read: a CIB may hold passwords.
fn write_copy(text: &str) -> Result<PathBuf, Failure> {
    let mut random = [0u8; 8];
    getrandom::fill(&mut random)
        .map_err(|error| Failure::Message(format!("there are no random numbers for a file name: {error}")))?;
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let path = std::env::temp_dir().join(format!("cib-{random}.xml"));
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| unable("write a copy of the CIB to", &path, &error))?;
    Ok(path)
}

/// The variable may hold options, as other programs allow it.
fn edit(editor: &str, copy: &Path) -> Done {
    let ended =
        Command::new("/bin/sh").args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(copy).status().map_err(
            |error| Failure::Message(format!("unable to open file with $EDITOR: {editor}: {error}")),
        )?;
    match ended.code() {
        Some(0) => Ok(()),
        // What a shell answers for a program that is not there or cannot be run.
        Some(126 | 127) => Err(Failure::Message(format!("unable to open file with $EDITOR: {editor}"))),
        _ => Err(Failure::Message(format!("the editor ended with an error ({ended}), nothing was changed"))),
    }
}

fn unable(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::Message(format!("unable to {what} '{}': {error}", path.display()))
}

fn remove(copy: &Path) {
    let _ = fs::remove_file(copy);
}
