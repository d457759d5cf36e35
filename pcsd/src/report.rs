//! What this host can tell about a time in which something went wrong. No keys, and no values of
//! options that are called passwords.

use crate::app::App;
use crate::{checkpoints, engine, files, host_info};
use rhapsody_api::core::Event;
use rhapsody_cib::Cib;
use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

/// Of each log at most so much, the end of it.
const LOG_BYTES_MAX: u64 = 4 << 20;
/// Inputs of the scheduler, the newest of the time.
const INPUTS_MAX: usize = 200;
const HIDDEN: &str = "****";

/// Files by name. What cannot be had is missing, and `errors.txt` says why.
pub async fn collect(app: &Arc<App>, time: RangeInclusive<u64>) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut errors = Vec::new();
    let mut put = |name: &str, text: Result<String, String>| match text {
        Ok(text) => {
            found.insert(name.to_owned(), text.into_bytes());
        }
        Err(error) => errors.push(format!("{name}: {error}")),
    };
    put("sysinfo.txt", Ok(sysinfo(app)));
    put("corosync.conf", read_text(&app.paths.corosync_conf()));
    let running = app.engine.snapshot().await;
    let cib = match &running {
        Ok(snapshot) => Ok(snapshot.cib.to_string()),
        Err(_) => match checkpoints::newest(&app.paths) {
            Ok(Some(xml)) => Ok(xml),
            Ok(None) => Err("there is none on this node".to_owned()),
            Err(error) => Err(format!("{error:#}")),
        },
    };
    put("cib.xml", cib.map(|xml| without_passwords(&xml)));
    put("running.txt", Ok(if running.is_ok() { "yes\n" } else { "no\n" }.to_owned()));
    if running.is_ok() {
        put("status.txt", crate::status::text(app, true, false).await.map_err(|error| error.to_string()));
        let quorum = app.engine.quorum().await.map_err(|error| error.to_string());
        put("quorum.txt", quorum.map(|quorum| crate::status::quorum_text(&quorum)));
        let members = app.engine.members().await.map_err(|error| error.to_string());
        put("members.txt", members.map(|members| format!("{members:#?}\n")));
    }
    let paths = app.paths.clone();
    let files = tokio::task::spawn_blocking(move || {
        let mut files = logs(&paths.logs(), &time);
        files.extend(inputs(&paths.state().join("transitions"), &time));
        files
    });
    match files.await {
        Ok(files) => found.extend(files),
        Err(_) => errors.push("the logs could not be read".to_owned()),
    }
    if !errors.is_empty() {
        found.insert("errors.txt".to_owned(), errors.join("\n").into_bytes());
    }
    found
}

fn read_text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

fn sysinfo(app: &App) -> String {
    let uname = rustix::system::uname();
    let engine = std::fs::read_to_string(engine::recorded(&app.paths)).unwrap_or_default();
    let mut text = format!(
        "host: {}\nsystem: {} {} {}\nrhapsody-pcsd: {}\nversions: {}\nengine: {}\ntime: {}\n",
        app.host,
        uname.sysname().to_string_lossy(),
        uname.release().to_string_lossy(),
        uname.machine().to_string_lossy(),
        env!("CARGO_PKG_VERSION"),
        host_info::versions(),
        engine.trim(),
        rhapsody_cib::time::format_utc(files::unix_seconds() as i64),
    );
    for (name, path) in [("uptime", "/proc/uptime"), ("load", "/proc/loadavg")] {
        let value = std::fs::read_to_string(path).unwrap_or_default();
        text.push_str(&format!("{name}: {}\n", value.trim()));
    }
    text.push_str(&std::fs::read_to_string("/etc/os-release").unwrap_or_default());
    text
}

/// The CIB with the values of options hidden whose names say that they are secret.
fn without_passwords(xml: &str) -> String {
    let Ok(mut cib) = Cib::parse(xml) else { return "the CIB cannot be read\n".to_owned() };
    let secret: Vec<_> = cib
        .descendants(cib.root())
        .filter(|element| cib.name(*element) == "nvpair")
        .filter(|element| {
            cib.attr(*element, "name").is_some_and(|name| name.to_lowercase().contains("passw"))
        })
        .collect();
    for element in secret {
        cib.set_attr(element, "value", HIDDEN);
    }
    cib.to_xml()
}

/// Seconds since 1970.
fn modified(path: &Path) -> Option<u64> {
    let time = path.metadata().ok()?.modified().ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Events of the time; of other logs the end, when they were written to since its begin.
fn logs(folder: &Path, time: &RangeInclusive<u64>) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for name in names_in(folder) {
        let path = folder.join(&name);
        if modified(&path).is_none_or(|modified| modified < *time.start()) {
            continue;
        }
        let Ok(bytes) = tail(&path) else { continue };
        let bytes = match name.starts_with("journal.jsonl") {
            true => events(&bytes, time),
            false => bytes,
        };
        found.insert(name, bytes);
    }
    found
}

fn tail(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOG_BYTES_MAX)))?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn events(bytes: &[u8], time: &RangeInclusive<u64>) -> Vec<u8> {
    let of_the_time = |line: &&[u8]| {
        let event = serde_json::from_slice::<Event>(line);
        event.is_ok_and(|event| time.contains(&(event.wall_ms / 1000)))
    };
    bytes.split_inclusive(|byte| *byte == b'\n').filter(of_the_time).flatten().copied().collect()
}

/// The CIBs that the scheduler was given, packed as they are kept.
fn inputs(folder: &Path, time: &RangeInclusive<u64>) -> BTreeMap<String, Vec<u8>> {
    let mut names: Vec<(u64, String)> = names_in(folder)
        .into_iter()
        .filter(|name| name.ends_with(".bz2"))
        .filter_map(|name| Some((modified(&folder.join(&name)).filter(|at| time.contains(at))?, name)))
        .collect();
    names.sort();
    let surplus = names.len().saturating_sub(INPUTS_MAX);
    let packed = |name: &str| -> std::io::Result<Vec<u8>> {
        let file = std::fs::File::open(folder.join(name))?;
        let xml = std::io::read_to_string(bzip2::read::BzDecoder::new(file).take(files::FILE_BYTES_MAX))?;
        let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        packer.write_all(without_passwords(&xml).as_bytes())?;
        packer.finish()
    };
    let names = names.into_iter().skip(surplus);
    names.filter_map(|(_, name)| Some((format!("transitions/{name}"), packed(&name).ok()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden_and_the_rest_stays() {
        let xml = r#"<cib epoch="1"><configuration><resources><primitive id="f"><instance_attributes id="i">
            <nvpair id="i-1" name="Passwd" value="secret"/><nvpair id="i-2" name="ip" value="10.0.0.1"/>
            </instance_attributes></primitive></resources></configuration><status/></cib>"#;
        let shown = without_passwords(xml);
        assert!(!shown.contains("secret") && shown.contains("name=\"Passwd\" value=\"****\""), "{shown}");
        assert!(shown.contains("10.0.0.1"));
        assert!(!without_passwords("secret").contains("secret"));
    }

    #[test]
    fn only_the_time_in_question_is_taken() {
        let line = |second: u64| {
            format!("{{\"number\":1,\"wall_ms\":{second}000,\"mono_ms\":0,\"code\":\"dc\",\"text\":\"t\"}}\n")
        };
        let bytes = [line(10), line(20), "half a li\n".to_owned(), line(30)].concat();
        assert_eq!(events(bytes.as_bytes(), &(15..=25)), line(20).as_bytes());
        let folder = crate::testing::folder("report");
        std::fs::write(folder.join("core.log"), "text\n").unwrap();
        std::fs::write(folder.join("journal.jsonl"), &bytes).unwrap();
        let now = files::unix_seconds();
        assert_eq!(logs(&folder, &(now + 60..=now + 70)).len(), 0, "nothing was written then");
        assert_eq!(logs(&folder, &(now - 60..=now + 1))["core.log"], b"text\n");
        std::fs::write(folder.join("pe-input-1.bz2"), "damaged").unwrap();
        assert!(inputs(&folder, &(now - 60..=now + 1)).is_empty());
    }
}
