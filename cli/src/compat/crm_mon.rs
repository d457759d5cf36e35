//! `crm_mon`, once: text and XML. Watching it live is another program's business.

use super::args::{Arg, Args, Opt};
use super::exit::{Exit, Outcome, Problem};
use super::store::Store;
use rhapsody_cib::Cib;
use rhapsody_status::{MonOptions, Status, XmlApi};
use std::time::{SystemTime, UNIX_EPOCH};

const OPTIONS: &[Opt] = &[
    ('\0', "output-as", Arg::Yes),
    ('\0', "output-to", Arg::Yes),
    ('\0', "text-fancy", Arg::No),
    ('I', "include", Arg::Yes),
    ('U', "exclude", Arg::Yes),
    ('\0', "node", Arg::Yes),
    ('\0', "resource", Arg::Yes),
    ('n', "group-by-node", Arg::No),
    ('r', "inactive", Arg::No),
    ('f', "failcounts", Arg::No),
    ('o', "operations", Arg::No),
    ('t', "timing-details", Arg::No),
    ('c', "tickets", Arg::No),
    ('m', "fence-history", Arg::Maybe),
    ('L', "neg-locations", Arg::Maybe),
    ('A', "show-node-attributes", Arg::No),
    ('D', "hide-headers", Arg::No),
    ('R', "show-detail", Arg::No),
    ('b', "brief", Arg::No),
    ('j', "pending", Arg::No),
    ('s', "simple-status", Arg::No),
    ('i', "interval", Arg::Yes),
    ('1', "one-shot", Arg::No),
    ('d', "daemonize", Arg::No),
    ('p', "pid-file", Arg::Yes),
    ('h', "as-html", Arg::Yes),
    ('X', "as-xml", Arg::No),
    ('N', "disable-ncurses", Arg::No),
    ('x', "xml-file", Arg::Yes),
    ('V', "verbose", Arg::No),
    ('Q', "quiet", Arg::No),
    ('?', "help", Arg::No),
    ('$', "version", Arg::No),
];

const HELP: &str = "Usage: crm_mon -1 [-r] [-R] [-A] [-f] [-c] [-o] [-t] [-n] [-L] [-D] [-s] [--node=NODE]
       [--resource=RESOURCE] [--include=SECTIONS] [--exclude=SECTIONS] [--output-as=text|xml | -X]
Shows the state of the cluster once. SECTIONS: attributes, bans, failcounts, failures, nodes,
operations, resources, summary, tickets, all, none, default";

/// Sections that `--include` knows, and whether the text shows them by itself.
const SECTIONS: &[(&str, bool)] = &[
    ("summary", true),
    ("nodes", true),
    ("resources", true),
    ("attributes", false),
    ("operations", false),
    ("failcounts", false),
    ("failures", true),
    ("fencing", true),
    ("tickets", false),
    ("bans", false),
];

pub fn run(words: &[String]) -> Outcome {
    let args = Args::parse(OPTIONS, words)?;
    if args.has("help") {
        say!("{HELP}");
        return Ok(Exit::Ok);
    }
    if args.has("version") {
        say!("Pacemaker 2.1.5 (rhapsody {})", env!("CARGO_PKG_VERSION"));
        return Ok(Exit::Ok);
    }
    for option in ["daemonize", "as-html", "brief"] {
        if args.has(option) {
            return Err(Problem::not_there_yet(&format!("--{option}")));
        }
    }
    let xml = match args.value("output-as") {
        Some("xml") => true,
        Some("text" | "console") => args.has("as-xml"),
        Some(other) => return Err(Problem::not_there_yet(&format!("--output-as={other}"))),
        None => args.has("as-xml"),
    };
    let text = match args.value("xml-file") {
        Some(path) => std::fs::read_to_string(path)
            .map_err(|e| Problem::new(Exit::NoSuch, format!("Could not read {path}: {e}")))?,
        None => Store::open("crm_mon")?.text()?,
    };
    let cib = Cib::parse(&text).map_err(|e| Problem::new(Exit::Config, e.to_string()))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
    let status = Status::new(&cib, now);
    if args.has("simple-status") {
        return Ok(simple(&status));
    }
    let only = only(&args)?;
    if xml {
        let request = format!("crm_mon {}", words.join(" "));
        let text = match args.has("as-xml") {
            true => status.crm_mon_xml_old(&only),
            false => status.crm_mon_xml(XmlApi::V2_25, &request, &only),
        };
        return output(&args, &text);
    }
    let options = MonOptions {
        inactive: args.has("inactive"),
        detail: args.has("show-detail"),
        attributes: args.has("show-node-attributes"),
        failcounts: args.has("failcounts"),
        tickets: args.has("tickets"),
        operations: args.has("operations") || args.has("timing-details"),
        timing: args.has("timing-details"),
        by_node: args.has("group-by-node"),
        bans: args.has("neg-locations"),
        no_headers: args.has("hide-headers"),
        only,
        node: args.value("node").map(str::to_owned),
        resource: args.value("resource").map(str::to_owned),
        stack: None,
        note: None,
    };
    output(&args, &status.crm_mon_text(&options))
}

fn output(args: &Args, text: &str) -> Outcome {
    match args.value("output-to") {
        Some(path) if path != "-" => std::fs::write(path, text)
            .map_err(|e| Problem::new(Exit::CannotCreate, format!("cannot write {path}: {e}")))?,
        _ => say_part!("{text}"),
    }
    Ok(Exit::Ok)
}

/// The sections that `--include` and `--exclude` leave; empty when nothing was said.
fn only(args: &Args) -> Result<Vec<String>, Problem> {
    if !args.has("include") && !args.has("exclude") {
        return Ok(Vec::new());
    }
    let mut on: Vec<(&str, bool)> = SECTIONS.to_vec();
    let mut set = |word: &str, value: bool| -> Result<(), Problem> {
        match word {
            "all" => on.iter_mut().for_each(|(_, on)| *on = value),
            "none" => on.iter_mut().for_each(|(_, on)| *on = !value),
            "default" | "defaults" => on = SECTIONS.to_vec(),
            // Parts of the summary we do not take apart.
            "stack" | "dc" | "times" | "counts" | "options" | "maint-mode" => {}
            _ => match on.iter_mut().find(|(name, _)| word.starts_with(name)) {
                Some((_, on)) => *on = value,
                None => return Err(Problem::usage(format!("'{word}' is no section; {HELP}"))),
            },
        }
        Ok(())
    };
    // Exclusions first, as `--exclude=all --include=nodes` is written.
    for (option, value) in [("exclude", false), ("include", true)] {
        for word in args.value(option).unwrap_or_default().split(',').filter(|word| !word.is_empty()) {
            set(word, value)?;
        }
    }
    let names = on.into_iter().filter(|(_, on)| *on).map(|(name, _)| name.to_owned());
    // "none" must not look like "nothing was said".
    Ok(names.chain(["-".to_owned()]).collect())
}

/// One line for monitoring systems, with their exit codes.
fn simple(status: &Status) -> Exit {
    let offline: Vec<&str> =
        status.nodes.iter().filter(|n| !n.online && !n.standby).map(|n| n.name.as_str()).collect();
    let online = status.nodes.iter().filter(|n| n.online && !n.standby).count();
    let standby = status.nodes.iter().filter(|n| n.online && n.standby).count();
    if status.summary.dc.is_none() {
        say!("CLUSTER CRIT: No DC");
        return Exit::Unquorate;
    }
    if !offline.is_empty() {
        let list: Vec<String> = offline.iter().map(|name| format!("offline node: {name}")).collect();
        say!("CLUSTER WARN: {}", list.join(" "));
        return Exit::Error;
    }
    let s = |n: usize| if n == 1 { "" } else { "s" };
    let standby = if standby > 0 { format!(", {standby} standby node{}", s(standby)) } else { String::new() };
    let resources = status.summary.resources_configured;
    say!(
        "CLUSTER OK: {online} node{} online{standby}, {resources} resource instance{} configured",
        s(online),
        s(resources)
    );
    Exit::Ok
}
