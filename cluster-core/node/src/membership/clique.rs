//! Which nodes should form a view, from the matrix of who hears whom.
//!
//! Members of a view must all hear each other. From the same beats every node draws the same
//! partition into such groups: the group with the most votes first (then the most nodes, then the
//! most votes that share a view already, then the lowest numbers), then the best group of the rest,
//! and so on. Those who share a view come before the numbers, so that nobody parts from an
//! established member for a newcomer that not all hear yet. The answer depends on nothing but what
//! the beats tell, so that a mesh with missing links does not oscillate.

use crate::NodeId;
use std::collections::{BTreeMap, BTreeSet};

/// Steps of the exact search at most; beyond that the best group found so far is taken. Real
/// meshes need a handful.
const STEPS_MAX: usize = 20_000;

/// Who hears whom.
pub type Matrix = BTreeMap<NodeId, BTreeSet<NodeId>>;

/// What the beats tell.
pub struct Mesh {
    pub hears: Matrix,
    /// Of the configuration; a node without an entry has one.
    pub votes: BTreeMap<NodeId, u32>,
    /// Counter and proposer of each node's view; those without a view are left out.
    pub views: BTreeMap<NodeId, (u64, NodeId)>,
}

/// The group that `me` belongs to.
pub fn group_of(me: NodeId, mesh: &Mesh) -> BTreeSet<NodeId> {
    let mut nodes: BTreeSet<NodeId> = mesh.hears.keys().copied().collect();
    nodes.insert(me);
    while nodes.contains(&me) {
        let group = best(&nodes, mesh);
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

fn best(nodes: &BTreeSet<NodeId>, mesh: &Mesh) -> BTreeSet<NodeId> {
    let all: Vec<NodeId> = nodes.iter().copied().collect();
    let mut search = Search { mesh, best: Vec::new(), best_rank: Rank::default(), steps: 0 };
    search.extend(&mut Vec::new(), &all);
    search.best.into_iter().collect()
}

/// Compared field by field.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    votes: u32,
    nodes: usize,
    /// The votes of the most that share a view.
    established: u32,
}

struct Search<'a> {
    mesh: &'a Mesh,
    best: Vec<NodeId>,
    best_rank: Rank,
    steps: usize,
}

impl Search<'_> {
    fn votes(&self, group: &[NodeId]) -> u32 {
        group.iter().map(|n| self.mesh.votes.get(n).copied().unwrap_or(1)).sum()
    }

    fn rank(&self, group: &[NodeId]) -> Rank {
        let mut shares: BTreeMap<(u64, NodeId), u32> = BTreeMap::new();
        for node in group {
            if let Some(view) = self.mesh.views.get(node) {
                *shares.entry(*view).or_default() += self.votes(&[*node]);
            }
        }
        let established = shares.into_values().max().unwrap_or(0);
        Rank { votes: self.votes(group), nodes: group.len(), established }
    }

    /// What `group` can become at best when all of `candidates` join it.
    fn bound(&self, group: &[NodeId], candidates: &[NodeId]) -> Rank {
        let votes = self.votes(group) + self.votes(candidates);
        Rank { votes, nodes: group.len() + candidates.len(), established: votes }
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
            if self.bound(group, &candidates[at..]) <= self.best_rank || self.steps > STEPS_MAX {
                return;
            }
            let linked = |n: &NodeId| linked(&self.mesh.hears, *node, *n);
            let rest: Vec<NodeId> = candidates[at + 1..].iter().copied().filter(linked).collect();
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

    fn mesh(links: &str, n: u32) -> Mesh {
        Mesh { hears: matrix(links, n), votes: BTreeMap::new(), views: BTreeMap::new() }
    }

    fn groups(mesh: &Mesh) -> String {
        let all: BTreeSet<Vec<u32>> =
            mesh.hears.keys().map(|i| group_of(*i, mesh).into_iter().collect()).collect();
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
            assert_eq!(groups(&mesh(links, n)), want, "{links}");
        }
    }

    #[test]
    fn votes_decide_before_numbers() {
        let mut m = mesh("1-2 2-3", 3);
        m.votes = BTreeMap::from([(1, 1), (2, 1), (3, 2)]);
        assert_eq!(group_of(2, &m), BTreeSet::from([2, 3]));
        assert_eq!(group_of(1, &m), BTreeSet::from([1]));
    }

    #[test]
    fn a_newcomer_that_not_all_hear_displaces_nobody() {
        let mut m = mesh("1-2 1-3", 3);
        assert_eq!(groups(&m), "12 3");
        m.views = BTreeMap::from([(1, (4, 1)), (3, (4, 1))]);
        assert_eq!(groups(&m), "13 2", "2 has no view");
        m.views.insert(2, (9, 2));
        assert_eq!(groups(&m), "13 2", "2 has a view of its own");
        m.hears = matrix("1-2 1-3 2-3", 3);
        assert_eq!(groups(&m), "123", "all hear it");
    }

    #[test]
    fn votes_decide_before_a_shared_view() {
        let mut m = mesh("1-2 1-3 2-4 1-4", 4);
        m.views = BTreeMap::from([(1, (4, 1)), (3, (4, 1))]);
        assert_eq!(groups(&m), "124 3");
    }

    #[test]
    fn a_big_mesh_with_holes_ends() {
        let n = 48;
        let hears: Matrix =
            (0..n).map(|i| (i, (0..n).filter(|j| (i * 7 + j * 7 + i * j) % 3 != 0).collect())).collect();
        let views = (0..n).map(|i| (i, (u64::from(i % 5), 1))).collect();
        let m = Mesh { hears, votes: BTreeMap::new(), views };
        for i in 0..n {
            assert!(group_of(i, &m).contains(&i));
        }
    }
}
