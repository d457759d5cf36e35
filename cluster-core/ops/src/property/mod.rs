//! Operations on cluster properties.

pub mod config;
pub mod set;
