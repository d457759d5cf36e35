//! Rules: conditions on time, node attributes, resources and operations.

mod attribute;
mod date;

use crate::duration;
use crate::role::Role;
use rhapsody_xml::{Document, Element};

/// Looks a value up by name.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<&'a str>;

/// What rules are evaluated against. What is not given is not there: conditions on it fail.
#[derive(Clone, Copy, Default)]
pub struct RuleContext<'a> {
    /// Seconds since the epoch.
    pub now: i64,
    /// Of the clock that dates without an offset mean.
    pub utc_offset_s: i32,
    pub node_attr: Option<Lookup<'a>>,
    /// For `value-source`.
    pub rsc_param: Option<Lookup<'a>>,
    pub rsc_meta: Option<Lookup<'a>>,
    /// What a resource pattern matched: `%0` to `%9` in attribute names.
    pub matches: &'a [&'a str],
    pub rsc_class: Option<&'a str>,
    pub rsc_provider: Option<&'a str>,
    pub rsc_type: Option<&'a str>,
    pub op_name: Option<&'a str>,
    pub op_interval_ms: Option<i64>,
    /// For `#role` in old expressions.
    pub role: Option<Role>,
}

impl<'a> RuleContext<'a> {
    pub fn at(now: i64) -> RuleContext<'a> {
        RuleContext { now, ..RuleContext::default() }
    }
}

/// Deeper rules do not pass. The document bounds nesting, but `id-ref` can make a loop.
const MAX_DEPTH: usize = 64;

/// Does the rule pass, and when may that change because of time?
pub fn evaluate(doc: &Document, rule: Element, ctx: &RuleContext) -> (bool, Option<i64>) {
    let mut next = None;
    let passes = evaluate_rule(doc, rule, ctx, &mut next, 0);
    (passes, next)
}

/// Do all rules directly in `e` pass? True when there are none.
pub fn all_pass(doc: &Document, e: Element, ctx: &RuleContext, next: &mut Option<i64>) -> bool {
    doc.children_named(e, "rule").all(|rule| evaluate_rule(doc, rule, ctx, next, 0))
}

/// Keeps the earlier one.
pub fn note_change(next: &mut Option<i64>, at: i64) {
    *next = Some(next.map_or(at, |n| n.min(at)));
}

/// The element that `id-ref` means, or `e` itself.
pub fn referenced(doc: &Document, e: Element) -> Option<Element> {
    match doc.attr(e, "id-ref") {
        None => Some(e),
        Some(id) => doc
            .by_id(id)
            .filter(|target| doc.name(*target) == doc.name(e) && !doc.has_attr(*target, "id-ref")),
    }
}

fn evaluate_rule(
    doc: &Document,
    rule: Element,
    ctx: &RuleContext,
    next: &mut Option<i64>,
    depth: usize,
) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    let Some(rule) = referenced(doc, rule) else { return false };
    let any = doc.attr(rule, "boolean-op").is_some_and(|op| op.eq_ignore_ascii_case("or"));
    let mut empty = true;
    for condition in doc.children(rule) {
        empty = false;
        let passes = match doc.name(condition) {
            "rule" => evaluate_rule(doc, condition, ctx, next, depth + 1),
            "date_expression" => {
                referenced(doc, condition).is_some_and(|d| date::evaluate(doc, d, ctx, next))
            }
            "expression" => attribute::evaluate(doc, condition, ctx),
            "rsc_expression" => resource(doc, condition, ctx),
            "op_expression" => operation(doc, condition, ctx),
            _ => false,
        };
        if passes == any {
            return passes;
        }
    }
    empty || !any
}

fn resource(doc: &Document, e: Element, ctx: &RuleContext) -> bool {
    let same = |name, have: Option<&str>| doc.attr(e, name).is_none_or(|want| have == Some(want));
    ctx.rsc_type.is_some()
        && same("class", ctx.rsc_class)
        && same("provider", ctx.rsc_provider)
        && same("type", ctx.rsc_type)
}

fn operation(doc: &Document, e: Element, ctx: &RuleContext) -> bool {
    let (Some(name), Some(op)) = (doc.attr(e, "name"), ctx.op_name) else { return false };
    let interval = match doc.attr(e, "interval") {
        None => true,
        Some(text) => duration::parse_ms(text).is_some_and(|ms| ctx.op_interval_ms == Some(ms)),
    };
    name == op && interval
}

/// Is this rule past for ever at `now`? (What `pcs` calls an expired constraint.)
pub fn expired(doc: &Document, rule: Element, now: i64, utc_offset_s: i32) -> bool {
    let ctx = RuleContext { now, utc_offset_s, ..RuleContext::default() };
    date::expired(doc, rule, &ctx)
}

#[cfg(test)]
mod tests;
