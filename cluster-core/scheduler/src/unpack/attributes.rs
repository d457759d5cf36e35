//! Instance attributes of a resource, evaluated for a node.

use super::{Env, rules};
use crate::model::{Cluster, NodeIdx, ResourceIdx};

/// Stands for the name of the host in the address of a connection.
pub const HOST_NAME: &str = "#uname";

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
    if moves_with_container(c, rsc)
        && let Some(host) = c[rsc].container.and_then(|k| c[k].assigned.or(c[k].active.first().copied()))
    {
        out.insert("addr".into(), c[host].name.clone());
    }
    out
}

/// A bundle's connection that is reached under the name of its container's host.
pub fn moves_with_container(c: &Cluster, rsc: ResourceIdx) -> bool {
    c[rsc].definition.fixed_params.iter().any(|(k, v)| k == "addr" && v == HOST_NAME)
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
