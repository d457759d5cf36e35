//! The manual page, made from the command tables: `rhapsody man > rhapsody.8`.

use crate::commands::{NOUNS, Noun};
use crate::options::{OPTIONS, Takes};
use std::fmt::Write;

/// `rhapsody man`; returns the exit code.
pub fn run(words: &[String]) -> u8 {
    if !words.is_empty() {
        eprintln!("Usage: rhapsody man > rhapsody.8");
        return 1;
    }
    say_part!("{}", page());
    0
}

/// The whole page, as troff with the macros of man(7).
pub fn page() -> String {
    let mut text = String::from(HEAD);
    text.push_str(".SH OPTIONS\n");
    text.push_str(".TP\n.BI \\-f \" FILE\"\nact on the CIB in this file, without a cluster\n");
    text.push_str(".TP\n.BI \\-u \" USER\" \", \\-p\" \" PASSWORD\"\nlog in with these\n");
    for (name, _, takes, about) in OPTIONS {
        let value = match takes {
            Takes::Nothing => "",
            Takes::Value => " VALUE",
            Takes::Maybe => "[=n]",
        };
        let _ = writeln!(text, ".TP\n.BI {} \"{}\"\n{}", roff(name), roff(value), roff(about));
    }
    text.push_str(".SH COMMANDS\n");
    for noun in NOUNS {
        section(&mut text, noun);
    }
    text.push_str(TAIL);
    text
}

fn section(text: &mut String, noun: &Noun) {
    let _ = writeln!(text, ".SS {}\n{}", roff(noun.name), roff(noun.about));
    for verb in noun.verbs {
        let mut lines = verb.usage.lines();
        let name = format!("{} {}", noun.name, verb.words);
        let _ = writeln!(text, ".TP\n.B {}", roff(name.trim_end()));
        let usage = lines.next().unwrap_or("").trim();
        if !usage.is_empty() {
            let _ = writeln!(text, "{}\n.br", roff(usage));
        }
        for line in lines {
            let _ = writeln!(text, "{}", roff(line.trim()));
        }
    }
}

/// Text as troff takes it: no line is a request, a dash is the one on the keyboard.
fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace('"', "\\(dq");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

const HEAD: &str = r#".\" Made by `rhapsody man`; do not edit.
.TH RHAPSODY 8 "" "Rhapsody" "High availability"
.SH NAME
rhapsody \- configure and watch a high\-availability cluster
.SH SYNOPSIS
.B rhapsody
.RB [ \-f
.IR FILE ]
.RI [ options ]
.IR command " ..."
.SH DESCRIPTION
Configures a cluster, on a file or live through
.BR rhapsody\-pcsd ,
and shows its state. The commands are those that people know from pcs.
Options may stand anywhere before
.BR \-\- .
"#;

const TAIL: &str = r#".SH EXIT STATUS
.TP
.B 0
It is done.
.TP
.B 1
It is not done; standard error says why, and nothing was changed.
.TP
.B 2
A question was answered with no, where a command says so.
.SH SEE ALSO
.BR rhapsody\-core (8),
.BR rhapsody\-pcsd (8);
.B rhapsody explain
.I CODE
tells what a report means.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn every_command_and_option_has_its_place() {
        let page = page();
        for noun in NOUNS {
            for verb in noun.verbs {
                let name = format!("{} {}", noun.name, verb.words);
                assert!(page.contains(&format!(".B {}\n", roff(name.trim_end()))), "{name}");
            }
        }
        assert!(OPTIONS.iter().all(|(name, ..)| page.contains(&roff(name))));
        // A line that begins with a dot is a request that we wrote.
        let requests = ["TH", "SH", "SS", "TP", "B", "BI", "BR", "RB", "RI", "IR", "I", "br", "\\\""];
        for line in page.lines().filter(|line| line.starts_with('.')) {
            let request = line[1..].split(' ').next().unwrap();
            assert!(requests.contains(&request), "{line}");
        }
    }

    #[test]
    fn man_shows_the_page_without_complaints() {
        if Command::new("man").arg("--version").output().is_err() {
            eprintln!("no man here: the manual page was not tried");
            return;
        }
        let file = std::env::temp_dir().join(format!("rhapsody-man-{}.8", std::process::id()));
        std::fs::write(&file, page()).unwrap();
        let out = Command::new("man")
            .args(["--warnings", "-E", "UTF-8", "-l"])
            .arg(&file)
            .env("MANWIDTH", "100")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        std::fs::remove_file(&file).unwrap();
        let shown = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success() && shown.contains("constraint location add"), "{shown}");
        assert_eq!(String::from_utf8_lossy(&out.stderr), "");
    }
}
