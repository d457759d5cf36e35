//! Fencing levels.

use crate::dto::levels::{self, Levels};
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Nothing {}

/// `stonith level config`.
pub fn config(work: &mut Work<'_>, _request: Nothing) -> Result<Levels, Stop> {
    Ok(levels::read(&work.cib))
}
