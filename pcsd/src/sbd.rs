//! sbd on this host: its configuration file and its service. We do not run it.

use crate::files;
use crate::paths::Paths;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const PROGRAMS: [&str; 2] = ["/usr/sbin/sbd", "/sbin/sbd"];

/// Red Hat's place, or Debian's where that is the one there is.
fn config_path(paths: &Paths) -> PathBuf {
    let [sysconfig, default] = paths.sbd();
    if !sysconfig.exists() && default.exists() { default } else { sysconfig }
}

/// The text of the configuration; `None` where there is none.
pub fn config(paths: &Paths) -> std::io::Result<Option<String>> {
    let bytes = files::read_optional(&config_path(paths))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn systemd_runs() -> bool {
    Path::new("/run/systemd/system").exists()
}

fn systemctl(words: &[&str]) -> bool {
    systemd_runs()
        && Command::new("systemctl").args(words).output().is_ok_and(|output| output.status.success())
}

/// In pcs's words.
pub fn state() -> Value {
    let installed = PROGRAMS.iter().any(|path| Path::new(path).is_file());
    json!({
        "installed": installed,
        "enabled": systemctl(&["is-enabled", "--quiet", "sbd"]),
        "running": systemctl(&["is-active", "--quiet", "sbd"]),
    })
}

/// A watchdog or a device as pcs's client asks for it.
pub fn device(path: &str) -> Value {
    use std::os::unix::fs::FileTypeExt;
    let file = std::fs::metadata(path);
    json!({
        "path": path,
        "exist": file.is_ok(),
        "block_device": file.is_ok_and(|file| file.file_type().is_block_device()),
    })
}

/// Not started at the next boot. Where nothing could have enabled it there is nothing to do.
pub fn disable() -> Result<(), String> {
    if !systemd_runs() {
        return Ok(());
    }
    let output =
        Command::new("systemctl").args(["disable", "sbd"]).output().map_err(|error| error.to_string())?;
    let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    // A unit that is not there is not enabled.
    if output.status.success() || told.contains("does not exist") { Ok(()) } else { Err(told) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_that_is_there_is_read() {
        let paths = Paths::below(&crate::testing::folder("sbd"));
        assert_eq!(config(&paths).unwrap(), None);
        let [sysconfig, default] = paths.sbd();
        for (path, text) in [(default, "SBD_OPTS=debian"), (sysconfig, "SBD_OPTS=redhat")] {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            assert_eq!(config(&paths).unwrap().as_deref(), Some(text));
        }
        assert_eq!(device("/no/such/device")["exist"], false);
        assert_eq!(device("/dev/null")["block_device"], false);
    }
}
