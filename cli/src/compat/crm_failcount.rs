//! `crm_failcount`: how often a resource has failed on a node.

use super::args::{Arg, Args, Opt};
use super::attributes::{self, Place};
use super::exit::{Exit, Outcome, Problem};
use super::store::Store;
use rhapsody_api::core::Request;
use rhapsody_cib::duration;

const OPTIONS: &[Opt] = &[
    ('G', "query", Arg::No),
    ('D', "delete", Arg::No),
    ('v', "attr-value", Arg::Yes),
    ('r', "resource", Arg::Yes),
    ('n', "operation", Arg::Yes),
    ('I', "interval", Arg::Yes),
    ('N', "node", Arg::Yes),
    ('U', "uname", Arg::Yes),
    ('q', "quiet", Arg::No),
    ('Q', "Quiet", Arg::No),
    ('V', "verbose", Arg::No),
    ('h', "help", Arg::No),
    ('$', "version", Arg::No),
];

pub fn run(words: &[String]) -> Outcome {
    let args = Args::parse(OPTIONS, words)?;
    if args.has("help") {
        say!("Usage: crm_failcount -r RESOURCE [-N NODE] [-n OPERATION [-I INTERVAL]] -G | -D");
        return Ok(Exit::Ok);
    }
    let Some(resource) = args.value("resource") else { return Err(Problem::usage("resource name required")) };
    let interval_ms = match args.value("interval") {
        None => None,
        Some(text) => Some(
            duration::parse_ms(text)
                .and_then(|ms| u64::try_from(ms).ok())
                .ok_or_else(|| Problem::usage(format!("'{text}' is no interval")))?,
        ),
    };
    let operation = args.value("operation");
    let mut store = Store::open("crm_failcount")?;
    let node = match args.value("node").or(args.value("uname")) {
        Some(node) => node.to_owned(),
        None => store.local_node()?,
    };
    if args.has("delete") || args.value("attr-value") == Some("0") {
        store.request(Request::Cleanup {
            resource: Some(resource.to_owned()),
            node: Some(node),
            operation: operation.map(str::to_owned),
            interval_ms,
            strict: true,
        })?;
        return Ok(Exit::Ok);
    }
    if args.has("attr-value") {
        return Err(Problem::usage("a fail count can only be deleted (-D)"));
    }
    let cib = store.cib()?;
    attributes::node_id(&cib, &node)?;
    let wanted = match operation {
        Some(operation) => format!("fail-count-{resource}#{operation}_{}", interval_ms.unwrap_or(0)),
        None => format!("fail-count-{resource}"),
    };
    let fits = |name: &str| {
        name == wanted
            || (operation.is_none() && name.strip_prefix(&wanted).is_some_and(|rest| rest.starts_with('#')))
    };
    let found = attributes::find(&cib, &Place::Transient { node }, None, &fits);
    let infinite = found.iter().any(|f| f.value.contains("INFINITY"));
    let count: i64 = found.iter().filter_map(|f| f.value.parse::<i64>().ok()).sum();
    let count = if infinite || count >= 1_000_000 { "INFINITY".to_owned() } else { count.to_string() };
    if args.has("quiet") || args.has("Quiet") {
        say!("{count}");
    } else {
        say!("scope=status  name={wanted} value={count}");
    }
    Ok(Exit::Ok)
}
