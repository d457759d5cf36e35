//! Who may do what: the permission list of `pcs_settings.conf`, and the names of the levels.
//!
//! Which route or command needs which level stands in the two tables `routes::ROUTES` and
//! `commands::COMMANDS` (and `rhapsody_ops::permission`), nowhere else.

use crate::auth::User;
use crate::{auth, files, paths::Paths};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    Read,
    Write,
    /// May change permissions and ACLs.
    Grant,
    /// Keys, certificates, nodes coming and going.
    Full,
    Superuser,
}

/// What a route or command demands of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody who can connect.
    Public,
    /// Any valid token.
    Token,
    Needs(Permission),
}

impl Access {
    pub fn allows(self, user: &User, paths: &Paths) -> bool {
        match self {
            Access::Public | Access::Token => true,
            Access::Needs(_) if user.is_superuser() => true,
            Access::Needs(Permission::Superuser) => false,
            Access::Needs(permission) => granted(user, permission, paths),
        }
    }
}

fn granted(user: &User, wanted: Permission, paths: &Paths) -> bool {
    let text = match files::read_optional(&paths.own("pcs_settings.conf")) {
        Ok(text) => text,
        Err(error) => {
            tracing::error!("nobody but {} is permitted: {error}", auth::SUPERUSER);
            return false;
        }
    };
    let groups = user.groups(paths);
    match text {
        None => wanted != Permission::Full && groups.iter().any(|group| group == auth::GROUP),
        Some(bytes) => entries(&bytes).any(|(kind, name, allow)| {
            let named = match kind.as_str() {
                "user" => name == user.name,
                "group" => groups.contains(&name),
                _ => false,
            };
            named && allow.iter().any(|level| includes(level, wanted))
        }),
    }
}

fn includes(level: &str, wanted: Permission) -> bool {
    match level {
        "full" => true,
        "write" => matches!(wanted, Permission::Write | Permission::Read),
        "grant" => wanted == Permission::Grant,
        "read" => wanted == Permission::Read,
        _ => false,
    }
}

/// (type, name, levels) of each line; a file that cannot be read permits nothing.
fn entries(bytes: &[u8]) -> impl Iterator<Item = (String, String, Vec<String>)> {
    let value: Value = serde_json::from_slice(bytes).unwrap_or(Value::Null);
    let list = value["permissions"]["local_cluster"].as_array().cloned().unwrap_or_default();
    list.into_iter().filter_map(|entry| {
        let text = |name: &str| Some(entry[name].as_str()?.to_owned());
        let allow = entry["allow"].as_array()?.iter();
        let allow = allow.filter_map(|level| Some(level.as_str()?.to_owned())).collect();
        Some((text("type")?, text("name")?, allow))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Permission::*;

    #[test]
    fn the_list_decides() {
        let paths = Paths::below(&crate::testing::folder("permissions"));
        let may = |user: &User, permission| Access::Needs(permission).allows(user, &paths);
        let member = User { name: "joe".into(), groups: Some(vec!["haclient".into()]) };
        let stranger = User { name: "eve".into(), groups: Some(vec![]) };
        let levels = [Read, Write, Grant, Full, Superuser];
        let of = |user: &User| levels.map(|level| may(user, level));

        assert_eq!(of(&User::superuser()), [true; 5]);
        assert_eq!(of(&member), [true, true, true, false, false], "no file");
        assert_eq!(of(&stranger), [false; 5]);

        let file = paths.own("pcs_settings.conf");
        files::write_whole(&file, b"", 0o644).unwrap();
        assert_eq!(of(&member), [false; 5], "an empty file permits nobody");
        assert_eq!(of(&User::superuser()), [true; 5]);
        files::write_whole(&file, b"{\"permissions\": 7}", 0o644).unwrap();
        assert_eq!(of(&member), [false; 5], "rubbish permits nobody");
        let list = br#"{"format_version":2,"data_version":1,"clusters":[],"permissions":{"local_cluster":[
            {"type":"user","name":"eve","allow":["write"]},
            {"type":"group","name":"haclient","allow":["full"]},
            {"type":"odd","name":"eve","allow":["full"]}, 5]}}"#;
        files::write_whole(&file, list, 0o644).unwrap();
        assert_eq!(of(&stranger), [true, true, false, false, false]);
        assert_eq!(of(&member), [true, true, true, true, false]);
    }
}
