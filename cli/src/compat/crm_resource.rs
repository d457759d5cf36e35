//! `crm_resource`: what agents and scripts ask about resources, and the few changes they make.

use super::args::{Arg, Args, Opt};
use super::exit::{Exit, Outcome, Problem};
use super::store::Store;
use super::{constraints, resource_query};
use rhapsody_api::core::Request;
use rhapsody_cib::{Cib, Element, duration, nvpair};

const OPTIONS: &[Opt] = &[
    ('\0', "output-as", Arg::Yes),
    ('\0', "output-to", Arg::Yes),
    ('L', "list", Arg::No),
    ('l', "list-raw", Arg::No),
    ('O', "list-operations", Arg::No),
    ('o', "list-all-operations", Arg::No),
    ('q', "query-xml", Arg::No),
    ('w', "query-xml-raw", Arg::No),
    ('g', "get-parameter", Arg::Yes),
    ('S', "set-property", Arg::Yes),
    ('G', "get-property", Arg::Yes),
    ('W', "locate", Arg::No),
    ('a', "constraints", Arg::No),
    ('A', "stack", Arg::No),
    ('Y', "why", Arg::No),
    ('C', "cleanup", Arg::No),
    ('R', "refresh", Arg::No),
    ('p', "set-parameter", Arg::Yes),
    ('d', "delete-parameter", Arg::Yes),
    ('M', "move", Arg::No),
    ('B', "ban", Arg::No),
    ('U', "clear", Arg::No),
    ('e', "expired", Arg::No),
    ('u', "lifetime", Arg::Yes),
    ('\0', "promoted", Arg::No),
    ('\0', "master", Arg::No),
    ('F', "fail", Arg::No),
    ('\0', "restart", Arg::No),
    ('\0', "wait", Arg::No),
    ('N', "node", Arg::Yes),
    ('H', "host", Arg::Yes),
    ('t', "resource-type", Arg::Yes),
    ('v', "parameter-value", Arg::Yes),
    ('m', "meta", Arg::No),
    ('z', "utilization", Arg::No),
    ('n', "operation", Arg::Yes),
    ('I', "interval", Arg::Yes),
    ('s', "set-name", Arg::Yes),
    ('i', "nvpair", Arg::Yes),
    ('T', "timeout", Arg::Yes),
    ('f', "force", Arg::No),
    ('V', "verbose", Arg::No),
    ('Q', "quiet", Arg::No),
    ('r', "resource", Arg::Yes),
    ('h', "help", Arg::No),
    ('$', "version", Arg::No),
];

const HELP: &str =
    "Usage: crm_resource -L | -l | -r RESOURCE -W | -q | -w | -g NAME | -p NAME -v VALUE | -d NAME
       (with -m meta attributes, with -z utilization) | -B | -U [-N NODE] [--promoted]
       crm_resource -C|-R [-r RESOURCE] [-N NODE] [-n OPERATION [-I INTERVAL]] | -O | -o | --wait";

pub fn run(words: &[String]) -> Outcome {
    let args = Args::parse(OPTIONS, words)?;
    if args.has("help") {
        say!("{HELP}");
        return Ok(Exit::Ok);
    }
    for option in
        ["why", "move", "fail", "restart", "set-property", "nvpair", "constraints", "stack", "lifetime"]
    {
        if args.has(option) {
            return Err(Problem::not_there_yet(&format!("--{option}")));
        }
    }
    let mut store = Store::open("crm_resource")?;
    let node = args.value("node").or(args.value("host")).map(str::to_owned);
    if args.has("wait") {
        let timeout_ms = match args.value("timeout") {
            Some(text) => milliseconds(text)?,
            None => 24 * 3600 * 1000,
        };
        store.request(Request::Wait { timeout_ms })?;
        return Ok(Exit::Ok);
    }
    if args.has("cleanup") {
        let interval_ms = args.value("interval").map(milliseconds).transpose()?;
        let operation = args.value("operation").map(str::to_owned);
        let resource = args.value("resource").map(str::to_owned);
        store.request(Request::Cleanup {
            resource,
            node,
            operation,
            interval_ms,
            strict: args.has("force"),
        })?;
        return Ok(Exit::Ok);
    }
    if args.has("refresh") {
        let resource = args.value("resource").map(str::to_owned);
        store.request(Request::Refresh { resource, node, strict: args.has("force") })?;
        return Ok(Exit::Ok);
    }
    let cib = store.cib()?;
    if args.has("list-raw") {
        return resource_query::list_raw(&cib);
    }
    if args.has("list-operations") || args.has("list-all-operations") {
        return resource_query::operations(&cib, args.value("resource"), node.as_deref());
    }
    let Some(resource) = args.value("resource") else {
        return resource_query::list(&cib);
    };
    let Some(element) = find(&cib, resource) else {
        eprintln!("crm_resource: Resource '{resource}' not found");
        return Err(Problem::new(Exit::NoSuch, "Error performing operation: No such object"));
    };
    if args.has("locate") {
        return resource_query::locate(&cib, resource, args.has("quiet"));
    }
    if args.has("query-xml") || args.has("query-xml-raw") {
        return resource_query::xml(&cib, resource, element);
    }
    if let Some(name) = args.value("get-property") {
        if let Some(value) = cib.attr(element, name) {
            say!("{value}");
        }
        return Ok(Exit::Ok);
    }
    let promoted = args.has("promoted") || args.has("master");
    if args.has("ban") {
        let node = node.map_or_else(|| resource_query::only_node(&cib, resource, promoted), Ok)?;
        return constraints::ban(&mut store, resource, &node, promoted, args.has("quiet"));
    }
    if args.has("clear") {
        return constraints::clear(&mut store, resource, node.as_deref());
    }
    let kind = match () {
        () if args.has("meta") => "meta_attributes",
        () if args.has("utilization") => "utilization",
        () => "instance_attributes",
    };
    if let Some(name) = args.value("get-parameter") {
        match attribute(&cib, element, kind, name) {
            Some(value) => say!("{value}"),
            None => eprintln!("Attribute '{name}' not found for '{resource}'"),
        }
        return Ok(Exit::Ok);
    }
    if let Some(name) = args.value("set-parameter") {
        let Some(value) = args.value("parameter-value") else {
            return Err(Problem::usage("Must supply -v with -p"));
        };
        return set(&mut store, resource, kind, name, value);
    }
    if let Some(name) = args.value("delete-parameter") {
        return delete(&mut store, resource, kind, name);
    }
    resource_query::list(&cib)
}

fn milliseconds(text: &str) -> Result<u64, Problem> {
    duration::parse_ms(text)
        .and_then(|ms| u64::try_from(ms).ok())
        .ok_or_else(|| Problem::usage(format!("'{text}' is no time, use for example 30s")))
}

/// A resource by its id; `redis:1` is the configured `redis`.
pub fn find(cib: &Cib, id: &str) -> Option<Element> {
    const KINDS: &[&str] = &["primitive", "group", "clone", "master", "bundle", "template"];
    let by_id = |id: &str| {
        cib.descendants(cib.resources()?)
            .find(|e| cib.attr(*e, "id") == Some(id) && KINDS.contains(&cib.name(*e)))
    };
    by_id(id).or_else(|| by_id(id.rsplit_once(':')?.0))
}

fn attribute<'a>(cib: &'a Cib, element: Element, kind: &str, name: &str) -> Option<&'a str> {
    cib.children_named(element, kind).find_map(|block| nvpair::get(cib, block, name))
}

fn set(store: &mut Store, resource: &str, kind: &'static str, name: &str, value: &str) -> Outcome {
    let line = store.change(|cib| {
        let element = find(cib, resource).ok_or_else(Problem::no_such_attribute)?;
        let holder =
            cib.children_named(element, kind).find(|block| nvpair::find(cib, *block, name).is_some());
        let (block, fresh) = match holder.or_else(|| cib.child(element, kind)) {
            Some(block) => (block, false),
            None => {
                let id = cib.attr(element, "id").unwrap_or(resource).to_owned();
                (nvpair::new_block(cib, element, kind, &format!("{id}-{kind}")), true)
            }
        };
        nvpair::set(cib, block, name, value);
        let pair = nvpair::find(cib, block, name).ok_or_else(Problem::no_such_attribute)?;
        let id = cib.attr(pair, "id").unwrap_or_default();
        let set = match fresh {
            true => format!(" set={}", cib.attr(block, "id").unwrap_or_default()),
            false => String::new(),
        };
        Ok(format!("Set '{resource}' option: id={id}{set} name={name} value={value}"))
    })?;
    say!("{line}");
    Ok(Exit::Ok)
}

fn delete(store: &mut Store, resource: &str, kind: &'static str, name: &str) -> Outcome {
    let line = store.change(|cib| {
        let element = find(cib, resource).ok_or_else(Problem::no_such_attribute)?;
        let pair = cib.children_named(element, kind).find_map(|block| nvpair::find(cib, block, name));
        let Some(pair) = pair else { return Ok(None) };
        let id = cib.attr(pair, "id").unwrap_or_default().to_owned();
        cib.remove(pair);
        Ok(Some(format!("Deleted '{resource}' option: id={id} name={name}")))
    })?;
    if let Some(line) = line {
        say!("{line}");
    }
    Ok(Exit::Ok)
}
