//! Where resources would run if nothing kept them where they are.

use crate::{Entry, Status};
use rhapsody_cib::Cib;
use rhapsody_scheduler::effects;
use std::collections::BTreeSet;

/// One resource that would run elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relocation {
    pub resource: String,
    pub from: BTreeSet<String>,
    pub to: BTreeSet<String>,
}

/// Outermost resources whose best nodes, stickiness left aside, are not the present ones.
/// `ids`: only these (or what they are in); empty for all.
pub fn plan(cib: &Cib, now: i64, ids: &[String]) -> Result<Vec<Relocation>, String> {
    let after = effects::of(&effects::without_stickiness(cib.document()), now)?.after;
    let after = Cib::parse(&after.to_xml()).map_err(|error| error.to_string())?;
    let (before, after) = (Status::new(cib, now), Status::new(&after, now));
    let asked = |entry: &Entry| {
        ids.is_empty()
            || ids.iter().any(|id| entry.id() == id || entry.primitives().iter().any(|inner| inner.id == *id))
    };
    let mut plan = Vec::new();
    for entry in before.resources.iter().filter(|entry| asked(entry)) {
        let from = nodes(entry);
        let to = after.resources.iter().find(|other| other.id() == entry.id()).map(nodes).unwrap_or_default();
        // What does not run is started by the cluster itself, if it may.
        if !from.is_empty() && !to.is_empty() && from != to {
            plan.push(Relocation { resource: entry.id().to_owned(), from, to });
        }
    }
    Ok(plan)
}

fn nodes(entry: &Entry) -> BTreeSet<String> {
    let active = entry.primitives().into_iter().filter(|resource| resource.active);
    active.flat_map(|resource| &resource.nodes).map(|node| node.name.clone()).collect()
}
