//! `rhapsody simulate`: crm_simulate's flags on our own scheduler, for a CIB in a file.

use rhapsody_scheduler::simulate::{Request, simulate_text};
use std::io::{Read, Write};
use std::time::{SystemTime, UNIX_EPOCH};

const USAGE: &str = "Usage: rhapsody simulate -x FILE [-R|--run] [-S|--simulate] [-s|--show-scores] [-Q|--quiet]\n    \
    [-t|--set-datetime TIME] [-G|--save-graph FILE] [-O|--save-output FILE]\n\
    FILE '-' reads the CIB from standard input; 'rhapsody cluster cib' prints the live one.";

/// What one command line asks for.
#[derive(Default)]
struct Asked {
    request: Request,
    input: Option<String>,
    graph: Option<String>,
    output: Option<String>,
}

/// Runs crm_simulate's command line.
pub fn run(words: &[String]) -> u8 {
    if words.iter().any(|w| matches!(w.as_str(), "--help" | "-h" | "-?")) {
        println!("{USAGE}");
        return 0;
    }
    match parse(words).and_then(perform) {
        Ok(()) => 0,
        Err(text) => {
            eprintln!("Error: {text}");
            1
        }
    }
}

fn parse(words: &[String]) -> Result<Asked, String> {
    let mut asked = Asked::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (flag, joined) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value.to_owned())),
            _ => (word.as_str(), None),
        };
        let mut value = || match &joined {
            Some(v) => Ok(v.clone()),
            None => words.next().cloned().ok_or_else(|| format!("{flag} needs a value\n{USAGE}")),
        };
        match flag {
            "-x" | "--xml-file" => asked.input = Some(value()?),
            "-G" | "--save-graph" => asked.graph = Some(value()?),
            "-O" | "--save-output" => asked.output = Some(value()?),
            "-t" | "--set-datetime" => asked.request.set_datetime = Some(value()?),
            "-S" | "--simulate" => asked.request.simulate = true,
            "-R" | "--run" => asked.request.plan = true,
            "-s" | "--show-scores" => asked.request.show_scores = true,
            "-Q" | "--quiet" => asked.request.quiet = true,
            other => return Err(format!("'rhapsody simulate {other}' is not there yet\n{USAGE}")),
        }
    }
    asked.request.graph = asked.graph.is_some();
    Ok(asked)
}

fn perform(asked: Asked) -> Result<(), String> {
    let Some(path) = asked.input else {
        return Err(format!("no CIB to simulate: give its file with -x\n{USAGE}"));
    };
    let mut xml = String::new();
    let read = match path.as_str() {
        "-" => std::io::stdin().read_to_string(&mut xml).map(|_| ()),
        _ => std::fs::read_to_string(&path).map(|text| xml = text),
    };
    read.map_err(|e| format!("cannot read {path}: {e}"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
    let request = Request { now, ..asked.request };
    let answer = simulate_text(xml, &request).map_err(|e| format!("{path}: {e}"))?;
    std::io::stdout().write_all(answer.text.as_bytes()).map_err(|e| e.to_string())?;
    let save = |path: Option<String>, text: Option<String>| match (path, text) {
        (Some(path), Some(text)) => {
            std::fs::write(&path, text).map_err(|e| format!("cannot write {path}: {e}"))
        }
        (Some(path), None) => Err(format!("nothing to write to {path}: add --simulate")),
        _ => Ok(()),
    };
    save(asked.graph, answer.graph)?;
    save(asked.output, answer.document.map(|d| d.to_xml()))
}
