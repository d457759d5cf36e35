//! What is on disk: configurations, inputs of transitions, the journal, the incarnation.

pub mod cib;
pub mod incarnation;
pub mod journal;
pub mod transitions;
