//! `__keep`: runs a daemon in a node and starts it again when a signal has ended it, as systemd's
//! Restart=on-abnormal would. A daemon that exits by itself has its reasons.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const PAUSE: Duration = Duration::from_millis(100);
/// So many deaths within so long are no accident.
const DEATHS_MAX: usize = 10;
const DEATHS_WITHIN: Duration = Duration::from_secs(10);

pub fn run(words: &[String]) -> Result<()> {
    let [program, args @ ..] = words else {
        bail!("no program was named");
    };
    let mut deaths: Vec<Instant> = Vec::new();
    loop {
        let status =
            Command::new(program).args(args).status().with_context(|| format!("cannot start {program}"))?;
        let Some(signal) = status.signal() else {
            return Ok(());
        };
        deaths.retain(|d| d.elapsed() < DEATHS_WITHIN);
        deaths.push(Instant::now());
        if deaths.len() >= DEATHS_MAX {
            bail!("{program} died {DEATHS_MAX} times within {DEATHS_WITHIN:?}, at last by signal {signal}");
        }
        eprintln!("{program} was ended by signal {signal}; starting it again");
        std::thread::sleep(PAUSE);
    }
}
