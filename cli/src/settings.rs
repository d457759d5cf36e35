//! Paths and switches that tests and conformance runs move, for file targets only.
//!
//! `RHAPSODY_SETTING_*`, `RHAPSODY_AGENTS_DIR` and `RHAPSODY_TEST_MOCKS` are read here and nowhere
//! else; pcsd and the core never look at them.

use std::path::PathBuf;

/// `RHAPSODY_SETTING_<name>`; an empty value means "there is none" and is returned as such.
pub fn setting(name: &str) -> Option<String> {
    std::env::var(format!("RHAPSODY_SETTING_{name}")).ok()
}

/// Where agents are looked up instead of the system's folders.
pub fn agents_dir() -> Option<PathBuf> {
    std::env::var_os("RHAPSODY_AGENTS_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from)
}
