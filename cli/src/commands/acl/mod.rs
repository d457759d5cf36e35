//! `rhapsody acl ...`

pub mod config;
mod role;

use super::{Noun, Verb, usage};
use crate::Done;
use crate::context::Context;
use rhapsody_ops::acl::{GroupRequest, RemoveGroup, RemovePermissionRequest, RemoveTarget, TargetRequest};
use serde_json::json;

const F: &[&str] = &["-f", "--dry-run"];

pub const NOUN: Noun = Noun {
    name: "acl",
    about: "manage access control lists",
    verbs: &[
        Verb {
            words: "",
            usage: "[--output-format text|cmd|json]\nShow access control lists.",
            options: &["-f", "--output-format"],
            run: config::run,
        },
        Verb {
            words: "config",
            usage: "[--output-format text|cmd|json]\nShow access control lists.",
            options: &["-f", "--output-format"],
            run: config::run,
        },
        Verb {
            words: "list",
            usage: "[--output-format text|cmd|json]\nShow access control lists.",
            options: &["-f", "--output-format"],
            run: config::run,
        },
        Verb {
            words: "enable",
            usage: "\nEnforce access control lists.",
            options: F,
            run: |context, words| switch(context, words, true),
        },
        Verb {
            words: "disable",
            usage: "\nDo not enforce access control lists.",
            options: F,
            run: |context, words| switch(context, words, false),
        },
        Verb {
            words: "role create",
            usage: "<role id> [description=<description>] [((read | write | deny) (xpath <query> | id <id>))...]\nMake a role.",
            options: F,
            run: role::create,
        },
        Verb {
            words: "role delete",
            usage: "<role id>\nRemove a role.",
            options: &["-f", "--autodelete", "--dry-run"],
            run: role::remove,
        },
        Verb {
            words: "role remove",
            usage: "<role id>\nRemove a role.",
            options: &["-f", "--autodelete", "--dry-run"],
            run: role::remove,
        },
        Verb {
            words: "role assign",
            usage: "<role id> [to] [user|group] <username/group>\nGive a role to a user or group.",
            options: F,
            run: role::assign,
        },
        Verb {
            words: "role unassign",
            usage: "<role id> [from] [user|group] <username/group>\nTake a role from a user or group.",
            options: &["-f", "--autodelete", "--dry-run"],
            run: role::unassign,
        },
        Verb {
            words: "user create",
            usage: "<username> [<role id>]...\nMake a user.",
            options: F,
            run: |context, words| create(context, words, false),
        },
        Verb {
            words: "user delete",
            usage: "<username>\nRemove a user.",
            options: F,
            run: |context, words| remove(context, words, false),
        },
        Verb {
            words: "user remove",
            usage: "<username>\nRemove a user.",
            options: F,
            run: |context, words| remove(context, words, false),
        },
        Verb {
            words: "group create",
            usage: "<group> [<role id>]...\nMake a group.",
            options: F,
            run: |context, words| create(context, words, true),
        },
        Verb {
            words: "group delete",
            usage: "<group>\nRemove a group.",
            options: F,
            run: |context, words| remove(context, words, true),
        },
        Verb {
            words: "group remove",
            usage: "<group>\nRemove a group.",
            options: F,
            run: |context, words| remove(context, words, true),
        },
        Verb {
            words: "permission add",
            usage: "<role id> ((read | write | deny) (xpath <query> | id <id>))...\nAdd permissions to a role.",
            options: F,
            run: role::permit,
        },
        Verb {
            words: "permission delete",
            usage: "<permission id>\nRemove a permission.",
            options: F,
            run: forbid,
        },
        Verb {
            words: "permission remove",
            usage: "<permission id>\nRemove a permission.",
            options: F,
            run: forbid,
        },
    ],
};

fn switch(context: &mut Context, words: &[String], on: bool) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let request = json!({"cluster_properties": {"enable-acl": on.to_string()}});
    context.change("cluster_property.set_properties", &request)?;
    Ok(())
}

fn create(context: &mut Context, words: &[String], group: bool) -> Done {
    let [id, roles @ ..] = words else { return Err(usage()) };
    let (id, role_list) = (id.clone(), roles.to_vec());
    match group {
        true => context.change("acl.create_group", &GroupRequest { group_id: id, role_list })?,
        false => context.change("acl.create_target", &TargetRequest { target_id: id, role_list })?,
    };
    Ok(())
}

fn remove(context: &mut Context, words: &[String], group: bool) -> Done {
    let [id] = words else { return Err(usage()) };
    match group {
        true => context.change("acl.remove_group", &RemoveGroup { group_id: id.clone() })?,
        false => context.change("acl.remove_target", &RemoveTarget { target_id: id.clone() })?,
    };
    Ok(())
}

fn forbid(context: &mut Context, words: &[String]) -> Done {
    let [id] = words else { return Err(usage()) };
    context.change("acl.remove_permission", &RemovePermissionRequest { permission_id: id.clone() })?;
    Ok(())
}
