//! The scheduler as a whole process beside crm_simulate: time and peak memory on generated clusters,
//! how both grow, and the median over small cases.

use crate::clusters::{Size, cib};
use crate::table::{Table, median};
use rhapsody_tests::bin_dir;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SIZES: [Size; 5] = [
    Size { nodes: 4, primitives: 100 },
    Size { nodes: 8, primitives: 300 },
    Size { nodes: 16, primitives: 1000 },
    Size { nodes: 32, primitives: 1000 },
    Size { nodes: 32, primitives: 3000 },
];

/// Who needs longer is stopped, and the row says nothing of it.
const PATIENCE: Duration = Duration::from_secs(120);

struct Run {
    ms: f64,
    peak_mib: f64,
}

/// Runs a program to its end. Peak memory is what was seen last before the end.
fn run(program: &Path, words: &[&str]) -> Option<Run> {
    let begin = Instant::now();
    let mut child =
        Command::new(program).args(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0.0f64;
    loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|l| l.strip_prefix("VmHWM:"));
            let kib = line.and_then(|l| l.split_whitespace().next()?.parse().ok());
            peak_kib = peak_kib.max(kib.unwrap_or(0.0));
        }
        match child.try_wait() {
            Ok(None) if begin.elapsed() < PATIENCE => std::thread::sleep(Duration::from_micros(500)),
            Ok(Some(status)) if status.success() => {
                let ms = begin.elapsed().as_secs_f64() * 1000.0;
                return Some(Run { ms, peak_mib: peak_kib / 1024.0 });
            }
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

fn wanted(size: Size, probed: bool, flag: &str) -> &'static str {
    match (size.nodes, size.primitives, probed, flag) {
        (16, 1000, false, "-R") => "250 ms",
        (32, 1000, false, "-R") => "500 ms",
        (16, 1000, true, "-R") => "100 ms",
        (8, 300, false, "-S") => "500 ms",
        _ => "",
    }
}

pub fn measure(table: &mut Table, runs: usize) {
    let ours = bin_dir().join("rhapsody");
    let peer = rhapsody_tests::has("crm_simulate").then(|| PathBuf::from("crm_simulate"));
    let file = std::env::temp_dir().join(format!("rhapsody-bench-{}.xml", std::process::id()));
    let path = file.to_string_lossy().into_owned();
    for (flag, probed) in [("-R", false), ("-R", true), ("-S", false), ("-S", true)] {
        let state = if probed { "probed" } else { "fresh" };
        let mut points = Vec::new();
        // The peer's last time and the size it was for: its cost grows with the square.
        let mut last: Option<(f64, f64)> = None;
        for size in SIZES {
            std::fs::write(&file, cib(size, probed)).expect("the temporary folder can be written");
            let what = format!("simulate {flag}, {state} {}x{}", size.nodes, size.primitives);
            let area = (size.nodes * size.primitives) as f64;
            let expected_ms = last.map_or(0.0, |(ms, before)| ms * (area / before).powi(2));
            let too_long = expected_ms > PATIENCE.as_secs_f64() * 1000.0;
            let (mut mine, mut theirs) = (Vec::new(), Vec::new());
            for turn in 0..runs {
                mine.extend(run(&ours, &["simulate", flag, "-x", &path]));
                // In turn with ours; once is enough of what takes long.
                if let Some(peer) = peer.as_ref().filter(|_| !too_long && (turn == 0 || expected_ms < 3000.0))
                {
                    theirs.extend(run(peer, &[flag, "-x", &path]));
                }
            }
            if peer.is_some() && theirs.is_empty() {
                println!("{what}: crm_simulate would take more than {} s, left out", PATIENCE.as_secs());
                last = last.map(|_| (f64::MAX, area)).or(last);
            }
            let ms = |runs: &[Run]| runs.iter().map(|r| r.ms).collect::<Vec<f64>>();
            let mib = |runs: &[Run]| runs.iter().map(|r| r.peak_mib).collect::<Vec<f64>>();
            if let Some(middle) = median(&ms(&mine)) {
                points.push((area.ln(), middle.ln()));
            }
            if let Some(middle) = median(&ms(&theirs)) {
                last = Some((middle, area));
            }
            table.add(&what, "ms", wanted(size, probed, flag), ms(&mine), ms(&theirs));
            table.add(&format!("{what}: peak memory"), "MiB", "a tenth", mib(&mine), mib(&theirs));
        }
        let what = format!("simulate {flag}, {state}: slope of the log-log line");
        table.add(
            &what,
            "",
            if flag == "-R" { "1.15" } else { "" },
            slope(&points).into_iter().collect(),
            vec![],
        );
    }
    let _ = std::fs::remove_file(file);
    cases(table, &ours, peer.as_deref());
}

/// Of the straight line nearest to the points.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let (mx, my) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let up: f64 = points.iter().map(|(x, y)| (x - mx) * (y - my)).sum();
    let along: f64 = points.iter().map(|(x, _)| (x - mx).powi(2)).sum();
    (points.len() > 1 && along > 0.0).then(|| up / along)
}

/// The project's own cases, and the recorded ones where they lie beside the tree.
fn cases(table: &mut Table, ours: &Path, peer: Option<&Path>) {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (what, folder) in [
        ("the project's own cases", tree.join("cluster-core/scheduler/testdata")),
        ("the recorded cases", tree.join("../shared/conformance/scheduler/xml")),
    ] {
        let mut files = Vec::new();
        collect(&folder, &mut files);
        if files.is_empty() {
            continue;
        }
        let (mut mine, mut theirs) = (Vec::new(), Vec::new());
        for file in &files {
            mine.extend(run(ours, &["simulate", "-S", "-x", file]).map(|r| r.ms));
            theirs.extend(peer.and_then(|p| run(p, &["-S", "-x", file])).map(|r| r.ms));
        }
        table.add(&format!("simulate -S, {what} ({})", files.len()), "ms", "5 ms", mine, theirs);
    }
}

fn collect(folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "xml") {
            files.push(path.to_string_lossy().into_owned());
        }
    }
}
