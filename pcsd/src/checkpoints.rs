//! Earlier configurations of this node: the files that the core keeps in its store, by number.

use crate::files;
use crate::paths::Paths;
use anyhow::{Context, bail};
use rhapsody_cib::Cib;
use rhapsody_cib::stored::Stored;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Checkpoint {
    pub number: u64,
    /// When it was written, in seconds since 1970.
    pub written: u64,
}

fn path(paths: &Paths, number: u64) -> PathBuf {
    paths.cib_folder().join(format!("{number}.xml"))
}

/// Oldest first.
pub fn list(paths: &Paths) -> anyhow::Result<Vec<Checkpoint>> {
    let folder = paths.cib_folder();
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", folder.display())),
    };
    let mut found: Vec<Checkpoint> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let number = name.strip_suffix(".xml")?.parse().ok()?;
            let written = entry.metadata().ok()?.modified().ok()?;
            let written = written.duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
            Some(Checkpoint { number, written })
        })
        .collect();
    found.sort_by_key(|checkpoint| checkpoint.number);
    Ok(found)
}

/// The CIB of a checkpoint; `None` when there is none of this number.
pub fn read(paths: &Paths, number: u64) -> anyhow::Result<Option<String>> {
    let path = path(paths, number);
    let what = || format!("cannot read {}", path.display());
    let Some(bytes) = files::read_optional(&path).with_context(what)? else { return Ok(None) };
    let stored = Stored::parse(&String::from_utf8_lossy(&bytes)).with_context(what)?;
    Ok(Some(stored.xml))
}

/// The newest that is readable.
pub fn newest(paths: &Paths) -> anyhow::Result<Option<String>> {
    for checkpoint in list(paths)?.iter().rev() {
        match read(paths, checkpoint.number) {
            Ok(Some(xml)) => return Ok(Some(xml)),
            Ok(None) => {}
            Err(error) => tracing::warn!("{error:#}"),
        }
    }
    Ok(None)
}

/// Makes a configuration the newest one; the core must not be running.
pub fn add(paths: &Paths, xml: &str) -> anyhow::Result<()> {
    let cib = match Cib::parse(xml) {
        Ok(cib) => cib,
        Err(error) => bail!("the CIB cannot be read: {error}"),
    };
    let version = cib.version();
    // Without meta the core takes it as a configuration that descends from nothing it knows.
    let stored = Stored {
        xml: cib.to_xml(),
        admin_epoch: version.admin_epoch,
        epoch: version.epoch,
        ..Stored::default()
    };
    let next = list(paths)?.last().map_or(1, |last| last.number + 1);
    let path = path(paths, next);
    files::write_whole(&path, stored.render().as_bytes(), 0o600)
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_readable_one_counts() {
        let paths = Paths::below(&crate::testing::folder("checkpoints"));
        assert_eq!((list(&paths).unwrap(), newest(&paths).unwrap()), (vec![], None));
        for epoch in [7, 3] {
            let xml = format!("<cib epoch=\"{epoch}\"><configuration/><status/></cib>");
            add(&paths, &xml).unwrap();
        }
        std::fs::write(path(&paths, 10), "damaged").unwrap();
        std::fs::write(paths.cib_folder().join("loser-1.xml"), "other").unwrap();
        let numbers: Vec<u64> = list(&paths).unwrap().iter().map(|found| found.number).collect();
        assert_eq!(numbers, [1, 2, 10]);
        assert!(newest(&paths).unwrap().unwrap().contains("epoch=\"3\""));
        assert_eq!(read(&paths, 9).unwrap(), None);
        assert!(
            format!("{:#}", read(&paths, 10).unwrap_err()).contains("10.xml: the first line is not ours")
        );
        assert!(add(&paths, "<cib").is_err());
    }
}
