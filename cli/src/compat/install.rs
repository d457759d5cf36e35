//! `rhapsody tools --install DIR [--program PATH]`: links by which the tools are called.

use super::Tool;
use super::exit::{Exit, Outcome, Problem};
use std::os::unix::fs::symlink;
use std::path::Path;

/// Links every name in `dir` to `program` (a staged installation names where it will be), else to
/// this program; what is a right link already is left alone.
pub fn run(dir: &Path, program: Option<&Path>, tools: &[(&str, Tool)]) -> Outcome {
    let failed = |what: &str, e: std::io::Error| Problem::new(Exit::CannotCreate, format!("{what}: {e}"));
    let program = match program {
        Some(program) => program.to_owned(),
        None => std::env::current_exe().map_err(|e| failed("cannot find this program", e))?,
    };
    std::fs::create_dir_all(dir).map_err(|e| failed(&dir.display().to_string(), e))?;
    for (name, _) in tools {
        let link = dir.join(name);
        if std::fs::read_link(&link).is_ok_and(|target| target == program) {
            continue;
        }
        // A new link is renamed over the old name, so that an agent always finds one.
        let fresh = dir.join(format!(".{name}.{}", std::process::id()));
        symlink(&program, &fresh).map_err(|e| failed(&fresh.display().to_string(), e))?;
        std::fs::rename(&fresh, &link).map_err(|e| failed(&link.display().to_string(), e))?;
    }
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_made_and_made_again() {
        let dir = std::env::temp_dir().join(format!("rhapsody-tools-{}", std::process::id()));
        for _ in 0..2 {
            run(&dir, None, super::super::TOOLS).unwrap();
        }
        let target = std::fs::read_link(dir.join("crm_attribute")).unwrap();
        assert_eq!(target, std::env::current_exe().unwrap());
        std::fs::remove_file(dir.join("crm_node")).unwrap();
        symlink("/nonexistent", dir.join("crm_node")).unwrap();
        run(&dir, None, super::super::TOOLS).unwrap();
        assert_eq!(std::fs::read_link(dir.join("crm_node")).unwrap(), target);
        let staged = Path::new("/usr/bin/rhapsody");
        run(&dir, Some(staged), super::super::TOOLS).unwrap();
        assert_eq!(std::fs::read_link(dir.join("crm_node")).unwrap(), staged);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
