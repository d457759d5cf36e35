//! `cluster cib` and `cluster cib-push`: the whole document, or a part of it.

use super::live::apply;
use super::wait::{self, Wait};
use super::{Ctx, Done, Stop, cluster};
use crate::engine::Snapshot;
use rhapsody_api::Report;
use rhapsody_cib::Cib;
use rhapsody_xml::{Document, Element};
use serde::Deserialize;
use serde_json::Value;

const SCOPES: &[&str] = &[
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

pub async fn snapshot(ctx: &Ctx) -> Result<Snapshot, Stop> {
    ctx.app.engine.snapshot().await.map_err(|error| cluster::refused(ctx, &error))
}

/// The live CIB, parsed.
pub async fn current(ctx: &Ctx) -> Result<Cib, Stop> {
    let snapshot = snapshot(ctx).await?;
    Cib::parse(&snapshot.cib).map_err(|error| {
        ctx.fail(Report::error("CIB_LOAD_ERROR", format!("the live CIB cannot be read: {error}")))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Get {
    #[serde(default)]
    scope: Option<String>,
}

pub async fn get(ctx: &Ctx, params: Get) -> Done {
    let Some(scope) = params.scope else {
        let snapshot = snapshot(ctx).await?;
        return Ok(Value::from(&*snapshot.cib));
    };
    check_scope(ctx, &scope)?;
    let cib = current(ctx).await?;
    match section(&cib, &scope) {
        Some(element) => Ok(Value::from(cib.write(element))),
        None => {
            let text = format!("the CIB has no section '{scope}'");
            Err(ctx.fail(Report::error("CIB_CANNOT_FIND_MANDATORY_SECTION", text)))
        }
    }
}

fn check_scope(ctx: &Ctx, scope: &str) -> Result<(), Stop> {
    if SCOPES.contains(&scope) {
        return Ok(());
    }
    let text = format!("invalid CIB scope '{scope}', use one of: {}", SCOPES.join(", "));
    Err(ctx.fail(Report::error("CIB_LOAD_ERROR_SCOPE_MISSING", text)))
}

/// `configuration`, or a section of it.
fn section(document: &Document, scope: &str) -> Option<Element> {
    let configuration = document.child(document.root(), "configuration")?;
    match scope {
        "configuration" => Some(configuration),
        scope => document.child(configuration, scope),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    cib: String,
    #[serde(default)]
    scope: Option<String>,
    /// The text that `cib` was made from: only the difference is pushed.
    #[serde(default)]
    diff_against: Option<String>,
    #[serde(default)]
    force_flags: Vec<String>,
    #[serde(default)]
    wait: Wait,
}

const ATTEMPTS_MAX: usize = 5;

pub async fn push(ctx: &Ctx, params: Push) -> Done {
    let force = params.force_flags.iter().any(|flag| flag == "FORCE");
    for attempt in 1..=ATTEMPTS_MAX {
        let old = current(ctx).await?;
        let new = pushed(ctx, &params, &old, force)?;
        check_structure(ctx, &old, &new)?;
        match apply(ctx, &old, new, force, attempt < ATTEMPTS_MAX).await? {
            true => break,
            // Somebody else was faster. A whole CIB made from an older one is refused by its version.
            false => continue,
        }
    }
    wait::idle(ctx, params.wait).await?;
    Ok(Value::Null)
}

fn parse(ctx: &Ctx, text: &str, what: &str) -> Result<Document, Stop> {
    Document::parse(text).map_err(|error| {
        ctx.fail(Report::error("CIB_PUSH_ERROR", format!("{what} is not valid XML: {error}")))
    })
}

fn parse_cib(ctx: &Ctx, text: &str, what: &str) -> Result<Cib, Stop> {
    parse(ctx, text, what)?;
    Cib::parse(text)
        .map_err(|error| ctx.fail(Report::error("CIB_PUSH_ERROR", format!("{what} is no CIB: {error}"))))
}

/// Refuses what Pacemaker's schemas would refuse, unless the live CIB has that mistake already.
fn check_structure(ctx: &Ctx, old: &Cib, new: &Cib) -> Result<(), Stop> {
    const SHOWN_MAX: usize = 10;
    let known = old.errors();
    let found: Vec<_> = new.errors().into_iter().filter(|problem| !known.contains(problem)).collect();
    if found.is_empty() {
        return Ok(());
    }
    let mut lines: Vec<String> = found.iter().take(SHOWN_MAX).map(|problem| format!("  {problem}")).collect();
    if found.len() > SHOWN_MAX {
        lines.push(format!("  and {} more", found.len() - SHOWN_MAX));
    }
    let text = format!("the CIB to push is not valid, nothing was changed:\n{}", lines.join("\n"));
    Err(ctx.fail(Report::error("CIB_PUSH_ERROR", text)))
}

/// What the live CIB is to become.
fn pushed(ctx: &Ctx, params: &Push, old: &Cib, force: bool) -> Result<Cib, Stop> {
    let refuse = |text: String| ctx.fail(Report::error("CIB_PUSH_ERROR", text));
    let mut new = old.clone();
    if let Some(base) = &params.diff_against {
        if params.scope.is_some() {
            return Err(refuse("give a scope or a CIB to compare with, not both".to_owned()));
        }
        let base = parse_cib(ctx, base, "the CIB to compare with")?;
        let target = parse_cib(ctx, &params.cib, "the CIB to push")?;
        let Some(patch) = rhapsody_cib::patch::diff(&base, &target) else {
            return Ok(new);
        };
        let patch =
            rhapsody_cib::patch::Patch::parse(&patch).and_then(|patch| patch.apply_unchecked(&mut new));
        if let Err(error) = patch {
            return Err(refuse(format!("the difference does not fit the live CIB: {error}")));
        }
        new.set_version(old.version());
        return Ok(new);
    }
    if let Some(scope) = &params.scope
        && scope != "configuration"
    {
        check_scope(ctx, scope)?;
        let document = parse(ctx, &params.cib, "the text to push")?;
        let source = match document.name(document.root()) {
            name if name == scope => Some(document.root()),
            "cib" => section(&document, scope),
            _ => None,
        };
        let Some(source) = source else {
            return Err(refuse(format!("the text to push has no section '{scope}'")));
        };
        replace(&mut new, scope, &document, source);
        return Ok(new);
    }
    let document = parse(ctx, &params.cib, "the text to push")?;
    let source = match document.name(document.root()) {
        "configuration" => Some(document.root()),
        "cib" => section(&document, "configuration"),
        _ => None,
    };
    let Some(source) = source else {
        return Err(refuse("the text to push is neither a CIB nor its configuration".to_owned()));
    };
    if params.scope.is_none() && document.name(document.root()) == "cib" {
        let theirs = parse_cib(ctx, &params.cib, "the text to push")?;
        let (old_version, new_version) = (old.version(), theirs.version());
        if !force
            && (new_version.admin_epoch, new_version.epoch) < (old_version.admin_epoch, old_version.epoch)
        {
            let text = format!(
                "the CIB to push is {}.{}, older than the live one ({}.{}): it was made before somebody else's change; get the CIB again, or overwrite that change",
                new_version.admin_epoch, new_version.epoch, old_version.admin_epoch, old_version.epoch
            );
            return Err(ctx.fail(Report::error("CIB_PUSH_ERROR", text).forceable("FORCE")));
        }
        for name in ["validate-with", "crm_feature_set", "remote-tls-port", "remote-clear-port"] {
            let root = new.root();
            if let Some(value) = theirs.attr(theirs.root(), name) {
                let value = value.to_owned();
                new.set_attr(root, name, &value);
            }
        }
        let mut version = old_version;
        version.admin_epoch = version.admin_epoch.max(new_version.admin_epoch);
        version.epoch = version.epoch.max(new_version.epoch);
        new.set_version(version);
    }
    replace(&mut new, "configuration", &document, source);
    Ok(new)
}

fn replace(cib: &mut Cib, scope: &str, from: &Document, source: Element) {
    match section(cib, scope) {
        Some(old) => {
            let parent = cib.parent(old).unwrap_or_else(|| cib.root());
            let position = cib.position(old);
            cib.remove(old);
            cib.copy_from(parent, position, from, source);
        }
        None => {
            let root = cib.root();
            let parent =
                if scope == "configuration" { root } else { section(cib, "configuration").unwrap_or(root) };
            cib.copy_from(parent, usize::MAX, from, source);
        }
    }
}
