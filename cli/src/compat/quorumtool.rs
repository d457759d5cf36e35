//! `corosync-quorumtool`: votes and members, as text.

use super::args::{Arg, Args, Opt};
use super::exit::{Exit, Outcome, Problem};
use super::store::{Store, unexpected};
use rhapsody_api::core::{Request, Response};
use std::time::{SystemTime, UNIX_EPOCH};

const OPTIONS: &[Opt] = &[
    ('s', "status", Arg::No),
    ('l', "list", Arg::No),
    ('p', "parseable", Arg::No),
    ('i', "addresses", Arg::No),
    ('h', "help", Arg::No),
    ('V', "version", Arg::No),
];

pub fn run(words: &[String]) -> Outcome {
    let args = Args::parse(OPTIONS, words)?;
    if args.has("help") {
        say!("Usage: corosync-quorumtool [-s] | -l");
        return Ok(Exit::Ok);
    }
    let quorum = match Store::open("corosync-quorumtool")?.request(Request::Quorum) {
        Ok(Response::Quorum(quorum)) => quorum,
        Ok(other) => return Err(unexpected(&other)),
        Err(problem) => return Err(Problem::new(Exit::Error, problem.text)),
    };
    if args.has("list") {
        say_part!("\n{}", rhapsody_status::membership_text(&quorum));
    } else {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
        say_part!("{}", rhapsody_status::quorumtool_text(&quorum, now));
    }
    // The real one says by its exit code whether there is quorum.
    Ok(if quorum.quorate { Exit::Ok } else { Exit::Unquorate })
}
