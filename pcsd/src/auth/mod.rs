//! Who is asking: passwords (PAM, or our own file where there is none), tokens, the effective user.
//!
//! Every failed login gets the same answer after the same time, whatever was wrong with it.

pub mod accounts;
pub mod cookies;
pub mod local;
mod pam;
pub mod throttle;
pub mod tokens;

use crate::paths::Paths;
use std::time::Duration;
use tokio::time::Instant;

/// Member of everything, and the account that hosts use among themselves.
pub const SUPERUSER: &str = "hacluster";
/// Members may log in.
pub const GROUP: &str = "haclient";

/// Names and passwords longer than this are refused unread.
const CREDENTIAL_BYTES_MAX: usize = 512;
/// A refused login is answered after at least this long, and at whole multiples of it.
const REFUSAL_STEP: Duration = Duration::from_millis(1000);

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    /// Given with the request by a superuser's proxy; else asked of the system when it matters.
    pub groups: Option<Vec<String>>,
}

impl User {
    pub fn named(name: &str) -> Self {
        User { name: name.to_owned(), groups: None }
    }

    pub fn superuser() -> Self {
        Self::named(SUPERUSER)
    }

    pub fn is_superuser(&self) -> bool {
        self.name == SUPERUSER
    }

    /// A superuser may act as somebody else; for all others the wish is ignored.
    pub fn acting_as(self, name: Option<&str>, groups: Option<Vec<String>>) -> Self {
        match name {
            Some(name) if self.is_superuser() && !name.is_empty() => User { name: name.to_owned(), groups },
            _ => self,
        }
    }

    /// The groups that the permission list may name.
    pub fn groups(&self, paths: &Paths) -> Vec<String> {
        if let Some(groups) = &self.groups {
            return groups.clone();
        }
        let mut groups = accounts::groups_of(&self.name);
        if uses_pam(paths) {
            return groups;
        }
        // Root made this account for exactly this purpose.
        if local::exists(paths, &self.name) && !groups.iter().any(|group| group == GROUP) {
            groups.push(GROUP.to_owned());
        }
        groups
    }
}

/// PAM decides where its service file is installed; a tree below `RHAPSODY_ROOT` has its own users.
pub fn uses_pam(paths: &Paths) -> bool {
    paths.is_system() && paths.pam_service().exists() && pam::available()
}

/// Checks passwords, a few at a time.
pub struct Logins {
    paths: Paths,
    throttle: throttle::Throttle,
    /// Password checks are slow on purpose; more than this many would only take memory.
    slots: tokio::sync::Semaphore,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    Accepted,
    Refused,
    /// Too many attempts for this user from this address are waiting already.
    TooMany,
}

impl Logins {
    pub fn new(paths: Paths) -> Self {
        Logins { paths, throttle: throttle::Throttle::default(), slots: tokio::sync::Semaphore::new(2) }
    }

    pub async fn login(&self, address: &str, user: &str, password: &str) -> Login {
        let started = Instant::now();
        let Some(turn) = self.throttle.enter(address, user) else {
            return Login::TooMany;
        };
        tokio::time::sleep(turn.delay()).await;
        let accepted = self.check(user, password).await;
        turn.done(accepted);
        if accepted {
            return Login::Accepted;
        }
        let steps = started.elapsed().as_millis() / REFUSAL_STEP.as_millis() + 1;
        tokio::time::sleep_until(started + REFUSAL_STEP * steps as u32).await;
        Login::Refused
    }

    async fn check(&self, user: &str, password: &str) -> bool {
        // A name that cannot be anybody's costs as much as one that could.
        let sane = !user.is_empty()
            && user.len() <= CREDENTIAL_BYTES_MAX
            && password.len() <= CREDENTIAL_BYTES_MAX
            && !user.contains('\0')
            && !password.contains('\0');
        let (user, password) = if sane { (user, password) } else { ("", "") };
        let (user, password, paths) = (user.to_owned(), password.to_owned(), self.paths.clone());
        let Ok(_slot) = self.slots.acquire().await else { return false };
        tokio::task::spawn_blocking(move || {
            if uses_pam(&paths) {
                pam::check(&user, &password) && may_log_in(&user)
            } else {
                local::check(&paths, &user, &password)
            }
        })
        .await
        .unwrap_or(false)
            && sane
    }
}

fn may_log_in(user: &str) -> bool {
    user == SUPERUSER || accounts::groups_of(user).iter().any(|group| group == GROUP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_superuser_acts_as_others() {
        let groups = || Some(vec!["admins".to_owned()]);
        let joe = User::superuser().acting_as(Some("joe"), groups());
        assert_eq!((joe.name.as_str(), joe.groups), ("joe", groups()));
        assert_eq!(User::named("joe").acting_as(Some("hacluster"), None), User::named("joe"));
        assert!(User::superuser().acting_as(Some(""), groups()).is_superuser());
        assert!(User::superuser().acting_as(None, groups()).is_superuser());
    }
}
