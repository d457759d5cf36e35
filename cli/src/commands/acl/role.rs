//! `acl role ...`, `acl permission add`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::failure::Failure;
use rhapsody_ops::acl::{
    AssignAny, AssignGroup, AssignTarget, PermissionInfo, PermissionRequest, RemoveRoleRequest, RoleRequest,
};

/// `read xpath //resources deny id x ...`
fn permissions(words: &[String]) -> Result<Vec<PermissionInfo>, Failure> {
    if words.len() % 3 != 0 {
        return Err(usage());
    }
    Ok(words
        .chunks(3)
        .map(|part| (part[0].to_lowercase(), part[1].to_lowercase(), part[2].clone()))
        .collect())
}

pub fn create(context: &mut Context, words: &[String]) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    let (description, rest) = match rest {
        [first, rest @ ..] if first.starts_with("description=") && first != "description=" => {
            (first.split_once('=').map(|(_, text)| text.to_owned()), rest)
        }
        _ => (None, rest),
    };
    let request = RoleRequest { role_id: id.clone(), permission_info_list: permissions(rest)?, description };
    context.change("acl.create_role", &request)?;
    Ok(())
}

pub fn permit(context: &mut Context, words: &[String]) -> Done {
    let [id, rest @ ..] = words else { return Err(usage()) };
    if rest.is_empty() {
        return Err(usage());
    }
    let request = PermissionRequest { role_id: id.clone(), permission_info_list: permissions(rest)? };
    context.change("acl.add_permission", &request)?;
    Ok(())
}

fn warn_autodelete(context: &Context) -> bool {
    let given = context.options.has("--autodelete");
    if given {
        eprintln!(
            "Deprecation Warning: Flag '--autodelete' is deprecated and might be removed in a future release."
        );
    }
    given
}

pub fn remove(context: &mut Context, words: &[String]) -> Done {
    let [id] = words else { return Err(usage()) };
    let autodelete = warn_autodelete(context);
    let request = RemoveRoleRequest { role_id: id.clone(), autodelete_users_groups: autodelete };
    context.change("acl.remove_role", &request)?;
    Ok(())
}

pub fn assign(context: &mut Context, words: &[String]) -> Done {
    run(context, words, "to", false, "assign")
}

pub fn unassign(context: &mut Context, words: &[String]) -> Done {
    let autodelete = warn_autodelete(context);
    run(context, words, "from", autodelete, "unassign")
}

fn run(context: &mut Context, words: &[String], word: &str, autodelete: bool, verb: &str) -> Done {
    let [role, rest @ ..] = words else { return Err(usage()) };
    let rest = match rest {
        [first, rest @ ..] if first == word && !rest.is_empty() => rest,
        _ => rest,
    };
    let role_id = role.clone();
    match rest {
        [kind, id] if kind == "user" => {
            let request = AssignTarget { role_id, target_id: id.clone(), autodelete_target: autodelete };
            let preposition = if verb == "assign" { "to" } else { "from" };
            context.change(&format!("acl.{verb}_role_{preposition}_target"), &request)?;
        }
        [kind, id] if kind == "group" => {
            let request = AssignGroup { role_id, group_id: id.clone(), autodelete_group: autodelete };
            let preposition = if verb == "assign" { "to" } else { "from" };
            context.change(&format!("acl.{verb}_role_{preposition}_group"), &request)?;
        }
        [id] => {
            eprintln!(
                "Deprecation Warning: Assigning / unassigning a role to a user / group without specifying 'user' or 'group' \
                 keyword is deprecated and might be removed in a future release."
            );
            context.change(
                &format!("rhapsody.acl.{verb}_role"),
                &AssignAny { role_id, id: id.clone(), autodelete },
            )?;
        }
        _ => return Err(usage()),
    }
    Ok(())
}
