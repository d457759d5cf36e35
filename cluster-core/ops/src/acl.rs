//! Access control lists: roles, users (targets) and groups.

use crate::resource::tree;
use crate::work::{Stop, Work};
use crate::{ids, nvset, sections, values};
use rhapsody_agents_catalog::check::quoted;
use rhapsody_xml::Element;
use serde::{Deserialize, Serialize};

const KINDS: &[&str] = &["deny", "read", "write"];
const SCOPES: &[&str] = &["id", "xpath"];

/// Kind, scope type and scope: `read xpath //resources`.
pub type PermissionInfo = (String, String, String);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Permission {
    pub id: String,
    pub kind: Option<String>,
    /// `xpath`, `id` or `object-type` with its value.
    pub scope: Option<(String, String)>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Role {
    pub id: String,
    pub description: Option<String>,
    pub permissions: Vec<Permission>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Member {
    pub id: String,
    pub roles: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Acls {
    pub enabled: bool,
    pub users: Vec<Member>,
    pub groups: Vec<Member>,
    pub roles: Vec<Role>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Nothing {}

pub fn config(work: &mut Work<'_>, _request: Nothing) -> Result<Acls, Stop> {
    let doc = &work.cib;
    let properties = sections::get(doc, "crm_config");
    let enabled = properties
        .and_then(|section| nvset::value(doc, section, "cluster_property_set", "enable-acl"))
        .is_some_and(values::is_true);
    let mut acls = Acls { enabled, ..Acls::default() };
    let Some(section) = sections::get(doc, "acls") else { return Ok(acls) };
    let member = |element: Element| Member {
        id: tree::id(doc, element),
        roles: doc.children_named(element, "role").map(|role| tree::id(doc, role)).collect(),
    };
    for element in doc.children(section) {
        match doc.name(element) {
            "acl_target" => acls.users.push(member(element)),
            "acl_group" => acls.groups.push(member(element)),
            "acl_role" => acls.roles.push(Role {
                id: tree::id(doc, element),
                description: doc.attr(element, "description").map(str::to_owned),
                permissions: doc
                    .children_named(element, "acl_permission")
                    .map(|found| permission(doc, found))
                    .collect(),
            }),
            _ => {}
        }
    }
    Ok(acls)
}

fn permission(doc: &rhapsody_xml::Document, element: Element) -> Permission {
    let scope = [("xpath", "xpath"), ("reference", "id"), ("object-type", "object-type")]
        .iter()
        .find_map(|(name, word)| Some(((*word).to_owned(), doc.attr(element, name)?.to_owned())));
    Permission { id: tree::id(doc, element), kind: doc.attr(element, "kind").map(str::to_owned), scope }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RoleRequest {
    pub role_id: String,
    pub permission_info_list: Vec<PermissionInfo>,
    pub description: Option<String>,
}

pub fn create_role(work: &mut Work<'_>, request: RoleRequest) -> Result<(), Stop> {
    check_permissions(work, &request.permission_info_list);
    work.check_new_id(&request.role_id, "ACL role");
    work.check()?;
    let role = new_role(work, &request.role_id, request.description.as_deref());
    append_permissions(work, role, &request.permission_info_list);
    Ok(())
}

fn new_role(work: &mut Work<'_>, id: &str, description: Option<&str>) -> Element {
    let section = sections::make(&mut work.cib, "acls");
    let doc = &mut work.cib;
    let role = doc.append(section, "acl_role");
    doc.set_attr(role, "id", id);
    if let Some(text) = description.filter(|text| !text.is_empty()) {
        doc.set_attr(role, "description", text);
    }
    role
}

fn check_permissions(work: &mut Work<'_>, list: &[PermissionInfo]) {
    for (kind, scope, value) in list {
        if !KINDS.contains(&kind.as_str()) {
            work.error("INVALID_OPTION_VALUE", values::invalid_value(kind, "permission", &quoted(KINDS)));
        }
        if !SCOPES.contains(&scope.as_str()) {
            work.error("INVALID_OPTION_VALUE", values::invalid_value(scope, "scope type", &quoted(SCOPES)));
        }
        if scope == "id" && ids::find(&work.cib, value).is_none() {
            work.error("ID_NOT_FOUND", format!("id '{value}' does not exist"));
        }
    }
}

fn append_permissions(work: &mut Work<'_>, role: Element, list: &[PermissionInfo]) {
    for (kind, scope, value) in list {
        let doc = &mut work.cib;
        let id = ids::free(doc, &format!("{}-{kind}", tree::id(doc, role)));
        let permission = doc.append(role, "acl_permission");
        doc.set_attr(permission, "id", &id);
        doc.set_attr(permission, "kind", kind);
        doc.set_attr(permission, if scope == "id" { "reference" } else { "xpath" }, value);
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PermissionRequest {
    pub role_id: String,
    pub permission_info_list: Vec<PermissionInfo>,
}

/// Adds to a role, which is made when it does not exist.
pub fn add_permission(work: &mut Work<'_>, request: PermissionRequest) -> Result<(), Stop> {
    check_permissions(work, &request.permission_info_list);
    let id = &request.role_id;
    let role = match ids::find(&work.cib, id) {
        Some(found) if work.cib.name(found) == "acl_role" => Some(found),
        Some(_) => {
            work.error("ID_BELONGS_TO_UNEXPECTED_TYPE", format!("'{id}' is not an ACL role"));
            None
        }
        None => {
            if let Some((code, text)) = ids::problem(id, "ACL role") {
                work.error(code, text);
            }
            None
        }
    };
    work.check()?;
    let role = match role {
        Some(role) => role,
        None => new_role(work, id, None),
    };
    append_permissions(work, role, &request.permission_info_list);
    Ok(())
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemovePermissionRequest {
    pub permission_id: String,
}

pub fn remove_permission(work: &mut Work<'_>, request: RemovePermissionRequest) -> Result<(), Stop> {
    let found = named(work, &request.permission_id, "acl_permission", "ACL permission")?;
    work.cib.remove(found);
    Ok(())
}

/// The user of this name, which anything else may have as its id.
fn user(work: &Work<'_>, id: &str) -> Option<Element> {
    let doc = &work.cib;
    let section = sections::get(doc, "acls")?;
    doc.children_named(section, "acl_target").find(|found| doc.attr(*found, "id") == Some(id))
}

/// The element with this id, which must be of one kind.
fn named(work: &mut Work<'_>, id: &str, element: &str, word: &str) -> Result<Element, Stop> {
    let user = user(work, id).filter(|_| element == "acl_target");
    match user.or_else(|| ids::find(&work.cib, id)) {
        Some(found) if work.cib.name(found) == element => Ok(found),
        Some(_) => work.stop("ID_BELONGS_TO_UNEXPECTED_TYPE", format!("'{id}' is not an {word}")),
        None => work.stop("ID_NOT_FOUND", format!("{word} '{id}' does not exist")),
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveRoleRequest {
    pub role_id: String,
    pub autodelete_users_groups: bool,
}

pub fn remove_role(work: &mut Work<'_>, request: RemoveRoleRequest) -> Result<(), Stop> {
    let role = named(work, &request.role_id, "acl_role", "ACL role")?;
    let uses: Vec<Element> = {
        let doc = &work.cib;
        let Some(section) = sections::get(doc, "acls") else { return Ok(()) };
        doc.descendants(section)
            .filter(|element| {
                doc.name(*element) == "role"
                    && doc.attr(*element, "id") == Some(&request.role_id)
                    && doc.parent(*element) != Some(section)
            })
            .collect()
    };
    for used in uses {
        unassign(work, used, request.autodelete_users_groups);
    }
    crate::resource::references::remove(&mut work.cib, role);
    Ok(())
}

fn unassign(work: &mut Work<'_>, used: Element, autodelete: bool) {
    let owner = work.cib.parent(used);
    work.cib.remove(used);
    if let Some(owner) = owner.filter(|_| autodelete)
        && work.cib.child(owner, "role").is_none()
    {
        work.cib.remove(owner);
    }
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TargetRequest {
    pub target_id: String,
    pub role_list: Vec<String>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupRequest {
    pub group_id: String,
    pub role_list: Vec<String>,
}

pub fn create_target(work: &mut Work<'_>, request: TargetRequest) -> Result<(), Stop> {
    create_member(work, &request.target_id, &request.role_list, "acl_target")
}

pub fn create_group(work: &mut Work<'_>, request: GroupRequest) -> Result<(), Stop> {
    create_member(work, &request.group_id, &request.role_list, "acl_group")
}

fn create_member(work: &mut Work<'_>, id: &str, roles: &[String], kind: &str) -> Result<(), Stop> {
    if let Some((code, text)) = ids::problem(id, if kind == "acl_group" { "ACL group" } else { "ACL user" })
        && kind == "acl_group"
    {
        return work.stop(code, text);
    }
    let taken = match kind {
        "acl_target" => user(work, id).is_some(),
        _ => ids::find(&work.cib, id).is_some(),
    };
    if taken {
        return work.stop("ID_ALREADY_EXISTS", format!("'{id}' already exists"));
    }
    let section = sections::make(&mut work.cib, "acls");
    let member = work.cib.append(section, kind);
    work.cib.set_attr(member, "id", id);
    for role in roles {
        // Every role that is missing is told.
        let _ = named(work, role, "acl_role", "ACL role");
    }
    work.check()?;
    for role in roles {
        assign(work, role, member)?;
    }
    Ok(())
}

fn assign(work: &mut Work<'_>, role: &str, member: Element) -> Result<(), Stop> {
    named(work, role, "acl_role", "ACL role")?;
    let doc = &mut work.cib;
    if doc.children_named(member, "role").any(|found| doc.attr(found, "id") == Some(role)) {
        let id = tree::id(doc, member);
        return work.stop(
            "CIB_ACL_ROLE_IS_ALREADY_ASSIGNED_TO_TARGET",
            format!("Role '{role}' is already assigned to '{id}'"),
        );
    }
    let element = doc.append(member, "role");
    doc.set_attr(element, "id", role);
    Ok(())
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssignTarget {
    pub role_id: String,
    pub target_id: String,
    pub autodelete_target: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssignGroup {
    pub role_id: String,
    pub group_id: String,
    pub autodelete_group: bool,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AssignAny {
    pub role_id: String,
    pub id: String,
    pub autodelete: bool,
}

pub fn assign_target(work: &mut Work<'_>, request: AssignTarget) -> Result<(), Stop> {
    let member = named(work, &request.target_id, "acl_target", "ACL user")?;
    assign(work, &request.role_id, member)
}

pub fn assign_group(work: &mut Work<'_>, request: AssignGroup) -> Result<(), Stop> {
    let member = named(work, &request.group_id, "acl_group", "ACL group")?;
    assign(work, &request.role_id, member)
}

fn any(work: &mut Work<'_>, id: &str) -> Result<Element, Stop> {
    match user(work, id).or_else(|| ids::find(&work.cib, id)) {
        Some(found) if matches!(work.cib.name(found), "acl_target" | "acl_group") => Ok(found),
        Some(_) => {
            work.stop("ID_BELONGS_TO_UNEXPECTED_TYPE", format!("'{id}' is not an ACL group / ACL user"))
        }
        None => work.stop("ID_NOT_FOUND", format!("ACL group / ACL user '{id}' does not exist")),
    }
}

pub fn assign_any(work: &mut Work<'_>, request: AssignAny) -> Result<(), Stop> {
    let member = any(work, &request.id)?;
    assign(work, &request.role_id, member)
}

pub fn unassign_any(work: &mut Work<'_>, request: AssignAny) -> Result<(), Stop> {
    let member = any(work, &request.id)?;
    take(work, member, &request.role_id, request.autodelete)
}

pub fn unassign_target(work: &mut Work<'_>, request: AssignTarget) -> Result<(), Stop> {
    let member = named(work, &request.target_id, "acl_target", "ACL user")?;
    take(work, member, &request.role_id, request.autodelete_target)
}

pub fn unassign_group(work: &mut Work<'_>, request: AssignGroup) -> Result<(), Stop> {
    let member = named(work, &request.group_id, "acl_group", "ACL group")?;
    take(work, member, &request.role_id, request.autodelete_group)
}

fn take(work: &mut Work<'_>, member: Element, role: &str, autodelete: bool) -> Result<(), Stop> {
    let doc = &work.cib;
    let found: Vec<Element> =
        doc.children_named(member, "role").filter(|found| doc.attr(*found, "id") == Some(role)).collect();
    if found.is_empty() {
        let id = tree::id(doc, member);
        return work.stop(
            "CIB_ACL_ROLE_IS_NOT_ASSIGNED_TO_TARGET",
            format!("Role '{role}' is not assigned to '{id}'"),
        );
    }
    for used in found {
        unassign(work, used, autodelete);
    }
    Ok(())
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveTarget {
    pub target_id: String,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RemoveGroup {
    pub group_id: String,
}

pub fn remove_target(work: &mut Work<'_>, request: RemoveTarget) -> Result<(), Stop> {
    let found = named(work, &request.target_id, "acl_target", "ACL user")?;
    work.cib.remove(found);
    Ok(())
}

pub fn remove_group(work: &mut Work<'_>, request: RemoveGroup) -> Result<(), Stop> {
    let found = named(work, &request.group_id, "acl_group", "ACL group")?;
    work.cib.remove(found);
    Ok(())
}
