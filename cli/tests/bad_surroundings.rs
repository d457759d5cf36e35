//! What the world around a command may do to it: streams that are closed, files and folders that
//! cannot be written, a disk that is full, others who write the same file. A clear answer, exit 1,
//! and the file as it was or as it should be.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const CIB: &str = r#"<?xml version='1.0'?>
<cib crm_feature_set='3.16.1' validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">
  <configuration><!-- <![CDATA[ ours ]]> -->
    <crm_config/>
    <nodes/>
    <resources>
      <primitive id='a' class='systemd' type='daemon' description='x&#10;y'/>
    </resources>
    <constraints/>
  </configuration>
  <status/>
</cib>"#;

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Place {
        let folder =
            std::env::temp_dir().join(format!("rhapsody-bad-surroundings-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("cib.xml"), CIB).unwrap();
        Place(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("cib.xml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn is_alone(&self) -> bool {
        fs::read_dir(&self.0).unwrap().count() == 1
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::set_permissions(&self.0, fs::Permissions::from_mode(0o755));
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn rhapsody(file: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rhapsody"));
    command.arg("-f").arg(file).args(line.split_whitespace()).stdin(Stdio::null());
    command.env("RHAPSODY_AGENTS_DIR", Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agents"));
    command
}

const CHANGE: &str = "resource meta a priority=1";

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Exit 1, one clear sentence.
fn refused(output: &Output, why: &str) {
    let told = told(output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.starts_with("Error: ") && told.contains(why), "{told}");
    assert!(!told.contains("panicked"), "{told}");
}

/// Somebody without rights, as far as we can be somebody else.
fn as_nobody(command: &mut Command) -> &mut Command {
    if is_root() { command.uid(65534).gid(65534) } else { command }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}

#[test]
fn closed_and_full_streams() {
    let place = Place::new("streams");
    for (shell, code) in [
        ("resource config <&-", 0),
        ("resource config >&-", 0),
        ("batch <&-", 0),
        ("resource config >/dev/full", 1),
        ("resource nonsense 2>/dev/full", 1),
        ("resource nonsense 2>&-", 1),
        ("resource config | true", 0),
        ("resource delete ghost 2>&1 | true", 0),
    ] {
        let line = format!("'{}' -f '{}' {shell}", env!("CARGO_BIN_EXE_rhapsody"), place.file().display());
        let output = Command::new("sh").arg("-c").arg(&line).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{shell}: {output:?}");
        assert!(!told(&output).contains("panicked"), "{shell}: {output:?}");
    }
    let (reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
    drop(reader);
    let output = rhapsody(&place.file(), CHANGE).stdout(std::os::fd::OwnedFd::from(writer)).output().unwrap();
    assert!(output.status.success() && place.text() != CIB, "{output:?}");
}

#[test]
fn a_file_that_may_not_be_read_or_written() {
    let place = Place::new("rights");
    let (file, mode) = (place.file(), |mode| fs::Permissions::from_mode(mode));
    fs::set_permissions(&file, mode(0o000)).unwrap();
    refused(&as_nobody(&mut rhapsody(&file, "resource config")).output().unwrap(), "Permission denied");
    fs::set_permissions(&file, mode(0o444)).unwrap();
    fs::set_permissions(&place.0, mode(0o555)).unwrap();
    let output = as_nobody(&mut rhapsody(&file, CHANGE)).output().unwrap();
    refused(&output, "Permission denied");
    assert!(place.text() == CIB && place.is_alone());
    // The file may be written, its folder not: it is written where it is.
    fs::set_permissions(&file, mode(0o666)).unwrap();
    let output = as_nobody(&mut rhapsody(&file, CHANGE)).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(place.text() != CIB && place.is_alone());
}

#[test]
fn somebody_elses_file_stays_theirs() {
    if !is_root() {
        return;
    }
    let place = Place::new("owner");
    std::os::unix::fs::chown(place.file(), Some(65534), Some(65534)).unwrap();
    assert!(rhapsody(&place.file(), CHANGE).status().unwrap().success());
    let owner = fs::metadata(place.file()).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&owner), 65534);
}

#[test]
fn a_folder_a_device_and_what_is_no_text() {
    let place = Place::new("no-file");
    for line in ["resource config", CHANGE] {
        refused(&rhapsody(&place.0, line).output().unwrap(), "directory");
        refused(&rhapsody(Path::new("/dev/zero"), line).output().unwrap(), "it is no text");
        refused(&rhapsody(Path::new("/dev/null"), line).output().unwrap(), "no element at all");
    }
    fs::write(place.file(), b"<cib><configuration>\xff</configuration></cib>").unwrap();
    refused(&rhapsody(&place.file(), CHANGE).output().unwrap(), "it is not UTF-8");
    let word = std::os::unix::ffi::OsStringExt::from_vec(b"a\xff".to_vec());
    let word: std::ffi::OsString = word;
    let output = rhapsody(&place.file(), "resource meta").arg(word).output().unwrap();
    refused(&output, "is not UTF-8");
}

#[test]
fn a_disk_without_room() {
    let place = Place::new("full");
    let long = format!("resource meta a x={}", "y".repeat(8000));
    // A limit of the size of files is met as a full disk is: in the middle of writing.
    for in_place in [false, true] {
        if in_place {
            fs::hard_link(place.file(), place.0.join("second-name")).unwrap();
        }
        let line = format!(
            "trap '' XFSZ; ulimit -f 8; exec '{}' -f '{}' {long}",
            env!("CARGO_BIN_EXE_rhapsody"),
            place.file().display()
        );
        let output = Command::new("sh").arg("-c").arg(&line).output().unwrap();
        refused(&output, "unable to write the CIB file");
        assert!(place.text() == CIB && (in_place || place.is_alone()), "in place: {in_place}");
    }
}

#[test]
fn links_are_followed_and_kept() {
    let place = Place::new("links");
    let elsewhere = Place::new("links-target");
    fs::remove_file(place.file()).unwrap();
    std::os::unix::fs::symlink(elsewhere.file(), place.file()).unwrap();
    assert!(rhapsody(&place.file(), CHANGE).status().unwrap().success());
    assert!(fs::symlink_metadata(place.file()).unwrap().is_symlink());
    assert!(elsewhere.text().contains("name=\"priority\"") && elsewhere.is_alone() && place.is_alone());
    fs::remove_file(place.file()).unwrap();
    std::os::unix::fs::symlink("cib.xml", place.file()).unwrap();
    refused(&rhapsody(&place.file(), CHANGE).output().unwrap(), "symbolic links");
}

#[test]
fn many_writers_of_one_file_lose_nothing() {
    let place = Place::new("writers");
    let writers: Vec<_> = (0..8)
        .map(|n| rhapsody(&place.file(), &format!("resource create r{n} systemd:daemon")).spawn().unwrap())
        .collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    for n in 0..8 {
        assert!(place.text().contains(&format!("id=\"r{n}\"")), "r{n} is lost:\n{}", place.text());
    }
    assert!(place.is_alone());
}

#[test]
fn only_the_place_of_the_change_is_another_one() {
    let place = Place::new("untouched");
    assert!(
        rhapsody(&place.file(), "resource create b systemd:daemon --no-default-ops")
            .status()
            .unwrap()
            .success()
    );
    let new = r#"
      <primitive id="b" class="systemd" type="daemon">
        <operations>
          <op name="monitor" interval="60s" timeout="100s" id="b-monitor-interval-60s"/>
        </operations>
      </primitive>
    </resources>"#;
    let root = CIB.lines().nth(1).unwrap();
    let raised = root.replace("epoch=\"1\"", "epoch=\"2\"");
    assert_eq!(place.text(), CIB.replace("\n    </resources>", new).replace(root, &raised));
}
