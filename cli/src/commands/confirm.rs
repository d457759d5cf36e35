//! Questions before something that cannot be taken back.

use crate::failure::Failure;
use std::io::{BufRead, IsTerminal, Write};

/// Whether the user answers yes to a warning. Where nobody can be asked, `hint` says what to write.
pub fn confirmed(warning: &str, hint: &str) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::Message(format!("{warning}; {hint}")));
    }
    answered(warning)
}

/// The same where somebody is known to sit at the terminal.
pub fn answered(warning: &str) -> Result<bool, Failure> {
    eprint!("{warning}\nType 'yes' or 'y' to proceed, anything else to cancel: ");
    let _ = std::io::stderr().flush();
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|e| Failure::Message(format!("cannot read the answer: {e}")))?;
    Ok(matches!(line.trim(), "yes" | "y"))
}
