//! Booth's files in /etc/booth: the configuration of an instance and its key.

use crate::files;
use crate::paths::Paths;
use anyhow::{Context, anyhow, bail};
use base64::prelude::{BASE64_STANDARD, Engine};
use rhapsody_ops::booth::FOLDER;
use rhapsody_ops::booth::file::BoothConf;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// An instance as hosts send it to each other, in pcs's shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    pub config: File,
    #[serde(default)]
    pub authfile: File,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Without a folder; there may be no key.
    #[serde(default)]
    pub name: Option<String>,
    /// Text of a configuration, base64 of a key.
    #[serde(default)]
    pub data: Option<String>,
}

/// A name that stays in the folder.
fn check_name(name: &str) -> anyhow::Result<()> {
    if name.is_empty() || name.starts_with('.') || name.contains(|c: char| c == '/' || c.is_control()) {
        bail!("'{name}' is no name of a file of booth");
    }
    Ok(())
}

/// The files of an instance on this host; `None` where it has no configuration.
pub fn read(paths: &Paths, instance: &str) -> anyhow::Result<Option<Instance>> {
    check_name(instance)?;
    let name = format!("{instance}.conf");
    let path = paths.booth().join(&name);
    let Some(bytes) =
        files::read_optional(&path).with_context(|| format!("cannot read {}", path.display()))?
    else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let authfile = match key_name(&text)? {
        None => File::default(),
        Some(key) => {
            let path = paths.booth().join(&key);
            let bytes =
                files::read_optional(&path).with_context(|| format!("cannot read {}", path.display()))?;
            File { name: Some(key), data: bytes.map(|bytes| BASE64_STANDARD.encode(bytes)) }
        }
    };
    Ok(Some(Instance { config: File { name: Some(name), data: Some(text) }, authfile }))
}

/// The file in booth's folder that a configuration names as its key; one elsewhere is not ours.
fn key_name(conf: &str) -> anyhow::Result<Option<String>> {
    let conf = BoothConf::parse(conf).map_err(|error| anyhow!("unexpected line: {}", error.0))?;
    let path = conf.get("authfile").map(|path| Path::new(path).to_owned());
    let Some(path) = path.filter(|path| path.parent() == Some(Path::new(FOLDER))) else { return Ok(None) };
    Ok(path.file_name().map(|name| name.to_string_lossy().into_owned()))
}

/// Replaces the files of an instance; the key first, for the configuration names it.
pub fn write(paths: &Paths, instance: &Instance) -> anyhow::Result<()> {
    let (Some(name), Some(text)) = (&instance.config.name, &instance.config.data) else {
        bail!("the configuration of booth is missing");
    };
    check_name(name)?;
    key_name(text)?;
    if let File { name: Some(name), data: Some(data) } = &instance.authfile {
        check_name(name)?;
        let bytes = BASE64_STANDARD.decode(data.trim()).context("the key of booth is not valid base64")?;
        put(paths, name, &bytes, 0o600)?;
    }
    put(paths, name, text.as_bytes(), 0o644)
}

fn put(paths: &Paths, name: &str, bytes: &[u8], mode: u32) -> anyhow::Result<()> {
    let path = paths.booth().join(name);
    files::write_whole(&path, bytes, mode).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_goes_from_host_to_host_and_never_out_of_its_folder() {
        let (one, two) = (crate::testing::folder("booth-1"), crate::testing::folder("booth-2"));
        let (one, two) = (Paths::below(&one), Paths::below(&two));
        assert_eq!(read(&one, "booth").unwrap(), None);
        std::fs::create_dir_all(one.booth()).unwrap();
        let conf = "authfile = /etc/booth/b.key\nsite = 10.0.0.1\n";
        std::fs::write(one.booth().join("booth.conf"), conf).unwrap();
        std::fs::write(one.booth().join("b.key"), [0, 255]).unwrap();
        let found = read(&one, "booth").unwrap().unwrap();
        write(&two, &found).unwrap();
        assert_eq!(read(&two, "booth").unwrap().as_ref(), Some(&found));
        assert_eq!(std::fs::read(two.booth().join("b.key")).unwrap(), [0, 255]);
        for name in ["../x", "a/b", ".", ""] {
            assert!(read(&one, name).is_err(), "{name}");
            let bad = File { name: Some(name.to_owned()), ..found.config.clone() };
            assert!(write(&two, &Instance { config: bad, ..found.clone() }).is_err(), "{name}");
        }
        let elsewhere = conf.replace("/etc/booth/b.key", "/etc/shadow");
        assert_eq!(key_name(&elsewhere).unwrap(), None);
    }
}
