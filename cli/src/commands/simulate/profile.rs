//! `simulate --profile DIR`: how long planning takes for each CIB of a folder.

use super::unpack;
use crate::commands::status::model;
use crate::failure::Failure;
use rhapsody_scheduler::simulate::read_cib;
use rhapsody_scheduler::{Options, schedule_document};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What `--profile` and `--repeat` ask for.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    pub folder: String,
    pub repeat: u32,
}

/// Plans every `*.xml` below the folder so many times and prints the seconds that took. A file that is
/// no CIB is named and left out.
pub fn run(asked: &Profile) -> Result<(), Failure> {
    let failed =
        |path: &Path, e: &dyn std::fmt::Display| Failure::Message(format!("{}: {e}", path.display()));
    let folder = Path::new(&asked.folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|e| e.map(|e| e.path())).collect())
        .map_err(|e| failed(folder, &e))?;
    files.retain(|path| path.extension().is_some_and(|e| e == "xml"));
    files.sort();
    say!("Timings:");
    for path in &files {
        let seconds = std::fs::read(path).and_then(unpack).map_err(|e| e.to_string()).and_then(|text| {
            let doc = read_cib(text)?;
            let now = model::now();
            let began = Instant::now();
            for _ in 0..asked.repeat {
                schedule_document(&doc, &Options { now, ..Options::default() });
            }
            Ok(began.elapsed().as_secs_f64())
        });
        match seconds {
            Ok(seconds) => say!("  * Testing {} ... {seconds:.2} secs", path.display()),
            Err(problem) => eprintln!("Error: {}: {problem}", path.display()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let asked = Profile { folder: "/nonexistent/inputs".to_owned(), repeat: 1 };
        let Err(Failure::Message(text)) = run(&asked) else { panic!("it ran") };
        assert!(text.contains("/nonexistent/inputs"), "{text}");
    }
}
