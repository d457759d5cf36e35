//! `rhapsody lab`: handed over whole to the lab.

/// Runs the lab's own command line.
pub fn run(_words: &[String]) -> u8 {
    eprintln!("Error: 'rhapsody lab' is not there yet");
    1
}
