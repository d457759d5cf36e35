//! `resource enable`, `disable`, `manage`, `unmanage`: meta attributes of resources and what is around them.

use super::tree;
use crate::work::{ForceFlags, Stop, Work};
use crate::{ids, nvset};
use rhapsody_agents_catalog::check::quoted;
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub resource_or_tag_ids: Vec<String>,
    pub force_flags: ForceFlags,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ManageRequest {
    pub resource_or_tag_ids: Vec<String>,
    /// Switch monitor operations too.
    pub with_monitor: bool,
}

/// The resources with these ids; a tag stands for its members.
pub fn find(work: &mut Work<'_>, names: &[String]) -> Result<Vec<Element>, Stop> {
    let mut found: Vec<Element> = Vec::new();
    for name in names {
        let element = ids::find(&work.cib, name);
        let mut elements: Vec<Element> = Vec::new();
        match element {
            Some(element) if tree::is_resource(&work.cib, element) => elements.push(element),
            Some(element) if work.cib.name(element) == "tag" => {
                let members: Vec<String> = {
                    let doc = &work.cib;
                    doc.children_named(element, "obj_ref")
                        .filter_map(|member| doc.attr(member, "id"))
                        .map(str::to_owned)
                        .collect()
                };
                elements.extend(members.iter().filter_map(|id| tree::find(&work.cib, id)));
            }
            Some(_) => work.error(
                "ID_BELONGS_TO_UNEXPECTED_TYPE",
                format!("'{name}' is not a bundle / clone / group / resource / tag"),
            ),
            None => work.error(
                "ID_NOT_FOUND",
                format!("bundle / clone / group / resource / tag '{name}' does not exist"),
            ),
        }
        for element in elements {
            if !found.contains(&element) {
                found.push(element);
            }
        }
    }
    work.check()?;
    Ok(found)
}

fn wraps(doc: &Document, element: Element) -> bool {
    tree::is_clone(doc, element) || doc.name(element) == "bundle"
}

/// Everything that must not say "stopped" for a resource to start: itself, what is around it, and
/// of clones and bundles what is inside.
fn to_enable(doc: &Document, resource: Element) -> Vec<Element> {
    let mut all = vec![resource];
    if wraps(doc, resource) {
        all.extend(tree::members(doc, resource));
    }
    if let Some(parent) = tree::parent(doc, resource)
        && wraps(doc, parent)
    {
        all.push(parent);
    }
    all
}

/// A bundle that nothing can reach inside of is none for the scheduler, so switching it does nothing.
fn refuse_unusable(work: &mut Work<'_>, resources: &[Element]) {
    for resource in resources {
        let doc = &work.cib;
        let top = tree::top(doc, *resource);
        let inner = tree::members(doc, top);
        if doc.name(top) != "bundle" || inner.is_empty() {
            continue;
        }
        let address = doc.child(top, "network").is_some_and(|network| {
            doc.has_attr(network, "ip-range-start") || doc.has_attr(network, "control-port")
        });
        if !address {
            let inner: Vec<String> = inner.iter().map(|inner| tree::id(doc, *inner)).collect();
            let text = format!(
                "bundle '{}' does not exist for the cluster: to run {} inside it needs 'ip-range-start' or 'control-port' in its network",
                tree::id(doc, top),
                quoted(&inner)
            );
            work.error("ID_NOT_FOUND", text);
        }
    }
}

pub fn enable(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let resources = find(work, &request.resource_or_tag_ids)?;
    refuse_unusable(work, &resources);
    work.check()?;
    for resource in resources {
        warn_unmanaged(work, resource);
        for element in to_enable(&work.cib, resource) {
            unset(work, element, "target-role");
        }
    }
    Ok(())
}

pub fn disable(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let resources = find(work, &request.resource_or_tag_ids)?;
    refuse_unusable(work, &resources);
    warn_fencing(work, &resources, request.force_flags.force());
    work.check()?;
    for resource in resources {
        warn_unmanaged(work, resource);
        set(work, resource, "target-role", "Stopped");
    }
    Ok(())
}

/// Disabling the last fence device switches off a promise.
fn warn_fencing(work: &mut Work<'_>, resources: &[Element], force: bool) {
    let doc = &work.cib;
    if !resources.iter().any(|resource| tree::is_stonith(doc, *resource)) {
        return;
    }
    let stopped = |primitive: Element| {
        nvset::value(doc, primitive, "meta_attributes", "target-role") == Some("Stopped")
    };
    let left = tree::primitives(doc).into_iter().any(|primitive| {
        tree::is_stonith(doc, primitive) && !resources.contains(&primitive) && !stopped(primitive)
    });
    // A device that is disabled already promises nothing.
    let off = |resource: &Element| {
        tree::primitives_in(doc, *resource)
            .into_iter()
            .all(|inner| !tree::is_stonith(doc, inner) || stopped(inner))
    };
    if left || resources.iter().all(off) {
        return;
    }
    work.forceable(
        force,
        "NO_STONITH_MEANS_WOULD_BE_LEFT",
        "Requested action leaves the cluster with no enabled means to fence nodes, resulting in the cluster not being able to \
         recover from certain failure conditions",
    );
}

fn warn_unmanaged(work: &mut Work<'_>, resource: Element) {
    let doc = &work.cib;
    let unmanaged = |element: Element| {
        nvset::value(doc, element, "meta_attributes", "is-managed").and_then(crate::values::boolean)
            == Some(false)
    };
    let mut around = Some(resource);
    let mut found = false;
    while let Some(element) = around {
        found |= unmanaged(element);
        around = tree::parent(doc, element);
    }
    if found {
        let id = tree::id(doc, resource);
        work.warning("RESOURCE_IS_UNMANAGED", format!("'{id}' is unmanaged"));
    }
}

/// Sets a meta attribute; a new block goes in front of everything else.
pub fn set(work: &mut Work<'_>, element: Element, name: &str, value: &str) {
    let doc = &mut work.cib;
    match doc.child(element, "meta_attributes") {
        Some(block) => nvset::set(doc, block, name, value),
        None => {
            nvset::create(doc, element, "meta_attributes", Some(0), &[(name.to_owned(), value.to_owned())]);
        }
    }
}

/// Removes a meta attribute wherever it is.
fn unset(work: &mut Work<'_>, element: Element, name: &str) {
    nvset::unset(&mut work.cib, element, "meta_attributes", name);
}

/// What `manage` and `unmanage` touch for a resource.
fn to_manage(doc: &Document, resource: Element) -> Vec<Element> {
    let mut all = vec![resource];
    if wraps(doc, resource) {
        for member in tree::members(doc, resource) {
            all.push(member);
            all.extend(tree::members(doc, member));
        }
    } else {
        all.extend(tree::members(doc, resource));
    }
    let mut around = tree::parent(doc, resource);
    while let Some(parent) = around {
        if wraps(doc, parent) || doc.name(parent) == "group" {
            all.push(parent);
        }
        around = tree::parent(doc, parent);
    }
    all
}

pub fn manage(work: &mut Work<'_>, request: ManageRequest) -> Result<(), Stop> {
    let resources = find(work, &request.resource_or_tag_ids)?;
    let mut primitives: Vec<Element> = Vec::new();
    for resource in resources {
        for element in to_manage(&work.cib, resource) {
            unset(work, element, "is-managed");
        }
        for primitive in tree::primitives_in(&work.cib, resource) {
            if !primitives.contains(&primitive) {
                primitives.push(primitive);
            }
        }
    }
    for primitive in primitives {
        let monitors = monitors(&work.cib, primitive);
        if request.with_monitor {
            for op in monitors {
                work.cib.remove_attr(op, "enabled");
            }
        } else if !monitors.is_empty() && monitors.iter().all(|op| is_off(&work.cib, *op)) {
            let id = tree::id(&work.cib, primitive);
            work.warning(
                "RESOURCE_MANAGED_NO_MONITOR_ENABLED",
                format!("Resource '{id}' has no enabled monitor operations. Re-run with '--monitor' to enable them."),
            );
        }
    }
    Ok(())
}

pub fn unmanage(work: &mut Work<'_>, request: ManageRequest) -> Result<(), Stop> {
    let resources = find(work, &request.resource_or_tag_ids)?;
    for resource in resources {
        let targets = match work.cib.name(resource) {
            "group" => tree::members(&work.cib, resource),
            "clone" | "master" => tree::primitives_in(&work.cib, resource),
            "bundle" => {
                let mut all = vec![resource];
                all.extend(tree::primitives_in(&work.cib, resource));
                all
            }
            _ => vec![resource],
        };
        for target in targets {
            set(work, target, "is-managed", "false");
        }
        if request.with_monitor {
            for primitive in tree::primitives_in(&work.cib, resource) {
                for op in monitors(&work.cib, primitive) {
                    work.cib.set_attr(op, "enabled", "false");
                }
            }
        }
    }
    Ok(())
}

fn monitors(doc: &Document, primitive: Element) -> Vec<Element> {
    let Some(operations) = doc.child(primitive, "operations") else { return Vec::new() };
    doc.children_named(operations, "op").filter(|op| doc.attr(*op, "name") == Some("monitor")).collect()
}

fn is_off(doc: &Document, op: Element) -> bool {
    doc.attr(op, "enabled").and_then(crate::values::boolean) == Some(false)
}

/// Ids of fence devices among the resources named, for commands that refuse them.
pub fn stonith_among(doc: &Document, names: &[String]) -> String {
    let found: Vec<&String> = names
        .iter()
        .filter(|name| tree::find(doc, name).is_some_and(|element| tree::is_stonith(doc, element)))
        .collect();
    quoted(found)
}
