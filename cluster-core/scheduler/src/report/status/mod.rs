//! Cluster status as text: nodes, then resources.

mod collective;
mod nodes;
mod primitive;

use crate::model::*;
use collective::{bundle, clone, group};
use nodes::nodes;
pub use primitive::{exit_text, primitive};

/// "Node List" and "Full List of Resources".
pub fn status_lines(c: &Cluster) -> Vec<String> {
    let mut out = vec!["  * Node List:".to_owned()];
    nodes(c, &mut out);
    out.push(String::new());
    out.push("  * Full List of Resources:".to_owned());
    let before = out.len();
    for rsc in &c.top {
        if is_listed(c, *rsc) {
            resource(c, *rsc, 2, &mut out);
        }
    }
    if out.len() == before {
        out.push("    * No resources".to_owned());
    }
    out
}

/// The lines above the status, if any.
pub fn head_lines(c: &Cluster) -> Vec<String> {
    let mut out = Vec::new();
    if c.options.maintenance {
        out.push(String::new());
        out.push("              *** Resource management is DISABLED ***".to_owned());
        out.push("  The cluster will not attempt to start, stop or recover services".to_owned());
        out.push(String::new());
    }
    let instances = c
        .all_resources()
        .filter(|r| c[*r].is_primitive() && !(c[*r].is_removed() && c[*r].role == Role::Stopped))
        .count();
    let (d, b) = (c.disabled_resources, c.blocked_resources);
    if d > 0 || b > 0 {
        out.push(format!("{d} of {instances} resource instances DISABLED and {b} BLOCKED from further action due to failure"));
        out.push(String::new());
    }
    out
}

fn is_listed(c: &Cluster, rsc: ResourceIdx) -> bool {
    let r = &c[rsc];
    if r.is_removed() && is_inactive(c, rsc) {
        return false;
    }
    !(r.is(Flags::INTERNAL) && r.is_primitive())
}

fn is_inactive(c: &Cluster, rsc: ResourceIdx) -> bool {
    c[rsc].active.is_empty() && c[rsc].children.iter().all(|m| is_inactive(c, *m))
}
fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

fn resource(c: &Cluster, rsc: ResourceIdx, depth: usize, out: &mut Vec<String>) {
    match c[rsc].variant {
        Variant::Primitive => out.push(format!("{}* {}", indent(depth), primitive(c, rsc))),
        Variant::Group => group(c, rsc, depth, out),
        Variant::Clone => clone(c, rsc, depth, out),
        Variant::Bundle => bundle(c, rsc, depth, out),
    }
}
