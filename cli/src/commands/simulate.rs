//! `rhapsody simulate`: handed over whole to the scheduler's front end.

/// Runs crm_simulate's command line.
pub fn run(_words: &[String]) -> u8 {
    eprintln!("Error: 'rhapsody simulate' is not there yet");
    1
}
