//! The tarball of `config backup`: the files that make this host a node, in pcs's format (version 1,
//! bzip2), so that a backup of the one can be restored by the other.

use crate::app::App;
use crate::auth::accounts;
use crate::cluster_files::Target;
use crate::paths::Paths;
use crate::{checkpoints, cluster_files, engine, files};
use anyhow::{Context, anyhow, bail};
use rhapsody_cib::Cib;
use std::collections::BTreeMap;
use std::io::Read;

/// Of the layout of the tarball; it stands in its `version.txt`.
const VERSION: u64 = 1;
/// All files together; a tarball that unpacks to more is no backup.
const BYTES_MAX: u64 = 256 << 20;
const UIDGID: &str = "uidgid.d/";
/// Names in the tarball.
const CIB: &str = "cib.xml";
const CONF: &str = "corosync.conf";

/// Whether a backup without this file is none.
struct Item {
    name: &'static str,
    required: bool,
    target: Option<Target>,
}

const ITEMS: &[Item] = &[
    Item { name: CIB, required: true, target: None },
    Item { name: "corosync_authkey", required: false, target: Some(Target::CorosyncAuthkey) },
    Item { name: "pacemaker_authkey", required: false, target: Some(Target::PacemakerAuthkey) },
    Item { name: CONF, required: true, target: Some(Target::CorosyncConf) },
    Item { name: "pcs_settings.conf", required: false, target: Some(Target::Settings) },
];

/// What a tarball held; names that mean nothing here are left out.
#[derive(Debug, Default)]
pub struct Backup {
    files: BTreeMap<&'static str, Vec<u8>>,
    /// Files of uidgid.d by their name there.
    uidgid: BTreeMap<String, Vec<u8>>,
}

/// This host's files.
pub fn make(app: &App) -> anyhow::Result<Vec<u8>> {
    let mut tar = Tar::new();
    tar.add("version.txt", VERSION.to_string().as_bytes(), 0o644)?;
    for item in ITEMS {
        let bytes = match item.target {
            None => checkpoints::newest(&app.paths)?.map(String::into_bytes),
            Some(target) => {
                let path = target.path(app);
                files::read_optional(&path).with_context(|| format!("cannot read {}", path.display()))?
            }
        };
        match bytes {
            Some(bytes) => tar.add(item.name, &bytes, 0o600)?,
            None if item.required => bail!("there is no {} on this node", item.name),
            None => {}
        }
    }
    for (name, bytes) in uidgid_files(&app.paths)? {
        tar.add(&format!("{UIDGID}{name}"), &bytes, 0o644)?;
    }
    tar.finish()
}

fn uidgid_files(paths: &Paths) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let folder = paths.corosync_uidgid();
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        if let (Ok(name), true) = (entry.file_name().into_string(), entry.path().is_file()) {
            let bytes = std::fs::read(entry.path())
                .with_context(|| format!("cannot read {}", entry.path().display()))?;
            found.insert(name, bytes);
        }
    }
    Ok(found)
}

impl Backup {
    /// Reads a tarball and checks that a node could be started from it.
    pub fn parse(bytes: &[u8]) -> anyhow::Result<Backup> {
        let mut plain = Vec::new();
        let reader: Box<dyn Read> = match bytes {
            [] => bail!("the tarball is empty"),
            [b'B', b'Z', b'h', ..] => Box::new(bzip2::read::MultiBzDecoder::new(bytes)),
            [0x1f, 0x8b, ..] => bail!("the tarball is packed with gzip; pack it with bzip2, or not at all"),
            _ => Box::new(bytes),
        };
        reader.take(BYTES_MAX + 1).read_to_end(&mut plain).context("the tarball cannot be unpacked")?;
        if plain.len() as u64 > BYTES_MAX {
            bail!("the tarball unpacks to more than {} MiB", BYTES_MAX >> 20);
        }
        let mut backup = Backup::default();
        let mut version = None;
        for entry in tar::Archive::new(plain.as_slice()).entries()? {
            let mut entry = entry.context("this is no tarball")?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let name = entry.path()?.to_string_lossy().trim_start_matches("./").to_owned();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).context("the tarball is cut short")?;
            if name == "version.txt" {
                let text = String::from_utf8_lossy(&content);
                let number = text.trim().parse::<u64>();
                version = Some(number.map_err(|_| anyhow!("version.txt holds no number"))?);
            } else if let Some(item) = ITEMS.iter().find(|item| item.name == name) {
                backup.files.insert(item.name, content);
            } else if let Some(name) = name.strip_prefix(UIDGID)
                && !name.contains('/')
                && !matches!(name, "" | "." | "..")
            {
                backup.uidgid.insert(name.to_owned(), content);
            }
        }
        backup.check(version)?;
        Ok(backup)
    }

    fn check(&self, version: Option<u64>) -> anyhow::Result<()> {
        let missing = |item: &&Item| item.required && !self.files.contains_key(item.name);
        let missing: Vec<&str> = ITEMS.iter().filter(missing).map(|item| item.name).collect();
        if !missing.is_empty() {
            bail!("missing files in backup: {}", missing.join(", "));
        }
        match version {
            Some(version) if version > VERSION => {
                bail!("the backup has version {version}, this program knows {VERSION} and older ones")
            }
            // Written before there was a version.
            Some(_) | None => {}
        }
        crate::corosync::check(&self.corosync_conf())?;
        Cib::parse(&self.cib()).map(|_| ()).map_err(|error| anyhow!("cib.xml cannot be read: {error}"))
    }

    fn text(&self, name: &str) -> String {
        let bytes = self.files.get(name).map(Vec::as_slice).unwrap_or_default();
        String::from_utf8_lossy(bytes).into_owned()
    }

    pub fn corosync_conf(&self) -> String {
        self.text(CONF)
    }

    fn cib(&self) -> String {
        self.text(CIB)
    }

    /// Puts the files in place on this host. The membership comes last: it makes the host a node.
    pub fn restore(&self, app: &App) -> anyhow::Result<()> {
        if app.core.is_running() {
            bail!("the cluster is running on this node, stop it in order to restore the configuration");
        }
        checkpoints::add(&app.paths, &self.cib())?;
        for (name, bytes) in &self.uidgid {
            let path = app.paths.corosync_uidgid().join(name);
            files::write_whole(&path, bytes, 0o644)
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        for item in ITEMS.iter().filter(|item| item.name != CONF) {
            let (Some(target), Some(bytes)) = (item.target, self.files.get(item.name)) else { continue };
            let (code, message) = target.put(app, bytes, true);
            if code == "unexpected" {
                bail!("{message}");
            }
        }
        let engine = engine::recorded(&app.paths);
        if !engine.exists() {
            files::write_whole(&engine, b"embedded\n", 0o644)
                .with_context(|| format!("cannot write {}", engine.display()))?;
        }
        cluster_files::replace_corosync_conf(app, &self.corosync_conf())
    }
}

/// A tarball in the making, packed with bzip2.
pub struct Tar(tar::Builder<bzip2::write::BzEncoder<Vec<u8>>>);

impl Tar {
    pub fn new() -> Tar {
        Tar(tar::Builder::new(bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best())))
    }

    pub fn add(&mut self, name: &str, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        header.set_mtime(files::unix_seconds());
        // Whoever unpacks it by hand finds the owners that the files need.
        let (uid, gid) = match name {
            CIB => accounts::user_ids(crate::auth::SUPERUSER).unwrap_or((0, 0)),
            _ => (0, 0),
        };
        header.set_uid(uid.into());
        header.set_gid(gid.into());
        self.0.append_data(&mut header, name, bytes).with_context(|| format!("cannot pack {name}"))
    }

    pub fn finish(self) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.into_inner()?.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONF_TEXT: &str = "totem {\n version: 2\n cluster_name: c\n}\nnodelist {\n node {\n  ring0_addr: 10.0.0.1\n  name: n1\n  nodeid: 1\n }\n}\nquorum {\n provider: corosync_votequorum\n}\n";
    const CIB_TEXT: &str = "<cib epoch=\"5\"><configuration/><status/></cib>";

    fn tarball(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut tar = Tar::new();
        for (name, text) in entries {
            tar.add(name, text.as_bytes(), 0o600).unwrap();
        }
        tar.finish().unwrap()
    }

    fn refused(bytes: &[u8]) -> String {
        format!("{:#}", Backup::parse(bytes).unwrap_err())
    }

    #[test]
    fn a_backup_is_read_packed_or_not_and_by_known_names_only() {
        let entries = [
            ("version.txt", "1"),
            (CIB, CIB_TEXT),
            (CONF, CONF_TEXT),
            ("uidgid.d/app", "uidgid {}"),
            ("uidgid.d/a/b", "no"),
            ("other", "no"),
        ];
        let packed = tarball(&entries);
        let backup = Backup::parse(&packed).unwrap();
        assert_eq!((backup.files.len(), backup.uidgid.len()), (2, 1));
        assert_eq!(backup.corosync_conf(), CONF_TEXT);
        let mut plain = Vec::new();
        bzip2::read::BzDecoder::new(packed.as_slice()).read_to_end(&mut plain).unwrap();
        assert_eq!(Backup::parse(&plain).unwrap().cib(), CIB_TEXT);
        assert!(Backup::parse(&packed[..packed.len() / 2]).is_err());
    }

    #[test]
    fn what_no_node_could_be_started_from_is_refused() {
        assert_eq!(refused(b""), "the tarball is empty");
        assert!(refused(b"hello").contains("this is no tarball"));
        assert_eq!(refused(&tarball(&[])), "missing files in backup: cib.xml, corosync.conf");
        let whole = [("version.txt", "2"), (CIB, CIB_TEXT), (CONF, CONF_TEXT)];
        assert!(refused(&tarball(&whole)).contains("version 2"));
        assert_eq!(refused(&tarball(&whole[..2])), "missing files in backup: corosync.conf");
        assert!(refused(&tarball(&[(CIB, "<cib"), (CONF, CONF_TEXT)])).contains("cib.xml cannot be read"));
        assert!(refused(&tarball(&[(CIB, CIB_TEXT), (CONF, "totem {")])).contains("corosync.conf"));
        assert!(refused(&[0x1f, 0x8b, 8]).contains("gzip"));
    }
}
