//! The number of this life of the node process: greater than all before, also when the clock was
//! set back, and when the disk takes nothing (then the executor still remembers it).

use crate::files::{self, Durable};
use std::path::Path;

pub fn next(folder: &Path, wall_ms: u64, remembered: Option<u64>) -> u64 {
    let path = folder.join("incarnation");
    let stored = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let last = stored.max(remembered).unwrap_or(0);
    let next = wall_ms.max(last + 1);
    let written = files::private_folder(folder)
        .and_then(|()| files::write_whole(&path, format!("{next}\n").as_bytes(), Durable::No));
    if let Err(error) = written {
        crate::log::warning(format!("cannot write {}: {error}", path.display()));
    }
    next
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_only_grows() {
        let folder = std::env::temp_dir().join(format!("rhapsody-incarnation-{}", std::process::id()));
        let next = |wall, remembered| super::next(&folder, wall, remembered);
        assert_eq!(next(100, None), 100);
        assert_eq!(next(50, None), 101);
        assert_eq!(next(50, Some(900)), 901);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
