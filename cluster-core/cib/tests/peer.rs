//! The real crm_diff and cibadmin, where they are installed, agree with us about patches and
//! digests. With RHAPSODY_CORPUS=DIR all CIBs of a directory are compared too.

use rhapsody_cib::{Cib, Document, Version, digest, patch};
use std::path::{Path, PathBuf};
use std::process::Command;

fn run(program: &str, args: &[&str]) -> Option<String> {
    match Command::new(program).args(args).output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(_) => {
            eprintln!("skipped: {program} is not installed");
            None
        }
    }
}

struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Dir {
        let dir = std::env::temp_dir().join(format!("rhapsody-cib-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Dir(dir)
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A small generator: the same numbers everywhere and always.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n.max(1)
    }
}

const START: &str = r#"<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0">
  <configuration><crm_config><cluster_property_set id="o"><nvpair id="o-1" name="a" value="1"/></cluster_property_set></crm_config>
  <nodes><node id="1" uname="n1"/></nodes>
  <resources><!-- first --><group id="g"><primitive id="a" class="ocf" type="Dummy"/><!-- second --><primitive id="b" class="ocf" type="Dummy">
  <operations><op id="b-m" name="monitor" interval="10"/></operations></primitive></group><primitive id="c" class="ocf" type="Dummy"/></resources>
  <constraints/></configuration><status/></cib>"#;

/// A few edits anywhere below `<configuration>`.
fn mutate(cib: &Cib, random: &mut Random, counter: &mut usize) -> Cib {
    let mut new = cib.clone();
    for _ in 0..1 + random.below(6) {
        let configuration = new.configuration().unwrap();
        let all: Vec<_> = new.descendants(configuration).skip(1).collect();
        let sections: Vec<_> = new.children(configuration).collect();
        let e = all[random.below(all.len())];
        *counter += 1;
        match random.below(6) {
            0 | 1 => {
                let position = random.below(new.children(e).count() + 1);
                let child = new.insert(e, position, "primitive");
                new.set_attr(child, "id", &format!("x{counter}"));
                new.set_attr(child, "class", "ocf");
                new.set_attr(child, "type", "Dummy");
            }
            2 => new.set_attr(e, "description", &format!("a <b> & \"{counter}\" 'd'")),
            3 if !sections.contains(&e) => {
                let parent = new.parent(e).unwrap();
                let position = random.below(new.children(parent).count());
                new.move_to(e, parent, position);
            }
            4 if !sections.contains(&e) => new.remove(e),
            _ => {
                new.remove_attr(e, "description");
                new.remove_attr(e, "type");
            }
        }
    }
    let version = new.version();
    new.set_version(Version::new(version.admin_epoch, version.epoch + 1, 0));
    new
}

fn compact(doc: &Document) -> String {
    doc.compact(doc.root())
}

/// Both directions between two CIBs; false if crm_diff is not here.
fn compare(dir: &Dir, old: &Cib, new: &Cib, what: &str) -> bool {
    let old_file = dir.write("old.xml", &old.write(old.root()));
    let new_file = dir.write("new.xml", &new.write(new.root()));
    let Some(theirs) = run("crm_diff", &["--original", &old_file, "--new", &new_file]) else { return false };
    let ours = patch::diff(old, new);
    assert_eq!(ours.is_some(), !theirs.trim().is_empty(), "{what}: {theirs}");
    let Some(ours) = ours else { return true };

    let mut applied = old.clone();
    patch::apply(&mut applied, &ours).unwrap();
    assert_eq!(compact(&applied), compact(new), "{what}: ours by us\n{ours}");

    let by_them = |patch: &str| {
        let patch_file = dir.write("patch.xml", patch);
        let result = run("crm_diff", &["--original", &old_file, "--patch", &patch_file]).unwrap_or_default();
        let result = Document::parse(&result).unwrap_or_else(|e| panic!("{what}: {e}\n{patch}"));
        compact(&result)
    };
    assert_eq!(by_them(&ours), compact(new), "{what}: ours by them\n{ours}");

    // Where ids are not unique, theirs do not even lead themselves to the new document.
    if by_them(&theirs) == compact(new) {
        let mut applied = old.clone();
        patch::apply(&mut applied, &theirs).unwrap();
        assert_eq!(compact(&applied), compact(new), "{what}: theirs by us\n{theirs}");
    }
    true
}

#[test]
fn patches_are_understood_in_both_directions() {
    let dir = Dir::new("patch");
    let mut random = Random(20261120);
    let mut counter = 0;
    let mut cib = Cib::parse(START).unwrap();
    let rounds = if std::env::var_os("RHAPSODY_FUZZ_SECONDS").is_some() { 400 } else { 25 };
    for round in 0..rounds {
        let new = mutate(&cib, &mut random, &mut counter);
        if !compare(&dir, &cib, &new, &format!("round {round}")) {
            return;
        }
        cib = new;
    }
}

#[test]
fn digests_are_the_same() {
    let dir = Dir::new("digest");
    let mut random = Random(7);
    let mut counter = 0;
    let mut cib = Cib::parse(START).unwrap();
    for _ in 0..5 {
        cib = mutate(&cib, &mut random, &mut counter);
        if !same_digests(&dir, &cib, "generated") {
            return;
        }
    }
}

fn same_digests(dir: &Dir, cib: &Cib, what: &str) -> bool {
    let file = dir.write("cib.xml", &cib.to_xml());
    let Some(on_disk) = run("cibadmin", &["--md5-sum", "-x", &file]) else { return false };
    let versioned = run("cibadmin", &["--md5-sum-versioned", "-x", &file]).unwrap_or_default();
    assert_eq!(digest::cib_file_digest(cib), on_disk.trim(), "{what}");
    assert_eq!(digest::cib_digest(cib), versioned.trim(), "{what}");
    true
}

#[test]
fn all_of_a_corpus() {
    let Some(corpus) = std::env::var_os("RHAPSODY_CORPUS") else { return };
    let dir = Dir::new("corpus");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(Path::new(&corpus)).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let mut random = Random(3);
    let mut counter = 0;
    let mut done = 0;
    for file in files.iter().filter(|f| f.extension().is_some_and(|e| e == "xml")) {
        let text = std::fs::read_to_string(file).unwrap();
        let Ok(mut cib) = Cib::parse(&text) else { continue };
        assert_eq!(cib.to_xml(), text, "{}", file.display());
        // Very old ones get patches of the first format, which nobody writes any more.
        let root = cib.root();
        cib.set_attr(root, "crm_feature_set", "3.16.1");
        let what = file.display().to_string();
        let new = mutate(&cib, &mut random, &mut counter);
        if !compare(&dir, &cib, &new, &what) || !same_digests(&dir, &cib, &what) {
            return;
        }
        done += 1;
    }
    eprintln!("{done} CIBs agree");
}
