//! Tarballs that the daemon makes, as files of this user.

use crate::Done;
use crate::failure::Failure;
use base64::prelude::{BASE64_STANDARD, Engine};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// A tarball of an answer.
pub fn decode(answer: Option<&str>) -> Result<Vec<u8>, Failure> {
    answer
        .and_then(|text| BASE64_STANDARD.decode(text).ok())
        .ok_or_else(|| Failure::message("the answer is no tarball"))
}

/// Nothing that is there is lost.
pub fn check_free(path: &str, force: bool) -> Done {
    if !force && Path::new(path).exists() {
        return Err(Failure::Message(format!("'{path}' already exists, use --force to overwrite")));
    }
    Ok(())
}

/// For its owner only: there are secrets in it.
pub fn write(path: &str, bytes: &[u8], force: bool) -> Done {
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).mode(0o600);
        if force {
            options.create(true).truncate(true);
        } else {
            options.create_new(true);
        }
        let mut file = options.open(path)?;
        file.set_permissions(PermissionsExt::from_mode(0o600))?;
        file.write_all(bytes)
    };
    write().map_err(|error| Failure::Message(format!("unable to write to '{path}': {error}")))
}
