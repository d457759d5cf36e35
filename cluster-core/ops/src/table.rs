//! The table of operations: name, who may call it, whether it changes anything.

use crate::work::{Stop, Work};
use crate::{
    acl, agents, alert, booth, cib_elements, cluster, configuration, constraint, defaults, node, property,
    resource, stonith, tag,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a caller must be allowed to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    Read,
    Write,
    Grant,
    Full,
}

pub(crate) struct Operation {
    pub name: &'static str,
    pub permission: Permission,
    pub changes: bool,
    pub run: fn(&mut Work<'_>, Value) -> Result<Value, Stop>,
}

/// Reads the request, runs, writes the result.
fn typed<R, T, F>(work: &mut Work<'_>, params: Value, run: F) -> Result<Value, Stop>
where
    R: DeserializeOwned,
    T: Serialize,
    F: FnOnce(&mut Work<'_>, R) -> Result<T, Stop>,
{
    let params = if params.is_null() { Value::Object(serde_json::Map::new()) } else { params };
    let request = match serde_json::from_value(params) {
        Ok(request) => request,
        Err(error) => {
            return work.stop("API_INVALID_PARAMETERS", format!("the parameters do not fit: {error}"));
        }
    };
    let result = run(work, request)?;
    match serde_json::to_value(result) {
        Ok(result) => Ok(result),
        Err(error) => work.stop("API_INVALID_RESULT", format!("the result cannot be written: {error}")),
    }
}

macro_rules! operations {
    ($($name:literal $permission:ident $run:path;)*) => {
        const OPERATIONS: &[Operation] = &[$(Operation {
            name: $name,
            permission: Permission::$permission,
            changes: !matches!(Permission::$permission, Permission::Read),
            run: |work, params| typed(work, params, $run),
        }),*];
    };
}

operations! {
    "constraint.get_config" Read constraint::config::run;
    "resource.get_configured_resources" Read resource::config::run;
    "cluster_property.get_properties" Read property::config::run;
    "cluster_property.get_properties_metadata" Read property::config::metadata;
    "cluster_property.set_properties" Write property::set::run;
    "node.maintenance_unmaintenance_all" Write node::standby::maintenance_all;
    "node.maintenance_unmaintenance_list" Write node::standby::maintenance_list;
    "node.standby_unstandby_all" Write node::standby::standby_all;
    "node.standby_unstandby_list" Write node::standby::standby_list;
    "cib.remove_elements" Write cib_elements::remove;
    "acl.add_permission" Grant acl::add_permission;
    "acl.assign_role_to_group" Grant acl::assign_group;
    "acl.assign_role_to_target" Grant acl::assign_target;
    "acl.create_group" Grant acl::create_group;
    "acl.create_role" Grant acl::create_role;
    "acl.create_target" Grant acl::create_target;
    "acl.remove_group" Grant acl::remove_group;
    "acl.remove_permission" Grant acl::remove_permission;
    "acl.remove_role" Grant acl::remove_role;
    "acl.remove_target" Grant acl::remove_target;
    "acl.unassign_role_from_group" Grant acl::unassign_group;
    "acl.unassign_role_from_target" Grant acl::unassign_target;
    "rhapsody.acl.assign_role" Grant acl::assign_any;
    "rhapsody.acl.unassign_role" Grant acl::unassign_any;
    "rhapsody.acl.config" Read acl::config;
    "alert.add_recipient" Write alert::add_recipient;
    "alert.create_alert" Write alert::create;
    "alert.get_config_dto" Read alert::config;
    "alert.remove_alert" Write alert::remove;
    "alert.remove_recipient" Write alert::remove_recipient;
    "alert.update_alert" Write alert::update;
    "alert.update_recipient" Write alert::update_recipient;
    "fencing_topology.remove_all_levels" Write stonith::level::clear;
    "fencing_topology.verify" Read stonith::level::verify;
    "rhapsody.stonith.level_add" Write stonith::level::add;
    "rhapsody.stonith.level_remove" Write stonith::level::remove;
    "resource_agent.describe_agent" Read agents::describe;
    "resource_agent.list_agents" Read agents::list;
    "resource_agent.list_agents_for_standard_and_provider" Read agents::agents;
    "resource_agent.list_ocf_providers" Read agents::providers;
    "resource_agent.list_standards" Read agents::standards;
    "stonith_agent.describe_agent" Read agents::stonith_describe;
    "stonith_agent.list_agents" Read agents::stonith_list;
    "rhapsody.node.config" Read node::attribute::config;
    "rhapsody.node.attribute" Write node::attribute::set;
    "rhapsody.node.utilization" Write node::attribute::utilization;
    "rhapsody.resource.utilization" Write node::attribute::resource;
    "rhapsody.tag.create" Write tag::create;
    "rhapsody.tag.remove" Write tag::remove;
    "rhapsody.tag.update" Write tag::update;
    "tag.get_config_dto" Read tag::config;
    "cib_options.operation_defaults_config" Read defaults::operation_config;
    "cib_options.resource_defaults_config" Read defaults::resource_config;
    "rhapsody.defaults.operation_create" Write defaults::operation_create;
    "rhapsody.defaults.operation_remove" Write defaults::operation_remove;
    "rhapsody.defaults.operation_update" Write defaults::operation_update;
    "rhapsody.defaults.resource_create" Write defaults::resource_create;
    "rhapsody.defaults.resource_remove" Write defaults::resource_remove;
    "rhapsody.defaults.resource_update" Write defaults::resource_update;
    "constraint.colocation.create_with_set" Write constraint::set::colocation;
    "constraint.location.create_with_rule" Write constraint::rule::create;
    "constraint.order.create_with_set" Write constraint::set::order;
    "constraint.ticket.create" Write constraint::ticket::create;
    "constraint.ticket.create_with_set" Write constraint::set::ticket;
    "constraint.ticket.remove" Write constraint::ticket::remove_ticket;
    "cib.element_description_get" Read cib_elements::description;
    "cib.element_description_set" Write cib_elements::describe;
    "resource.ban" Write resource::moving::ban;
    "resource.move" Write resource::moving::move_with_constraint;
    "resource.unmove_unban" Write resource::moving::clear;
    "rhapsody.resource.bundle_create" Write resource::bundle_config::create;
    "rhapsody.resource.bundle_reset" Write resource::bundle_config::reset;
    "rhapsody.resource.bundle_update" Write resource::bundle_config::update;
    "resource.disable" Write resource::switch::disable;
    "resource.enable" Write resource::switch::enable;
    "resource.manage" Write resource::switch::manage;
    "resource.unmanage" Write resource::switch::unmanage;
    "resource.update_meta" Write resource::update::meta;
    "rhapsody.resource.update" Write resource::update::run;
    "rhapsody.resource.op_add" Write resource::op::add;
    "rhapsody.resource.op_remove" Write resource::op::remove;
    "rhapsody.resource.unclone" Write resource::unclone::unclone;
    "rhapsody.resource.ungroup" Write resource::unclone::ungroup;
    "resource.create" Write resource::create::run;
    "resource.create_as_clone" Write resource::create_as_clone::run;
    "resource.create_in_group" Write resource::group::create;
    "resource.group_add" Write resource::group::add;
    "rhapsody.constraint.colocation_add" Write constraint::colocation::run;
    "rhapsody.constraint.colocation_remove" Write constraint::colocation::remove;
    "rhapsody.constraint.location_add" Write constraint::location::run;
    "rhapsody.constraint.order_add" Write constraint::order::run;
    "rhapsody.constraint.order_remove" Write constraint::remove::order;
    "rhapsody.constraint.remove" Write constraint::remove::by_id;
    "fencing_topology.get_config_dto" Read stonith::level::config;
    "rhapsody.resource.create_in_bundle" Write resource::bundle::create_in;
    "rhapsody.resource.relations" Read resource::relations::run;
    "rhapsody.resource.clone" Write resource::clone::run;
    "rhapsody.configuration.get" Read configuration::get;
    "stonith.create" Write stonith::create::run;
    "rhapsody.booth.create" Write booth::cib::create;
    "rhapsody.booth.remove" Write booth::cib::remove;
    "cluster.rename_node_cib" Write cluster::rename_cib::run;
    "rhapsody.cluster.cib_push" Full cluster::cib_push::run;
    "rhapsody.cluster.cib_upgrade" Full cluster::cib_upgrade::run;
    "rhapsody.cluster.node_forget" Write cluster::node_forget::run;
    "rhapsody.cluster.node_add_guest" Full cluster::node_guest::add;
    "rhapsody.cluster.node_add_remote" Full cluster::node_remote::add;
    "rhapsody.cluster.node_remove_guest" Full cluster::node_guest::remove;
    "rhapsody.cluster.node_remove_remote" Full cluster::node_remote::remove;
}

pub(crate) fn find(name: &str) -> Option<&'static Operation> {
    OPERATIONS.iter().find(|operation| operation.name == name)
}

/// Who may call an operation; None for a name that is not one.
pub fn permission(name: &str) -> Option<Permission> {
    find(name).map(|operation| operation.permission)
}

/// All names, for help and for tests that look for gaps.
pub fn names() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|operation| operation.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_name_is_there_twice() {
        let all: HashSet<&str> = names().collect();
        assert_eq!(all.len(), names().count());
        assert_eq!(permission("resource.create"), Some(Permission::Write));
        assert_eq!(permission("nothing"), None);
    }
}
