//! `booth create`, `booth remove`, `booth restart`: booth as a resource of the cluster.

use super::file::{instance, read};
use crate::Done;
use crate::commands::config::export;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_ops::booth::{cib, config_path};
use rhapsody_ops::configuration::Configuration;
use rhapsody_ops::dto::nvset::Nvset;
use rhapsody_ops::dto::resources::{Primitive, Resources};
use serde_json::json;

pub fn create(context: &mut Context, words: &[String]) -> Done {
    let ["ip", ip] = words.iter().map(String::as_str).collect::<Vec<_>>()[..] else { return Err(usage()) };
    let name = instance(context)?;
    // A resource without its file could not be started anywhere.
    read(&config_path(&name))?;
    let request = cib::Create {
        instance_name: name,
        ip: ip.to_owned(),
        allow_absent_resource_agent: context.options.force(),
    };
    context.change("rhapsody.booth.create", &request).map(|_| ())
}

pub fn remove(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let request =
        cib::Remove { instance_name: instance(context)?, force_flags: context.force_flags().into() };
    context.change("rhapsody.booth.remove", &request).map(|_| ())
}

pub fn restart(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let name = instance(context)?;
    let resources = export::get(context)?.resources.unwrap_or_default();
    let found: Vec<&Primitive> = daemons(&resources, &name).collect();
    if found.is_empty() {
        return Err(Failure::Message(format!("booth instance '{name}' not found in cib")));
    }
    for daemon in found {
        // With its address, which is before it in the group.
        let id = group_of(&resources, &daemon.id).map_or(&daemon.id, |(id, _)| id);
        context.run("resource.restart", &json!({ "resource_id": id }))?;
    }
    Ok(())
}

/// Of this cluster: where its booth resource is reached.
pub fn site_address(context: &mut Context) -> Result<String, Failure> {
    let name = instance(context)?;
    let resources = export::get(context)?.resources.unwrap_or_default();
    let address = address_of(&resources, &name).map(str::to_owned);
    address.ok_or_else(|| Failure::message("cannot determine local site ip, please specify site parameter"))
}

/// Where no cluster runs here, nothing of it uses the instance.
pub fn is_used(context: &mut Context, name: &str) -> bool {
    let answer = context.ask("rhapsody.configuration.get", &json!({}));
    let all = answer.ok().and_then(|answer| serde_json::from_value::<Configuration>(answer.result).ok());
    let resources = all.and_then(|all| all.resources).unwrap_or_default();
    daemons(&resources, name).next().is_some()
}

/// The daemons that run with the configuration of an instance.
fn daemons<'a>(all: &'a Resources, name: &str) -> impl Iterator<Item = &'a Primitive> {
    let config = config_path(name);
    all.primitives.iter().filter(move |found| {
        found.agent_name.kind == "booth-site" && value(found, "config") == Some(config.as_str())
    })
}

/// The group that a resource is in, and its members.
fn group_of<'a>(all: &'a Resources, id: &str) -> Option<(&'a String, &'a [String])> {
    let group = all.groups.iter().find(|group| group.member_ids.iter().any(|member| member == id))?;
    Some((&group.id, &group.member_ids))
}

fn address_of<'a>(all: &'a Resources, name: &str) -> Option<&'a str> {
    let daemon = daemons(all, name).next()?;
    let (_, members) = group_of(all, &daemon.id)?;
    let mut others = all.primitives.iter().filter(|found| members.contains(&found.id));
    others.find(|found| found.agent_name.kind == "IPaddr2").and_then(|found| value(found, "ip"))
}

fn value<'a>(resource: &'a Primitive, name: &str) -> Option<&'a str> {
    let mut pairs = resource.instance_attributes.iter().flat_map(|block: &Nvset| &block.nvpairs);
    pairs.find(|pair| pair.name == name).map(|pair| pair.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::target::Target;
    use crate::target_file::FileTarget;

    #[test]
    fn the_site_is_where_the_group_of_the_daemon_has_its_address() {
        let cib = r#"<cib epoch="1"><configuration><crm_config/><nodes/><resources>
            <group id="g"><primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2">
            <instance_attributes id="v"><nvpair id="v-ip" name="ip" value="10.0.0.9"/></instance_attributes></primitive>
            <primitive id="d" class="ocf" provider="pacemaker" type="booth-site"><instance_attributes id="i">
            <nvpair id="i-c" name="config" value="/etc/booth/booth.conf"/></instance_attributes></primitive></group>
            </resources><constraints/></configuration><status/></cib>"#;
        let mut context = Context::new(Options::default());
        let cib = rhapsody_cib::Cib::parse(cib).unwrap();
        context.target = Some(Target::File(Box::new(FileTarget::to_be_read(cib))));
        assert_eq!(site_address(&mut context).unwrap(), "10.0.0.9");
        assert!(is_used(&mut context, "booth") && !is_used(&mut context, "other"));
        let all = export::get(&mut context).unwrap().resources.unwrap();
        assert_eq!(group_of(&all, "d").unwrap().0, "g");
    }
}
