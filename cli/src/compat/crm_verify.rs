//! `crm_verify`: what in a configuration cannot be used as it is.

use super::args::{Arg, Args, Opt};
use super::exit::{Exit, Outcome, Problem};
use super::store::Store;
use rhapsody_cib::Cib;
use rhapsody_scheduler::Options;
use std::io::Read;
use std::time::{SystemTime, UNIX_EPOCH};

const OPTIONS: &[Opt] = &[
    ('L', "live-check", Arg::No),
    ('x', "xml-file", Arg::Yes),
    ('X', "xml-text", Arg::Yes),
    ('p', "xml-pipe", Arg::No),
    ('S', "save-xml", Arg::Yes),
    ('\0', "output-as", Arg::Yes),
    ('\0', "output-to", Arg::Yes),
    ('V', "verbose", Arg::No),
    ('q', "quiet", Arg::No),
    ('?', "help", Arg::No),
    ('$', "version", Arg::No),
];

pub fn run(words: &[String]) -> Outcome {
    let args = Args::parse(OPTIONS, words)?;
    if args.has("help") {
        say!("Usage: crm_verify -L | -x FILE | -X XML | -p  [-V]");
        return Ok(Exit::Ok);
    }
    let text = if let Some(path) = args.value("xml-file") {
        std::fs::read_to_string(path)
            .map_err(|e| Problem::new(Exit::NoInput, format!("Couldn't read {path}: {e}")))?
    } else if let Some(text) = args.value("xml-text") {
        text.to_owned()
    } else if args.has("xml-pipe") {
        let mut text = String::new();
        std::io::stdin()
            .take(64 << 20)
            .read_to_string(&mut text)
            .map_err(|e| Problem::new(Exit::NoInput, format!("Couldn't read stdin: {e}")))?;
        text
    } else if args.has("live-check") {
        Store::open("crm_verify")?.text()?
    } else {
        return Err(Problem::usage("No configuration specified: -L, -x FILE, -X XML or -p"));
    };
    let invalid = |text: String| {
        Problem::new(Exit::Config, format!("{text}\nErrors found during check: config not valid"))
    };
    let cib = Cib::parse(&text).map_err(|e| invalid(e.to_string()))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
    let outcome = rhapsody_scheduler::schedule(&cib.upgraded(), &Options { now, ..Options::default() });
    let options = &outcome.model.options;
    let mut errors: Vec<String> = Vec::new();
    if options.fencing && !outcome.model.has_fence_device && !options.have_watchdog {
        errors.push(
            "Resource start-up disabled since no STONITH resources have been defined: configure some, or disable \
             STONITH with the stonith-enabled option"
                .to_owned(),
        );
    }
    errors.extend(outcome.issues.iter().filter(|issue| issue.is_error).map(|issue| issue.text.clone()));
    if args.has("verbose") {
        for text in &errors {
            eprintln!("   error: {text}");
        }
        for issue in outcome.issues.iter().filter(|issue| !issue.is_error) {
            eprintln!("   warning: {}", issue.text);
        }
    }
    if errors.is_empty() {
        return Ok(Exit::Ok);
    }
    let more = if args.has("verbose") { "" } else { "; -V tells which" };
    Err(Problem::new(Exit::Config, format!("Errors found during check: config not valid{more}")))
}
