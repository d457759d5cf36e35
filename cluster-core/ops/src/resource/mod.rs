//! Operations on resources.

pub mod agent;
pub mod bundle;
pub mod bundle_config;
pub mod clone;
pub mod config;
pub mod create;
pub mod create_as_clone;
pub mod group;
pub mod moving;
pub mod op;
pub mod operations;
pub mod references;
pub mod relations;
pub mod switch;
pub mod tree;
pub mod unclone;
pub mod update;
