//! Other names of this program: `crm_attribute`, `crm_mon`, ... as agents call them.

/// Runs as the tool that the program was called as; `None` when it was called by its own name.
pub fn run(_program: &str, _words: &[String]) -> Option<u8> {
    None
}
