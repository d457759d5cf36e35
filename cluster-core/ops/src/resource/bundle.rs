//! Bundles: a container that runs a primitive.

use super::create::{self, Kind};
use super::tree;
use crate::ids;
use crate::work::{Stop, Work};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CreateInRequest {
    #[serde(flatten)]
    pub primitive: create::Request,
    pub bundle_id: String,
    pub allow_not_accessible_resource: bool,
}

/// A new primitive inside of a bundle.
pub fn create_in(work: &mut Work<'_>, request: CreateInRequest) -> Result<(), Stop> {
    let primitive = request.primitive.clone();
    let prepared = create::prepare(work, &primitive, Kind::Resource)?;
    let bundle = find(work, &request.bundle_id)?;
    if let Some(member) = tree::members(&work.cib, bundle).first() {
        let text = format!(
            "bundle '{}' already contains resource '{}', a bundle may contain at most one resource",
            request.bundle_id,
            tree::id(&work.cib, *member)
        );
        return work.stop("RESOURCE_BUNDLE_ALREADY_CONTAINS_A_RESOURCE", text);
    }
    if !ACCESS.iter().any(|name| network_has(work, bundle, name)) {
        tell_not_accessible(
            work,
            &primitive.resource_id,
            &request.bundle_id,
            request.allow_not_accessible_resource,
        );
    }
    work.check()?;
    create::append(work, bundle, None, &primitive, &prepared);
    Ok(())
}

/// The bundle with this id.
pub fn find(work: &mut Work<'_>, id: &str) -> Result<Element, Stop> {
    match ids::find(&work.cib, id) {
        Some(found) if work.cib.name(found) == "bundle" => Ok(found),
        Some(_) => work.stop("ID_BELONGS_TO_UNEXPECTED_TYPE", format!("'{id}' is not a bundle")),
        None => work.stop("ID_NOT_FOUND", format!("bundle '{id}' does not exist")),
    }
}

/// The cluster reaches into a bundle by an address or by a port.
pub(super) const ACCESS: [&str; 2] = ["control-port", "ip-range-start"];

pub(super) fn network_has(work: &Work<'_>, bundle: Element, option: &str) -> bool {
    let doc = &work.cib;
    doc.child(bundle, "network").is_some_and(|network| doc.has_attr(network, option))
}

pub(super) fn tell_not_accessible(work: &mut Work<'_>, resource: &str, bundle: &str, force: bool) {
    let text = format!(
        "Resource '{resource}' will not be accessible by the cluster inside bundle '{bundle}', at least one of bundle \
         options 'control-port' or 'ip-range-start' has to be specified"
    );
    work.forceable(force, "RESOURCE_IN_BUNDLE_NOT_ACCESSIBLE", text);
}
