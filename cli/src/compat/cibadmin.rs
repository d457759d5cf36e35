//! `cibadmin`: the CIB itself.

use super::args::{Arg, Args, Opt};
use super::exit::{Exit, Outcome, Problem};
use super::store::Store;
use rhapsody_cib::{Cib, Document, Element, digest, patch, xpath};
use std::io::Read;

const OPTIONS: &[Opt] = &[
    ('u', "upgrade", Arg::No),
    ('Q', "query", Arg::No),
    ('E', "erase", Arg::No),
    ('B', "bump", Arg::No),
    ('C', "create", Arg::No),
    ('M', "modify", Arg::No),
    ('P', "patch", Arg::No),
    ('R', "replace", Arg::No),
    ('D', "delete", Arg::No),
    ('d', "delete-all", Arg::No),
    ('a', "empty", Arg::No),
    ('5', "md5-sum", Arg::No),
    ('6', "md5-sum-versioned", Arg::No),
    ('f', "force", Arg::No),
    ('t', "timeout", Arg::Yes),
    ('U', "user", Arg::Yes),
    ('s', "sync-call", Arg::No),
    ('l', "local", Arg::No),
    ('c', "allow-create", Arg::No),
    ('n', "no-children", Arg::No),
    ('X', "xml-text", Arg::Yes),
    ('x', "xml-file", Arg::Yes),
    ('p', "xml-pipe", Arg::No),
    ('o', "scope", Arg::Yes),
    ('\0', "obj_type", Arg::Yes),
    ('A', "xpath", Arg::Yes),
    ('e', "node-path", Arg::No),
    ('N', "node", Arg::Yes),
    ('V', "verbose", Arg::No),
    ('?', "help", Arg::No),
    ('$', "version", Arg::No),
];

const HELP: &str = "Usage: cibadmin -Q [-l] [-o SCOPE | -A XPATH [-e]] [-n]
       cibadmin -C|-M|-R|-D [-o SCOPE] -X XML | -x FILE | -p
       cibadmin -D|--delete-all -A XPATH
       cibadmin -P -x PATCH    cibadmin -B    cibadmin -a    cibadmin -5|-6 -x FILE
SCOPE: configuration, nodes, resources, constraints, crm_config, rsc_defaults, op_defaults, acls,
fencing-topology, tags, alerts, status";

pub fn run(words: &[String]) -> Outcome {
    let args = Args::parse(OPTIONS, words)?;
    let has = |name: &str| args.has(name);
    if has("help") {
        say!("{HELP}");
        return Ok(Exit::Ok);
    }
    if has("empty") {
        let mut cib = Cib::empty();
        let mut version = cib.version();
        version.epoch = 1;
        cib.set_version(version);
        say!("{}", cib.write(cib.root()).trim_end());
        return Ok(Exit::Ok);
    }
    if has("md5-sum") || has("md5-sum-versioned") {
        return sum(&args);
    }
    let mut store = Store::open("cibadmin")?;
    if has("query") {
        return query(&mut store, &args);
    }
    if has("bump") {
        return store.change(|cib| {
            let mut version = cib.version();
            version.epoch += 1;
            cib.set_version(version);
            Ok(Exit::Ok)
        });
    }
    if has("patch") {
        let text = input_text(&args)?;
        return store.change(|cib| {
            patch::apply(cib, &text).map_err(|e| Problem::new(Exit::Error, format!("Call failed: {e}")))?;
            Ok(Exit::Ok)
        });
    }
    if (has("delete") || has("delete-all")) && has("xpath") {
        return delete_by_path(&mut store, &args);
    }
    if ["create", "modify", "replace", "delete"].iter().any(|name| has(name)) {
        return edit(&mut store, &args);
    }
    for option in ["erase", "upgrade"] {
        if has(option) {
            return Err(Problem::not_there_yet(&format!("--{option}")));
        }
    }
    Err(Problem::usage(HELP))
}

fn scope(args: &Args) -> Option<&str> {
    args.value("scope").or(args.value("obj_type"))
}

fn input_text(args: &Args) -> Result<String, Problem> {
    if let Some(text) = args.value("xml-text") {
        return Ok(text.to_owned());
    }
    if let Some(path) = args.value("xml-file") {
        return std::fs::read_to_string(path)
            .map_err(|e| Problem::new(Exit::NoSuch, format!("Couldn't read input file '{path}': {e}")));
    }
    if args.has("xml-pipe") {
        let mut text = String::new();
        std::io::stdin()
            .take(64 << 20)
            .read_to_string(&mut text)
            .map_err(|e| Problem::new(Exit::Error, format!("cannot read stdin: {e}")))?;
        return Ok(text);
    }
    Err(Problem::usage("XML is needed: --xml-text, --xml-file or --xml-pipe"))
}

fn input(args: &Args) -> Result<Document, Problem> {
    Document::parse(&input_text(args)?)
        .map_err(|e| Problem::new(Exit::Config, format!("Couldn't parse the XML: {e}")))
}

fn sum(args: &Args) -> Outcome {
    let doc = input(args)?;
    if args.has("md5-sum") {
        eprint!("Digest: ");
        say!("{}", digest::cib_file_digest(&doc));
    } else {
        eprint!("Versioned ({}) digest: ", rhapsody_cib::CRM_FEATURE_SET);
        say!("{}", digest::cib_digest(&doc));
    }
    Ok(Exit::Ok)
}

fn no_such() -> Problem {
    Problem::new(Exit::NoSuch, "Call failed: No such device or address")
}

/// A section by its name; `None` for what is no section (then the whole CIB is meant).
fn section(cib: &Cib, name: &str) -> Option<Option<Element>> {
    match name {
        "status" => Some(cib.status()),
        "configuration" => Some(cib.configuration()),
        "nodes" | "resources" | "constraints" | "crm_config" | "rsc_defaults" | "op_defaults" | "acls"
        | "fencing-topology" | "tags" | "alerts" => Some(cib.section(name)),
        _ => None,
    }
}

fn query(store: &mut Store, args: &Args) -> Outcome {
    let text = store.text()?;
    // The commonest question of all needs no tree.
    if scope(args).is_none() && !args.has("xpath") && !args.has("no-children") && !store.is_file() {
        say!("{}", text.trim_end());
        return Ok(Exit::Ok);
    }
    let cib = Cib::parse(&text).map_err(|e| Problem::new(Exit::Config, e.to_string()))?;
    let bare = args.has("no-children");
    let Some(path) = args.value("xpath") else {
        let element = match scope(args).and_then(|name| section(&cib, name)) {
            Some(found) => found.ok_or_else(no_such)?,
            None => cib.root(),
        };
        say!("{}", write(&cib, element, bare).trim_end());
        return Ok(Exit::Ok);
    };
    let found =
        xpath::select(&cib, path).map_err(|e| Problem::usage(format!("'{path}' is not understood: {e}")))?;
    if found.is_empty() {
        return Err(no_such());
    }
    if args.has("node-path") {
        for element in found {
            say!("{}", xpath::path_of(&cib, element));
        }
        return Ok(Exit::Ok);
    }
    if let [one] = found.as_slice() {
        say!("{}", write(&cib, *one, bare).trim_end());
        return Ok(Exit::Ok);
    }
    let mut all = Document::new("xpath-query");
    for element in found {
        let root = all.root();
        let copy = all.copy_from(root, usize::MAX, &cib, element);
        if bare {
            all.clear(copy);
        }
    }
    say!("{}", all.write(all.root()).trim_end());
    Ok(Exit::Ok)
}

fn write(cib: &Cib, element: Element, bare: bool) -> String {
    let mut one = cib.extract(element);
    let root = one.root();
    if bare {
        one.clear(root);
    }
    one.write(root)
}

fn delete_by_path(store: &mut Store, args: &Args) -> Outcome {
    let path = args.value("xpath").unwrap_or_default();
    let all = args.has("delete-all");
    store.change(|cib| {
        let found = xpath::select(cib, path)
            .map_err(|e| Problem::usage(format!("'{path}' is not understood: {e}")))?;
        let root = cib.root();
        let mut found: Vec<Element> = found.into_iter().filter(|e| *e != root).collect();
        found.truncate(if all { usize::MAX } else { 1 });
        // Inner ones first, so that none is gone when its turn comes.
        for element in found.into_iter().rev() {
            cib.remove(element);
        }
        Ok(Exit::Ok)
    })
}

/// `-C`, `-M`, `-R`, `-D` with XML.
fn edit(store: &mut Store, args: &Args) -> Outcome {
    let doc = input(args)?;
    let root = doc.root();
    let name = doc.name(root).to_owned();
    let id = doc.attr(root, "id").map(str::to_owned);
    let scope = scope(args).map(str::to_owned);
    store.change(|cib| {
        let there = target(cib, scope.as_deref(), &name, id.as_deref());
        match (there, args.has("delete"), args.has("replace"), args.has("modify")) {
            (there, true, ..) => {
                if let Some(element) = there {
                    cib.remove(element);
                }
            }
            (Some(element), _, true, _) => {
                if element == cib.root() {
                    *cib = Cib::try_from(doc.clone())
                        .map_err(|e| Problem::new(Exit::Config, format!("Call failed: {e}")))?;
                    return Ok(Exit::Ok);
                }
                let parent = cib.parent(element).ok_or_else(no_such)?;
                let position = cib.position(element);
                cib.remove(element);
                cib.copy_from(parent, position, &doc, root);
            }
            (Some(element), _, _, true) => merge(cib, element, &doc, root),
            (Some(_), ..) => return Err(Problem::new(Exit::Exists, "Call failed: File exists")),
            (None, _, true, _) => return Err(no_such()),
            (None, _, _, true) if !args.has("allow-create") => return Err(no_such()),
            (None, ..) => {
                let Some(scope) = &scope else {
                    return Err(Problem::usage("say where it belongs: --scope SECTION"));
                };
                let section = cib.section_mut(scope);
                cib.copy_from(section, usize::MAX, &doc, root);
            }
        }
        Ok(Exit::Ok)
    })
}

/// The element of the CIB that the given one stands for.
fn target(cib: &Cib, scope: Option<&str>, name: &str, id: Option<&str>) -> Option<Element> {
    if name == "cib" {
        return Some(cib.root());
    }
    if let Some(found) = section(cib, name) {
        return found;
    }
    let within = match scope.and_then(|scope| section(cib, scope)) {
        Some(found) => found?,
        None => cib.configuration()?,
    };
    cib.descendants(within).find(|e| cib.name(*e) == name && id.is_some() && cib.attr(*e, "id") == id)
}

/// Attributes are set, children with a known id are merged, others are added.
fn merge(cib: &mut Cib, into: Element, doc: &Document, from: Element) {
    for (name, value) in doc.attrs(from) {
        cib.set_attr(into, name, value);
    }
    for child in doc.children(from) {
        let (name, id) = (doc.name(child), doc.attr(child, "id"));
        let same = cib.children_named(into, name).find(|e| cib.attr(*e, "id") == id);
        match same {
            Some(element) => merge(cib, element, doc, child),
            None => {
                cib.copy_from(into, usize::MAX, doc, child);
            }
        }
    }
}
