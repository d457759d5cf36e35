//! `cluster cib`: the whole document, or a part of it. (`cib-push` is an operation like others.)

use super::{Ctx, Done, Stop, cluster};
use crate::engine::Snapshot;
use rhapsody_api::Report;
use rhapsody_cib::Cib;
use rhapsody_ops::cluster::cib_push::SCOPES;
use rhapsody_xml::{Document, Element};
use serde::Deserialize;
use serde_json::Value;

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
