//! What an ordering means beyond "first comes before then".

/// Only the order, when both are in the graph.
pub const ORDERED: u32 = 1;
/// Optional orders that do something only if ...
pub const THEN_IMPLIES_FIRST: u32 = 1 << 4;
pub const FIRST_IMPLIES_THEN: u32 = 1 << 5;
pub const PROMOTED_THEN_IMPLIES_FIRST: u32 = 1 << 6;
/// Only between a resource's actions on the same node as the first.
pub const FIRST_IMPLIES_SAME_NODE_THEN: u32 = 1 << 7;
pub const COUNTS_RUNNABLE: u32 = 1 << 8;
pub const UNRUNNABLE_FIRST_BLOCKS: u32 = 1 << 9;
pub const UNMIGRATABLE_THEN_BLOCKS: u32 = 1 << 10;
pub const NESTED_REMOTE_PROBE: u32 = 1 << 11;
pub const IF_FIRST_UNMIGRATABLE: u32 = 1 << 12;
pub const IF_ON_SAME_NODE: u32 = 1 << 13;
pub const IF_REQUIRED_ON_SAME_NODE: u32 = 1 << 14;
pub const IF_ON_SAME_NODE_OR_TARGET: u32 = 1 << 15;
/// The restart rule: a stop between two starts.
pub const INTERMEDIATE_STOP: u32 = 1 << 16;
pub const ASYMMETRIC: u32 = 1 << 17;
pub const THEN_CANCELS_FIRST: u32 = 1 << 18;
pub const FIRST_ELSE_THEN: u32 = 1 << 19;
pub const GUEST_ALLOWED: u32 = 1 << 20;
pub const FIRST_IMPLIES_THEN_GRAPHED: u32 = 1 << 21;
pub const THEN_IMPLIES_FIRST_GRAPHED: u32 = 1 << 22;
