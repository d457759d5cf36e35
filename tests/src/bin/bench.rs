//! `make bench`: ours beside the real stack, in one run, as ratios. Times are wall time on this
//! machine; only the ratio of two figures of one run says anything.
//!
//! Usage: `bench [--runs N] [--only files|scheduler|ours|peer] [--shared FOLDER]` with the release
//! programs in `RHAPSODY_BIN_DIR`. Rows whose peer is not installed show ours alone; recorded cases
//! are measured where they lie in FOLDER.

#[path = "bench/clusters.rs"]
mod clusters;
#[path = "bench/commands.rs"]
mod commands;
#[path = "bench/live.rs"]
mod live;
#[path = "bench/peer.rs"]
mod peer;
#[path = "bench/scheduler.rs"]
mod scheduler;
#[path = "bench/table.rs"]
mod table;
#[path = "bench/words.rs"]
mod words;

use table::Table;

fn main() {
    let option = |name: &str| std::env::args().skip_while(|a| a != name).nth(1);
    let runs = option("--runs").and_then(|n| n.parse().ok()).unwrap_or(5);
    let only = option("--only");
    let wanted = |part: &str| only.as_deref().is_none_or(|o| o == part);
    let mut table = Table::default();
    if wanted("files") {
        words::measure(&mut table, runs * 10);
        commands::measure(&mut table, runs * 10);
    }
    if wanted("scheduler") {
        scheduler::measure(&mut table, runs, option("--shared").as_deref());
    }
    if matches!(only.as_deref(), Some("files" | "scheduler")) || !rhapsody_tests::can_run_live() {
        println!("{table}");
        return;
    }
    live::measure(&mut table, runs, wanted("ours"), wanted("peer"));
    println!("{table}");
}
