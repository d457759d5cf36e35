//! `cluster cib-push`: the CIB, or a section of it, becomes what a file says.

use crate::sections;
use crate::work::{ForceFlags, Stop, Work};
use rhapsody_api::Report;
use rhapsody_cib::{Cib, Version, patch};
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};

/// What `scope` may name.
pub const SCOPES: &[&str] = &[
    "acls",
    "alerts",
    "configuration",
    "constraints",
    "crm_config",
    "fencing-topology",
    "nodes",
    "op_defaults",
    "resources",
    "rsc_defaults",
    "tags",
];

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub cib: String,
    pub scope: Option<String>,
    /// The text that `cib` was made from: only the difference is pushed.
    pub diff_against: Option<String>,
    pub force_flags: ForceFlags,
}

/// False when there was nothing to push.
pub fn run(work: &mut Work<'_>, request: Request) -> Result<bool, Stop> {
    let old = work.cib.clone();
    let pushed = match (&request.diff_against, &request.scope) {
        (Some(_), Some(_)) => {
            return work.stop("CIB_PUSH_ERROR", "Cannot use both scope and diff-against");
        }
        (Some(base), None) => difference(work, base, &request.cib)?,
        (None, Some(scope)) => {
            section(work, scope, &request.cib)?;
            true
        }
        (None, None) => {
            whole(work, &request)?;
            true
        }
    };
    check_structure(work, &old)?;
    Ok(pushed)
}

fn parse(work: &mut Work<'_>, text: &str, what: &str) -> Result<Document, Stop> {
    Document::parse(text)
        .or_else(|error| work.stop("CIB_PUSH_ERROR", format!("unable to parse {what}: {error}")))
}

fn parse_cib(work: &mut Work<'_>, text: &str, what: &str) -> Result<Cib, Stop> {
    Cib::parse(text).or_else(|error| work.stop("CIB_PUSH_ERROR", format!("unable to parse {what}: {error}")))
}

fn difference(work: &mut Work<'_>, base: &str, target: &str) -> Result<bool, Stop> {
    let base = parse_cib(work, base, "original cib")?;
    let target = parse_cib(work, target, "new cib")?;
    let version = work.cib.version();
    let Some(difference) = patch::diff(&base, &target) else {
        let text = "The new CIB is the same as the original CIB, nothing to push.";
        work.report(Report::info("CIB_PUSH_NOTHING", text));
        return Ok(false);
    };
    let applied =
        patch::Patch::parse(&difference).and_then(|difference| difference.apply_unchecked(&mut work.cib));
    if let Err(error) = applied {
        let text = format!("the difference does not fit the CIB: {error}");
        return work.stop("CIB_PUSH_ERROR", text);
    }
    work.cib.set_version(version);
    Ok(true)
}

fn section(work: &mut Work<'_>, scope: &str, text: &str) -> Result<(), Stop> {
    if !SCOPES.contains(&scope) {
        let text = format!("invalid CIB scope '{scope}', use one of: {}", SCOPES.join(", "));
        return work.stop("CIB_LOAD_ERROR_SCOPE_MISSING", text);
    }
    let document = parse(work, text, "new cib")?;
    let source = match document.name(document.root()) {
        name if name == scope => Some(document.root()),
        "cib" => section_of(&document, scope),
        _ => None,
    };
    let Some(source) = source else {
        let text = format!("unable to push cib, scope '{scope}' not present in new cib");
        return work.stop("CIB_PUSH_ERROR", text);
    };
    replace(&mut work.cib, scope, &document, source);
    Ok(())
}

fn whole(work: &mut Work<'_>, request: &Request) -> Result<(), Stop> {
    let document = parse(work, &request.cib, "new cib")?;
    if document.name(document.root()) == "configuration" {
        return section(work, "configuration", &request.cib);
    }
    let new = parse_cib(work, &request.cib, "new cib")?;
    let (theirs, ours) = (new.version(), work.cib.version());
    let older = (theirs.admin_epoch, theirs.epoch) < (ours.admin_epoch, ours.epoch);
    if older && !request.force_flags.force() {
        let text = format!(
            "Unable to push to the CIB because pushed configuration ({}.{}) is older than existing one ({}.{}). \
             If you are sure you want to push this configuration, try to use --config to replace only configuration part \
             instead of whole CIB. Otherwise get current configuration by running command 'pcs cluster cib' and update that",
            theirs.admin_epoch, theirs.epoch, ours.admin_epoch, ours.epoch
        );
        work.report(Report::error("CIB_PUSH_ERROR", text).forceable("FORCE"));
        return Err(Stop);
    }
    if !work.env.live {
        // Nobody else lives in a file: it becomes the other one, status and all.
        // Writing it is an update of it, as cibadmin counts.
        work.set_exact_version(Version { num_updates: theirs.num_updates + 1, ..theirs });
        work.cib = new;
        return Ok(());
    }
    let Some(source) = section_of(&document, "configuration") else {
        let text = "unable to push cib, scope 'configuration' not present in new cib";
        return work.stop("CIB_PUSH_ERROR", text);
    };
    for name in ["validate-with", "crm_feature_set", "remote-tls-port", "remote-clear-port"] {
        let root = work.cib.root();
        if let Some(value) = new.attr(new.root(), name) {
            let value = value.to_owned();
            work.cib.set_attr(root, name, &value);
        }
    }
    let mut version = ours;
    version.admin_epoch = version.admin_epoch.max(theirs.admin_epoch);
    version.epoch = version.epoch.max(theirs.epoch);
    work.cib.set_version(version);
    replace(&mut work.cib, "configuration", &document, source);
    Ok(())
}

/// Refuses what Pacemaker's schemas would refuse, unless the CIB has that mistake already.
fn check_structure(work: &mut Work<'_>, old: &Cib) -> Result<(), Stop> {
    const SHOWN_MAX: usize = 10;
    let known = old.errors();
    let found: Vec<_> = work.cib.errors().into_iter().filter(|problem| !known.contains(problem)).collect();
    if found.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<String> = found.iter().take(SHOWN_MAX).map(|problem| format!("  {problem}")).collect();
    if found.len() > SHOWN_MAX {
        lines.push(format!("  and {} more", found.len() - SHOWN_MAX));
    }
    let text = format!("the CIB to push is not valid, nothing was changed:\n{}", lines.join("\n"));
    work.stop("CIB_PUSH_ERROR", text)
}

/// `configuration`, or a section of it.
fn section_of(document: &Document, scope: &str) -> Option<Element> {
    let configuration = document.child(document.root(), "configuration")?;
    match scope {
        "configuration" => Some(configuration),
        scope => document.child(configuration, scope),
    }
}

fn replace(cib: &mut Cib, scope: &str, from: &Document, source: Element) {
    let root = cib.root();
    let (parent, position) = match section_of(cib, scope) {
        Some(old) => {
            let place = (cib.parent(old).unwrap_or(root), cib.position(old));
            cib.remove(old);
            place
        }
        None if scope == "configuration" => (root, 0),
        None => {
            // Made in its place among the others, and then replaced by what comes.
            let empty = sections::make(cib, scope);
            let place = (cib.parent(empty).unwrap_or(root), cib.position(empty));
            cib.remove(empty);
            place
        }
    };
    cib.copy_from(parent, position, from, source);
}
