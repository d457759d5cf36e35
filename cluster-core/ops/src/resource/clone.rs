//! `resource clone` and `promotable`: instances of a primitive or group on many nodes.

use super::create::Attributes;
use super::tree;
use crate::work::{Stop, Work};
use crate::{ids, nvset, values};
use rhapsody_agents_catalog::{AgentName, Metadata, check};
use rhapsody_api::Report;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    pub resource_id: String,
    pub clone_id: Option<String>,
    pub meta_attributes: Attributes,
    pub allow_incompatible_clone_meta_attributes: bool,
    /// `promotable` among the meta attributes comes from the command's name.
    pub promotable: bool,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let id = &request.resource_id;
    let found =
        tree::find(&work.cib, id).filter(|found| matches!(work.cib.name(*found), "primitive" | "group"));
    let Some(resource) = found else {
        return work.stop("ID_NOT_FOUND", format!("unable to find group or resource: {id}"));
    };
    if tree::is_stonith(&work.cib, resource) {
        return work
            .stop("RESOURCE_DOES_NOT_ACCEPT_STONITH", "This command does not accept stonith resources.");
    }
    if let Some(parent) = tree::parent(&work.cib, resource) {
        match work.cib.name(parent) {
            "bundle" => return work.stop("CANNOT_CLONE", "cannot clone bundle resource"),
            "clone" | "master" => {
                return work.stop("CANNOT_CLONE", format!("{id} is already a clone resource"));
            }
            "group"
                if tree::parent(&work.cib, parent).is_some_and(|outer| tree::is_clone(&work.cib, outer)) =>
            {
                return work.stop("CANNOT_CLONE", "cannot clone a group that has already been cloned");
            }
            _ => {}
        }
    }
    if let Some(clone_id) = &request.clone_id {
        if let Some((code, text)) = ids::problem(clone_id, "clone name") {
            return work.stop(code, text);
        }
        if ids::find(&work.cib, clone_id).is_some() {
            return work.stop("ID_ALREADY_EXISTS", format!("id '{clone_id}' already exists"));
        }
    }
    let agents = agents_in(work, resource);
    check_options(work, &request.meta_attributes, &agents, request.allow_incompatible_clone_meta_attributes);
    work.check()?;
    if request.meta_attributes.keys().any(|name| !request.promotable || name != "promotable") {
        work.warning(
            "META_ATTRS_NOT_VALIDATED_UNSUPPORTED_TYPE",
            "Meta attributes of clone are not validated",
        );
    }
    let options =
        CloneOptions { id: request.clone_id, meta: request.meta_attributes.clone(), disabled: false };
    let old_id = tree::id(&work.cib, resource);
    let clone_id = wrap(work, resource, &options);
    point_constraints(work, &old_id, &clone_id);
    let notifies = agents
        .into_iter()
        .filter_map(|(_, _, metadata)| metadata)
        .find(|metadata| metadata.has_action("notify"));
    warn_notify(work, notifies.as_ref(), &clone_id, &request.meta_attributes);
    Ok(())
}

/// What constraints said of the resource is now a matter of the clone.
fn point_constraints(work: &mut Work<'_>, old: &str, new: &str) {
    for constraint in super::references::constraints_naming(&work.cib, old) {
        for name in ["rsc", "with-rsc", "first", "then"] {
            if work.cib.attr(constraint, name) == Some(old) {
                work.cib.set_attr(constraint, name, new);
            }
        }
    }
}

/// Resource id, agent name and metadata of every primitive in a resource.
pub fn agents_in(work: &Work<'_>, resource: Element) -> Vec<(String, String, Option<Metadata>)> {
    tree::primitives_in(&work.cib, resource)
        .into_iter()
        .map(|primitive| {
            let agent = tree::agent_of(&work.cib, primitive);
            let metadata =
                AgentName::parse(&agent).ok().and_then(|name| work.env.agents.metadata(&name).ok());
            (tree::id(&work.cib, primitive), agent, metadata.map(|metadata| (*metadata).clone()))
        })
        .collect()
}

/// Clone options that the agents inside cannot serve.
pub fn check_options(
    work: &mut Work<'_>,
    meta: &Attributes,
    agents: &[(String, String, Option<Metadata>)],
    force: bool,
) {
    let is_on = |name: &str| meta.get(name).is_some_and(|value| values::is_true(value));
    let mut reports = Vec::new();
    for (id, agent, metadata) in agents {
        if !agent.starts_with("ocf:") {
            for option in ["globally-unique", "promotable"] {
                if is_on(option) {
                    reports.push(Report::error(
                        "CLONING_STONITH_RESOURCES_HAS_NO_EFFECT",
                        format!("Clone option '{option}' is not compatible with '{agent}' resource agent of resource '{id}'{}", in_group(work, id)),
                    ));
                }
            }
        } else if is_on("promotable")
            && let Some(metadata) = metadata
            && !(metadata.has_action("promote") && metadata.has_action("demote"))
        {
            reports.push(check::forceable(
                force,
                "CLONE_INCOMPATIBLE_META_ATTRIBUTES",
                format!("Clone option 'promotable' is not compatible with '{agent}' resource agent of resource '{id}'{}", in_group(work, id)),
            ));
        }
    }
    work.reports(reports);
}

fn in_group(work: &Work<'_>, id: &str) -> String {
    let doc = &work.cib;
    let parent = tree::find(doc, id).and_then(|found| tree::parent(doc, found));
    let group = parent.filter(|parent| doc.name(*parent) == "group");
    group.map(|group| format!(" in group '{}'", tree::id(doc, group))).unwrap_or_default()
}

pub struct CloneOptions {
    pub id: Option<String>,
    pub meta: Attributes,
    pub disabled: bool,
}

/// Puts a resource into a new clone at its place; returns the clone's id.
pub fn wrap(work: &mut Work<'_>, resource: Element, options: &CloneOptions) -> String {
    let doc = &mut work.cib;
    let id = match &options.id {
        Some(id) => id.clone(),
        None => ids::free(doc, &format!("{}-clone", tree::id(doc, resource))),
    };
    let Some(parent) = doc.parent(resource) else { return id };
    let group = (doc.name(parent) == "group").then_some(parent);
    let home = group.and_then(|group| doc.parent(group)).unwrap_or(parent);
    let clone = doc.append(home, "clone");
    doc.set_attr(clone, "id", &id);
    let mut meta: Vec<(String, String)> =
        options.meta.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    if options.disabled {
        nvset::create(
            doc,
            clone,
            "meta_attributes",
            None,
            &[("target-role".to_owned(), "Stopped".to_owned())],
        );
    }
    doc.move_to(resource, clone, usize::MAX);
    if let Some(group) = group
        && tree::members(doc, group).is_empty()
    {
        super::references::forget(doc, group);
        doc.remove(group);
    }
    meta.retain(|(_, value)| !value.is_empty());
    if !meta.is_empty() {
        match doc.child(clone, "meta_attributes") {
            Some(_) => nvset::update(doc, clone, "meta_attributes", &meta),
            None => {
                nvset::create(doc, clone, "meta_attributes", None, &meta);
            }
        }
    }
    id
}

/// An agent that acts on notifications, in a promotable clone that does not ask for them.
pub fn warn_notify(work: &mut Work<'_>, metadata: Option<&Metadata>, clone: &str, meta: &Attributes) {
    let is_on = |name: &str| meta.get(name).is_some_and(|value| values::is_true(value));
    if is_on("promotable")
        && !is_on("notify")
        && metadata.is_some_and(|metadata| metadata.has_action("notify"))
    {
        work.report(Report::info(
            "CLONE_WITHOUT_NOTIFY",
            format!(
                "Hint: the agent acts on notifications, but clone {clone} does not ask for them; \
                 'rhapsody resource meta {clone} notify=true' turns them on"
            ),
        ));
    }
}
