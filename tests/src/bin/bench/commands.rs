//! Commands on a file with 300 resources: the whole process, from exec to exit, beside pcs.

use crate::table::Table;
use rhapsody_tests::bin_dir;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const RESOURCES: usize = 300;

/// What is measured; pcs of this machine may not know all of it.
const COMMANDS: &[&str] = &[
    "resource create new ocf:heartbeat:Dummy op monitor interval=10s",
    "resource update r150 fake=2",
    "resource meta r150 priority=5",
    "resource group add g0 r299",
    "resource clone r298",
    "resource delete r297",
    "resource disable r150",
    "resource config",
    "resource config r150",
    "resource config --output-format=json",
    "constraint location r170 prefers n1=50",
    "constraint order r170 then r180",
    "constraint colocation add r170 with r180",
    "constraint",
    "property set maintenance-mode=true",
    "tag create t r1 r2 r3",
    "resource defaults update resource-stickiness=10",
    "node attribute n1 rack=a",
    "stonith level add 1 n1 fence",
    "status query resource r10 exists",
];

/// Groups of ten, every fifth one a clone; options, operations, and a constraint for each group.
fn cib() -> String {
    let (mut resources, mut constraints) = (String::new(), String::new());
    for group in 0..RESOURCES / 10 {
        let cloned = group % 5 == 1;
        if cloned {
            let _ = write!(resources, "<clone id=\"g{group}-clone\">");
        }
        let grouped = group < RESOURCES / 20;
        if grouped {
            let _ = write!(resources, "<group id=\"g{group}\">");
        }
        for at in 0..10 {
            let id = format!("r{}", group * 10 + at);
            if cloned && !grouped && at > 0 {
                let _ = write!(resources, "</clone><clone id=\"{id}-clone\">");
            }
            let _ = write!(
                resources,
                "<primitive id=\"{id}\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\">\
                 <instance_attributes id=\"{id}-ia\"><nvpair id=\"{id}-ia-fake\" name=\"fake\" value=\"{at}\"/></instance_attributes>\
                 <operations><op id=\"{id}-monitor-interval-10s\" name=\"monitor\" interval=\"10s\" timeout=\"20s\"/>\
                 <op id=\"{id}-start-interval-0s\" name=\"start\" interval=\"0s\" timeout=\"20s\"/>\
                 <op id=\"{id}-stop-interval-0s\" name=\"stop\" interval=\"0s\" timeout=\"20s\"/></operations></primitive>"
            );
        }
        resources.push_str(if grouped { "</group>" } else { "" });
        resources.push_str(if cloned { "</clone>" } else { "" });
        let _ = write!(
            constraints,
            "<rsc_location id=\"l{group}\" rsc=\"r{}\" node=\"n{}\" score=\"100\"/>\
             <rsc_order id=\"o{group}\" first=\"r{}\" then=\"r{}\"/>",
            group * 10,
            1 + group % 3,
            group * 10,
            (group * 10 + 11) % RESOURCES
        );
    }
    format!(
        "<cib crm_feature_set=\"3.16.1\" validate-with=\"pacemaker-3.9\" epoch=\"1\" num_updates=\"0\" admin_epoch=\"0\">\
         <configuration><crm_config/><nodes><node id=\"1\" uname=\"n1\"/><node id=\"2\" uname=\"n2\"/><node id=\"3\" uname=\"n3\"/></nodes>\
         <resources><primitive id=\"fence\" class=\"stonith\" type=\"fence_ipmilan\"/>{resources}</resources>\
         <constraints>{constraints}</constraints></configuration><status/></cib>"
    )
}

/// Milliseconds of each run on a fresh file; none when the program does not do it.
fn time(program: &Path, file: &Path, cib: &str, words: &[&str], runs: usize) -> Vec<f64> {
    let mut times = Vec::new();
    // The first run fills caches and is not counted.
    for run in 0..=runs {
        std::fs::write(file, cib).expect("the temporary folder can be written");
        let begin = Instant::now();
        let mut command = Command::new(program);
        command
            .arg("-f")
            .arg(file)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let done = command.status().is_ok_and(|status| status.success());
        let ms = begin.elapsed().as_secs_f64() * 1000.0;
        if !done {
            println!("{} -f FILE {} does not succeed", program.display(), words.join(" "));
            return Vec::new();
        }
        if run > 0 {
            times.push(ms);
        }
    }
    times
}

pub fn measure(table: &mut Table, runs: usize) {
    if !Path::new("/usr/lib/ocf/resource.d/heartbeat/Dummy").exists() {
        println!("resource-agents is not installed: commands on a large file are not measured");
        return;
    }
    let file = std::env::temp_dir().join(format!("rhapsody-bench-300-{}.xml", std::process::id()));
    let (ours, pcs) = (bin_dir().join("rhapsody"), Path::new("/usr/sbin/pcs"));
    let cib = cib();
    for line in COMMANDS {
        let words: Vec<&str> = line.split(' ').collect();
        let mine = time(&ours, &file, &cib, &words, runs);
        assert!(!mine.is_empty(), "{line}");
        let theirs =
            if pcs.exists() { time(pcs, &file, &cib, &words, (runs / 20).max(2)) } else { Vec::new() };
        table.add(&format!("-f FILE {line}, {RESOURCES} resources"), "ms", "10 ms, 0.025", mine, theirs);
    }
    let _ = std::fs::remove_file(file);
}
