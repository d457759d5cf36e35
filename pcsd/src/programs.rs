//! Our other programs: beside this one first, then where an installation puts them.

use anyhow::bail;
use std::path::{Path, PathBuf};

const INSTALLED: [&str; 4] = ["/usr/lib/rhapsody", "/usr/sbin", "/usr/local/lib/rhapsody", "/usr/local/sbin"];

pub fn find(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().ok();
    let beside = own.as_deref().and_then(Path::parent);
    // PREFIX/sbin/rhapsody-pcsd has its siblings in PREFIX/lib/rhapsody.
    let library = beside.and_then(Path::parent).map(|prefix| prefix.join("lib/rhapsody"));
    let folders =
        beside.map(Path::to_owned).into_iter().chain(library).chain(INSTALLED.iter().map(PathBuf::from));
    for folder in folders {
        let path = folder.join(name);
        if path.is_file() {
            return Ok(path);
        }
    }
    bail!(
        "the program {name} is neither beside {} nor in {}; install it or run this one from its build folder",
        own.unwrap_or_default().display(),
        INSTALLED.join(", ")
    )
}
