//! Who may act: votequorum's arithmetic.
//!
//! [`judge`] is a pure function of the configuration, what is remembered from earlier views and the
//! members of this one.

use crate::config::{QuorumConfig, TieBreaker};
use crate::{Config, NodeId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is remembered between views.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// All nodes were seen together once in this boot (or a member that had seen them was met).
    pub waited: bool,
    /// Lowered by last_man_standing; 0: as configured.
    pub expected: u32,
    /// Votes that an administrator said are expected, until corosync.conf is changed; 0: nobody did.
    pub ordered: u32,
    /// The members of the last quorate view: only they can hold the tie breaker.
    pub last_quorate: BTreeSet<NodeId>,
}

/// The answer, with the figures of `quorum status`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub quorate: bool,
    pub expected: u32,
    pub highest_expected: u32,
    pub total: u32,
    pub quorum: u32,
    /// As corosync-quorumtool spells them.
    pub flags: Vec<String>,
    pub waiting: bool,
}

impl QuorumConfig {
    pub fn waits_for_all(&self) -> bool {
        self.wait_for_all.unwrap_or(self.two_node)
    }

    /// The time after which last_man_standing counts anew.
    pub fn window_ms(&self) -> u64 {
        if self.last_man_standing_window_ms == 0 { 10_000 } else { self.last_man_standing_window_ms }
    }
}

/// The votes of the nodelist.
pub fn votes(config: &Config) -> BTreeMap<NodeId, u32> {
    config.layout.nodes.iter().map(|p| (p.id, p.votes)).collect()
}

/// Is a partition with these members quorate?
pub fn judge(config: &Config, memory: &Memory, members: &BTreeSet<NodeId>) -> Verdict {
    let options = &config.layout.quorum;
    let votes = votes(config);
    let total: u32 = members.iter().map(|m| votes.get(m).copied().unwrap_or(0)).sum();
    let configured = match (memory.ordered, options.expected_votes) {
        (0, 0) => votes.values().sum(),
        (0, votes) | (votes, _) => votes,
    };
    let expected = if options.last_man_standing && memory.expected > 0 {
        memory.expected.max(total).min(configured.max(total))
    } else {
        configured.max(total)
    };
    let two_node = options.two_node && expected == 2;
    let mut quorum = if two_node { 1 } else { expected / 2 + 1 };
    let all = total >= configured;
    let waiting = waits(config) && !memory.waited && !all;
    let tie = options.auto_tie_breaker
        && !two_node
        && total > 0
        && total * 2 == expected
        && tie_breaker(options, memory).is_some_and(|node| members.contains(&node));
    if tie {
        quorum = total;
    }
    let quorate = total >= quorum && total > 0 && !waiting;
    let mut flags = Vec::new();
    for (on, flag) in [
        (options.two_node, "2Node"),
        (quorate, "Quorate"),
        (options.waits_for_all(), "WaitForAll"),
        (options.last_man_standing, "LastManStanding"),
        (options.auto_tie_breaker, "AutoTieBreaker"),
    ] {
        if on {
            flags.push(flag.to_owned());
        }
    }
    Verdict { quorate, expected, highest_expected: configured.max(total), total, quorum, flags, waiting }
}

fn waits(config: &Config) -> bool {
    #[cfg(any(test, feature = "bugs"))]
    if config.bugs.ignore_wait_for_all {
        return false;
    }
    config.layout.quorum.waits_for_all()
}

/// The node that decides an even split: of the last quorate view, as votequorum does, so that two
/// halves that never met do not both go on.
fn tie_breaker(options: &QuorumConfig, memory: &Memory) -> Option<NodeId> {
    match &options.auto_tie_breaker_node {
        TieBreaker::Lowest => memory.last_quorate.first().copied(),
        TieBreaker::Highest => memory.last_quorate.last().copied(),
        TieBreaker::List(list) => list.iter().copied().find(|n| memory.last_quorate.contains(n)),
    }
}

/// What to remember after a view with this verdict was installed. `others_waited`: a member had
/// already seen all nodes.
pub fn remember(
    memory: &Memory,
    verdict: &Verdict,
    members: &BTreeSet<NodeId>,
    others_waited: bool,
) -> Memory {
    let mut next = memory.clone();
    next.waited |= others_waited || verdict.total >= verdict.highest_expected;
    if next.expected > 0 {
        next.expected = next.expected.max(verdict.total);
    }
    if verdict.quorate {
        next.last_quorate.clone_from(members);
    }
    next
}

/// last_man_standing: the window passed in a quorate view.
pub fn stand(config: &Config, memory: &Memory, verdict: &Verdict) -> Option<Memory> {
    let lower = config.layout.quorum.last_man_standing && verdict.quorate && verdict.total < verdict.expected;
    // From two to one only a tie breaker may go.
    let floor = if config.layout.quorum.auto_tie_breaker { 1 } else { 2 };
    (lower && verdict.total >= floor).then(|| Memory { expected: verdict.total, ..memory.clone() })
}

#[cfg(test)]
mod tests;
