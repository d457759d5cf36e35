//! `stonith_admin`: fencing by hand, and which devices there are.

use super::args::{Arg, Args, Opt};
use super::exit::{Exit, Outcome, Problem};
use super::store::Store;
use rhapsody_api::core::{FenceAction, Request};

const OPTIONS: &[Opt] = &[
    ('\0', "output-as", Arg::Yes),
    ('\0', "output-to", Arg::Yes),
    ('l', "list", Arg::Yes),
    ('L', "list-registered", Arg::No),
    ('H', "history", Arg::Yes),
    ('h', "last", Arg::Yes),
    ('F', "fence", Arg::Yes),
    ('U', "unfence", Arg::Yes),
    ('B', "reboot", Arg::Yes),
    ('C', "confirm", Arg::Yes),
    ('T', "tag", Arg::Yes),
    ('t', "timeout", Arg::Yes),
    ('y', "delay", Arg::Yes),
    ('\0', "tolerance", Arg::Yes),
    ('c', "cleanup", Arg::No),
    ('b', "broadcast", Arg::No),
    ('V', "verbose", Arg::No),
    ('q', "quiet", Arg::No),
    ('?', "help", Arg::No),
    ('$', "version", Arg::No),
];

pub fn run(words: &[String]) -> Outcome {
    let args = Args::parse(OPTIONS, words)?;
    if args.has("help") {
        say!("Usage: stonith_admin -L | -B NODE | -F NODE | -U NODE | -C NODE");
        return Ok(Exit::Ok);
    }
    let mut store = Store::open("stonith_admin")?;
    for (option, action) in
        [("reboot", FenceAction::Reboot), ("fence", FenceAction::Off), ("unfence", FenceAction::On)]
    {
        if let Some(node) = args.value(option) {
            store.request(Request::Fence { node: node.to_owned(), action })?;
            return Ok(Exit::Ok);
        }
    }
    if let Some(node) = args.value("confirm") {
        store.request(Request::ConfirmFenced { node: node.to_owned() })?;
        return Ok(Exit::Ok);
    }
    if args.has("list-registered") {
        let devices = devices(&mut store)?;
        for device in &devices {
            say!("{device}");
        }
        let count = devices.len();
        say!("{count} fence device{} found", if count == 1 { "" } else { "s" });
        return Ok(Exit::Ok);
    }
    for option in ["history", "last", "list"] {
        if args.has(option) {
            return Err(Problem::not_there_yet(&format!("--{option}")));
        }
    }
    Err(Problem::usage("nothing to do; try --help"))
}

fn devices(store: &mut Store) -> Result<Vec<String>, Problem> {
    let cib = store.cib()?;
    let Some(resources) = cib.resources() else { return Ok(Vec::new()) };
    Ok(cib
        .descendants(resources)
        .filter(|e| cib.name(*e) == "primitive" && cib.attr(*e, "class") == Some("stonith"))
        .filter_map(|e| cib.attr(e, "id").map(str::to_owned))
        .collect())
}
