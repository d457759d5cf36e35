//! The lab as a program of its own, for tests and for building only this crate.
//! Users have it as `rhapsody lab ...`.

use std::process::ExitCode;

fn main() -> ExitCode {
    rhapsody_lab::main(std::env::args_os())
}
