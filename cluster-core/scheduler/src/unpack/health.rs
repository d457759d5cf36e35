//! Node health: colours and numbers in attributes that begin with `#health`.

use super::{Reader, values};
use crate::model::{ClusterOptions, HealthStrategy, INFINITY, Node, NodeIdx, add_scores};

/// What a health value is worth under the chosen strategy.
fn value_score(options: &ClusterOptions, value: &str) -> i32 {
    let (red, yellow, green) = colours(options);
    match value.to_ascii_lowercase().as_str() {
        "red" => red,
        "yellow" => yellow,
        "green" => green,
        _ => values::score(value).unwrap_or(0),
    }
}

fn colours(o: &ClusterOptions) -> (i32, i32, i32) {
    match o.health {
        HealthStrategy::None => (0, 0, 0),
        HealthStrategy::MigrateOnRed => (-INFINITY, 0, 0),
        HealthStrategy::OnlyGreen => (-INFINITY, -INFINITY, 0),
        HealthStrategy::Progressive | HealthStrategy::Custom => {
            (o.health_red, o.health_yellow, o.health_green)
        }
    }
}

/// The sum of a node's health attributes, from the base of the strategy.
pub fn node_score(options: &ClusterOptions, node: &Node) -> i32 {
    let base = if options.health == HealthStrategy::Progressive { options.health_base } else { 0 };
    node.attributes
        .iter()
        .filter(|(name, _)| name.starts_with("#health"))
        .fold(base, |sum, (_, value)| add_scores(sum, value_score(options, value)))
}

impl Reader<'_> {
    /// The worst colour, for display: -1 red, 0 yellow, 1 green.
    pub(super) fn node_health(&mut self, node: NodeIdx) {
        let options = &self.c.options;
        let (red, yellow, green) = colours(options);
        let mut worst = 1;
        for (name, value) in &self.c[node].attributes {
            if !name.starts_with("#health") {
                continue;
            }
            let colour = match value.to_ascii_lowercase().as_str() {
                "red" => -1,
                "yellow" => 0,
                "green" => 1,
                _ => {
                    let score = value_score(options, value);
                    if score <= red {
                        -1
                    } else if score <= yellow && yellow != green {
                        // Where yellow is worth as much as green, numbers cannot tell them apart.
                        0
                    } else {
                        1
                    }
                }
            };
            worst = worst.min(colour);
        }
        self.c[node].health = worst;
    }
}
