//! The lines of `simulate --show-scores` and `--show-utilization`.

use crate::assign::score_text;
use crate::model::{NodeIdx, ResourceIdx};
use crate::plan::Plan;
use smol_str::SmolStr;
use std::fmt;

/// Amounts of utilization attributes.
pub type Amounts = Vec<(SmolStr, i64)>;

/// One line; `Display` is its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScoreLine {
    /// `pcmk__primitive_assign: vip allocation score on n1: 0`
    Allocation {
        function: &'static str,
        resource: SmolStr,
        node: SmolStr,
        score: i32,
    },
    Promotion {
        resource: SmolStr,
        node: Option<SmolStr>,
        score: i32,
    },
    /// What a node offers, before (`Original`) or after (`Remaining`) everything is assigned.
    Capacity {
        comment: &'static str,
        node: SmolStr,
        amounts: Amounts,
    },
    /// What a resource takes of the node it is assigned to.
    Utilization {
        resource: SmolStr,
        node: SmolStr,
        amounts: Amounts,
    },
}

/// The function that the peer names in its utilization lines.
pub const UTILIZATION_FUNCTION: &str = "pcmk__assign_resource";

impl fmt::Display for ScoreLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScoreLine::Allocation { function, resource, node, score } => {
                write!(f, "{function}: {resource} allocation score on {node}: {}", score_text(*score))
            }
            ScoreLine::Promotion { resource, node: Some(node), score } => {
                write!(f, "{resource} promotion score on {node}: {}", score_text(*score))
            }
            ScoreLine::Promotion { resource, node: None, score } => {
                write!(f, "{resource} promotion score (inactive): {}", score_text(*score))
            }
            ScoreLine::Capacity { comment, node, amounts } => {
                write!(f, "{comment}: {node} capacity:")?;
                write_amounts(f, amounts)
            }
            ScoreLine::Utilization { resource, node, amounts } => {
                write!(f, "{UTILIZATION_FUNCTION}: {resource} utilization on {node}:")?;
                write_amounts(f, amounts)
            }
        }
    }
}

fn write_amounts(f: &mut fmt::Formatter<'_>, amounts: &Amounts) -> fmt::Result {
    amounts.iter().try_for_each(|(name, amount)| write!(f, " {name}={amount}"))
}

impl Plan<'_> {
    /// Keep the table of a resource and everything below it.
    pub fn show_scores(&mut self, rsc: ResourceIdx, function: &'static str) {
        if !self.show_scores || self.c[rsc].is_removed() {
            return;
        }
        for n in self.c.node_order.clone() {
            if let Some(score) = self.c[rsc].allowed.score(n) {
                let (resource, node) = (self.c[rsc].id.clone(), self.c[n].name.clone());
                self.scores.push(ScoreLine::Allocation { function, resource, node, score });
            }
        }
        for child in self.children(rsc) {
            self.show_scores(child, function);
        }
    }

    pub fn show_promotion_score(&mut self, rsc: ResourceIdx) {
        if !self.show_scores {
            return;
        }
        let node = self.single_location(rsc, false).map(|n| self.c[n].name.clone());
        let (resource, score) = (self.c[rsc].id.clone(), self.c[rsc].promotion_priority);
        self.scores.push(ScoreLine::Promotion { resource, node, score });
    }

    pub fn show_capacity(&mut self, comment: &'static str) {
        if !self.show_utilization {
            return;
        }
        for n in self.c.node_order.clone() {
            let node = &self.c[n];
            let amounts = node.utilization.iter().map(|(k, v)| (k.clone(), *v)).collect();
            self.scores.push(ScoreLine::Capacity { comment, node: node.name.clone(), amounts });
        }
    }

    pub fn show_utilization(&mut self, rsc: ResourceIdx, node: NodeIdx) {
        if !self.show_utilization {
            return;
        }
        let (r, node) = (&self.c[rsc], self.c[node].name.clone());
        let amounts = r.utilization.iter().map(|(k, v)| (k.clone(), *v)).collect();
        self.scores.push(ScoreLine::Utilization { resource: r.id.clone(), node, amounts });
    }
}
