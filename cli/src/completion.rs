//! Shell completion, generated from the command tables.
//!
//! `rhapsody completion bash` writes the script that is checked in as `completions/rhapsody.bash`
//! (a test fails when the two differ). The script knows words and options by itself and asks
//! `rhapsody completion names KIND` for the names of the live cluster, or of the file after `-f`.
//! The scripts for zsh and fish ask for every word: `rhapsody completion words -- WORDS...`, the
//! last of which is being typed; see [`candidates`].

mod candidates;

use crate::commands::NOUNS;
use crate::live::Live;
use crate::options::{LETTERS, OPTIONS, Takes};
use rhapsody_api::core::{Request, Response};
use rhapsody_cib::Cib;
use rhapsody_client::Client;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

/// Nobody waits longer for a completion.
const PATIENCE: Duration = Duration::from_millis(800);

/// `rhapsody completion ...`; returns the exit code.
pub fn run(words: &[String]) -> u8 {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["bash"] => {
            say_part!("{}", bash());
            0
        }
        ["zsh"] => {
            say_part!("{ZSH}");
            0
        }
        ["fish"] => {
            say_part!("{FISH}");
            0
        }
        ["words", rest @ ..] => {
            candidates::print(rest.strip_prefix(&["--"]).unwrap_or(rest));
            0
        }
        ["names", kind] => print_names(kind, None),
        ["names", kind, "-f", file] => print_names(kind, Some(file)),
        _ => {
            eprintln!(
                "Usage: rhapsody completion bash|zsh|fish | names resources|nodes|stonith|groups [-f FILE]"
            );
            1
        }
    }
}

/// A completion that finds nothing says nothing.
fn print_names(kind: &str, file: Option<&str>) -> u8 {
    let Some(cib) = file.map_or_else(live, |path| std::fs::read_to_string(path).ok()) else { return 1 };
    let Ok(cib) = Cib::parse(&cib) else { return 1 };
    for name in names(&cib, kind) {
        say!("{name}");
    }
    0
}

/// The core is the quickest to ask, but only root may.
fn live() -> Option<String> {
    if crate::live::is_root()
        && let Ok(mut core) = Client::connect("rhapsody completion")
    {
        core.set_timeout(PATIENCE).ok()?;
        if let Ok(Response::Snapshot { cib }) = core.request(Request::Snapshot) {
            return Some(cib);
        }
    }
    let answer = Live::local().ok()?.run_for("rhapsody.cluster.cib", serde_json::json!({}), PATIENCE).ok()?;
    answer.result.as_str().map(str::to_owned)
}

fn names(cib: &Cib, kind: &str) -> BTreeSet<String> {
    let id = |e| cib.attr(e, "id").map(str::to_owned);
    if kind == "nodes" {
        let nodes = cib.nodes().into_iter().flat_map(|nodes| cib.children_named(nodes, "node"));
        return nodes.filter_map(|node| cib.attr(node, "uname").map(str::to_owned)).collect();
    }
    let all = cib.resources().into_iter().flat_map(|resources| cib.descendants(resources));
    all.filter(|e| {
        let stonith = cib.attr(*e, "class") == Some("stonith");
        match (kind, cib.name(*e)) {
            ("groups", name) => name == "group",
            ("stonith", "primitive") => stonith,
            ("resources", "primitive") => !stonith,
            ("resources", "group" | "clone" | "master" | "bundle") => true,
            _ => false,
        }
    })
    .filter_map(id)
    .collect()
}

/// What a command's usage says about the words it wants.
fn kinds(usage: &str) -> Vec<&'static str> {
    let line = usage.lines().next().unwrap_or_default();
    let mut kinds = Vec::new();
    for (word, kind) in [
        ("<resource", "resources"),
        ("<node", "nodes"),
        ("<stonith", "stonith"),
        ("<group", "groups"),
        ("<file", "files"),
    ] {
        if line.contains(word) {
            kinds.push(kind);
        }
    }
    kinds
}

/// The tables of the script: what follows which words.
#[derive(Default)]
struct Tables {
    next: BTreeMap<String, BTreeSet<&'static str>>,
    options: BTreeMap<String, Vec<&'static str>>,
    names: BTreeMap<String, Vec<&'static str>>,
}

fn tables() -> Tables {
    let mut tables = Tables::default();
    let mut first: BTreeSet<&'static str> = NOUNS.iter().map(|noun| noun.name).collect();
    first.extend(["completion", "help", "lab", "man", "simulate"]);
    tables.next.insert(String::new(), first);
    for noun in NOUNS {
        for verb in noun.verbs {
            let mut key = noun.name.to_owned();
            for word in verb.words.split_whitespace() {
                tables.next.entry(key.clone()).or_default().insert(word);
                key = format!("{key} {word}");
            }
            let options = verb.options.iter().copied().filter(|name| name.starts_with("--")).collect();
            tables.options.insert(key.clone(), options);
            let kinds = kinds(verb.usage);
            if !kinds.is_empty() {
                tables.names.insert(key, kinds);
            }
        }
    }
    tables
}

/// The whole script.
pub fn bash() -> String {
    let tables = tables();
    let mut text = String::from(
        "# bash completion of rhapsody. Generated by `rhapsody completion bash`; do not edit.\n\n\
         declare -gA _rhapsody_next _rhapsody_options _rhapsody_names\n",
    );
    for (key, words) in &tables.next {
        let words: Vec<&str> = words.iter().copied().collect();
        // An associative array takes no empty key.
        let key = if key.is_empty() { "-" } else { key };
        let _ = writeln!(text, "_rhapsody_next['{key}']='{}'", words.join(" "));
    }
    for (key, options) in tables.options.iter().filter(|(_, options)| !options.is_empty()) {
        let _ = writeln!(text, "_rhapsody_options['{key}']='{}'", options.join(" "));
    }
    for (key, kinds) in &tables.names {
        let _ = writeln!(text, "_rhapsody_names['{key}']='{}'", kinds.join(" "));
    }
    let values: Vec<String> = OPTIONS
        .iter()
        .filter(|(_, _, takes, _)| *takes == Takes::Value)
        .map(|(name, ..)| (*name).to_owned())
        .chain(
            LETTERS
                .iter()
                .filter(|(_, takes)| *takes == Takes::Value)
                .map(|(letter, _)| format!("-{letter}")),
        )
        .collect();
    text.push_str(&BODY.replace("@VALUES@", &values.join("|")));
    text
}

const BODY: &str = r#"
_rhapsody() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
    local words=() file=() word key=- kind list='--help --host --debug' i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            @VALUES@)
                [[ $word == -f ]] && file=(-f "${COMP_WORDS[i+1]}")
                ((i++)) ;;
            -*) ;;
            *) words+=("$word") ;;
        esac
    done
    case $prev in
        -f|--corosync_conf) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    esac
    # The longest beginning that is a command.
    for ((i = ${#words[@]}; i > 0; i--)); do
        word="${words[*]:0:i}"
        if [[ -n ${_rhapsody_next[$word]}${_rhapsody_options[$word]}${_rhapsody_names[$word]} ]]; then
            key=$word
            break
        fi
    done
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$list -f ${_rhapsody_options[$key]}" -- "$cur"))
        return
    fi
    list=
    # Words of a command only directly behind it; names anywhere after it.
    [[ $key == - || ${#words[@]} -eq $i ]] && list=${_rhapsody_next[$key]}
    for kind in ${_rhapsody_names[$key]}; do
        if [[ $kind == files ]]; then
            COMPREPLY+=($(compgen -f -- "$cur"))
        else
            list+=" $(rhapsody completion names "$kind" "${file[@]}" 2>/dev/null)"
        fi
    done
    COMPREPLY+=($(compgen -W "$list" -- "$cur"))
}
complete -F _rhapsody rhapsody
"#;

const ZSH: &str = include_str!("completion/rhapsody.zsh");
const FISH: &str = include_str!("completion/rhapsody.fish");

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn the_checked_in_scripts_are_current() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../completions");
        for (name, text) in [("bash", bash()), ("zsh", ZSH.to_owned()), ("fish", FISH.to_owned())] {
            let path = format!("{folder}/rhapsody.{name}");
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            let there = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(there == text, "completions/rhapsody.{name} is old; write it with: make completions");
        }
    }

    /// A stand-in for the program: says what it was asked for, as a candidate.
    fn stand_in(name: &str) -> std::path::PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let folder = std::env::temp_dir().join(format!("rhapsody-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let program = folder.join("rhapsody");
        std::fs::write(&program, "#!/bin/sh\nshift 3\necho \"asked-$(echo $* | tr ' ' '-')\tall words\"\n")
            .unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    #[test]
    fn zsh_loads_the_script_and_asks_the_program() {
        if Command::new("zsh").arg("--version").output().is_err() {
            eprintln!("no zsh here: completion was not tried");
            return;
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/completion/rhapsody.zsh");
        let checked = Command::new("zsh").args(["-n", path]).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        let folder = stand_in("zsh");
        // compadd and its like work only inside of the line editor: here they print.
        let script = format!(
            "path=({} $path); compdef() {{ : }}; _describe() {{ print -l -- \"${{(@P)2}}\" }}; _files() {{ print files }}\n\
             source {path}\nwords=(rhapsody resource upd); CURRENT=3; _rhapsody\n",
            folder.display()
        );
        let out = Command::new("zsh").args(["-f", "-c", &script]).output().unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let out = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.contains("asked-resource-upd:all words"), "{out}");
    }

    #[test]
    fn fish_loads_the_script_and_asks_the_program() {
        if Command::new("fish").arg("--version").output().is_err() {
            eprintln!("no fish here: completion was not tried");
            return;
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/completion/rhapsody.fish");
        let checked = Command::new("fish").args(["-n", path]).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        let folder = stand_in("fish");
        let script = format!(
            "set -x PATH {} $PATH; source {path}; complete -C 'rhapsody resource asked'",
            folder.display()
        );
        let out =
            Command::new("fish").args(["--no-config", "-c", &script]).env("HOME", &folder).output().unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let out = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.contains("asked-resource-asked\tall words"), "{out}");
    }

    #[test]
    fn names_are_those_of_their_kind() {
        let cib = Cib::parse(
            "<cib><configuration><nodes><node id='1' uname='n1'/></nodes><resources>
             <primitive id='fence' class='stonith'/><primitive id='vip' class='ocf'/>
             <group id='g'><primitive id='a' class='ocf'/></group></resources></configuration></cib>",
        )
        .unwrap();
        let all = |kind| names(&cib, kind).into_iter().collect::<Vec<_>>().join(" ");
        assert_eq!(all("nodes"), "n1");
        assert_eq!(all("resources"), "a g vip");
        assert_eq!(all("stonith"), "fence");
        assert_eq!(all("groups"), "g");
    }

    #[test]
    fn bash_completes_words_options_and_names_of_a_file() {
        let bash_there = std::process::Command::new("bash").arg("--version").output().is_ok();
        if !bash_there {
            eprintln!("no bash here: completion was not tried");
            return;
        }
        // A stand-in for the program that knows one resource.
        let script = format!(
            "{}\nrhapsody() {{ [[ $3 == resources ]] && echo vip; }}\n\
             try() {{ COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _rhapsody; echo \"${{COMPREPLY[*]}}\"; }}\n\
             try rhapsody quor\ntry rhapsody host ''\ntry rhapsody cluster setup --no-c\ntry rhapsody resource cleanup v\n\
             try rhapsody -f x.xml status nod\n",
            bash()
        );
        let out = std::process::Command::new("bash").args(["--norc", "-c", &script]).output().unwrap();
        let out = String::from_utf8_lossy(&out.stdout);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[..4], ["quorum", "auth deauth", "--no-cluster-uuid", "vip"], "{out}");
    }
}
