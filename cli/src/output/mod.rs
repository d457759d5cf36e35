//! Answers as text, JSON or commands; reports as lines on stderr.

pub mod cib_diff;
pub mod cmd;
pub mod constraints_cmd;
pub mod constraints_text;
pub mod json;
pub mod nvset_text;
pub mod reports;
pub mod resources_cmd;
pub mod resources_text;
pub mod text_diff;
