//! `cargo run -p rhapsody-sim --example seed -- FIRST [COUNT]`: runs worlds, prints the log of the first that fails.

use rhapsody_sim::{faults::Plan, run, tally::Tally};

fn main() {
    let args: Vec<u64> = std::env::args().skip(1).filter_map(|a| a.parse().ok()).collect();
    let first = args.first().copied().unwrap_or(1);
    let count = args.get(1).copied().unwrap_or(1);
    let mut tally = Tally::default();
    let mut failed = 0;
    let begun = std::time::Instant::now();
    for seed in first..first + count {
        let report = run(seed, Plan::new(seed), count == 1);
        tally.add(&report.tally);
        if let Some(failure) = &report.failure {
            failed += 1;
            println!("seed {seed}: {}", failure.violations[0]);
        }
        if count == 1 {
            for line in report.log {
                println!("{line}");
            }
            println!("lasted {} ms, {} events", report.lasted_ms, report.events);
        }
    }
    println!("{count} worlds, {failed} failed, {:.1} s", begun.elapsed().as_secs_f64());
    if count > 1 {
        print!("{tally}");
    }
}
