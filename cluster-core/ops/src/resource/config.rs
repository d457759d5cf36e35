//! `resource config`: all resources as data.

use crate::dto::resources::{self, Resources};
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {}

pub fn run(work: &mut Work<'_>, _request: Request) -> Result<Resources, Stop> {
    Ok(resources::read(&work.cib))
}
