//! Agents' metadata, asked once and remembered by path, time of change and size.
//!
//! A cache file that cannot be read or written costs time and nothing else.

use rhapsody_agents_catalog::Metadata;
use serde::{Deserialize, Serialize};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Entries of another version are asked for again.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Entry {
    version: u32,
    path: PathBuf,
    mtime_ns: i64,
    size: u64,
    metadata: Metadata,
}

/// Where remembered metadata are.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    /// `/var/cache/rhapsody/agents` (below `RHAPSODY_ROOT`), or the user's own cache.
    pub fn system() -> Self {
        let root = std::env::var_os("RHAPSODY_ROOT").map(PathBuf::from).unwrap_or_else(|| PathBuf::from("/"));
        let system = root.join("var/cache/rhapsody/agents");
        let home = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = home.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
        let writable = fs::create_dir_all(&system).is_ok()
            && rustix::fs::access(&system, rustix::fs::Access::WRITE_OK).is_ok();
        let folder = if writable { Some(system) } else { home.map(|home| home.join("rhapsody/agents")) };
        Cache { folder }
    }

    pub fn none() -> Self {
        Cache { folder: None }
    }

    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Cache { folder: Some(folder.into()) }
    }

    fn file(&self, name: &str) -> Option<PathBuf> {
        let plain: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "._-@:".contains(c) { c } else { '_' })
            .collect();
        Some(self.folder.as_ref()?.join(format!("{plain}.json")))
    }

    /// What is remembered of the agent at `path`, if that has not changed.
    pub fn get(&self, name: &str, path: &Path) -> Option<Metadata> {
        let entry: Entry = serde_json::from_slice(&fs::read(self.file(name)?).ok()?).ok()?;
        let now = fs::metadata(path).ok()?;
        let same = entry.version == VERSION
            && entry.path == path
            && entry.size == now.size()
            && entry.mtime_ns == mtime_ns(&now);
        same.then_some(entry.metadata)
    }

    /// Remembers; the file appears whole or not at all.
    pub fn put(&self, name: &str, path: &Path, metadata: &Metadata) {
        let (Some(file), Ok(now)) = (self.file(name), fs::metadata(path)) else { return };
        let entry = Entry {
            version: VERSION,
            path: path.to_owned(),
            mtime_ns: mtime_ns(&now),
            size: now.size(),
            metadata: metadata.clone(),
        };
        let Ok(text) = serde_json::to_vec(&entry) else { return };
        let temporary = file.with_extension(format!("tmp{}", std::process::id()));
        let written = file.parent().is_some_and(|folder| fs::create_dir_all(folder).is_ok())
            && fs::write(&temporary, text).is_ok()
            && fs::rename(&temporary, &file).is_ok();
        if !written {
            let _ = fs::remove_file(&temporary);
        }
    }
}

fn mtime_ns(of: &fs::Metadata) -> i64 {
    of.mtime().wrapping_mul(1_000_000_000).wrapping_add(of.mtime_nsec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_agent_is_asked_again() {
        let folder = std::env::temp_dir().join(format!("rhapsody-cache-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let agent = folder.join("agent");
        fs::write(&agent, "one").unwrap();
        let cache = Cache::at(&folder);
        let metadata = Metadata::parse_any("<resource-agent name='x'/>").unwrap();
        assert_eq!(cache.get("ocf:a:b", &agent), None);
        cache.put("ocf:a:b", &agent, &metadata);
        assert_eq!(cache.get("ocf:a:b", &agent), Some(metadata));
        fs::write(&agent, "longer").unwrap();
        assert_eq!(cache.get("ocf:a:b", &agent), None);
        fs::remove_dir_all(&folder).unwrap();
    }
}
