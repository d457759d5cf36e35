//! The texts of a simulation: cluster status, scores and transition summary, in crm_simulate's form.

pub mod scores;
pub mod status;
pub mod summary;

pub use scores::ScoreLine;
pub use summary::Change;
