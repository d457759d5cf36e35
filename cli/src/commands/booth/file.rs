//! The commands on booth's own files: of an instance in /etc/booth, or those that are named.

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use crate::grammar::{self, Groups};
use crate::output::{reports, text_diff};
use crate::{settings, whole_file};
use rhapsody_ops::booth::file::BoothConf;
use rhapsody_ops::booth::{self, setup};
use rhapsody_ops::reports::Reports;
use rhapsody_ops::work::Stop;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// As booth recommends, and the most it takes.
const KEY_BYTES: usize = 64;

pub fn setup(context: &mut Context, words: &[String]) -> Done {
    let groups = Groups::split(words, &["sites", "arbitrators"]);
    groups.once(&["sites", "arbitrators"])?;
    let sites = groups.flat("sites");
    if sites.is_empty() || !groups.head.is_empty() {
        return Err(usage());
    }
    let paths = Paths::of(context)?;
    let request =
        setup::Request { sites, arbitrators: groups.flat("arbitrators"), authfile: paths.key.clone() };
    let conf = with_reports(context, |reports| setup::run(&request, reports))?;
    // An empty file is nothing that could be lost.
    let there = |path: &String| fs::metadata(path).is_ok_and(|file| file.len() > 0);
    if let Some(path) = [&paths.conf, &paths.key].into_iter().find(|path| there(path))
        && !context.options.force()
    {
        return Err(Failure::Message(format!("Booth file '{path}' already exists, use --force to override")));
    }
    if context.options.has("--dry-run") {
        let before = fs::read_to_string(&paths.conf).unwrap_or_default();
        show_change(context, &paths.conf, &before, &conf);
        context.line(format!("Booth key '{}' would be made anew.", paths.key));
        return Ok(());
    }
    write_key(&paths.key)?;
    write(&paths.conf, &conf)
}

pub fn show(context: &mut Context, words: &[String]) -> Done {
    if let [node] = words {
        return super::nodes::config(context, node);
    }
    if !words.is_empty() {
        return Err(usage());
    }
    let path = booth::config_path(&instance(context)?);
    let conf = read(&path)?;
    context.line(conf.to_text().trim_end());
    Ok(())
}

pub fn ticket_add(context: &mut Context, words: &[String]) -> Done {
    let [name, options @ ..] = words else { return Err(usage()) };
    let options = grammar::pairs(options)?;
    let force = context.options.force();
    edit(context, |conf, reports| booth::ticket::add(conf, name, options, force, reports))
}

pub fn ticket_remove(context: &mut Context, words: &[String]) -> Done {
    let [name] = words else { return Err(usage()) };
    edit(context, |conf, reports| booth::ticket::remove(conf, name, reports))
}

pub fn enable_authfile(context: &mut Context, words: &[String]) -> Done {
    switchable(words, "booth_enable_authfile_set_enabled")?;
    edit(context, |conf, _| {
        conf.set_first("enable-authfile", "yes");
        Ok(())
    })
}

pub fn clean_enable_authfile(context: &mut Context, words: &[String]) -> Done {
    switchable(words, "booth_enable_authfile_unset_enabled")?;
    edit(context, |conf, _| {
        conf.remove("enable-authfile");
        Ok(())
    })
}

/// Distributions whose booth does not know the option have the command switched off.
fn switchable(words: &[String], setting: &str) -> Done {
    if words.is_empty() && settings::setting(setting).is_none_or(|value| value != "False") {
        Ok(())
    } else {
        Err(usage())
    }
}

/// The name of the instance: `--name`, or the default one.
pub fn instance(context: &Context) -> Result<String, Failure> {
    let name = context.options.value("--name").unwrap_or(booth::DEFAULT_NAME);
    with_reports(context, |reports| {
        booth::check_name(name, reports);
        reports.check()
    })?;
    Ok(name.to_owned())
}

struct Paths {
    conf: String,
    key: String,
}

impl Paths {
    fn of(context: &Context) -> Result<Paths, Failure> {
        let named = |option| context.options.value(option).map(str::to_owned);
        match (named("--booth-conf"), named("--booth-key")) {
            (Some(conf), Some(key)) => Ok(Paths { conf, key }),
            (Some(_), None) => {
                Err(Failure::message("When --booth-conf is specified, --booth-key must be specified as well"))
            }
            (None, Some(_)) => {
                Err(Failure::message("When --booth-key is specified, --booth-conf must be specified as well"))
            }
            (None, None) => {
                let name = instance(context)?;
                Ok(Paths { conf: booth::config_path(&name), key: booth::key_path(&name) })
            }
        }
    }
}

fn with_reports<T>(
    context: &Context,
    run: impl FnOnce(&mut Reports) -> Result<T, Stop>,
) -> Result<T, Failure> {
    let mut gathered = Reports::default();
    let result = run(&mut gathered);
    reports::tell(gathered.list(), context.options.has("--debug"));
    result.map_err(|Stop| Failure::Told)
}

/// Reads, changes and replaces the configuration.
fn edit(
    context: &mut Context,
    change: impl FnOnce(&mut BoothConf, &mut Reports) -> Result<(), Stop>,
) -> Done {
    let paths = Paths::of(context)?;
    let mut conf = read(&paths.conf)?;
    let before = conf.to_text();
    with_reports(context, |reports| change(&mut conf, reports))?;
    if context.options.has("--dry-run") {
        show_change(context, &paths.conf, &before, &conf);
        return Ok(());
    }
    write(&paths.conf, &conf)
}

/// What a dry run would have written.
fn show_change(context: &mut Context, path: &str, before: &str, conf: &BoothConf) {
    let lines = text_diff::lines(before, &conf.to_text());
    if lines.is_empty() {
        context.line("Nothing would change.");
        return;
    }
    context.line(format!("Booth configuration '{path}' would change:"));
    for line in lines {
        context.line(line);
    }
}

pub fn read(path: &str) -> Result<BoothConf, Failure> {
    let text = whole_file::read(Path::new(path))
        .map_err(|error| Failure::Message(format!("Unable to read Booth configuration '{path}': {error}")))?;
    BoothConf::parse(&text)
        .map_err(|error| Failure::Message(format!("unexpected line in booth config '{path}':\n{}", error.0)))
}

fn write(path: &str, conf: &BoothConf) -> Done {
    make_folder(path);
    whole_file::replace(Path::new(path), &conf.to_text())
        .map_err(|error| Failure::Message(format!("Unable to write Booth configuration '{path}': {error}")))
}

/// A new key that only its owner can read.
fn write_key(path: &str) -> Done {
    make_folder(path);
    let unable = |error: &dyn std::fmt::Display| {
        Failure::Message(format!("Unable to write Booth key '{path}': {error}"))
    };
    let mut key = [0u8; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| unable(&error))?;
    let temporary = format!("{path}.{}.new", std::process::id());
    let whole = || -> std::io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(&key)?;
        fs::rename(&temporary, path)
    };
    whole().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        unable(&error)
    })
}

/// /etc/booth may not be there yet; what cannot be made is told when the file cannot be written.
fn make_folder(path: &str) {
    if let Some(folder) = Path::new(path).parent().filter(|folder| *folder == Path::new(booth::FOLDER)) {
        let _ = fs::create_dir_all(folder);
    }
}
