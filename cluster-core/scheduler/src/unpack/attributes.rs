//! Instance attributes of a resource, evaluated for a node.

use super::{Env, rules};
use crate::model::{Cluster, NodeIdx, ResourceIdx};

/// The agent as rules see it.
pub fn agent(c: &Cluster, rsc: ResourceIdx) -> (&str, &str, &str) {
    let d = &c[rsc].definition;
    (d.class.as_str(), d.provider.as_deref().unwrap_or(""), d.agent.as_str())
}

/// Its own parameters, then those set on what it is in; rules see the node's attributes.
pub fn parameters(env: &Env, c: &Cluster, rsc: ResourceIdx, node: Option<NodeIdx>) -> rules::Values {
    let mut out = rules::Values::new();
    let mut ctx = env.context();
    ctx.agent = Some(agent(c, rsc));
    ctx.node = node.map(|n| &c[n].attributes);
    for (name, value) in &c[rsc].definition.fixed_params {
        out.insert(name.clone(), value.clone());
    }
    let mut at = Some(rsc);
    while let Some(r) = at {
        rules::resolve(env.doc, &c[r].definition.attribute_blocks, &ctx, None, &mut out);
        at = c[r].parent;
    }
    out
}

/// Whether [`parameters`] can differ between nodes.
pub fn depend_on_node(env: &Env, c: &Cluster, rsc: ResourceIdx) -> bool {
    let mut at = Some(rsc);
    while let Some(r) = at {
        if rules::have_rules(env.doc, &c[r].definition.attribute_blocks) {
            return true;
        }
        at = c[r].parent;
    }
    false
}
