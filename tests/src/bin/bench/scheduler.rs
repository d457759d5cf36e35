//! The scheduler as a whole process beside crm_simulate: processor time and peak memory on generated
//! clusters, how the time grows, and the median over small cases.

use crate::clusters::{Size, cib};
use crate::table::{Table, median};
use rhapsody_tests::bin_dir;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
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

/// Who needs longer is stopped, and is not shown the larger inputs of the same kind.
const PATIENCE_MS: f64 = 60_000.0;
/// Not even on a busy machine does a minute of work take that long.
const HANGS: Duration = Duration::from_secs(20 * 60);
/// A row is repeated as long as the peer has taken no longer than this.
const REPEATED_MS: f64 = 2_000.0;

#[derive(Clone, Copy, Default)]
struct Run {
    /// Processor time: these programs wait for nothing, so on an idle machine it is what passes,
    /// and on a busy one it is still true.
    ms: f64,
    peak_mib: f64,
    /// It was stopped before its end.
    stopped: bool,
}

impl Run {
    /// What the kernel knows of a process by now; of one that has ended the time alone.
    fn look(&mut self, process: &str) {
        let read = |file: &str| std::fs::read_to_string(format!("{process}/{file}")).unwrap_or_default();
        let ns: Option<f64> = read("schedstat").split(' ').next().and_then(|ns| ns.parse().ok());
        let status = read("status");
        let peak = status.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        let kib: Option<f64> = peak.and_then(|kib| kib.parse().ok());
        self.ms = ns.map_or(self.ms, |ns| ns / 1e6);
        self.peak_mib = kib.map_or(self.peak_mib, |kib| kib / 1024.0);
    }
}

/// Runs a program to its end, or to the end of patience. Peak memory is what was seen last.
fn run(program: &Path, words: &[&str]) -> Option<Run> {
    let mut child =
        Command::new(program).args(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let (pid, begin) = (Pid::from_child(&child), Instant::now());
    let process = format!("/proc/{}", child.id());
    let mut run = Run::default();
    loop {
        // It is looked at once more between its end and its burial.
        let ended =
            waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT)
                .ok()?;
        run.look(&process);
        if ended.is_some() {
            return child.wait().ok()?.success().then_some(run);
        }
        if run.ms >= PATIENCE_MS || begin.elapsed() > HANGS {
            let _ = child.kill();
            let _ = child.wait();
            return Some(Run { stopped: true, ..run });
        }
        // Often enough to see the peak of a short run, seldom enough not to disturb a long one.
        std::thread::sleep((begin.elapsed() / 200).max(Duration::from_micros(500)));
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

pub fn measure(table: &mut Table, runs: usize, shared: Option<&str>) {
    let ours = bin_dir().join("rhapsody");
    let peer = rhapsody_tests::has("crm_simulate").then(|| PathBuf::from("crm_simulate"));
    for flag in ["-R", "-S"] {
        for probed in [false, true] {
            series(table, runs, &ours, peer.as_deref(), flag, probed);
        }
    }
    cases(table, &ours, peer.as_deref(), shared.map(Path::new));
}

/// All sizes of one kind of input, and how the time grows with them.
fn series(table: &mut Table, runs: usize, ours: &Path, peer: Option<&Path>, flag: &str, probed: bool) {
    let file = std::env::temp_dir().join(format!("rhapsody-bench-{}.xml", std::process::id()));
    let path = file.to_string_lossy().into_owned();
    let state = if probed { "probed" } else { "fresh" };
    let mut points = Vec::new();
    let mut gave_up: Option<Run> = None;
    for size in SIZES {
        std::fs::write(&file, cib(size, probed)).expect("the temporary folder can be written");
        let what = format!("simulate {flag}, {state} {}x{}", size.nodes, size.primitives);
        eprintln!("{what}");
        // What a smaller input took too long for, a larger one does too.
        let (mut mine, mut theirs) = (Vec::new(), Vec::from_iter(gave_up));
        for _ in 0..runs {
            mine.extend(run(ours, &["simulate", flag, "-x", &path]));
            let spent_ms: f64 = theirs.iter().map(|run| run.ms).sum();
            if let Some(peer) = peer.filter(|_| spent_ms < REPEATED_MS) {
                theirs.extend(run(peer, &[flag, "-x", &path]));
            }
        }
        gave_up = theirs.iter().find(|r| r.stopped).copied();
        let ms = |runs: &[Run]| runs.iter().map(|r| r.ms).collect::<Vec<f64>>();
        // A run that ended before it was looked at says nothing.
        let seen = |runs: &[Run]| runs.iter().map(|r| r.peak_mib).filter(|mib| *mib > 0.0).collect();
        if let Some(middle) = median(&ms(&mine)) {
            points.push((((size.nodes * size.primitives) as f64).ln(), middle.ln()));
        }
        let memory = format!("{what}: peak memory");
        for (what, unit, wanted, ours, peer) in [
            (&what, "ms", wanted(size, probed, flag), ms(&mine), ms(&theirs)),
            (&memory, "MiB", "a tenth", seen(&mine), seen(&theirs)),
        ] {
            table.add(what, unit, wanted, ours, peer);
            if gave_up.is_some() {
                table.peer_was_stopped();
            }
        }
    }
    let _ = std::fs::remove_file(file);
    let what = format!("simulate {flag}, {state}: slope of the log-log line");
    table.add(
        &what,
        "",
        if flag == "-R" { "1.15" } else { "" },
        slope(&points).into_iter().collect(),
        vec![],
    );
}

/// Of the straight line nearest to the points.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    let (mx, my) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let up: f64 = points.iter().map(|(x, y)| (x - mx) * (y - my)).sum();
    let along: f64 = points.iter().map(|(x, _)| (x - mx).powi(2)).sum();
    (points.len() > 1 && along > 0.0).then(|| up / along)
}

/// The project's own cases, and the recorded ones where they are.
fn cases(table: &mut Table, ours: &Path, peer: Option<&Path>, shared: Option<&Path>) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../cluster-core/scheduler/testdata");
    let recorded = shared.map(|folder| folder.join("conformance/scheduler/xml"));
    for (what, folder) in [("the project's own cases", Some(own)), ("the recorded cases", recorded)] {
        let Some(folder) = folder else { continue };
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
