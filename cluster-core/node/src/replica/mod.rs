//! The replicated document: configuration (durable) and status (in memory), and the entries that
//! change them in one order everywhere.

pub mod config;
pub mod entry;
pub mod merge;
pub mod render;
pub mod status;
