//! `crm_attribute`, and `crm_master` and `crm_standby`, which are other words for it.

use super::args::{Arg, Args, Opt};
use super::attributes::{self, Found, Place};
use super::exit::{Exit, Outcome, Problem};
use super::store::{Store, unexpected};
use regex::Regex;
use rhapsody_api::core::{Request, Response};

const OPTIONS: &[Opt] = &[
    ('\0', "output-as", Arg::Yes),
    ('\0', "output-to", Arg::Yes),
    ('i', "id", Arg::Yes),
    ('n', "name", Arg::Yes),
    ('\0', "attr-name", Arg::Yes),
    ('P', "pattern", Arg::Yes),
    ('p', "promotion", Arg::Maybe),
    ('s', "set-name", Arg::Yes),
    ('D', "delete", Arg::No),
    ('\0', "delete-attr", Arg::No),
    ('G', "query", Arg::No),
    ('\0', "get-value", Arg::No),
    ('v', "update", Arg::Yes),
    ('\0', "attr-value", Arg::Yes),
    ('d', "default", Arg::Yes),
    ('l', "lifetime", Arg::Yes),
    ('N', "node", Arg::Yes),
    ('U', "uname", Arg::Yes),
    ('t', "type", Arg::Yes),
    ('z', "utilization", Arg::No),
    ('V', "verbose", Arg::No),
    ('q', "quiet", Arg::No),
    ('Q', "Quiet", Arg::No),
    ('!', "inhibit-policy-engine", Arg::No),
    ('h', "help", Arg::No),
    ('?', "help-all", Arg::No),
    ('$', "version", Arg::No),
];

const HELP: &str =
    "Usage: crm_attribute [-N NODE] [-l reboot|forever] [-t SECTION] [-p [RESOURCE]] [-z] [-s SET]
       -n NAME | -P PATTERN  -G | -v VALUE | -D  [-d DEFAULT] [-q] [--output-as=text|xml]
Query and change cluster options and node attributes.
SECTION: crm_config, rsc_defaults, op_defaults, nodes, status";

/// What a command line asks for.
struct Wish {
    place: Place,
    name: Option<String>,
    pattern: Option<Regex>,
    set: Option<String>,
    default: Option<String>,
    quiet: bool,
    xml: bool,
}

pub fn run(words: &[String]) -> Outcome {
    let args = Args::parse(OPTIONS, words)?;
    if args.has("help") || args.has("help-all") {
        say!("{HELP}");
        return Ok(Exit::Ok);
    }
    if args.has("version") {
        say!("Pacemaker 2.1.5 (rhapsody {})", env!("CARGO_PKG_VERSION"));
        return Ok(Exit::Ok);
    }
    if args.has("id") {
        return Err(Problem::not_there_yet("-i/--id"));
    }
    let mut store = Store::open("crm_attribute")?;
    let place = place(&args, &mut store)?;
    let name = name(&args)?;
    let pattern = args
        .value("pattern")
        .map(|text| Regex::new(text).map_err(|e| Problem::usage(format!("'{text}' is no pattern: {e}"))))
        .transpose()?;
    let wish = Wish {
        place,
        name,
        pattern,
        set: args.value("set-name").map(str::to_owned),
        default: args.value("default").map(str::to_owned),
        quiet: args.has("quiet") || args.has("Quiet"),
        xml: args.value("output-as") == Some("xml"),
    };
    if let Some(value) = args.value("update").or(args.value("attr-value")) {
        return update(&mut store, &wish, value);
    }
    if args.has("delete") || args.has("delete-attr") {
        return delete(&mut store, &wish);
    }
    query(&mut store, &wish, words)
}

/// Which resource a promotion score is for: named, or the one whose agent calls us.
fn promoted_resource(args: &Args) -> Result<String, Problem> {
    let given = args.value("promotion").map(str::to_owned);
    let resource = given.or_else(|| std::env::var("OCF_RESOURCE_INSTANCE").ok()).filter(|r| !r.is_empty());
    let resource = resource.ok_or_else(|| {
        Problem::usage(
            "-p/--promotion must be called from an OCF resource agent or with a resource ID specified",
        )
    })?;
    // The score belongs to all instances of an anonymous clone: without the number.
    let (base, number) = resource.rsplit_once(':').unwrap_or((&resource, ""));
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    Ok(if is_number { base.to_owned() } else { resource })
}

fn name(args: &Args) -> Result<Option<String>, Problem> {
    if args.has("promotion") {
        return Ok(Some(format!("master-{}", promoted_resource(args)?)));
    }
    Ok(args.value("name").or(args.value("attr-name")).map(str::to_owned))
}

fn place(args: &Args, store: &mut Store) -> Result<Place, Problem> {
    let utilization = args.has("utilization");
    let transient = match args.value("lifetime") {
        Some("reboot") => Some(true),
        Some("forever") => Some(false),
        Some(other) => {
            return Err(Problem::usage(format!("'{other}' is no lifetime, use 'reboot' or 'forever'")));
        }
        None => None,
    };
    let section = args.value("type");
    match section {
        Some("crm_config") => return Ok(Place::Options("crm_config")),
        Some("rsc_defaults") => return Ok(Place::Options("rsc_defaults")),
        Some("op_defaults") => return Ok(Place::Options("op_defaults")),
        Some("tickets") => return Err(Problem::not_there_yet("-t tickets")),
        Some("nodes" | "status") | None => {}
        Some(other) => {
            return Err(Problem::usage(format!(
                "'{other}' is no section, use crm_config, rsc_defaults, op_defaults, nodes or status"
            )));
        }
    }
    let named = args.value("node").or(args.value("uname"));
    let of_node = named.is_some()
        || section.is_some()
        || transient.is_some()
        || utilization
        || args.has("promotion")
        || args.has("pattern");
    if !of_node {
        return Ok(Place::Options("crm_config"));
    }
    let node = match named {
        Some(node) if !node.is_empty() && node != "localhost" && node != "auto" => node.to_owned(),
        _ => store.local_node()?,
    };
    let transient = match section {
        Some("status") => true,
        Some(_) => transient.unwrap_or(false),
        None => transient.unwrap_or(args.has("promotion")),
    };
    Ok(match transient && !utilization {
        true => Place::Transient { node },
        false => Place::Node { node, utilization },
    })
}

fn needed_name(wish: &Wish) -> Result<&str, Problem> {
    wish.name.as_deref().ok_or_else(|| Problem::usage("the name of the attribute is needed (-n NAME)"))
}

fn update(store: &mut Store, wish: &Wish, value: &str) -> Outcome {
    let name = needed_name(wish)?;
    if let Place::Transient { node } = &wish.place
        && !store.is_file()
    {
        let request = Request::SetAttribute {
            node: Some(node.clone()),
            name: name.to_owned(),
            value: Some(value.to_owned()),
            dampen_ms: None,
        };
        store.request(request)?;
        return Ok(Exit::Ok);
    }
    let set = wish.set.as_deref();
    if matches!(wish.place, Place::Transient { .. }) {
        store.change_status(|cib| attributes::set(cib, &wish.place, set, name, value))?;
        return Ok(Exit::Ok);
    }
    store.change(|cib| attributes::set(cib, &wish.place, set, name, value))?;
    Ok(Exit::Ok)
}

fn delete(store: &mut Store, wish: &Wish) -> Outcome {
    let name = needed_name(wish)?;
    if let Place::Transient { node } = &wish.place
        && !store.is_file()
    {
        let request = Request::SetAttribute {
            node: Some(node.clone()),
            name: name.to_owned(),
            value: None,
            dampen_ms: None,
        };
        store.request(request)?;
        return Ok(Exit::Ok);
    }
    let set = wish.set.as_deref();
    let is_it = |n: &str| n == name;
    let cib = store.cib()?;
    check_node(&cib, &wish.place)?;
    let Some(found) = attributes::find(&cib, &wish.place, set, &is_it).into_iter().next() else {
        // What is not there is deleted already.
        return Ok(Exit::Ok);
    };
    let remove = |cib: &mut rhapsody_cib::Cib| {
        if let Some(found) = attributes::find(cib, &wish.place, set, &is_it).first() {
            let element = found.element;
            cib.remove(element);
        }
    };
    if matches!(wish.place, Place::Transient { .. }) {
        store.change_status(|cib| {
            remove(cib);
            Ok(())
        })?;
    } else {
        store.change(|cib| {
            remove(cib);
            Ok(())
        })?;
    }
    let what = if matches!(wish.place, Place::Options(_)) { "option" } else { "attribute" };
    let set = wish.set.as_ref().map(|set| format!(" set={set}")).unwrap_or_default();
    say!("Deleted {} {what}: id={}{set} name={name}", wish.place.scope(), found.id);
    Ok(Exit::Ok)
}

fn check_node(cib: &rhapsody_cib::Cib, place: &Place) -> Result<(), Problem> {
    match place {
        Place::Node { node, .. } | Place::Transient { node } => attributes::node_id(cib, node).map(|_| ()),
        Place::Options(_) => Ok(()),
    }
}

fn query(store: &mut Store, wish: &Wish, words: &[String]) -> Outcome {
    let mut found = current(store, wish)?;
    if found.is_empty()
        && let Some(default) = &wish.default
    {
        let name = wish.name.clone().unwrap_or_default();
        found.push((name, default.clone()));
    }
    if found.is_empty() {
        return Err(Problem::no_such_attribute());
    }
    let scope = wish.place.scope();
    if wish.xml {
        let mut doc = rhapsody_xml::Document::new("pacemaker-result");
        let root = doc.root();
        doc.set_attr(root, "api-version", "2.25");
        doc.set_attr(root, "request", &format!("crm_attribute {}", words.join(" ")));
        for (name, value) in &found {
            let e = doc.append(root, "attribute");
            doc.set_attr(e, "name", name);
            doc.set_attr(e, "value", value);
            doc.set_attr(e, "scope", scope);
        }
        let e = doc.append(root, "status");
        doc.set_attr(e, "code", "0");
        doc.set_attr(e, "message", "OK");
        say!("{}", doc.to_xml().trim_end());
        return Ok(Exit::Ok);
    }
    for (name, value) in &found {
        if wish.quiet {
            say!("{value}");
        } else {
            say!("scope={scope}  name={name} value={value}");
        }
    }
    Ok(Exit::Ok)
}

/// Names and values that fit. A transient attribute of a live node is asked from those who keep
/// it: what was set a moment ago may not be in the CIB yet.
fn current(store: &mut Store, wish: &Wish) -> Result<Vec<(String, String)>, Problem> {
    if let (Place::Transient { node }, Some(name), None) = (&wish.place, &wish.name, &wish.pattern)
        && !store.is_file()
    {
        let request = Request::GetAttribute { name: name.clone(), node: Some(node.clone()) };
        return match store.request(request)? {
            Response::Attributes { values } => Ok(values
                .into_iter()
                .filter(|v| v.node == *node)
                .filter_map(|v| Some((v.name, v.value?)))
                .collect()),
            other => Err(unexpected(&other)),
        };
    }
    let cib = store.cib()?;
    check_node(&cib, &wish.place)?;
    let fits = |name: &str| match (&wish.pattern, &wish.name) {
        (Some(pattern), _) => pattern.is_match(name),
        (None, Some(wanted)) => wanted == name,
        (None, None) => true,
    };
    let found = attributes::find(&cib, &wish.place, wish.set.as_deref(), &fits);
    Ok(found.into_iter().map(|Found { name, value, .. }| (name, value)).collect())
}

/// `crm_master`: the promotion score of the resource whose agent calls.
pub fn master(words: &[String]) -> Outcome {
    const MASTER: &[Opt] = &[
        ('G', "query", Arg::No),
        ('v', "update", Arg::Yes),
        ('D', "delete", Arg::No),
        ('q', "quiet", Arg::No),
        ('Q', "Quiet", Arg::No),
        ('V', "verbose", Arg::No),
        ('N', "node", Arg::Yes),
        ('U', "uname", Arg::Yes),
        ('r', "resource", Arg::Yes),
        ('l', "lifetime", Arg::Yes),
        ('i', "id", Arg::Yes),
        ('h', "help", Arg::No),
    ];
    let args = Args::parse(MASTER, words)?;
    if args.has("help") {
        say!("Usage: crm_master [-N NODE] [-r RESOURCE] [-l reboot|forever] -G | -v VALUE | -D");
        return Ok(Exit::Ok);
    }
    let resource = args.value("resource").map(str::to_owned);
    let resource = resource.or_else(|| std::env::var("OCF_RESOURCE_INSTANCE").ok()).unwrap_or_default();
    if resource.is_empty() {
        return Err(Problem::usage(
            "crm_master must be called from an OCF resource agent, or with -r RESOURCE",
        ));
    }
    let mut line = vec![format!("--promotion={resource}")];
    for name in ["node", "uname", "update"] {
        if let Some(value) = args.value(name) {
            line.push(format!("--{name}={value}"));
        }
    }
    // The script's own default is a permanent score; agents say `-l reboot`.
    line.push(format!("--lifetime={}", args.value("lifetime").unwrap_or("forever")));
    for name in ["query", "delete", "quiet", "Quiet"] {
        if args.has(name) {
            line.push(format!("--{name}"));
        }
    }
    run(&line)
}

/// `crm_standby`: the attribute that keeps resources off a node.
pub fn standby(words: &[String]) -> Outcome {
    const STANDBY: &[Opt] = &[
        ('G', "query", Arg::No),
        ('v', "update", Arg::Yes),
        ('D', "delete", Arg::No),
        ('q', "quiet", Arg::No),
        ('Q', "Quiet", Arg::No),
        ('V', "verbose", Arg::No),
        ('N', "node", Arg::Yes),
        ('U', "uname", Arg::Yes),
        ('l', "lifetime", Arg::Yes),
        ('i', "id", Arg::Yes),
        ('h', "help", Arg::No),
    ];
    let args = Args::parse(STANDBY, words)?;
    if args.has("help") {
        say!("Usage: crm_standby [-N NODE] [-l reboot|forever] -G | -v on|off | -D");
        return Ok(Exit::Ok);
    }
    let node = match args.value("node").or(args.value("uname")) {
        Some(node) => node.to_owned(),
        None => Store::open("crm_standby")?.local_node()?,
    };
    let line = |lifetime: &str, rest: &[&str]| -> Vec<String> {
        let head = ["--name=standby".to_owned(), format!("--node={node}"), format!("--lifetime={lifetime}")];
        head.into_iter().chain(rest.iter().map(|word| (*word).to_owned())).collect()
    };
    if let Some(value) = args.value("update") {
        return run(&line(args.value("lifetime").unwrap_or("forever"), &[&format!("--update={value}")]));
    }
    if args.has("delete") {
        for lifetime in ["forever", "reboot"] {
            if args.value("lifetime").is_none_or(|wanted| wanted == lifetime) {
                run(&line(lifetime, &["--delete"]))?;
            }
        }
        return Ok(Exit::Ok);
    }
    let quiet: &[&str] = if args.has("quiet") || args.has("Quiet") { &["--quiet"] } else { &[] };
    match run(&line("forever", &[&["--query"], quiet].concat())) {
        Err(problem) if problem.exit == Exit::NoSuch && !problem.text.starts_with("Could not map") => {
            run(&line("reboot", &[&["--query", "--default=off"], quiet].concat()))
        }
        other => other,
    }
}
