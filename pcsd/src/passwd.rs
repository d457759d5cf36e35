//! `rhapsody-pcsd passwd USER`: passwords of our own accounts, where there is no PAM.

use crate::auth::{self, local};
use crate::paths::Paths;
use anyhow::{Context, bail};
use std::io::{BufRead, IsTerminal, Read};

const LINE_BYTES_MAX: u64 = 4096;

pub fn set(user: &str) -> anyhow::Result<()> {
    let paths = own_accounts(user)?;
    let password = if std::io::stdin().is_terminal() {
        let first = rpassword::prompt_password(format!("New password of {user}: "))
            .context("cannot read the password")?;
        let second = rpassword::prompt_password("Again: ").context("cannot read the password")?;
        if first != second {
            bail!("the passwords differ; nothing was changed");
        }
        first
    } else {
        let mut line = String::new();
        std::io::BufReader::new(std::io::stdin().lock().take(LINE_BYTES_MAX))
            .read_line(&mut line)
            .context("cannot read the password from stdin")?;
        line.trim_end_matches(['\n', '\r']).to_owned()
    };
    local::set_password(&paths, user, &password)
}

pub fn lock(user: &str) -> anyhow::Result<()> {
    local::lock(&own_accounts(user)?, user)
}

fn own_accounts(user: &str) -> anyhow::Result<Paths> {
    let paths = Paths::from_environment();
    if user.is_empty() || user.len() > 256 || user.chars().any(|c| c.is_control() || c == ':') {
        bail!("'{}' is not a user name", user.escape_default());
    }
    if auth::uses_pam(&paths) {
        bail!(
            "this host checks passwords with PAM ({} exists); use 'passwd {user}', and put the user into the group {}",
            paths.pam_service().display(),
            auth::GROUP
        );
    }
    Ok(paths)
}
