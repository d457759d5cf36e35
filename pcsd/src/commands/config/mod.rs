//! `config`: checkpoints, backup and restore.

pub mod backup;
pub mod checkpoint;
