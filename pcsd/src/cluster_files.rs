//! The files that make this host a node of a cluster: keys, corosync.conf, and our own state.

use crate::app::App;
use crate::auth::accounts;
use crate::files;
use anyhow::Context;
use std::path::{Path, PathBuf};

/// Old corosync.conf files kept beside the new one.
const BACKUPS_MAX: usize = 50;

/// What other hosts may put here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    CorosyncAuthkey,
    PacemakerAuthkey,
    CorosyncConf,
    Settings,
    DisasterRecovery,
}

impl Target {
    pub fn is_binary(self) -> bool {
        !matches!(self, Target::CorosyncConf | Target::Settings)
    }

    pub fn path(self, app: &App) -> PathBuf {
        match self {
            Target::CorosyncAuthkey => app.paths.corosync_authkey(),
            Target::PacemakerAuthkey => app.paths.pacemaker_authkey(),
            Target::CorosyncConf => app.paths.corosync_conf(),
            Target::Settings => app.paths.own("pcs_settings.conf"),
            Target::DisasterRecovery => app.paths.own("disaster-recovery"),
        }
    }

    fn mode(self) -> u32 {
        match self {
            Target::CorosyncAuthkey | Target::PacemakerAuthkey => 0o400,
            Target::CorosyncConf | Target::Settings => 0o644,
            Target::DisasterRecovery => 0o600,
        }
    }

    /// Writes the file; pcs's code for what happened, and a message.
    pub fn put(self, app: &App, bytes: &[u8], rewrite: bool) -> (&'static str, String) {
        match self.try_put(app, bytes, rewrite) {
            Ok(code) => (code, String::new()),
            Err(error) => {
                tracing::error!("{error:#}");
                ("unexpected", format!("{error:#}"))
            }
        }
    }

    fn try_put(self, app: &App, bytes: &[u8], rewrite: bool) -> anyhow::Result<&'static str> {
        let path = self.path(app);
        let current =
            files::read_optional(&path).with_context(|| format!("cannot read {}", path.display()))?;
        match &current {
            Some(current) if current == bytes => return Ok("same_content"),
            // A new cluster's membership: pcs's client does not say that it means to rewrite it.
            Some(_) if !rewrite && self != Target::CorosyncConf => return Ok("conflict"),
            _ => {}
        }
        if self == Target::CorosyncConf {
            crate::corosync::check(&String::from_utf8_lossy(bytes))?;
            // The cluster records its engine before it exists.
            let engine = crate::engine::recorded(&app.paths);
            if !engine.exists() {
                files::write_whole(&engine, b"embedded\n", 0o644)
                    .with_context(|| format!("cannot write {}", engine.display()))?;
            }
        }
        files::write_whole(&path, bytes, self.mode())
            .with_context(|| format!("cannot write {}", path.display()))?;
        if self == Target::PacemakerAuthkey {
            give_to_hacluster(&path);
        }
        Ok(if current.is_some() { "rewritten" } else { "written" })
    }
}

/// Pacemaker's own programs, where they are installed, read this key as hacluster.
fn give_to_hacluster(path: &Path) {
    let owner = accounts::user_ids(crate::auth::SUPERUSER).map(|(uid, _)| uid);
    let group = accounts::group_id(crate::auth::GROUP);
    if let (Some(owner), Some(group)) = (owner, group)
        && rustix::process::geteuid().is_root()
        && let Err(error) = std::os::unix::fs::chown(path, Some(owner), Some(group))
    {
        tracing::warn!("cannot change the owner of {}: {error}", path.display());
    }
}

/// Replaces corosync.conf, keeping the old one as `corosync.conf.UNIXTIME`.
pub fn replace_corosync_conf(app: &App, text: &str) -> anyhow::Result<()> {
    crate::corosync::check(text)?;
    let path = app.paths.corosync_conf();
    let old = files::read_optional(&path).with_context(|| format!("cannot read {}", path.display()))?;
    if old.as_deref() == Some(text.as_bytes()) {
        return Ok(());
    }
    if let Some(old) = old {
        let backup = path.with_file_name(format!("corosync.conf.{}", files::unix_seconds()));
        files::write_whole(&backup, &old, 0o644)
            .with_context(|| format!("cannot write {}", backup.display()))?;
        drop_old_backups(&path);
    }
    files::write_whole(&path, text.as_bytes(), 0o644)
        .with_context(|| format!("cannot write {}", path.display()))
}

fn drop_old_backups(path: &Path) {
    let Some(folder) = path.parent() else { return };
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut backups: Vec<(u64, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let time = name.strip_prefix("corosync.conf.")?.parse().ok()?;
            Some((time, entry.path()))
        })
        .collect();
    backups.sort();
    let surplus = backups.len().saturating_sub(BACKUPS_MAX);
    for (_, path) in backups.into_iter().take(surplus) {
        let _ = std::fs::remove_file(path);
    }
}

/// Everything that makes this host a node, and all state of the cluster; the core must be stopped.
/// Hosts, tokens and users of pcsd stay.
pub fn remove_all(app: &App) -> anyhow::Result<()> {
    // First what would bring it back.
    app.core.set_enabled(false)?;
    for path in [
        app.paths.corosync_conf(),
        app.paths.corosync_authkey(),
        app.paths.pacemaker_authkey(),
        crate::engine::recorded(&app.paths),
    ] {
        files::remove(&path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    for entry in entries_of(&app.paths.state())? {
        if entry.file_name() != "pcsd" {
            remove_tree(&entry.path())?;
        }
    }
    Ok(())
}

fn entries_of(folder: &Path) -> anyhow::Result<Vec<std::fs::DirEntry>> {
    let read = || std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>();
    match read() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        entries => entries.with_context(|| format!("cannot read {}", folder.display())),
    }
}

/// A folder that somebody mounted there is emptied and stays.
fn remove_tree(path: &Path) -> anyhow::Result<()> {
    let removed = if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        for entry in entries_of(path)? {
            remove_tree(&entry.path())?;
        }
        std::fs::remove_dir(path)
    } else {
        std::fs::remove_file(path)
    };
    match removed {
        Err(error)
            if !matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::ResourceBusy) =>
        {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

pub fn cluster_name(app: &App) -> Option<String> {
    crate::corosync::membership(app).map(|membership| membership.cluster_name)
}

/// Names of the nodes of this host's cluster; none outside of one.
pub fn node_names(app: &App) -> Vec<String> {
    let membership = crate::corosync::membership(app).unwrap_or_default();
    membership.nodes.into_iter().map(|node| node.name).filter(|name| !name.is_empty()).collect()
}
