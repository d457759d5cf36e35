//! The texts of a simulation: cluster status and transition summary, in crm_simulate's form.

pub mod status;
pub mod summary;
