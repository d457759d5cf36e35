//! How often a resource failed on a node, from the node's attributes.

use super::{Env, values};
use crate::model::{Cluster, Flags, NodeIdx, OpDef, ResourceIdx, Variant, add_scores};
use rhapsody_xml::Element;

#[derive(Debug, Clone, Copy, Default)]
pub struct Failures {
    pub count: i32,
    pub last: i64,
}

/// Whether `name` is `PREFIX RSC [#OP_INTERVAL]` for this resource; an instance number counts only if unique.
fn matches(name: &str, prefix: &str, base: &str, unique: bool) -> bool {
    let Some(rest) = name.strip_prefix(prefix).and_then(|r| r.strip_prefix(base)) else { return false };
    let rest = match rest.strip_prefix(':') {
        Some(r) if !unique => {
            let digits = r.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                return false;
            }
            &r[digits..]
        }
        _ => rest,
    };
    rest.is_empty() || (rest.starts_with('#') && rest.contains('_'))
}

fn base_name(c: &Cluster, rsc: ResourceIdx) -> String {
    let r = &c[rsc];
    let name = r.history_name();
    if r.is_unique() {
        return name.to_string();
    }
    match name.rsplit_once(':') {
        Some((base, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            base.to_owned()
        }
        _ => name.to_string(),
    }
}

/// The sum of its counts on `node`. With `effective`, a count older than `failure-timeout` is 0.
pub fn count(
    env: &Env,
    c: &mut Cluster,
    rsc: ResourceIdx,
    node: NodeIdx,
    effective: bool,
    op: Option<Element>,
) -> Failures {
    let mut sum = Failures::default();
    if c[node].attributes.keys().any(|k| k.starts_with("fail-count-") || k.starts_with("last-failure-")) {
        let base = base_name(c, rsc);
        let unique = c[rsc].is_unique();
        for (name, value) in &c[node].attributes {
            if matches(name, "fail-count-", &base, unique) {
                sum.count = add_scores(sum.count, values::score(value).unwrap_or(0));
            } else if matches(name, "last-failure-", &base, unique) {
                sum.last = sum.last.max(values::leading_integer(value).unwrap_or(0));
            }
        }
    }
    if sum.count > 0 && c[rsc].failure_timeout_ms > 0 && blocks(env, c, rsc, op) {
        c[rsc].failure_timeout_ms = 0;
    }
    let timeout = c[rsc].failure_timeout_ms as i64 / 1000;
    if effective && sum.count > 0 && sum.last > 0 && timeout > 0 && c.now > sum.last + timeout {
        sum.count = 0;
    }
    sum
}

/// As [`count`], with the failures of what a container launched (but not a bundle's).
pub fn with_launched(env: &Env, c: &mut Cluster, rsc: ResourceIdx, node: NodeIdx) -> Failures {
    let mut sum = count(env, c, rsc, node, true, None);
    let bundled = c[rsc].parent.is_some_and(|p| c[p].variant == Variant::Bundle);
    if !c[rsc].launched.is_empty() && !bundled {
        for inner in c[rsc].launched.clone() {
            let more = count(env, c, inner, node, true, None);
            sum.count = add_scores(sum.count, more.count);
            sum.last = sum.last.max(more.last);
        }
    }
    sum
}

/// Whether the failed operation is one whose failures block the resource (and so never expire).
fn blocks(env: &Env, c: &Cluster, rsc: ResourceIdx, op: Option<Element>) -> bool {
    let doc = env.doc;
    let is_block = |o: &OpDef| {
        let Some(e) = o.element else { return false };
        doc.attr(e, "on-fail").is_some_and(|v| v == "block")
            || doc
                .children_named(e, "meta_attributes")
                .flat_map(|b| doc.children_named(b, "nvpair"))
                .any(|p| doc.attr(p, "name") == Some("on-fail") && doc.attr(p, "value") == Some("block"))
    };
    let failed = |o: &OpDef, e: Element| {
        doc.attr(e, "operation") == Some(o.name.as_str())
            && doc.attr(e, "interval").and_then(values::leading_integer).unwrap_or(0) == o.interval_ms as i64
            && doc.attr(e, "rc-code") != Some("0")
    };
    let blocking = c[rsc].definition.ops.iter().filter(|o| is_block(o));
    match op {
        Some(e) => blocking.into_iter().any(|o| failed(o, e)),
        None => blocking.into_iter().any(|o| history_failed(env, c, rsc, o)),
    }
}

fn history_failed(env: &Env, c: &Cluster, rsc: ResourceIdx, o: &OpDef) -> bool {
    let doc = env.doc;
    let r = &c[rsc];
    c.failed_ops.iter().any(|f| {
        (f.resource == rsc || c[f.resource].history_name() == r.history_name())
            && f.task == o.name
            && f.interval_ms == o.interval_ms
            && doc.attr(f.element, "rc-code").is_some()
    }) && !r.is(Flags::REMOVED)
}
