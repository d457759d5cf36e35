//! `attrd_updater`: transient attributes, one at a time.

use super::args::{Arg, Args, Opt};
use super::exit::{Exit, Outcome, Problem};
use super::store::{Store, unexpected};
use rhapsody_api::core::{Request, Response};

const OPTIONS: &[Opt] = &[
    ('\0', "output-as", Arg::Yes),
    ('\0', "output-to", Arg::Yes),
    ('n', "name", Arg::Yes),
    ('P', "pattern", Arg::Yes),
    ('U', "update", Arg::Yes),
    ('v', "attr-value", Arg::Yes),
    ('B', "update-both", Arg::Yes),
    ('Y', "update-delay", Arg::No),
    ('Q', "query", Arg::No),
    ('D', "delete", Arg::No),
    ('R', "refresh", Arg::No),
    ('d', "delay", Arg::Yes),
    ('s', "set", Arg::Yes),
    ('S', "section", Arg::Yes),
    ('N', "node", Arg::Yes),
    ('A', "all", Arg::No),
    ('l', "lifetime", Arg::Yes),
    ('p', "private", Arg::No),
    ('q', "quiet", Arg::No),
    ('V', "verbose", Arg::No),
    ('h', "help", Arg::No),
    ('$', "version", Arg::No),
];

pub fn run(words: &[String]) -> Outcome {
    let args = Args::parse(OPTIONS, words)?;
    if args.has("help") {
        say!("Usage: attrd_updater -n NAME [-N NODE] [-d SECONDS] -U VALUE | -B VALUE | -Q [-A] | -D");
        return Ok(Exit::Ok);
    }
    if args.has("refresh") {
        // Values are ordered with everything else in the cluster: there is nothing to send again.
        return Ok(Exit::Ok);
    }
    let Some(name) = args.value("name") else {
        return Err(Problem::usage("Command requires --name argument"));
    };
    if args.has("pattern") || args.has("update-delay") {
        return Err(Problem::not_there_yet("--pattern and --update-delay"));
    }
    let dampen_ms = match args.value("delay") {
        None => None,
        Some(text) => Some(
            rhapsody_cib::duration::parse_ms(text)
                .and_then(|ms| u64::try_from(ms).ok())
                .ok_or_else(|| Problem::usage(format!("'{text}' is no delay, use for example 5s")))?,
        ),
    };
    let mut store = Store::open("attrd_updater")?;
    let local = store.local_node()?;
    let node = args.value("node").map_or(local, str::to_owned);
    if args.has("query") {
        let wanted = (!args.has("all")).then_some(node);
        return query(&mut store, name, wanted, args.value("output-as") == Some("xml"), words);
    }
    let value = ["update", "attr-value", "update-both"].iter().find_map(|option| args.value(option));
    let value = match (value, args.has("delete")) {
        (Some(value), _) => Some(value.to_owned()),
        (None, true) => None,
        (None, false) => {
            return Err(Problem::usage("one of --update, --update-both, --query and --delete is needed"));
        }
    };
    store.request(Request::SetAttribute { node: Some(node), name: name.to_owned(), value, dampen_ms })?;
    Ok(Exit::Ok)
}

fn query(store: &mut Store, name: &str, node: Option<String>, xml: bool, words: &[String]) -> Outcome {
    let request = Request::GetAttribute { name: name.to_owned(), node: node.clone() };
    let values = match store.request(request)? {
        Response::Attributes { values } => values,
        other => return Err(unexpected(&other)),
    };
    let mut values: Vec<_> =
        values.into_iter().filter(|v| node.as_ref().is_none_or(|n| *n == v.node)).collect();
    values.retain(|v| v.value.is_some());
    if values.is_empty() {
        return Err(Problem::new(
            Exit::NoSuch,
            format!("Could not query value of {name}: attribute does not exist"),
        ));
    }
    if xml {
        let mut doc = rhapsody_xml::Document::new("pacemaker-result");
        let root = doc.root();
        doc.set_attr(root, "api-version", "2.25");
        doc.set_attr(root, "request", &format!("attrd_updater {}", words.join(" ")));
        for v in &values {
            let e = doc.append(root, "attribute");
            doc.set_attr(e, "name", &v.name);
            doc.set_attr(e, "value", v.value.as_deref().unwrap_or_default());
            doc.set_attr(e, "host", &v.node);
        }
        let e = doc.append(root, "status");
        doc.set_attr(e, "code", "0");
        doc.set_attr(e, "message", "OK");
        say!("{}", doc.to_xml().trim_end());
        return Ok(Exit::Ok);
    }
    for v in &values {
        say!("name=\"{}\" host=\"{}\" value=\"{}\"", v.name, v.node, v.value.as_deref().unwrap_or_default());
    }
    Ok(Exit::Ok)
}
