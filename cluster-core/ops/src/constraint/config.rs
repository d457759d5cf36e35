//! `constraint config`: all constraints as data.

use crate::dto::constraints::{self, Constraints};
use crate::rules;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Request {
    /// Look whether rules are in effect now.
    pub evaluate_rules: bool,
}

pub fn run(work: &mut Work<'_>, request: Request) -> Result<Constraints, Stop> {
    if !request.evaluate_rules {
        return Ok(constraints::read(&work.cib, &|_| None));
    }
    let doc = &work.cib;
    let now = work.env.now;
    Ok(constraints::read(doc, &|rule| Some(rules::in_effect(doc, rule, now))))
}
