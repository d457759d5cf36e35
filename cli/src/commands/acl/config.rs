//! `acl config`

use crate::Done;
use crate::commands::usage;
use crate::context::Context;
use rhapsody_ops::acl::{Acls, Member};

pub fn run(context: &mut Context, words: &[String]) -> Done {
    if !words.is_empty() {
        return Err(usage());
    }
    let acls: Acls = context.get("rhapsody.acl.config", &serde_json::json!({}))?;
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
    Ok(())
}
