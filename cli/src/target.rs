//! Where a command acts: a CIB file (`-f`), or a live cluster through pcsd.
//!
//! Both answer [`Target::run_command`] in the same way, so a command only builds its request.

use crate::failure::Failure;
use crate::options::Options;
use crate::target_live::LiveTarget;
use rhapsody_api::Report;
use serde_json::Value;

/// What an operation answered.
pub struct Answer {
    /// False when the operation was refused; the reports say why.
    pub done: bool,
    pub reports: Vec<Report>,
    pub result: Value,
}

pub enum Target {
    File(Box<crate::target_file::FileTarget>),
    Live(LiveTarget),
}

impl Target {
    pub fn choose(options: &Options) -> Result<Target, Failure> {
        Ok(match options.value("-f") {
            Some(path) => Target::File(Box::new(crate::target_file::FileTarget::open(path)?)),
            None => Target::Live(LiveTarget::new(options)?),
        })
    }

    /// An empty CIB that is written nowhere: for questions about this machine's agents.
    pub fn nowhere() -> Target {
        Target::File(Box::new(crate::target_file::FileTarget::nowhere()))
    }

    /// Runs an operation of `rhapsody_ops` (or, live, any command of pcsd) by its name.
    pub fn run_command(&mut self, name: &str, params: Value) -> Result<Answer, Failure> {
        match self {
            Target::File(file) => file.run_command(name, params),
            Target::Live(live) => live.run_command(name, params),
        }
    }

    pub fn is_file(&self) -> bool {
        matches!(self, Target::File(_))
    }
}
