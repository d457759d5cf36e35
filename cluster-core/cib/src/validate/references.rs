//! Ids that name something: is it there, and is it of the right kind?

use super::{Checker, short};
use crate::ids;
use rhapsody_xml::Element;
use rustc_hash::{FxHashMap, FxHashSet};

const RESOURCES: [&str; 6] = ["primitive", "group", "clone", "master", "bundle", "template"];

pub(super) fn check(checker: &mut Checker) {
    let cib = checker.cib;
    let Some(configuration) = cib.configuration() else { return };
    // Everything that a constraint may name: resources, templates and tags.
    let mut targets: FxHashSet<&str> = FxHashSet::default();
    let mut named: FxHashMap<(&str, &str), Element> = FxHashMap::default();
    let mut nodes: FxHashSet<&str> = FxHashSet::default();
    let mut primitives: FxHashMap<&str, Element> = FxHashMap::default();
    for e in cib.descendants(configuration) {
        let name = cib.name(e);
        if let Some(id) = cib.attr(e, "id") {
            if RESOURCES.contains(&name) || name == "tag" {
                targets.insert(id);
            }
            if name == "primitive" {
                primitives.insert(id, e);
            }
            named.insert((name, id), e);
        }
        if name == "node"
            && let Some(uname) = cib.attr(e, "uname")
        {
            nodes.insert(uname);
        }
    }
    let known_ids = ids::all(cib);
    for e in cib.descendants(configuration) {
        let references: &[(&str, &str)] = match cib.name(e) {
            "rsc_location" | "rsc_ticket" => &[("rsc", "resource")],
            "rsc_colocation" => &[("rsc", "resource"), ("with-rsc", "resource")],
            "rsc_order" => &[("first", "resource"), ("then", "resource")],
            "resource_ref" => &[("id", "resource")],
            "primitive" => &[("template", "template")],
            "role" | "role_ref" => &[("id", "acl_role")],
            "acl_permission" => &[("reference", "element")],
            _ => &[],
        };
        for (attr, kind) in references {
            let Some(id) = cib.attr(e, attr) else { continue };
            let fits = match *kind {
                "resource" => targets.contains(id),
                "element" => checker.ids.contains_key(id),
                kind => named.contains_key(&(kind, id)),
            };
            if fits {
                continue;
            }
            // These have no name of their own.
            let nameless = matches!(cib.name(e), "resource_ref" | "role" | "role_ref");
            let place = if nameless { cib.parent(e).unwrap_or(e) } else { e };
            match checker.ids.get(id) {
                None => checker.dangling(place, format!("there is no {kind} `{}`", short(id))),
                Some(other) => {
                    let other = cib.name(*other);
                    checker.warn(place, format!("`{}` is a {other}, not a {kind}", short(id)));
                }
            }
        }
        match cib.name(e) {
            "obj_ref" => {
                if let Some(id) = cib.attr(e, "id")
                    && !known_ids.contains(id)
                {
                    let owner = cib.parent(e).unwrap_or(e);
                    checker.warn(owner, format!("there is no element `{}`", short(id)));
                }
            }
            "fencing-level" => {
                for device in cib.attr(e, "devices").unwrap_or("").split(',').map(str::trim) {
                    let is_device =
                        primitives.get(device).is_some_and(|p| cib.attr(*p, "class") != Some("ocf"));
                    if !device.is_empty() && !is_device {
                        checker.warn(e, format!("there is no fence device `{}`", short(device)));
                    }
                }
                if let Some(target) = cib.attr(e, "target")
                    && !nodes.is_empty()
                    && !nodes.contains(target)
                    && !known_ids.contains(target)
                {
                    checker.warn(e, format!("there is no node `{}`", short(target)));
                }
            }
            _ => {}
        }
        if let Some(id) = cib.attr(e, "id-ref") {
            match named.get(&(cib.name(e), id)) {
                None => {
                    checker.dangling(e, format!("there is no {} `{}` to refer to", cib.name(e), short(id)));
                }
                Some(target) if cib.is_within(e, *target) => {
                    checker.error(e, format!("it refers to `{}`, in which it is itself", short(id)));
                }
                Some(_) => {}
            }
        }
    }
}
