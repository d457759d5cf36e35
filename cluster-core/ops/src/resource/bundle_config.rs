//! `resource bundle create`, `update`, `reset`.

use super::create::Attributes;
use super::{bundle, tree};
use crate::values;
use crate::work::{Stop, Work};
use crate::{ids, nvset, sections};
use rhapsody_agents_catalog::check::{invalid_text, quoted};
use rhapsody_api::Report;
use rhapsody_xml::{Document, Element};
use serde::{Deserialize, Serialize};

const CONTAINER: &[&str] =
    &["image", "network", "options", "promoted-max", "replicas", "replicas-per-host", "run-command"];
const NETWORK: &[&str] = &["add-host", "control-port", "host-interface", "host-netmask", "ip-range-start"];
const PORT: &[&str] = &["id", "internal-port", "port", "range"];
const STORAGE: &[&str] = &["id", "options", "source-dir", "source-dir-root", "target-dir"];

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub bundle_id: String,
    /// Of a new bundle: `docker` or `podman`.
    pub container_type: Option<String>,
    pub container_options: Attributes,
    pub network_options: Attributes,
    pub port_map_add: Vec<Attributes>,
    pub port_map_remove: Vec<String>,
    pub storage_map_add: Vec<Attributes>,
    pub storage_map_remove: Vec<String>,
    pub meta_attributes: Attributes,
    pub ensure_disabled: bool,
    pub force_options: bool,
}

pub fn create(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    work.check_new_id(&request.bundle_id, "bundle name");
    let kind = request.container_type.clone().unwrap_or_default();
    if !matches!(kind.as_str(), "docker" | "podman") {
        work.error(
            "INVALID_OPTION_VALUE",
            values::invalid_value(&kind, "container type", "'docker', 'podman'"),
        );
    } else {
        check_container(work, &request, None);
    }
    check_parts(work, &request, None);
    work.check()?;
    tell_meta(work, &request.meta_attributes);
    if kind == "podman" {
        work.require_schema((3, 2));
    }
    let section = sections::make(&mut work.cib, "resources");
    let bundle = work.cib.append(section, "bundle");
    work.cib.set_attr(bundle, "id", &request.bundle_id);
    let container = work.cib.append(bundle, &kind);
    fill(work, bundle, container, &request);
    let meta = meta_of(&request);
    if request.ensure_disabled && request.meta_attributes.is_empty() {
        set_meta(work, bundle, &meta);
    } else if !meta.is_empty() {
        nvset::create_with_empty(&mut work.cib, bundle, "meta_attributes", None, &list(&meta));
    }
    Ok(())
}

fn list(meta: &Attributes) -> Vec<(String, String)> {
    meta.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn meta_of(request: &Request) -> Attributes {
    let mut meta = request.meta_attributes.clone();
    if request.ensure_disabled {
        meta.insert("target-role".to_owned(), "Stopped".to_owned());
    }
    meta
}

fn tell_meta(work: &mut Work<'_>, meta: &Attributes) {
    if meta.values().any(|value| !value.is_empty()) {
        work.warning(
            "META_ATTRS_NOT_VALIDATED_UNSUPPORTED_TYPE",
            "Meta attributes of bundle are not validated",
        );
    }
}

/// Writes all parts that a new or emptied bundle gets; its meta attributes are the caller's.
fn fill(work: &mut Work<'_>, bundle: Element, container: Element, request: &Request) {
    set_all(&mut work.cib, container, &request.container_options);
    if !request.network_options.is_empty() || !request.port_map_add.is_empty() {
        let network = part(&mut work.cib, bundle, "network");
        set_all(&mut work.cib, network, &request.network_options);
    }
    add_maps(work, bundle, request);
}

fn set_all(doc: &mut Document, element: Element, options: &Attributes) {
    for (name, value) in options {
        if value.is_empty() {
            doc.remove_attr(element, name);
        } else {
            doc.set_attr(element, name, value);
        }
    }
}

/// A part of a bundle, made when it is missing.
fn part(doc: &mut Document, bundle: Element, name: &str) -> Element {
    doc.child(bundle, name).unwrap_or_else(|| doc.append(bundle, name))
}

fn add_maps(work: &mut Work<'_>, bundle: Element, request: &Request) {
    let doc = &mut work.cib;
    let bundle_id = doc.attr(bundle, "id").unwrap_or_default().to_owned();
    // An id that is asked for is not given to another mapping.
    let all = request.port_map_add.iter().chain(&request.storage_map_add);
    let asked: Vec<String> = all.filter_map(|options| options.get("id").cloned()).collect();
    if !request.port_map_add.is_empty() {
        let network = part(doc, bundle, "network");
        for options in &request.port_map_add {
            let name = options.get("port").or(options.get("range")).cloned().unwrap_or_default();
            let base = format!("{bundle_id}-port-map-{}", ids::sanitized_part(&name));
            add_map(doc, network, "port-mapping", options, &base, &asked);
        }
    }
    if !request.storage_map_add.is_empty() {
        let storage = part(doc, bundle, "storage");
        for options in &request.storage_map_add {
            add_map(doc, storage, "storage-mapping", options, &format!("{bundle_id}-storage-map"), &asked);
        }
    }
}

fn add_map(
    doc: &mut Document,
    parent: Element,
    name: &str,
    options: &Attributes,
    base: &str,
    asked: &[String],
) {
    let id = options.get("id").cloned().unwrap_or_else(|| {
        let mut taken = ids::taken(doc);
        taken.extend(asked.iter().cloned());
        ids::free_among(&taken, base)
    });
    let element = doc.append(parent, name);
    set_all(doc, element, options);
    doc.set_attr(element, "id", &id);
}

/// Changes meta attributes; the first ones of a bundle are put before its parts.
fn set_meta(work: &mut Work<'_>, bundle: Element, meta: &Attributes) {
    let doc = &mut work.cib;
    match doc.child(bundle, "meta_attributes") {
        Some(block) => {
            for (name, value) in meta {
                nvset::set(doc, block, name, value);
            }
        }
        None if meta.values().any(|value| !value.is_empty()) => {
            nvset::create(doc, bundle, "meta_attributes", Some(0), &list(meta));
        }
        None => {}
    }
}

pub fn update(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let bundle = bundle::find(work, &request.bundle_id)?;
    let container = container(work, bundle)?;
    check_container(work, &request, Some(container));
    check_parts(work, &request, Some(bundle));
    check_accessible(work, bundle, &request);
    let removed = find_maps(work, bundle, &request);
    work.check()?;
    tell_meta(work, &request.meta_attributes);
    set_all(&mut work.cib, container, &request.container_options);
    if request.network_options.values().any(|value| !value.is_empty())
        || (!request.network_options.is_empty() && work.cib.child(bundle, "network").is_some())
    {
        let network = part(&mut work.cib, bundle, "network");
        set_all(&mut work.cib, network, &request.network_options);
    }
    for map in removed {
        work.cib.remove(map);
    }
    add_maps(work, bundle, &request);
    set_meta(work, bundle, &request.meta_attributes);
    Ok(())
}

/// A change that takes the way to the inner resource.
fn check_accessible(work: &mut Work<'_>, bundle: Element, request: &Request) {
    let stays = |name: &str| match request.network_options.get(name) {
        Some(value) => !value.is_empty(),
        None => bundle::network_has(work, bundle, name),
    };
    let taken = bundle::ACCESS.iter().any(|name| request.network_options.contains_key(*name));
    let inner = tree::members(&work.cib, bundle).first().map(|inner| tree::id(&work.cib, *inner));
    if let Some(inner) = inner
        && taken
        && !bundle::ACCESS.iter().any(|name| stays(name))
    {
        bundle::tell_not_accessible(work, &inner, &request.bundle_id, request.force_options);
    }
}

fn container(work: &mut Work<'_>, bundle: Element) -> Result<Element, Stop> {
    let doc = &work.cib;
    match doc.children(bundle).find(|child| matches!(doc.name(*child), "docker" | "podman")) {
        Some(found) => Ok(found),
        None => {
            let id = tree::id(doc, bundle);
            work.stop(
                "RESOURCE_BUNDLE_UNSUPPORTED_CONTAINER_TYPE",
                format!("Bundle '{id}' uses unsupported container type, therefore it is not possible to set its container options. Supported container types are: 'docker', 'podman'"),
            )
        }
    }
}

fn find_maps(work: &mut Work<'_>, bundle: Element, request: &Request) -> Vec<Element> {
    let mut found = Vec::new();
    for (part, name, ids, word) in [
        ("network", "port-mapping", &request.port_map_remove, "port-map"),
        ("storage", "storage-mapping", &request.storage_map_remove, "storage-map"),
    ] {
        for id in ids {
            let doc = &work.cib;
            let map = doc
                .child(bundle, part)
                .and_then(|part| doc.children_named(part, name).find(|map| doc.attr(*map, "id") == Some(id)));
            match map {
                Some(map) => found.push(map),
                None => {
                    let bundle = &request.bundle_id;
                    work.error("ID_NOT_FOUND", format!("there is no {word} '{id}' in the bundle '{bundle}'"));
                }
            }
        }
    }
    found
}

/// Everything but the inner resource as if newly made.
pub fn reset(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let bundle = bundle::find(work, &request.bundle_id)?;
    let container = container(work, bundle)?;
    check_container(work, &request, None);
    check_parts(work, &request, None);
    work.check()?;
    tell_meta(work, &request.meta_attributes);
    let doc = &mut work.cib;
    clear_attributes(doc, container);
    for name in ["network", "storage"] {
        if let Some(part) = doc.child(bundle, name) {
            clear_attributes(doc, part);
            let maps: Vec<Element> = doc.children(part).collect();
            for map in maps {
                doc.remove(map);
            }
        }
    }
    if let Some(block) = doc.child(bundle, "meta_attributes") {
        let pairs: Vec<Element> = doc.children(block).collect();
        for pair in pairs {
            doc.remove(pair);
        }
    }
    fill(work, bundle, container, &request);
    set_meta(work, bundle, &meta_of(&request));
    Ok(())
}

fn clear_attributes(doc: &mut Document, element: Element) {
    let names: Vec<String> = doc.attrs(element).map(|(name, _)| name.to_owned()).collect();
    for name in names {
        doc.remove_attr(element, &name);
    }
}

/// `now` is the container that is changed; a new one needs an image.
fn check_container(work: &mut Work<'_>, request: &Request, now: Option<Element>) {
    let options = &request.container_options;
    let removing = |name: &str| options.get(name).is_some_and(String::is_empty);
    let image = options.get("image");
    if (now.is_none() && image.is_none_or(String::is_empty)) || removing("image") {
        work.error("REQUIRED_OPTIONS_ARE_MISSING", "required container option 'image' is missing");
    }
    let mut reports: Vec<Report> = Vec::new();
    for name in ["promoted-max", "replicas", "replicas-per-host"] {
        if let Some(value) = options.get(name).filter(|value| now.is_none() || !value.is_empty()) {
            let least = u64::from(name != "promoted-max");
            if !value.parse::<u64>().is_ok_and(|number| number >= least) {
                let hint = if least == 0 { "a non-negative integer" } else { "a positive integer" };
                reports.push(Report::error("INVALID_OPTION_VALUE", values::invalid_value(value, name, hint)));
            }
        }
    }
    if let Some(now) = now
        && options.get("promoted-max").is_some_and(|value| !value.is_empty())
        && work.cib.has_attr(now, "masters")
        && !removing("masters")
    {
        reports.push(Report::error(
            "PREREQUISITE_OPTION_MUST_NOT_BE_SET",
            "Cannot set container option 'promoted-max' because container option 'masters' is already set",
        ));
    }
    work.reports(reports);
    check_names(work, options, now.is_none(), CONTAINER, "container", request.force_options);
}

/// `new` is what did not exist before: nothing can be removed from it.
fn check_names(
    work: &mut Work<'_>,
    options: &Attributes,
    new: bool,
    known: &[&str],
    word: &str,
    force: bool,
) {
    let invalid: Vec<String> = options
        .iter()
        .filter(|(name, value)| (new || !value.is_empty()) && !known.contains(&name.as_str()))
        .map(|(name, _)| name.clone())
        .collect();
    if invalid.is_empty() {
        return;
    }
    let allowed: Vec<String> = known.iter().map(|name| (*name).to_owned()).collect();
    work.forceable(force, "INVALID_OPTIONS", invalid_text(word, &invalid, &allowed));
    // Words that no schema knows would make the whole CIB invalid.
    if force && invalid.iter().any(|name| name != "masters" && !options[name].is_empty()) {
        work.error(
            "CIB_PUSH_ERROR",
            "Unable to update cib: the update does not conform to the configured schema",
        );
    }
}

fn check_parts(work: &mut Work<'_>, request: &Request, bundle: Option<Element>) {
    let force = request.force_options;
    let new = bundle.and_then(|bundle| work.cib.child(bundle, "network")).is_none();
    check_names(work, &request.network_options, new, NETWORK, "network", force);
    let mut bad = |name: &str, hint: &str, valid: &dyn Fn(&str) -> bool| {
        if let Some(value) =
            request.network_options.get(name).filter(|value| (new || !value.is_empty()) && !valid(value))
        {
            work.forceable(
                force && name == "host-netmask",
                "INVALID_OPTION_VALUE",
                values::invalid_value(value, name, hint),
            );
        }
    };
    let port = |value: &str| value.parse::<u16>().is_ok_and(|port| port > 0);
    bad("control-port", "a port number (1..65535)", &port);
    bad("host-netmask", "a number of bits of the mask (1..32)", &|value| {
        value.parse::<u32>().is_ok_and(|bits| (1..=32).contains(&bits))
    });
    check_map_ids(work, request);
    for map in &request.port_map_add {
        check_port(work, map, force);
    }
    for map in &request.storage_map_add {
        check_storage(work, map, force);
    }
}

/// Ids of new mappings are free, also among themselves and of the new bundle.
fn check_map_ids(work: &mut Work<'_>, request: &Request) {
    let mut asked = vec![&request.bundle_id];
    let ports = request.port_map_add.iter().map(|map| (map, "port-map id"));
    let storages = request.storage_map_add.iter().map(|map| (map, "storage-map id"));
    for (id, what) in ports.chain(storages).filter_map(|(map, what)| Some((map.get("id")?, what))) {
        if asked.contains(&id) {
            work.error("ID_ALREADY_EXISTS", format!("'{id}' already exists"));
        } else {
            work.check_new_id(id, what);
            asked.push(id);
        }
    }
}

fn exactly_one(work: &mut Work<'_>, map: &Attributes, names: [&str; 2], word: &str) {
    match names.iter().filter(|name| map.contains_key(**name)).count() {
        0 => work.error(
            "REQUIRED_OPTIONS_OF_ALTERNATIVES_MISSING",
            format!("exactly one of {word} options {} has to be specified", quoted(names)),
        ),
        1 => {}
        _ => work.error(
            "MUTUALLY_EXCLUSIVE_OPTIONS",
            format!("Only one of {word} options {} can be used", quoted(names)),
        ),
    }
}

fn check_port(work: &mut Work<'_>, map: &Attributes, force: bool) {
    check_names(work, map, false, PORT, "port-map", force);
    if map.contains_key("internal-port") && !map.contains_key("port") {
        work.error(
            "PREREQUISITE_OPTION_IS_MISSING",
            "If port-map option 'internal-port' is specified, port-map option 'port' must be specified as well",
        );
    }
    exactly_one(work, map, ["port", "range"], "port-map");
    let port = |value: &str| value.parse::<u16>().is_ok_and(|port| port > 0);
    for name in ["port", "internal-port"] {
        if let Some(value) = map.get(name).filter(|value| !port(value)).cloned() {
            work.error(
                "INVALID_OPTION_VALUE",
                values::invalid_value(&value, name, "a port number (1..65535)"),
            );
        }
    }
    if let Some(range) = map.get("range").cloned() {
        let valid = range.split_once('-').is_some_and(|(from, to)| port(from) && port(to));
        if !valid {
            work.forceable(
                force,
                "INVALID_OPTION_VALUE",
                values::invalid_value(&range, "range", "port-port"),
            );
        }
    }
}

fn check_storage(work: &mut Work<'_>, map: &Attributes, force: bool) {
    check_names(work, map, false, STORAGE, "storage-map", force);
    exactly_one(work, map, ["source-dir", "source-dir-root"], "storage-map");
    if !map.contains_key("target-dir") {
        work.error("REQUIRED_OPTIONS_ARE_MISSING", "required storage-map option 'target-dir' is missing");
    }
}
