//! `make bench`: ours beside the real stack, in one run, as ratios. Times are wall time on this
//! machine; only the ratio of two figures of one run says anything.
//!
//! Usage: `bench [--runs N]` with the release programs in `RHAPSODY_BIN_DIR`. Rows whose peer is
//! not installed show ours alone.

#[path = "bench/live.rs"]
mod live;
#[path = "bench/peer.rs"]
mod peer;
#[path = "bench/table.rs"]
mod table;
#[path = "bench/words.rs"]
mod words;

use table::Table;

fn main() {
    let runs =
        std::env::args().skip_while(|a| a != "--runs").nth(1).and_then(|n| n.parse().ok()).unwrap_or(5);
    if !rhapsody_tests::can_run_live() {
        return;
    }
    let mut table = Table::default();
    words::measure(&mut table, runs * 10);
    live::measure(&mut table, runs);
    println!("{table}");
}
