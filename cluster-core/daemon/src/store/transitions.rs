//! The inputs of the last transitions as Pacemaker keeps them (`pe-input-N.bz2`), for
//! `rhapsody simulate -x` and `crm_simulate -x`: /var/lib/rhapsody/transitions.
//!
//! A convenience: written without sync, and a failure is only logged.

use bzip2::Compression;
use bzip2::write::BzEncoder;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const KEPT: u64 = 400;

pub struct Inputs {
    folder: PathBuf,
    next: u64,
}

impl Inputs {
    pub fn open(folder: &Path) -> Inputs {
        let _ = crate::files::private_folder(folder);
        let numbers = fs::read_dir(folder).into_iter().flatten().flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_prefix("pe-input-")?.strip_suffix(".bz2")?.parse::<u64>().ok()
        });
        let next = numbers.max().map_or(1, |last| last + 1);
        Inputs { folder: folder.to_owned(), next }
    }

    pub fn keep(&mut self, cib: &str) {
        let path = self.path(self.next);
        let mut packed = BzEncoder::new(Vec::new(), Compression::fast());
        let packed = packed.write_all(cib.as_bytes()).and_then(|()| packed.finish());
        let written =
            packed.and_then(|bytes| crate::files::write_whole(&path, &bytes, crate::files::Durable::No));
        if let Err(error) = written {
            return crate::log::warning(format!("cannot keep {}: {error}", path.display()));
        }
        if self.next > KEPT {
            let _ = fs::remove_file(self.path(self.next - KEPT));
        }
        self.next += 1;
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("pe-input-{number}.bz2"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_hundred_are_kept() {
        let folder = std::env::temp_dir().join(format!("rhapsody-inputs-{}", std::process::id()));
        let mut inputs = Inputs::open(&folder);
        for _ in 0..405 {
            inputs.keep("<cib/>");
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 400);
        assert_eq!(Inputs::open(&folder).next, 406);
        let newest = fs::File::open(folder.join("pe-input-405.bz2")).unwrap();
        assert_eq!(std::io::read_to_string(bzip2::read::BzDecoder::new(newest)).unwrap(), "<cib/>");
        fs::remove_dir_all(folder).unwrap();
    }
}
