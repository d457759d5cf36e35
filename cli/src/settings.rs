//! Paths and switches that tests and conformance runs move, for file targets only.
//!
//! `RHAPSODY_SETTING_*`, `RHAPSODY_AGENTS_DIR` and `RHAPSODY_TEST_MOCKS` are read here and nowhere
//! else; pcsd and the core never look at them.

use std::path::PathBuf;

/// `RHAPSODY_SETTING_<name>`; an empty value means "there is none" and is returned as such.
pub fn setting(name: &str) -> Option<String> {
    std::env::var(format!("RHAPSODY_SETTING_{name}")).ok()
}

/// Is this program of Pacemaker replaced in the run that is repeated? All are when nothing is said.
pub fn is_mocked(program: &str) -> bool {
    std::env::var("RHAPSODY_TEST_MOCKS").map_or(true, |mocks| mocks.split(',').any(|mock| mock == program))
}

/// Can rules be evaluated? pcs needs a program of Pacemaker for that, and a test may take it away.
pub fn rules_are_evaluated() -> bool {
    let there = setting("crm_rule_exec").is_none_or(|program| std::path::Path::new(&program).exists());
    if !there {
        eprintln!(
            "Warning: crm_rule is not available, therefore expired parts of configuration may not be detected. \
             Consider upgrading pacemaker."
        );
    }
    there
}

/// Where agents are looked up instead of the system's folders.
pub fn agents_dir() -> Option<PathBuf> {
    std::env::var_os("RHAPSODY_AGENTS_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from)
}
