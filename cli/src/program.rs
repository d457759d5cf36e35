//! Programs of others on this host: booth, sbd, systemctl.

use std::io::ErrorKind;
use std::process::Command;

/// What a program said, or why it failed.
pub fn run(program: &str, words: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(words).output().map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!("the program '{program}' is not installed on this host"),
        _ => format!("'{program}' cannot be run: {error}"),
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(if told.is_empty() { format!("'{program}' ended with {}", output.status) } else { told })
}

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn a_program_tells_what_it_said_or_why_it_failed() {
        assert_eq!(run("/bin/sh", &["-c", "echo yes"]).unwrap(), "yes\n");
        assert_eq!(run("/bin/sh", &["-c", "echo no >&2; exit 3"]).unwrap_err(), "no");
        assert!(run("/bin/sh", &["-c", "exit 3"]).unwrap_err().contains("exit status: 3"));
        assert!(run("no-such-program", &[]).unwrap_err().contains("not installed"));
    }
}
