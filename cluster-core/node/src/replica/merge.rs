//! What is true in a new view, from what its members bring: decision 3 as a pure function.

use super::config::{Held, Stamp};
use super::status::Status;
use crate::NodeId;
use crate::membership::view::ViewId;
use crate::wire::FlushState;
use std::collections::BTreeMap;

/// The outcome for the configuration.
#[derive(Debug, Clone)]
pub struct Winner {
    pub held: Held,
    /// Members whose configuration was not an ancestor of the winner: kept and reported.
    pub losers: Vec<(NodeId, Stamp)>,
}

/// Which member's configuration wins: the quorate side, then the higher version, then the later
/// view, then the smallest digest. `None` if nobody has one (cannot happen: the proposer has).
pub fn winner(states: &BTreeMap<NodeId, FlushState>) -> Option<NodeId> {
    let rank = |s: &FlushState| s.was_quorate;
    states
        .iter()
        .max_by(|(ia, a), (ib, b)| {
            rank(a).cmp(&rank(b)).then_with(|| a.stamp.rank(&b.stamp)).then_with(|| ib.cmp(ia))
        })
        .map(|(id, _)| *id)
}

/// The configuration of a new view. With a rival among the others the winner becomes a new epoch,
/// higher than any version that is known, so that nobody ever mistakes the one for the other.
pub fn configuration(
    view: ViewId,
    proposer: &Held,
    states: &BTreeMap<NodeId, FlushState>,
) -> Result<Winner, String> {
    let best = winner(states).and_then(|id| states.get(&id)).ok_or("no member has a configuration")?;
    let held = if best.stamp == proposer.stamp {
        proposer.clone()
    } else {
        let xml = best.xml.as_deref().ok_or("a member did not bring its configuration")?;
        let cib = crate::Cib::parse(xml).map_err(|e| e.to_string())?;
        let mut held = Held::new(cib, best.stamp.made_in, Some(&best.lineage));
        // The identity stays that of the bringer, whatever our reading of the text says.
        held.stamp.clone_from(&best.stamp);
        held
    };
    let losers: Vec<(NodeId, Stamp)> = states
        .iter()
        .filter(|(_, s)| s.stamp != held.stamp && !held.lineage.descends_from(&s.stamp))
        .map(|(id, s)| (*id, s.stamp.clone()))
        .collect();
    if losers.is_empty() {
        return Ok(Winner { held, losers });
    }
    let highest = states.values().map(|s| s.stamp.version()).max().unwrap_or_default();
    let mut cib = held.cib.clone();
    let mut version = cib.version();
    (version.admin_epoch, version.epoch) = highest.max(held.stamp.version());
    version.epoch += 1;
    cib.set_version(version);
    Ok(Winner { held: Held::new(cib, view, Some(&held.lineage)), losers })
}

/// The status of a new view: each member's own part from itself, of the others the newest that
/// anybody knows. Only the shutdown locks of a member's earlier life are known to the others alone.
pub fn status(view: ViewId, states: &BTreeMap<NodeId, FlushState>) -> Status {
    let mut merged = Status::default();
    for state in states.values() {
        merged.merge(&state.others);
    }
    for (id, state) in states {
        let mut part = state.part.clone();
        if let Some(earlier) = merged.parts.get(id).filter(|p| p.incarnation < part.incarnation) {
            part.inherit_locks(earlier);
        }
        part.member = true;
        part.expected = true;
        part.fenced = false;
        part.touched = (view, 0);
        merged.parts.insert(*id, part);
    }
    for (id, part) in &mut merged.parts {
        if !states.contains_key(id) {
            part.member = false;
        }
    }
    merged
}

#[cfg(test)]
mod tests;
