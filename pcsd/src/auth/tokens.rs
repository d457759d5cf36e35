//! Tokens: 32 random bytes given out once; what is kept is their SHA-256.

use crate::{files, paths::Paths};
use anyhow::Context;
use rhapsody_pin::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};

/// The token used least recently makes room for a new one.
const TOKENS_MAX: usize = 10_000;
/// `accept_token` of pcs takes no longer ones.
const TOKEN_BYTES_MAX: usize = 256;
const SECONDS_A_DAY: u64 = 86_400;

#[derive(Serialize, Deserialize)]
struct OnDisk {
    tokens: Vec<Line>,
    /// Of the tokens as compact JSON.
    sha256: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    sha256: String,
    user: String,
    created: u64,
    /// Day since 1970 of the last use, as far as it was written.
    used_day: u64,
}

struct Token {
    user: std::sync::Arc<str>,
    created: u64,
    used_day: AtomicU64,
}

pub struct Tokens {
    path: PathBuf,
    known: RwLock<HashMap<[u8; 32], Token>>,
    /// Held while the file is written.
    writing: Mutex<()>,
}

impl Tokens {
    /// A damaged file is set aside: hosts have to authenticate again, and the log says so.
    pub fn load(paths: &Paths) -> anyhow::Result<Tokens> {
        let path = paths.own("tokens.json");
        let bytes = files::read_optional(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let known = match bytes.map(|bytes| read(&bytes)) {
            None => HashMap::new(),
            Some(Some(known)) => known,
            Some(None) => {
                let aside = files::set_aside(&path);
                tracing::error!(
                    "{} is damaged and was moved to {}; all hosts and users must authenticate again",
                    path.display(),
                    aside.display()
                );
                HashMap::new()
            }
        };
        Ok(Tokens { path, known: RwLock::new(known), writing: Mutex::new(()) })
    }

    /// A new token for `user`; it works once this returns and after a restart.
    pub fn create(&self, user: &str) -> anyhow::Result<String> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).context("no random numbers from the system")?;
        let token = hex(&random);
        self.accept(&token, user)?;
        Ok(token)
    }

    /// Makes a token made elsewhere valid.
    pub fn accept(&self, token: &str, user: &str) -> anyhow::Result<()> {
        let now = files::unix_seconds();
        {
            let mut known = self.write();
            if known.len() >= TOKENS_MAX {
                let oldest = known
                    .iter()
                    .min_by_key(|(_, token)| (token.used_day.load(Ordering::Relaxed), token.created))
                    .map(|(hash, _)| *hash);
                if let Some(hash) = oldest {
                    known.remove(&hash);
                }
            }
            known.insert(
                hash(token),
                Token { user: user.into(), created: now, used_day: AtomicU64::new(now / SECONDS_A_DAY) },
            );
        }
        self.store().inspect_err(|_| {
            self.write().remove(&hash(token));
        })
    }

    /// Whose token this is.
    pub fn user(&self, token: &str) -> Option<std::sync::Arc<str>> {
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            return None;
        }
        // The secret is compared by its hash: the time of a lookup tells nothing about it.
        let known = self.known.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let found = known.get(&hash(token))?;
        let today = files::unix_seconds() / SECONDS_A_DAY;
        if found.used_day.load(Ordering::Relaxed) != today {
            found.used_day.store(today, Ordering::Relaxed);
        }
        Some(found.user.clone())
    }

    /// Forgets all tokens.
    pub fn clear(&self) -> anyhow::Result<()> {
        self.write().clear();
        self.store()
    }

    /// Forgets these; when one of them is not known, none, and the unknown ones are the answer.
    pub fn remove(&self, tokens: &[String]) -> anyhow::Result<Vec<String>> {
        {
            let mut known = self.write();
            let unknown: Vec<String> =
                tokens.iter().filter(|token| !known.contains_key(&hash(token))).cloned().collect();
            if !unknown.is_empty() {
                return Ok(unknown);
            }
            for token in tokens {
                known.remove(&hash(token));
            }
        }
        self.store().map(|()| Vec::new())
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<[u8; 32], Token>> {
        self.known.write().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn store(&self) -> anyhow::Result<()> {
        let _writing = self.writing.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut tokens: Vec<Line> = self
            .known
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
            .iter()
            .map(|(hash, token)| Line {
                sha256: hex(hash),
                user: token.user.to_string(),
                created: token.created,
                used_day: token.used_day.load(Ordering::Relaxed),
            })
            .collect();
        tokens.sort_by(|a, b| (a.created, &a.sha256).cmp(&(b.created, &b.sha256)));
        let sha256 = checksum(&tokens)?;
        let bytes = serde_json::to_vec_pretty(&OnDisk { tokens, sha256 })?;
        files::write_whole(&self.path, &bytes, 0o600)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

fn checksum(tokens: &[Line]) -> anyhow::Result<String> {
    Ok(hex(&Sha256::digest(serde_json::to_vec(tokens)?)))
}

fn read(bytes: &[u8]) -> Option<HashMap<[u8; 32], Token>> {
    let file: OnDisk = serde_json::from_slice(bytes).ok()?;
    if checksum(&file.tokens).ok()? != file.sha256 {
        return None;
    }
    file.tokens
        .into_iter()
        .map(|line| {
            let used_day = AtomicU64::new(line.used_day);
            Some((unhex(&line.sha256)?, Token { user: line.user.into(), created: line.created, used_day }))
        })
        .collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_a_restart_and_are_not_stored() {
        let paths = Paths::below(&crate::testing::folder("tokens"));
        let tokens = Tokens::load(&paths).unwrap();
        let token = tokens.create("joe").unwrap();
        tokens.accept("from-elsewhere", "hacluster").unwrap();
        assert_eq!(token.len(), 64);
        let again = Tokens::load(&paths).unwrap();
        assert_eq!(again.user(&token).as_deref(), Some("joe"));
        assert_eq!(again.user("from-elsewhere").as_deref(), Some("hacluster"));
        assert_eq!(again.user("other"), None);
        assert_eq!(again.user(""), None);
        let text = std::fs::read_to_string(paths.own("tokens.json")).unwrap();
        assert!(!text.contains(&token) && !text.contains("from-elsewhere"));
        let (one, none) = ("from-elsewhere".to_owned(), "none".to_owned());
        assert_eq!(again.remove(&[one.clone(), none.clone()]).unwrap(), [none]);
        assert!(again.user(&one).is_some());
        assert_eq!(again.remove(std::slice::from_ref(&one)).unwrap(), Vec::<String>::new());
        assert_eq!(Tokens::load(&paths).unwrap().user(&one), None);
        again.clear().unwrap();
        assert_eq!(Tokens::load(&paths).unwrap().user(&token), None);
    }

    #[test]
    fn a_damaged_file_is_set_aside() {
        let paths = Paths::below(&crate::testing::folder("tokens-damaged"));
        let token = Tokens::load(&paths).unwrap().create("joe").unwrap();
        let path = paths.own("tokens.json");
        let text = std::fs::read_to_string(&path).unwrap().replace("joe", "hacluster");
        std::fs::write(&path, text).unwrap();
        let tokens = Tokens::load(&paths).unwrap();
        assert_eq!(tokens.user(&token), None, "an edited file is not believed");
        let kept = std::fs::read_dir(path.parent().unwrap())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(".bad-"))
            .count();
        assert_eq!(kept, 1);
    }
}
