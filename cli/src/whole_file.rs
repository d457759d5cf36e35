//! Files that are read and replaced as a whole.

use rustix::fs::{FlockOperation, OFlags};
use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};

/// Nothing that is configured by hand is longer; devices never end.
const BYTES_MAX: u64 = 512 << 20;

/// Reads a text; a device, a FIFO or a pipe may be one too, as long as it ends.
pub fn read(path: &Path) -> Result<String> {
    let file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(size.min(BYTES_MAX) as usize);
    let mut rest = file.take(BYTES_MAX + 1);
    let mut chunk = vec![0; 64 << 10];
    loop {
        let got = match rest.read(&mut chunk) {
            Ok(0) => break,
            Ok(got) => got,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk[..got].contains(&0) {
            return Err(Error::new(ErrorKind::InvalidData, "it is no text"));
        }
        bytes.extend_from_slice(&chunk[..got]);
    }
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("more than {BYTES_MAX} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8"))
}

/// Writes beside the file and renames, so that nobody ever sees half of it. A file that cannot be
/// replaced so (in another owner's folder, with several names) is written in place.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&real).ok();
    if old.as_ref().is_some_and(|old| !old.is_file() || old.nlink() > 1) {
        return in_place(&real, text);
    }
    let mut name = real.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let temporary = real.with_file_name(name);
    let whole = || -> Result<()> {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        if let Some(old) = &old {
            let new = file.metadata()?;
            if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
                fchown(&file, Some(old.uid()), Some(old.gid()))?;
            }
            file.set_permissions(old.permissions())?;
        }
        fs::rename(&temporary, &real)
    };
    match whole() {
        Ok(()) => Ok(()),
        Err(error) => {
            let _ = fs::remove_file(&temporary);
            match error.kind() {
                ErrorKind::PermissionDenied => in_place(&real, text),
                _ => Err(error),
            }
        }
    }
}

/// What was there is written back when the new text does not fit.
fn in_place(path: &Path, text: &str) -> Result<()> {
    let old = fs::metadata(path).is_ok_and(|old| old.is_file()).then(|| fs::read(path)).transpose()?;
    fs::write(path, text).inspect_err(|_| {
        if let Some(old) = &old {
            let _ = fs::write(path, old);
        }
    })
}

/// Held while a file is compared with what was read of it, and replaced: of those who do so at the
/// same time, one waits. It is the folder that is locked, for the file is another one afterwards.
pub struct Lock {
    _folder: Option<File>,
}

impl Lock {
    /// Where it cannot be had (a folder that may not be read, a file system without locks), nobody
    /// waits for anybody.
    pub fn of(path: &Path) -> Lock {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match real.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let open = rustix::fs::open(&folder, flags, rustix::fs::Mode::empty()).ok().map(File::from);
        Lock { _folder: open.filter(|open| rustix::fs::flock(open, FlockOperation::LockExclusive).is_ok()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("rhapsody-whole-file-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_its_links_and_its_names() {
        let folder = folder("keeps");
        let file = folder.join("a");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.join("link");
        symlink("a", &link).unwrap();
        replace(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
        let other = folder.join("other");
        fs::hard_link(&file, &other).unwrap();
        replace(&file, "newer").unwrap();
        assert_eq!(fs::read_to_string(&other).unwrap(), "newer");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 3, "nothing is left over");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn what_is_no_text_is_told_and_does_not_fill_the_memory() {
        assert_eq!(read(Path::new("/dev/zero")).unwrap_err().to_string(), "it is no text");
        let folder = folder("no-text");
        let file = folder.join("a");
        fs::write(&file, b"a\xff").unwrap();
        assert_eq!(read(&file).unwrap_err().to_string(), "it is not UTF-8");
        assert!(read(&folder).is_err() && read(&folder.join("none")).is_err());
        assert_eq!(read(Path::new("/dev/null")).unwrap(), "");
        fs::remove_dir_all(&folder).unwrap();
    }
}
