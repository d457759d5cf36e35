//! `cluster node add-remote`, `remove-remote`: a node that runs resources and has no vote.

use super::node_files;
use crate::resource::create::{self, Attributes, Kind};
use crate::resource::operations::Operation;
use crate::resource::tree;
use crate::work::{ForceFlags, Stop, Work};
use crate::{cib_elements, ids, nvset, sections};
use rhapsody_agents_catalog::Metadata;
use rhapsody_agents_catalog::check::{invalid_text, quoted};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

const AGENT: &str = "ocf:pacemaker:remote";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Add {
    pub node_name: String,
    pub node_address: Option<String>,
    pub operations: Vec<Operation>,
    pub meta_attributes: Attributes,
    pub instance_attributes: Attributes,
    pub use_default_operations: Option<bool>,
    pub force_flags: ForceFlags,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Remove {
    /// Name or address.
    pub node_identifier: String,
    pub force_flags: ForceFlags,
}

pub fn add(work: &mut Work<'_>, request: Add) -> Result<(), Stop> {
    node_files::tell_conflicts_unchecked(work);
    let force = request.force_flags.force();
    let name = request.node_name;
    let address = super::address_or_name(work, &name, request.node_address.as_deref());
    let primitive = create::Request {
        resource_id: name.clone(),
        resource_agent_name: AGENT.to_owned(),
        operation_list: request.operations,
        meta_attributes: request.meta_attributes,
        instance_attributes: request.instance_attributes,
        allow_absent_agent: force,
        allow_invalid_operation: force,
        allow_invalid_instance_attributes: force,
        allow_not_suitable_command: true,
        use_default_operations: request.use_default_operations,
        ..create::Request::default()
    };
    if super::node_names(work).contains(&name) && ids::find(&work.cib, &name).is_none() {
        work.error("ID_ALREADY_EXISTS", format!("'{name}' already exists"));
    }
    if address != name && super::node_addresses(work).contains(&address) {
        work.error("ID_ALREADY_EXISTS", format!("'{address}' already exists"));
    }
    work.check()?;
    let prepared = create::prepare(work, &primitive, Kind::Remote)?;
    let mut primitive = primitive;
    primitive.instance_attributes.insert("server".to_owned(), address);
    let section = sections::make(&mut work.cib, "resources");
    create::append(work, section, None, &primitive, &prepared);
    node_files::tell_added(work, &name);
    Ok(())
}

/// The agent's options that users may give: the address is given in another way.
pub(crate) fn without_server(
    work: &mut Work<'_>,
    metadata: &Metadata,
    request: &create::Request,
) -> Metadata {
    let mut metadata = metadata.clone();
    metadata.parameters.retain(|parameter| parameter.name != "server");
    if request.instance_attributes.contains_key("server") {
        let known: Vec<String> = metadata.parameters.iter().map(|p| p.name.clone()).collect();
        work.error("INVALID_OPTIONS", invalid_text("resource", &["server".to_owned()], &known));
    }
    metadata
}

pub fn remove(work: &mut Work<'_>, request: Remove) -> Result<(), Stop> {
    let who = request.node_identifier;
    let found: Vec<String> = remotes(work)
        .into_iter()
        .filter(|remote| {
            let id = tree::id(&work.cib, *remote);
            let server = nvset::value(&work.cib, *remote, "instance_attributes", "server");
            id == who || server == Some(who.as_str())
        })
        .map(|remote| tree::id(&work.cib, remote))
        .collect();
    let force = request.force_flags.force();
    if let Some(problem) = super::none_or_many(&who, "remote", &found, force) {
        if !work.env.live {
            work.warning(
                "STOPPING_RESOURCES_BEFORE_DELETING_SKIPPED",
                "Resources are not going to be stopped before deletion because the command does not run on a live cluster",
            );
        }
        work.report(problem);
        work.check()?;
    }
    cib_elements::remove(
        work,
        cib_elements::Request { ids: found.clone(), force_flags: ForceFlags(vec!["FORCE".to_owned()]) },
    )?;
    let s = if found.len() == 1 { "" } else { "s" };
    work.report(rhapsody_api::Report::info(
        "CIB_REMOVE_RESOURCES",
        format!("Removing resource{s}: {}", quoted(&found)),
    ));
    node_files::tell_removed(work, &found);
    Ok(())
}

pub(super) fn remotes(work: &Work<'_>) -> Vec<Element> {
    let doc = &work.cib;
    let all = tree::primitives(doc).into_iter();
    all.filter(|primitive| tree::agent_of(doc, *primitive) == AGENT).collect()
}
