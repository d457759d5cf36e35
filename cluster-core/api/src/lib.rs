//! Wire types shared by the CLI, pcsd and the core: data and serde only, no logic, no I/O.
//!
//! - [`report`]: what a command tells (code, severity, fields), the same for text, JSON and tests
//! - [`task`]: the envelope of `POST /api/v2/task/run`, shaped as pcs's own
//! - [`core`]: the protocol of the core's local socket

pub mod core;
pub mod report;
pub mod task;

pub use report::{Report, Severity};
