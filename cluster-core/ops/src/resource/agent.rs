//! Which agent is meant, and what it says about itself.

use crate::work::{Stop, Work};
use rhapsody_agents_catalog::check;
use rhapsody_agents_catalog::{AgentName, Metadata};
use rhapsody_api::Report;
use std::sync::Arc;

/// Finds the agent by its full name, or guesses by its type alone.
pub fn find(work: &mut Work<'_>, text: &str) -> Result<AgentName, Stop> {
    let agents = work.env.agents;
    match AgentName::find(text, || agents.installed()) {
        Ok((name, true)) => {
            work.report(Report::info(
                "AGENT_NAME_GUESSED",
                format!("Assumed agent name '{name}' (deduced from '{text}')"),
            ));
            Ok(name)
        }
        Ok((name, false)) => Ok(name),
        Err(error) => work.stop(code(&error), error.to_string()),
    }
}

fn code(error: &rhapsody_agents_catalog::NameError) -> &'static str {
    use rhapsody_agents_catalog::NameError::{Ambiguous, Malformed, Unknown};
    match error {
        Malformed(_) => "INVALID_RESOURCE_AGENT_NAME",
        Unknown(_) => "AGENT_NAME_GUESS_FOUND_NONE",
        Ambiguous { .. } => "AGENT_NAME_GUESS_FOUND_MORE_THAN_ONE",
    }
}

/// Metadata of an agent; with `force` an agent that is not there is taken as it is named.
pub fn metadata(work: &mut Work<'_>, name: &AgentName, force: bool) -> Option<Arc<Metadata>> {
    match work.env.agents.metadata(name) {
        Ok(metadata) => Some(metadata),
        Err(error) => {
            work.report(check::forceable(force, "UNABLE_TO_GET_AGENT_METADATA", error.to_string()));
            None
        }
    }
}
