//! The durable configuration in /var/lib/rhapsody/cib.
//!
//! Each version is a file of its own, `NUMBER.xml`, never changed after it was renamed into place;
//! the present one is that with the highest number whose checksum is right (see
//! [`rhapsody_cib::stored`]). A file whose checksum is wrong is renamed to `bad-NUMBER.xml`; a
//! configuration that lost in a merge is kept as `loser-NUMBER.xml`.

use crate::files::{self, Durable};
use anyhow::Context;
use rhapsody_cib::stored::Stored;
use rhapsody_node::Document;
use std::fs;
use std::path::{Path, PathBuf};

/// So many versions are kept, and so many losers.
const KEPT: usize = 100;

pub struct Store {
    folder: PathBuf,
    next: u64,
}

/// What was found at start.
#[derive(Debug, Default)]
pub struct Found {
    pub document: Option<Document>,
    /// Files that were not as they had been written, by the name they have now.
    pub set_aside: Vec<String>,
}

impl Store {
    /// Opens the folder and finds the present configuration.
    pub fn open(folder: &Path) -> anyhow::Result<(Store, Found)> {
        files::private_folder(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let mut found = Found::default();
        let numbers = numbers(folder, "")?;
        for number in numbers.iter().rev() {
            let path = folder.join(format!("{number}.xml"));
            match read(&path) {
                Ok(document) => {
                    found.document = Some(document);
                    break;
                }
                Err(error) => {
                    let bad = format!("bad-{number}.xml");
                    crate::log::error(format!("{}: {error:#}; set aside as {bad}", path.display()));
                    fs::rename(&path, folder.join(&bad))
                        .with_context(|| format!("cannot set {} aside", path.display()))?;
                    found.set_aside.push(bad);
                }
            }
        }
        let next = numbers.last().map_or(1, |last| last + 1);
        Ok((Store { folder: folder.to_owned(), next }, found))
    }

    /// On disk when this returns, or not at all.
    pub fn write(&mut self, document: &Document) -> anyhow::Result<()> {
        let path = self.folder.join(format!("{}.xml", self.next));
        let text = render(document, "");
        files::write_whole(&path, text.as_bytes(), Durable::Yes)
            .with_context(|| format!("cannot write {}", path.display()))?;
        self.next += 1;
        prune(&self.folder, "");
        Ok(())
    }

    /// Keeps a configuration that was given up in a merge; its file name.
    pub fn keep_loser(&mut self, origin: &str, document: &Document) -> anyhow::Result<String> {
        let next = numbers(&self.folder, "loser-")?.last().map_or(1, |last| last + 1);
        let name = format!("loser-{next}.xml");
        let text = render(document, origin);
        files::write_whole(&self.folder.join(&name), text.as_bytes(), Durable::Yes)
            .with_context(|| format!("cannot write {name}"))?;
        prune(&self.folder, "loser-");
        Ok(name)
    }
}

fn render(document: &Document, origin: &str) -> String {
    let Document { xml, meta, admin_epoch, epoch } = document.clone();
    Stored { xml, meta, admin_epoch, epoch, origin: origin.to_owned() }.render()
}

fn read(path: &Path) -> anyhow::Result<Document> {
    let Stored { xml, meta, admin_epoch, epoch, .. } = Stored::parse(&fs::read_to_string(path)?)?;
    Ok(Document { xml, meta, admin_epoch, epoch })
}

/// The numbers of the files `PREFIXnumber.xml`, ascending.
fn numbers(folder: &Path, prefix: &str) -> anyhow::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let middle = name.strip_prefix(prefix).and_then(|rest| rest.strip_suffix(".xml"));
        numbers.extend(middle.and_then(|middle| middle.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Failing to remove an old version is no reason to refuse a new one.
fn prune(folder: &Path, prefix: &str) {
    let Ok(numbers) = numbers(folder, prefix) else { return };
    for number in numbers.iter().rev().skip(KEPT) {
        let _ = fs::remove_file(folder.join(format!("{prefix}{number}.xml")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(epoch: u64) -> Document {
        Document { xml: format!("<cib epoch=\"{epoch}\"/>\n"), meta: vec![1, 255], admin_epoch: 1, epoch }
    }

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("rhapsody-store-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn the_latest_is_found_and_a_hundred_are_kept() {
        let folder = folder("kept");
        let (mut store, found) = Store::open(&folder).unwrap();
        assert!(found.document.is_none());
        for epoch in 1..=120 {
            store.write(&document(epoch)).unwrap();
        }
        store.keep_loser("n2 -- of the other side", &document(7)).unwrap();
        assert_eq!(numbers(&folder, "").unwrap(), (21..=120).collect::<Vec<_>>());
        let (mut store, found) = Store::open(&folder).unwrap();
        assert_eq!(found.document, Some(document(120)));
        assert_eq!(store.keep_loser("n3", &document(8)).unwrap(), "loser-2.xml");
        assert_eq!(read(&folder.join("loser-1.xml")).unwrap(), document(7));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_damaged_file_is_set_aside_and_named() {
        let folder = folder("damaged");
        let (mut store, _) = Store::open(&folder).unwrap();
        for epoch in 1..=4 {
            store.write(&document(epoch)).unwrap();
        }
        let text = fs::read_to_string(folder.join("4.xml")).unwrap();
        fs::write(folder.join("4.xml"), text.replace("epoch=\"4\"", "epoch=\"5\"")).unwrap();
        fs::write(folder.join("3.xml"), "").unwrap();
        let (mut store, found) = Store::open(&folder).unwrap();
        assert_eq!(found.document, Some(document(2)));
        assert_eq!(found.set_aside, ["bad-4.xml", "bad-3.xml"]);
        store.write(&document(9)).unwrap();
        assert_eq!(Store::open(&folder).unwrap().1.document, Some(document(9)));
        fs::remove_dir_all(folder).unwrap();
    }
}
