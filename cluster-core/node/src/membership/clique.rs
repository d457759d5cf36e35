//! Which nodes should form a view, from the matrix of who hears whom.
//!
//! Members of a view must all hear each other. From the same matrix every node draws the same
//! partition into such groups: the group with the most votes first (then the most nodes, then the
//! lowest numbers), then the best group of the rest, and so on. The answer depends on nothing but
//! the matrix, so that a mesh with missing links does not oscillate.

use crate::NodeId;
use std::collections::{BTreeMap, BTreeSet};

/// Steps of the exact search at most; beyond that the best group found so far is taken. Real
/// meshes need a handful.
const STEPS_MAX: usize = 20_000;

/// Who hears whom.
pub type Matrix = BTreeMap<NodeId, BTreeSet<NodeId>>;

/// The group that `me` belongs to.
pub fn group_of(me: NodeId, hears: &Matrix, votes: &BTreeMap<NodeId, u32>) -> BTreeSet<NodeId> {
    let mut nodes: BTreeSet<NodeId> = hears.keys().copied().collect();
    nodes.insert(me);
    while nodes.contains(&me) {
        let group = best(&nodes, hears, votes);
        if group.contains(&me) || group.is_empty() {
            return if group.is_empty() { BTreeSet::from([me]) } else { group };
        }
        nodes.retain(|n| !group.contains(n));
    }
    BTreeSet::from([me])
}

/// Both hear each other.
pub fn linked(hears: &Matrix, a: NodeId, b: NodeId) -> bool {
    a == b
        || (hears.get(&a).is_some_and(|row| row.contains(&b))
            && hears.get(&b).is_some_and(|row| row.contains(&a)))
}

fn best(nodes: &BTreeSet<NodeId>, hears: &Matrix, votes: &BTreeMap<NodeId, u32>) -> BTreeSet<NodeId> {
    let all: Vec<NodeId> = nodes.iter().copied().collect();
    let mut search = Search { hears, votes, best: Vec::new(), best_rank: (0, 0), steps: 0 };
    search.extend(&mut Vec::new(), &all);
    search.best.into_iter().collect()
}

struct Search<'a> {
    hears: &'a Matrix,
    votes: &'a BTreeMap<NodeId, u32>,
    best: Vec<NodeId>,
    best_rank: (u32, usize),
    steps: usize,
}

impl Search<'_> {
    fn rank(&self, group: &[NodeId]) -> (u32, usize) {
        (group.iter().map(|n| self.votes.get(n).copied().unwrap_or(1)).sum(), group.len())
    }

    /// Candidates come in ascending order, so the first group of a rank has the lowest numbers.
    fn extend(&mut self, group: &mut Vec<NodeId>, candidates: &[NodeId]) {
        self.steps += 1;
        let rank = self.rank(group);
        if rank > self.best_rank {
            self.best_rank = rank;
            self.best = group.clone();
        }
        for (at, node) in candidates.iter().enumerate() {
            let reachable = self.rank(&candidates[at..]);
            let bound = (rank.0 + reachable.0, rank.1 + reachable.1);
            if bound <= self.best_rank || self.steps > STEPS_MAX {
                return;
            }
            let rest: Vec<NodeId> =
                candidates[at + 1..].iter().copied().filter(|n| linked(self.hears, *node, *n)).collect();
            group.push(*node);
            self.extend(group, &rest);
            group.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `1-2 2-3` are links that work both ways, `1>2` one that works one way.
    fn matrix(links: &str, n: u32) -> Matrix {
        let mut hears: Matrix = (1..=n).map(|i| (i, BTreeSet::new())).collect();
        for link in links.split_whitespace() {
            let (a, rest) = link.split_at(1);
            let (how, b) = rest.split_at(1);
            let (a, b): (u32, u32) = (a.parse().unwrap(), b.parse().unwrap());
            hears.get_mut(&b).unwrap().insert(a);
            if how == "-" {
                hears.get_mut(&a).unwrap().insert(b);
            }
        }
        hears
    }

    fn groups(links: &str, n: u32) -> String {
        let m = matrix(links, n);
        let all: BTreeSet<Vec<u32>> =
            (1..=n).map(|i| group_of(i, &m, &BTreeMap::new()).into_iter().collect()).collect();
        all.iter().map(|g| g.iter().map(u32::to_string).collect::<String>()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn groups_of_a_matrix() {
        for (links, n, want) in [
            ("", 2, "1 2"),
            ("1-2", 2, "12"),
            ("1>2", 2, "1 2"),
            ("1-2 2-3 1-3", 3, "123"),
            ("1-2 2-3", 3, "12 3"),
            ("2-3", 3, "1 23"),
            ("1-2 2-3 1>3", 3, "12 3"),
            ("1-2 3-4", 4, "12 34"),
            ("1-2 1-3 2-3 3-4 4-5 3-5", 5, "123 45"),
            ("1-2 2-3 3-4 4-5 5-1", 5, "12 34 5"),
        ] {
            assert_eq!(groups(links, n), want, "{links}");
        }
    }

    #[test]
    fn votes_decide_before_numbers() {
        let m = matrix("1-2 2-3", 3);
        let votes = BTreeMap::from([(1, 1), (2, 1), (3, 2)]);
        assert_eq!(group_of(2, &m, &votes), BTreeSet::from([2, 3]));
        assert_eq!(group_of(1, &m, &votes), BTreeSet::from([1]));
    }

    #[test]
    fn a_big_mesh_with_holes_ends() {
        let n = 48;
        let m: Matrix =
            (0..n).map(|i| (i, (0..n).filter(|j| (i * 7 + j * 7 + i * j) % 3 != 0).collect())).collect();
        for i in 0..n {
            assert!(group_of(i, &m, &BTreeMap::new()).contains(&i));
        }
    }
}
