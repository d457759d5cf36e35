//! `cluster uidgid`: which users and groups may speak to Corosync, one small file each.
//!
//! The files belong to this host, as pcs has it; they are read when the cluster starts.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::{settings, whole_file};
use rhapsody_conf::Conf;
use std::fs;
use std::path::PathBuf;

const FOLDER: &str = "/etc/corosync/uidgid.d";

#[derive(Debug, Default, PartialEq, Eq)]
struct Entry {
    uid: String,
    gid: String,
}

pub fn list(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let entries = entries()?;
    if entries.is_empty() {
        eprintln!("No uidgids configured");
    }
    for (_, entry) in entries {
        context.line(format!("UID/GID: uid={} gid={}", entry.uid, entry.gid));
    }
    Ok(())
}

pub fn add(context: &mut Context, words: &[String]) -> Done {
    let entry = Entry::parse(words)?;
    let folder = folder().ok_or_else(|| Failure::message("there is no folder for uidgid files here"))?;
    if entries()?.iter().any(|(_, there)| *there == entry) {
        return Err(Failure::Message(format!(
            "uidgid file with uid={} and gid={} already exists",
            entry.uid, entry.gid
        )));
    }
    let path = folder.join(format!("pcs-uidgid-{}-{}", entry.uid, entry.gid));
    let text = format!("uidgid {{\n  uid: {}\ngid: {}\n}}\n", entry.uid, entry.gid);
    if context.options.has("--dry-run") {
        context.line(format!("'{}' would be written.", path.display()));
        return Ok(());
    }
    whole_file::replace(&path, &text)
        .map_err(|error| Failure::Message(format!("unable to write '{}': {error}", path.display())))
}

pub fn remove(context: &mut Context, words: &[String]) -> Done {
    let entry = Entry::parse(words)?;
    let found: Vec<PathBuf> =
        entries()?.into_iter().filter(|(_, there)| *there == entry).map(|(path, _)| path).collect();
    if found.is_empty() {
        return Err(Failure::Message(format!(
            "no uidgid files with uid={} and gid={} found",
            entry.uid, entry.gid
        )));
    }
    for path in found {
        if context.options.has("--dry-run") {
            context.line(format!("'{}' would be removed.", path.display()));
            continue;
        }
        fs::remove_file(&path)
            .map_err(|error| Failure::Message(format!("unable to remove '{}': {error}", path.display())))?;
    }
    Ok(())
}

impl Entry {
    fn parse(words: &[String]) -> Result<Entry, Failure> {
        if words.is_empty() {
            return Err(usage());
        }
        let mut entry = Entry::default();
        for word in words {
            let Some((name, value)) = word.split_once('=') else {
                return Err(Failure::message("uidgid options must be of the form uid=<uid> gid=<gid>"));
            };
            match name {
                "uid" => entry.uid = value.to_owned(),
                "gid" => entry.gid = value.to_owned(),
                _ => {
                    return Err(Failure::Message(format!(
                        "{name} is not a valid key, you must use uid or gid"
                    )));
                }
            }
        }
        if entry == Entry::default() {
            return Err(Failure::message("you must set either uid or gid"));
        }
        let named = |c: char| c.is_ascii_alphanumeric() || "_-.$".contains(c);
        for value in [&entry.uid, &entry.gid] {
            if !value.chars().all(named) || value.starts_with('.') {
                return Err(Failure::Message(format!("'{}' is no user and no group", value.escape_debug())));
            }
        }
        Ok(entry)
    }
}

/// None where a test says that there is none.
fn folder() -> Option<PathBuf> {
    let folder = settings::setting("corosync_uidgid_dir").unwrap_or_else(|| FOLDER.to_owned());
    (!folder.is_empty()).then(|| PathBuf::from(folder))
}

/// Files and what they say, by file name; what is no uidgid file is passed over.
fn entries() -> Result<Vec<(PathBuf, Entry)>, Failure> {
    let Some(folder) = folder() else { return Ok(Vec::new()) };
    let list = match fs::read_dir(&folder) {
        Ok(list) => list,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(Failure::Message(format!("unable to read '{}': {error}", folder.display())));
        }
    };
    let mut paths: Vec<PathBuf> = list.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let entry = |path: PathBuf| {
        let conf = Conf::parse(&fs::read_to_string(&path).ok()?).ok()?;
        let text = |key| conf.get("uidgid", key).unwrap_or_default().to_owned();
        let entry = Entry { uid: text("uid"), gid: text("gid") };
        (entry != Entry::default()).then_some((path, entry))
    };
    Ok(paths.into_iter().filter_map(entry).collect())
}
