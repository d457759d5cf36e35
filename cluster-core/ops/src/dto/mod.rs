//! Typed answers, shaped as pcs's `--output-format json` prints them.

pub mod constraints;
pub mod levels;
pub mod nvset;
pub mod resources;
pub mod rule;
