//! `rhapsody lab`: handed over whole to the lab.

use std::ffi::OsString;

/// Runs the lab's own command line.
pub fn run(words: &[String]) -> std::process::ExitCode {
    let program = OsString::from("rhapsody lab");
    rhapsody_lab::main(std::iter::once(program).chain(words.iter().map(OsString::from)))
}
