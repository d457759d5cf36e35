//! What a resource knows about nodes: its score on each, whether it may be looked for there.

use super::NodeIdx;

/// Plus or minus this is "always" or "never".
pub const INFINITY: i32 = 1_000_000;

/// Add two scores: minus infinity wins, then infinity; the rest is clamped.
pub fn add_scores(a: i32, b: i32) -> i32 {
    if a <= -INFINITY || b <= -INFINITY {
        -INFINITY
    } else if a >= INFINITY || b >= INFINITY {
        INFINITY
    } else {
        a.saturating_add(b).clamp(-INFINITY, INFINITY)
    }
}

/// Whether the resource may be probed on a node (`resource-discovery`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Discovery {
    #[default]
    Always,
    Never,
    Exclusive,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeEntry {
    pub score: i32,
    pub discovery: Discovery,
    /// Instances assigned there (only used in a clone's own table).
    pub count: u32,
}

/// Dense by node; a node without an entry is one the resource was never considered for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeTable {
    entries: Vec<Option<NodeEntry>>,
}

impl NodeTable {
    pub fn get(&self, node: NodeIdx) -> Option<&NodeEntry> {
        self.entries.get(node.0 as usize).and_then(Option::as_ref)
    }

    pub fn get_mut(&mut self, node: NodeIdx) -> Option<&mut NodeEntry> {
        self.entries.get_mut(node.0 as usize).and_then(Option::as_mut)
    }

    pub fn contains(&self, node: NodeIdx) -> bool {
        self.get(node).is_some()
    }

    pub fn score(&self, node: NodeIdx) -> Option<i32> {
        self.get(node).map(|e| e.score)
    }

    /// The entry of `node`, made with `score` where there was none.
    pub fn entry(&mut self, node: NodeIdx, score: i32) -> &mut NodeEntry {
        let at = node.0 as usize;
        if self.entries.len() <= at {
            self.entries.resize(at + 1, None);
        }
        self.entries[at].get_or_insert(NodeEntry { score, discovery: Discovery::Always, count: 0 })
    }

    /// Add to the score of a node that has an entry.
    pub fn add_present(&mut self, node: NodeIdx, score: i32) {
        if let Some(entry) = self.get_mut(node) {
            entry.score = add_scores(entry.score, score);
        }
    }

    pub fn remove(&mut self, node: NodeIdx) {
        if let Some(slot) = self.entries.get_mut(node.0 as usize) {
            *slot = None;
        }
    }

    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.entries.iter().all(Option::is_none)
    }

    pub fn len(&self) -> usize {
        self.entries.iter().flatten().count()
    }

    pub fn iter(&self) -> impl Iterator<Item = (NodeIdx, &NodeEntry)> {
        self.entries.iter().enumerate().filter_map(|(i, e)| Some((NodeIdx(i as u32), e.as_ref()?)))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (NodeIdx, &mut NodeEntry)> {
        self.entries.iter_mut().enumerate().filter_map(|(i, e)| Some((NodeIdx(i as u32), e.as_mut()?)))
    }
}
