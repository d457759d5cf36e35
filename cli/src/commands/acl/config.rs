//! `acl config`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use crate::output::cmd::{pair, quote};
use crate::output::json;
use rhapsody_ops::acl::{Acls, Member, Role};

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let format = context.format(&["cmd", "json", "text"])?;
    let acls: Acls = context.get("rhapsody.acl.config", &serde_json::json!({}))?;
    match format {
        "json" => context.line(json::pretty(&acls)),
        "cmd" => context.commands(&commands(&acls)),
        _ => print(context, &acls),
    }
    Ok(())
}

/// Roles, then users and groups, as the commands that make them.
pub fn commands(acls: &Acls) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let mut later = Vec::new();
    for role in &acls.roles {
        let mut head = format!("rhapsody -- acl role create {}", quote(&role.id));
        if let Some(text) = &role.description {
            head.push_str(&format!(" {}", pair("description", text)));
        }
        let mut lines = vec![head];
        // Permissions on roles wait until all roles are there.
        let on_role = |value: &str| acls.roles.iter().any(|role| role.id == value);
        match role.permissions.iter().any(|found| found.scope.as_ref().is_some_and(|(_, v)| on_role(v))) {
            true => {
                let mut lines = vec![format!("rhapsody -- acl permission add {}", quote(&role.id))];
                lines.extend(permissions(role));
                later.push(lines);
            }
            false => lines.extend(permissions(role)),
        }
        commands.push(lines);
    }
    commands.extend(later);
    for (kind, members) in [("user", &acls.users), ("group", &acls.groups)] {
        for member in members {
            let mut words = vec![format!("rhapsody -- acl {kind} create"), quote(&member.id)];
            words.extend(member.roles.iter().map(|role| quote(role)));
            commands.push(vec![words.join(" ")]);
        }
    }
    commands
}

fn permissions(role: &Role) -> impl Iterator<Item = String> {
    role.permissions.iter().filter_map(|permission| {
        let (scope, value) = permission.scope.as_ref()?;
        Some(format!("  {} {scope} {}", permission.kind.as_deref()?, quote(value)))
    })
}

fn print(context: &mut Context, acls: &Acls) {
    context.line(match acls.enabled {
        true => "ACLs are enabled",
        false => "ACLs are disabled, run 'rhapsody acl enable' to enable",
    });
    context.line("");
    let members = |context: &mut Context, title: &str, list: &[Member]| {
        for member in list {
            context.line(format!("{title}: {}", member.id));
            context.line(format!("  Roles: {}", member.roles.join(" ")).trim_end());
        }
    };
    members(context, "User", &acls.users);
    members(context, "Group", &acls.groups);
    for role in &acls.roles {
        context.line(format!("Role: {}", role.id));
        if let Some(text) = &role.description {
            context.line(format!("  Description: {text}"));
        }
        for permission in &role.permissions {
            let mut words = vec![permission.kind.clone().unwrap_or_default()];
            if let Some((scope, value)) = &permission.scope {
                words.push(scope.clone());
                words.push(value.clone());
            }
            context.line(format!("  Permission: {} ({})", words.join(" "), permission.id));
        }
    }
}
