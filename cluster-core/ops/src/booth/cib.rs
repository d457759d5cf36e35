//! `booth create ip`, `booth delete`: the address and the daemon of a site, as a group.

use super::config_path;
use crate::resource::create::{self, Kind};
use crate::resource::tree;
use crate::work::{ForceFlags, Stop, Work};
use crate::{cib_elements, ids, nvset, sections};
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

const SERVICE: &str = "ocf:pacemaker:booth-site";
const ADDRESS: &str = "ocf:heartbeat:IPaddr2";

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Create {
    pub instance_name: String,
    pub ip: String,
    pub allow_absent_resource_agent: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Remove {
    pub instance_name: String,
    pub force_flags: ForceFlags,
}

pub fn create(work: &mut Work<'_>, request: Create) -> Result<(), Stop> {
    let name = &request.instance_name;
    let config = config_path(name);
    if !services(work, &config).is_empty() {
        let text = format!("booth instance '{name}' is already created as cluster resource");
        return work.stop("BOOTH_ALREADY_IN_CIB", text);
    }
    let primitive = |kind: &str, agent: &str, option: &str, value: &str| create::Request {
        resource_id: ids::free(&work.cib, &format!("booth-{name}-{kind}")),
        resource_agent_name: agent.to_owned(),
        instance_attributes: [(option.to_owned(), value.to_owned())].into(),
        allow_absent_agent: request.allow_absent_resource_agent,
        ..create::Request::default()
    };
    let address = primitive("ip", ADDRESS, "ip", &request.ip);
    let service = primitive("service", SERVICE, "config", &config);
    let group_id = ids::free(&work.cib, &format!("booth-{name}-group"));
    let prepared_address = create::prepare(work, &address, Kind::Resource)?;
    let prepared_service = create::prepare(work, &service, Kind::Resource)?;
    let section = sections::make(&mut work.cib, "resources");
    let group = work.cib.append(section, "group");
    work.cib.set_attr(group, "id", &group_id);
    create::append(work, group, None, &address, &prepared_address);
    create::append(work, group, None, &service, &prepared_service);
    Ok(())
}

pub fn remove(work: &mut Work<'_>, request: Remove) -> Result<(), Stop> {
    let name = &request.instance_name;
    let found = services(work, &config_path(name));
    if found.is_empty() {
        if !work.env.live {
            work.warning(
                "STOPPING_RESOURCES_BEFORE_DELETING_SKIPPED",
                "Resources are not going to be stopped before deletion because the command does not run on a live cluster",
            );
        }
        return work.stop("BOOTH_NOT_EXISTS_IN_CIB", format!("booth instance '{name}' not found in cib"));
    }
    if found.len() > 1 {
        let text = format!("found more than one booth instance '{name}' in cib");
        work.forceable(request.force_flags.force(), "BOOTH_MULTIPLE_TIMES_IN_CIB", text);
        work.check()?;
    }
    let ids = found.into_iter().flat_map(|service| with_address(work, service)).collect();
    cib_elements::remove(work, cib_elements::Request { ids, force_flags: request.force_flags })
}

/// The daemons that run with this configuration.
fn services(work: &Work<'_>, config: &str) -> Vec<Element> {
    let doc = &work.cib;
    let runs_it = |primitive: &Element| {
        tree::agent_of(doc, *primitive) == SERVICE
            && nvset::value(doc, *primitive, "instance_attributes", "config") == Some(config)
    };
    tree::primitives(doc).into_iter().filter(runs_it).collect()
}

/// The daemon, and its address when the group holds nothing else.
fn with_address(work: &Work<'_>, service: Element) -> Vec<String> {
    let doc = &work.cib;
    let mut ids = vec![tree::id(doc, service)];
    if let Some(group) = tree::parent(doc, service).filter(|parent| doc.name(*parent) == "group") {
        let others: Vec<Element> = tree::members(doc, group).into_iter().filter(|m| *m != service).collect();
        if let [address] = others.as_slice()
            && tree::agent_of(doc, *address) == ADDRESS
        {
            ids.push(tree::id(doc, *address));
        }
    }
    ids
}
