//! Command line sessions in files: what was typed, and what came back.
//!
//! A session starts with an empty CIB, or with `cib: NAME` of the folder `cibs`, and goes on with
//! `$ command` (`% command`: without `-f`; `EDITOR=program $ command`: with an editor), `< ` before each line of its standard input, then what
//! goes to stdout, `! ` before each line of stderr, `? code` when the exit code is not 0, and `> `
//! before lines that the file holds afterwards (somewhere, in this order). `= file` shows another file
//! as it is by then. `UPDATE=1` writes what came back; the files are then read by people.

use std::fmt::Write;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const EMPTY: &str = r#"<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">
  <configuration>
    <crm_config/>
    <nodes>
      <node id="1" uname="n1"/>
      <node id="2" uname="n2"/>
    </nodes>
    <resources/>
    <constraints/>
  </configuration>
  <status/>
</cib>
"#;

/// Words of a command line: blanks separate, single quotes keep together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    let mut begun = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                begun = true;
            }
            ' ' if !quoted => {
                if begun {
                    words.push(String::new());
                }
                begun = false;
            }
            c => {
                words.last_mut().unwrap().push(c);
                begun = true;
            }
        }
    }
    if !begun {
        words.pop();
    }
    words
}

/// Copies for an editor have names that nobody can guess.
fn without_random_names(text: &str) -> String {
    let Some((before, after)) = text.split_once("FOLDER/cib-") else { return text.to_owned() };
    format!("{before}FOLDER/cib-RANDOM{}", after.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
}

fn sessions() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sessions")
}

fn play(name: &str, text: &str, folder: &Path) -> String {
    let cib = folder.join("cib.xml");
    fs::write(&cib, EMPTY).unwrap();
    let agents = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents");
    let mut played = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with('#') {
            let _ = writeln!(played, "{line}");
            continue;
        }
        if let Some(name) = line.strip_prefix("cib: ") {
            fs::copy(sessions().join("cibs").join(name), &cib).unwrap();
            let _ = writeln!(played, "{line}");
            continue;
        }
        if let Some(wanted) = line.strip_prefix("> ") {
            // What the file must hold is said by people, and only checked.
            let found = fs::read_to_string(&cib).unwrap();
            let wanted = wanted.trim();
            assert!(
                found.lines().any(|there| there.trim() == wanted),
                "{name}: the file does not hold {wanted}\n{found}"
            );
            let _ = writeln!(played, "{line}");
            continue;
        }
        let shown = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).replace(&*folder.to_string_lossy(), "FOLDER");
            without_random_names(&text)
        };
        if let Some(file) = line.strip_prefix("= ") {
            let found = fs::read(folder.join(file));
            let _ = writeln!(played, "{line}");
            played.push_str(&found.map_or("there is no such file\n".to_owned(), |text| shown(&text)));
            continue;
        }
        let (variable, typed) = match line.strip_prefix("EDITOR=").and_then(|rest| rest.split_once(" $ ")) {
            Some((value, command)) => (Some(value.trim_matches('\'')), format!("$ {command}")),
            None => (None, line.to_owned()),
        };
        let (command, on_file) = match (typed.strip_prefix("$ "), typed.strip_prefix("% ")) {
            (Some(command), _) => (command, true),
            (_, Some(command)) => (command, false),
            _ => continue,
        };
        let mut input = String::new();
        while let Some(line) = lines.next_if(|next| next.starts_with('<')) {
            let _ = writeln!(input, "{}", line[1..].strip_prefix(' ').unwrap_or(&line[1..]));
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_rhapsody"))
            .args(on_file.then_some(["-f".as_ref(), cib.as_os_str()]).into_iter().flatten())
            .args(words(command))
            .current_dir(folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .envs(variable.map(|value| ("EDITOR", value)))
            .env("TMPDIR", folder)
            .env("RHAPSODY_AGENTS_DIR", &agents)
            .env("RHAPSODY_SETTING_corosync_conf_file", "")
            .env("RHAPSODY_SETTING_corosync_uidgid_dir", folder)
            .env("RHAPSODY_SETTING_pcsd_known_hosts_location", "")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that does not read it may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let _ = writeln!(played, "{line}");
        for line in input.lines() {
            let _ = writeln!(played, "{}", format!("< {line}").trim_end());
        }
        played.push_str(&shown(&output.stdout));
        for line in shown(&output.stderr).lines() {
            let _ = writeln!(played, "{}", format!("! {line}").trim_end());
        }
        match output.status.code() {
            Some(0) => {}
            code => {
                let _ = writeln!(played, "? {}", code.map_or("signal".to_owned(), |code| code.to_string()));
            }
        }
    }
    played
}

#[test]
fn sessions_play_as_written() {
    let sessions = sessions();
    let folder = std::env::temp_dir().join(format!("rhapsody-sessions-{}", std::process::id()));
    let mut files: Vec<_> = fs::read_dir(&sessions)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        fs::create_dir_all(&folder).unwrap();
        let played = play(&name, &text, &folder);
        fs::remove_dir_all(&folder).unwrap();
        if played != text {
            if std::env::var_os("UPDATE").is_some() {
                fs::write(&path, &played).unwrap();
            }
            wrong.push(format!("--- {name}, it came back as:\n{played}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
