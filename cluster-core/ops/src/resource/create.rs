//! `resource create`: a primitive, alone, in a group, as a clone, or in a bundle.

use super::operations::{self, Operation};
use super::{agent, switch, tree};
use crate::work::{Stop, Work};
use crate::{ids, nvset, sections};
use indexmap::IndexMap;
use rhapsody_agents_catalog::check::{self, Subject};
use rhapsody_agents_catalog::{AgentName, Metadata, Validation};
use rhapsody_agents_catalog::{Described, Parameter};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub type Attributes = IndexMap<String, String>;

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    pub resource_id: String,
    pub resource_agent_name: String,
    pub operation_list: Vec<Operation>,
    pub meta_attributes: Attributes,
    pub instance_attributes: Attributes,
    pub allow_absent_agent: bool,
    pub allow_invalid_operation: bool,
    pub allow_invalid_instance_attributes: bool,
    pub allow_not_suitable_command: bool,
    pub use_default_operations: Option<bool>,
    pub ensure_disabled: bool,
    /// Errors rather than warnings when the agent itself refuses its options.
    pub enable_agent_self_validation: bool,
}

/// The primitive is made for another command, which says so where it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Resource,
    Stonith,
    /// The connection of a remote node, whose address is set by the command.
    Remote,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<(), Stop> {
    let prepared = prepare(work, &request, Kind::Resource)?;
    let section = sections::make(&mut work.cib, "resources");
    append(work, section, None, &request, &prepared);
    Ok(())
}

/// What is known once all checks have passed.
pub struct Prepared {
    pub name: AgentName,
    pub metadata: Option<Arc<Metadata>>,
    pub operations: Vec<Operation>,
}

/// All checks of a new primitive; nothing is written yet.
pub fn prepare(work: &mut Work<'_>, request: &Request, kind: Kind) -> Result<Prepared, Stop> {
    let name = match kind {
        Kind::Resource | Kind::Remote => agent::find(work, &request.resource_agent_name)?,
        Kind::Stonith => AgentName::stonith(&request.resource_agent_name),
    };
    let metadata = agent::metadata(work, &name, request.allow_absent_agent);
    if kind == Kind::Resource && name.is_stonith() {
        work.error(
            "RESOURCE_DOES_NOT_ACCEPT_STONITH",
            "This command does not accept stonith resource. Use 'rhapsody stonith create' command instead.",
        );
    }
    work.check()?;
    check_id(work, &request.resource_id)?;
    let mut given = request.operation_list.clone();
    operations::check(work, &mut given, metadata.as_deref(), request.allow_invalid_operation);
    if metadata.is_none() {
        operations::check_of_absent_agent(work, &given);
    }
    for id in given.iter().filter_map(|operation| operation.get("id")) {
        if *id == request.resource_id || ids::find(&work.cib, id).is_some() {
            return work.stop("ID_ALREADY_EXISTS", format!("'{id}' already exists"));
        }
    }
    let with_defaults = request.use_default_operations.unwrap_or(true);
    let operations = operations::complete(work, given, metadata.as_deref(), with_defaults);
    check_attributes(work, request, kind, &name, metadata.as_deref());
    check_meta(work, request, kind);
    check_special(work, request, kind, &name);
    work.check()?;
    Ok(Prepared { name, metadata, operations })
}

fn check_id(work: &mut Work<'_>, id: &str) -> Result<(), Stop> {
    if let Some((code, text)) = ids::problem(id, "resource name") {
        return work.stop(code, text);
    }
    if ids::find(&work.cib, id).is_some() {
        return work.stop("ID_ALREADY_EXISTS", format!("'{id}' already exists"));
    }
    Ok(())
}

fn list(attributes: &Attributes) -> Vec<(String, String)> {
    attributes.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn check_attributes(
    work: &mut Work<'_>,
    request: &Request,
    kind: Kind,
    name: &AgentName,
    metadata: Option<&Metadata>,
) {
    let Some(metadata) = metadata else { return };
    let force = request.allow_invalid_instance_attributes;
    let without_server;
    let metadata = match kind {
        Kind::Remote => {
            without_server = crate::cluster::node_remote::without_server(work, metadata, request);
            &without_server
        }
        _ => metadata,
    };
    let fencing = work.env.agents.described(Described::FencingDevice);
    let (word, extra): (&str, &[Parameter]) = match kind {
        Kind::Resource | Kind::Remote => ("resource", &[]),
        Kind::Stonith => ("stonith", &fencing.parameters),
    };
    let mut given = list(&request.instance_attributes);
    if kind == Kind::Remote {
        given.retain(|(name, _)| name != "server");
    }
    for (name, _) in given.iter().filter(|(_, value)| value.is_empty()) {
        work.error("INVALID_OPTION_VALUE", format!("{name} cannot be empty"));
    }
    let mut reports = check::new_options(Subject { kind: word, force }, metadata, extra, &given);
    if kind == Kind::Stonith {
        reports.retain(|report| {
            report.message.code != "DEPRECATED_OPTION" || !report.message.message.contains("'action'")
        });
        reports.extend(super::super::stonith::check_action(&given, force));
    }
    work.reports(reports);
    check_unique(work, name, metadata, &given, None, force);
    validate(work, request, name, metadata, &given);
}

/// Options that must differ between resources of one agent.
pub fn check_unique(
    work: &mut Work<'_>,
    name: &AgentName,
    metadata: &Metadata,
    given: &[(String, String)],
    own: Option<Element>,
    force: bool,
) {
    let agent = name.to_string();
    let doc = &work.cib;
    let others: Vec<Element> = tree::primitives(doc)
        .into_iter()
        .filter(|other| Some(*other) != own && tree::agent_of(doc, *other) == agent)
        .collect();
    let mut groups: IndexMap<String, Vec<(String, String)>> = IndexMap::new();
    for parameter in &metadata.parameters {
        if let Some(group) = &parameter.unique_group
            && let Some((_, value)) =
                given.iter().find(|(name, value)| *name == parameter.name && !value.is_empty())
        {
            groups.entry(group.clone()).or_default().push((parameter.name.clone(), value.clone()));
        }
    }
    let mut reports = Vec::new();
    for options in groups.values() {
        let mut same: Vec<String> = others
            .iter()
            .filter(|other| {
                options.iter().all(|(name, value)| {
                    nvset::value(doc, **other, "instance_attributes", name) == Some(value.as_str())
                })
            })
            .map(|other| tree::id(doc, *other))
            .collect();
        if same.is_empty() {
            continue;
        }
        same.sort();
        let text = match options.as_slice() {
            [(option, value)] => format!(
                "Value '{value}' of option '{option}' is not unique across '{agent}' resources. Following resources are \
                 configured with the same value of the instance attribute: {}",
                check::quoted(&same)
            ),
            _ => format!(
                "Value {} of options {} is not unique across '{agent}' resources. Following resources are configured with \
                 the same values of the instance attributes: {}",
                options.iter().map(|(_, value)| format!("'{value}'")).collect::<Vec<_>>().join(", "),
                options.iter().map(|(name, _)| format!("'{name}'")).collect::<Vec<_>>().join(", "),
                check::quoted(&same)
            ),
        };
        reports.push(check::forceable(force, "RESOURCE_INSTANCE_ATTR_VALUE_NOT_UNIQUE", text));
    }
    work.reports(reports);
}

/// Lets the agent judge its options.
fn validate(
    work: &mut Work<'_>,
    request: &Request,
    name: &AgentName,
    metadata: &Metadata,
    given: &[(String, String)],
) {
    if work.failed() || !metadata.has_action("validate-all") {
        return;
    }
    if let Validation::Invalid(output) = work.env.agents.validate(name, given) {
        validation_failed(
            work,
            &output,
            request.enable_agent_self_validation,
            request.allow_invalid_instance_attributes,
        );
    }
}

/// Tells what the agent said.
pub fn validation_failed(work: &mut Work<'_>, output: &str, strict: bool, force: bool) {
    let lines: Vec<String> = output.lines().map(|line| format!("  {line}")).collect();
    let text = format!("Validation result from agent:\n{}", lines.join("\n"));
    if strict {
        work.forceable(force, "AGENT_SELF_VALIDATION_RESULT", text);
        return;
    }
    work.warning(
        "AGENT_SELF_VALIDATION_AUTO_ON_WITH_WARNINGS",
        "Validating resource options using the resource agent itself is enabled by default and produces warnings. In a \
         future version, this might be changed to errors. Specify --agent-validation to switch to the future behavior.",
    );
    work.warning("AGENT_SELF_VALIDATION_RESULT", text);
}

fn check_meta(work: &mut Work<'_>, request: &Request, kind: Kind) {
    let word = match kind {
        Kind::Resource | Kind::Remote => "Resource",
        Kind::Stonith => "Stonith",
    };
    let given: Vec<String> = request
        .meta_attributes
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, _)| name.clone())
        .collect();
    warn_meta_without_effect(work, word, &given);
}

/// Meta attributes that the cluster does not know.
pub fn warn_meta_without_effect(work: &mut Work<'_>, word: &str, given: &[String]) {
    let described = work.env.agents.described(Described::PrimitiveMeta);
    let mut known: Vec<&str> = described.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
    if word == "Stonith" {
        // Says what a fence device is needed for; resources have no use for it.
        known.push("provides");
    }
    let unknown: Vec<&String> = given.iter().filter(|name| !known.contains(&name.as_str())).collect();
    if unknown.is_empty() {
        return;
    }
    let names = check::quoted(&unknown);
    let known = check::quoted(known);
    let (s, have) = if unknown.len() == 1 { ("", "has") } else { ("s", "have") };
    work.warning(
        "META_ATTRS_UNKNOWN_TO_PCMK",
        format!(
            "{word} meta attribute{s} {names} {have} no effect on cluster resource handling, meta attributes with effect: {known}"
        ),
    );
}

/// Remote and guest nodes are more than a resource.
fn check_special(work: &mut Work<'_>, request: &Request, kind: Kind, name: &AgentName) {
    let force = request.allow_not_suitable_command;
    if name.is_remote() && kind != Kind::Remote {
        work.forceable(
            force,
            "USE_COMMAND_NODE_ADD_REMOTE",
            "this command is not sufficient for creating a remote connection, use 'rhapsody cluster node add-remote'",
        );
        let address = request.instance_attributes.get("server").unwrap_or(&request.resource_id).clone();
        crate::node::check_new_address(work, &address);
    }
    if let Some(guest) = request.meta_attributes.get("remote-node").filter(|guest| !guest.is_empty()).cloned()
    {
        work.forceable(
            force,
            "USE_COMMAND_NODE_ADD_GUEST",
            "this command is not sufficient for creating a guest node, use 'rhapsody cluster node add-guest'",
        );
        let address = request.meta_attributes.get("remote-addr").unwrap_or(&guest).clone();
        let used = crate::node::addresses(work).contains(&guest);
        if used || ids::find(&work.cib, &guest).is_some() || guest == request.resource_id {
            work.error(
                "GUEST_NODE_NAME_ALREADY_EXISTS",
                format!("Cannot set name of the guest node to '{guest}' because that ID already exists in the cluster configuration."),
            );
        }
        if address != guest {
            crate::node::check_new_address(work, &address);
        }
    }
}

/// Writes the primitive into its place, disabled if that is asked for, and returns it.
pub fn append(
    work: &mut Work<'_>,
    parent: Element,
    position: Option<usize>,
    request: &Request,
    prepared: &Prepared,
) -> Element {
    let doc = &mut work.cib;
    let position = position.unwrap_or_else(|| doc.children(parent).count());
    let primitive = doc.insert(parent, position, "primitive");
    doc.set_attr(primitive, "id", &request.resource_id);
    doc.set_attr(primitive, "class", &prepared.name.standard);
    doc.set_attr(primitive, "type", &prepared.name.kind);
    if let Some(provider) = &prepared.name.provider {
        doc.set_attr(primitive, "provider", provider);
    }
    let mut meta = request.meta_attributes.clone();
    if request.ensure_disabled && meta.is_empty() {
        switch::set(work, primitive, "target-role", "Stopped");
    } else if request.ensure_disabled {
        meta.insert("target-role".to_owned(), "Stopped".to_owned());
    }
    let doc = &mut work.cib;
    for (kind, attributes) in
        [("instance_attributes", &request.instance_attributes), ("meta_attributes", &meta)]
    {
        let pairs = list(attributes);
        if !pairs.is_empty() {
            nvset::create_with_empty(doc, primitive, kind, None, &pairs);
        }
    }
    if !prepared.operations.is_empty() {
        let operations = doc.append(primitive, "operations");
        for operation in &prepared.operations {
            operations::append(doc, operations, &request.resource_id, operation);
        }
    }
    primitive
}
