//! A command on a file: the whole process, from exec to exit.

use crate::table::Table;
use rhapsody_tests::bin_dir;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// An empty CIB that both programs accept.
const EMPTY: &str = r#"<cib crm_feature_set="3.16.1" validate-with="pacemaker-3.9" epoch="1" num_updates="0" admin_epoch="0"><configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>"#;

fn time(program: &Path, file: &Path, words: &[&str], runs: usize) -> Vec<f64> {
    let mut times = Vec::new();
    for _ in 0..runs {
        std::fs::write(file, EMPTY).expect("the temporary folder can be written");
        let begin = Instant::now();
        let done = Command::new(program)
            .arg("-f")
            .arg(file)
            .args(words)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let ms = begin.elapsed().as_secs_f64() * 1000.0;
        assert!(done.is_ok_and(|s| s.success()), "{} -f {} {words:?}", program.display(), file.display());
        times.push(ms);
    }
    times
}

pub fn measure(table: &mut Table, runs: usize) {
    let file = std::env::temp_dir().join("rhapsody-bench-cib.xml");
    let pcs = Path::new("/usr/sbin/pcs");
    for words in [
        ["resource", "create", "d", "ocf:heartbeat:Dummy"].as_slice(),
        ["property", "set", "stonith-enabled=false"].as_slice(),
    ] {
        let ours = time(&bin_dir().join("rhapsody"), &file, words, runs);
        let peer = if pcs.exists() { time(pcs, &file, words, (runs / 10).max(3)) } else { Vec::new() };
        table.add(&format!("-f FILE {}", words.join(" ")), "ms", "10 ms", ours, peer);
    }
    let _ = std::fs::remove_file(file);
}
