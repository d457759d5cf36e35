//! Accounts of our own where there is no PAM: `users.json`, argon2id hashes, set by
//! `rhapsody-pcsd passwd USER`.

use crate::{files, paths::Paths};
use anyhow::{Context, bail};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;

/// One of the parameter sets OWASP recommends; the smaller memory suits a cluster node.
const MEMORY_KIB: u32 = 9216;
const PASSES: u32 = 4;
const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Users {
    users: BTreeMap<String, Account>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Account {
    salt: String,
    hash: String,
    memory_kib: u32,
    passes: u32,
    #[serde(default)]
    locked: bool,
}

fn load(paths: &Paths) -> anyhow::Result<Users> {
    let path = paths.own("users.json");
    match files::read_optional(&path).with_context(|| format!("cannot read {}", path.display()))? {
        None => Ok(Users::default()),
        Some(bytes) => {
            serde_json::from_slice(&bytes).with_context(|| format!("{} is damaged", path.display()))
        }
    }
}

pub fn exists(paths: &Paths, user: &str) -> bool {
    load(paths).is_ok_and(|users| users.users.contains_key(user))
}

/// Unknown and locked users cost one hash, as everybody does.
pub fn check(paths: &Paths, user: &str, password: &str) -> bool {
    let users = load(paths).unwrap_or_else(|error| {
        tracing::error!("no login is possible: {error:#}");
        Users::default()
    });
    let account = users.users.get(user);
    let dummy = Account {
        salt: STANDARD_NO_PAD.encode([0; SALT_BYTES]),
        hash: STANDARD_NO_PAD.encode([0; HASH_BYTES]),
        memory_kib: MEMORY_KIB,
        passes: PASSES,
        locked: true,
    };
    let tried = account.unwrap_or(&dummy);
    let same = hash_with(tried, password).is_some_and(|hash| {
        let wanted = STANDARD_NO_PAD.decode(&tried.hash).unwrap_or_default();
        bool::from(hash.as_slice().ct_eq(wanted.as_slice()))
    });
    same && account.is_some_and(|account| !account.locked)
}

fn hash_with(account: &Account, password: &str) -> Option<[u8; HASH_BYTES]> {
    let salt = STANDARD_NO_PAD.decode(&account.salt).ok()?;
    let params = Params::new(account.memory_kib, account.passes, 1, Some(HASH_BYTES)).ok()?;
    let mut hash = [0; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password.as_bytes(), &salt, &mut hash)
        .ok()?;
    Some(hash)
}

/// Sets the password of `user`, making the account where there is none.
pub fn set_password(paths: &Paths, user: &str, password: &str) -> anyhow::Result<()> {
    if password.is_empty() {
        bail!("the password is empty");
    }
    if password.len() > super::CREDENTIAL_BYTES_MAX || password.contains('\0') {
        bail!("the password is longer than {} bytes", super::CREDENTIAL_BYTES_MAX);
    }
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).context("no random numbers from the system")?;
    let mut account = Account {
        salt: STANDARD_NO_PAD.encode(salt),
        hash: String::new(),
        memory_kib: MEMORY_KIB,
        passes: PASSES,
        locked: false,
    };
    let hash = hash_with(&account, password).context("cannot hash the password")?;
    account.hash = STANDARD_NO_PAD.encode(hash);
    change(paths, |users| {
        users.users.insert(user.to_owned(), account);
        Ok(())
    })
}

/// A locked account keeps its password and refuses it.
pub fn lock(paths: &Paths, user: &str) -> anyhow::Result<()> {
    change(paths, |users| match users.users.get_mut(user) {
        Some(account) => {
            account.locked = true;
            Ok(())
        }
        None => bail!("there is no user '{user}'; see the names in users.json"),
    })
}

fn change(paths: &Paths, edit: impl FnOnce(&mut Users) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut users = load(paths)?;
    edit(&mut users)?;
    let path = paths.own("users.json");
    let bytes = serde_json::to_vec_pretty(&users)?;
    files::write_whole(&path, &bytes, 0o600).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hashed_checked_and_locked() {
        let paths = Paths::below(&crate::testing::folder("local-users"));
        assert!(!check(&paths, "joe", "secret"));
        set_password(&paths, "joe", "secret").unwrap();
        assert!(check(&paths, "joe", "secret"));
        assert!(!check(&paths, "joe", "Secret"));
        assert!(!check(&paths, "ann", "secret"));
        let text = std::fs::read_to_string(paths.own("users.json")).unwrap();
        assert!(!text.contains("secret"));
        lock(&paths, "joe").unwrap();
        assert!(!check(&paths, "joe", "secret"));
        set_password(&paths, "joe", "again").unwrap();
        assert!(check(&paths, "joe", "again"));
        assert!(lock(&paths, "nobody").is_err());
        assert!(set_password(&paths, "joe", "").is_err());
    }

    #[test]
    fn a_damaged_file_lets_nobody_in() {
        let paths = Paths::below(&crate::testing::folder("damaged-users"));
        set_password(&paths, "joe", "secret").unwrap();
        std::fs::write(paths.own("users.json"), "{").unwrap();
        assert!(!check(&paths, "joe", "secret"));
        assert!(set_password(&paths, "joe", "new").is_err(), "nothing is overwritten");
    }
}
