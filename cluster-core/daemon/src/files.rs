//! Files written whole: a reader sees the old text or the new one, never a part.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

/// Whether the text must be on the disk when the call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durable {
    Yes,
    /// Survives the process, not the power: for /run.
    No,
}

/// Writes beside and renames. On failure the old file is as it was and nothing is left beside it.
pub fn write_whole(path: &Path, bytes: &[u8], durable: Durable) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}.new", std::process::id()));
    let write = || -> io::Result<()> {
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(bytes)?;
        if durable == Durable::Yes {
            file.sync_all()?;
        }
        drop(file);
        fs::rename(&beside, path)?;
        if durable == Durable::Yes {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

/// Makes a folder (and those above it) that only we can read.
pub fn private_folder(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o750).create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_text_survives_a_failure() {
        let folder = std::env::temp_dir().join(format!("rhapsody-files-{}", std::process::id()));
        private_folder(&folder).unwrap();
        let path = folder.join("f");
        write_whole(&path, b"old", Durable::Yes).unwrap();
        write_whole(&path, b"new", Durable::No).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let blocked = folder.join("d");
        fs::create_dir_all(blocked.join("x")).unwrap();
        assert!(write_whole(&blocked, b"text", Durable::Yes).is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "nothing left beside");
        fs::remove_dir_all(folder).unwrap();
    }
}
