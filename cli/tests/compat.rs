//! The low-level tools on a CIB file: what is recorded in `compat/transcript.txt` must be what ours
//! print, and, where Pacemaker is installed, what the real ones print.
//!
//! A line `# FILE` says which CIB of `compat/` the cases after it run on. A case is a line `$ COMMAND`, what it prints on stdout, `+ TAG` for each start tag that it adds
//! to the file, `- TAG` for each that it removes, and `= EXIT CODE`. `UPDATE=1` writes the
//! transcript anew from ours.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

const TRANSCRIPT: &str = include_str!("compat/transcript.txt");
/// A cluster at work, and one in trouble: lost, standby and maintained nodes, failures of all kinds.
const CIBS: &[(&str, &str)] =
    &[("cib.xml", include_str!("compat/cib.xml")), ("troubled.xml", include_str!("compat/troubled.xml"))];

struct Case {
    cib: &'static (&'static str, &'static str),
    command: String,
    answer: String,
}

fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut cib = &CIBS[0];
    for line in TRANSCRIPT.lines() {
        if let Some(file) = line.strip_prefix("# ") {
            cib = CIBS.iter().find(|(name, _)| *name == file).unwrap();
        } else if let Some(command) = line.strip_prefix("$ ") {
            cases.push(Case { cib, command: command.to_owned(), answer: String::new() });
        } else if let Some(case) = cases.last_mut() {
            case.answer.push_str(line);
            case.answer.push('\n');
        }
    }
    cases
}

/// Start tags of a document, without the counters of its root.
fn tags(text: &str) -> BTreeSet<String> {
    text.split('<')
        .filter(|part| !part.is_empty() && !part.starts_with(['/', '!', '?']) && !part.starts_with("cib "))
        .filter_map(|part| part.split('>').next())
        .map(|tag| tag.trim_end_matches('/').trim().to_owned())
        .filter(|tag| !tag.is_empty())
        .collect()
}

/// Words are separated by blanks; single quotes keep blanks in.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().unwrap().push(c),
        }
    }
    words
}

/// Runs a tool (ours, or the real one) on a fresh copy of the CIB.
fn answer(case: &Case, real: bool, folder: &Path) -> String {
    let (command, cib) = (&case.command, case.cib.1);
    let file = folder.join("cib.xml");
    std::fs::write(&file, cib).unwrap();
    let words = words(command);
    let mut process = if real {
        Command::new(&words[0])
    } else {
        let mut process = Command::new(env!("CARGO_BIN_EXE_rhapsody"));
        process.arg("tools").arg(&words[0]);
        process
    };
    let out = process
        .args(&words[1..])
        .env("CIB_file", &file)
        .env("TZ", "UTC")
        .env_remove("OCF_RESOURCE_INSTANCE")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let mut text = String::from_utf8_lossy(&out.stdout).into_owned();
    // The moment at which it ran is not part of what it knows.
    text = text
        .lines()
        .filter(|line| !line.contains("Last updated:") && !line.contains("<last_update"))
        // Newer versions of the real one say "maintenance" where older ones say "unmanaged", too.
        .map(|line| line.replace("(maintenance", "(unmanaged"))
        .map(|line| format!("{line}\n"))
        .collect();
    let (before, after) = (tags(cib), tags(&std::fs::read_to_string(&file).unwrap()));
    for tag in before.difference(&after) {
        text.push_str(&format!("- {tag}\n"));
    }
    for tag in after.difference(&before) {
        text.push_str(&format!("+ {tag}\n"));
    }
    text.push_str(&format!("= {}\n", out.status.code().unwrap_or(-1)));
    text
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("rhapsody-compat-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn ours_answer_as_recorded() {
    let folder = folder("ours");
    let mut all = String::new();
    let mut wrong = Vec::new();
    let mut cib = "";
    for case in cases() {
        if case.cib.0 != cib {
            cib = case.cib.0;
            all.push_str(&format!("# {cib}\n"));
        }
        let ours = answer(&case, false, &folder);
        all.push_str(&format!("$ {}\n{ours}", case.command));
        if ours != case.answer {
            wrong.push(format!("$ {}\nrecorded:\n{}ours:\n{ours}", case.command, case.answer));
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/compat/transcript.txt"), all).unwrap();
        return;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_real_tools_answer_as_recorded() {
    let there = Command::new("crm_attribute").arg("--version").output().is_ok_and(|out| out.status.success());
    if !there {
        eprintln!("Pacemaker is not installed: ours were not compared with the real tools");
        return;
    }
    let folder = folder("real");
    let mut wrong = Vec::new();
    for case in cases() {
        let real = answer(&case, true, &folder);
        if real != case.answer {
            wrong.push(format!("$ {}\nrecorded:\n{}real:\n{real}", case.command, case.answer));
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let folder = folder("gone");
    let file = folder.join("cib.xml");
    std::fs::write(&file, CIBS[0].1).unwrap();
    let (reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
    drop(reader);
    let out = Command::new(env!("CARGO_BIN_EXE_rhapsody"))
        .args(["tools", "crm_mon", "-1", "--output-as=xml"])
        .env("CIB_file", &file)
        .stdout(std::os::fd::OwnedFd::from(writer))
        .output()
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(out.status.success(), "{out:?}");
    assert_eq!(String::from_utf8_lossy(&out.stderr), "");
}
