//! Conditions on node attributes.

use super::RuleContext;
use rhapsody_xml::{Document, Element};
use std::borrow::Cow;
use std::cmp::Ordering;

pub(super) fn evaluate(doc: &Document, e: Element, ctx: &RuleContext) -> bool {
    let (Some(name), Some(operation)) = (doc.attr(e, "attribute"), doc.attr(e, "operation")) else {
        return false;
    };
    let name = expand(name, ctx.matches);
    let role = ctx.role.filter(|_| name == "#role").map(|r| r.as_str());
    let have = role.or_else(|| ctx.node_attr.and_then(|get| get(&name)));
    let operation = operation.to_ascii_lowercase();
    match operation.as_str() {
        "defined" => return have.is_some(),
        "not_defined" => return have.is_none(),
        _ => {}
    }
    let value = doc.attr(e, "value");
    let want = match doc.attr(e, "value-source").unwrap_or("literal") {
        "param" => value.and_then(|v| ctx.rsc_param.and_then(|get| get(v))),
        "meta" => value.and_then(|v| ctx.rsc_meta.and_then(|get| get(v))),
        _ => value,
    };
    let is_order = matches!(operation.as_str(), "lt" | "lte" | "gt" | "gte");
    let kind = match doc.attr(e, "type") {
        Some(kind) => kind.to_ascii_lowercase(),
        None if !is_order => "string".to_owned(),
        None if [have, want].iter().flatten().any(|v| v.contains('.')) => "number".to_owned(),
        None => "integer".to_owned(),
    };
    if is_order && (have.is_none() || want.is_none()) {
        return false;
    }
    let order = match (have, want) {
        (Some(a), Some(b)) => compare(a, b, &kind),
        (a, b) => a.is_some().cmp(&b.is_some()),
    };
    match operation.as_str() {
        "eq" => order.is_eq(),
        "ne" => order.is_ne(),
        "lt" => order.is_lt(),
        "lte" => order.is_le(),
        "gt" => order.is_gt(),
        "gte" => order.is_ge(),
        _ => false,
    }
}

fn compare(a: &str, b: &str, kind: &str) -> Ordering {
    let number = |t: &str| t.trim().parse::<f64>().ok().filter(|n| n.is_finite());
    let integer = |t: &str| t.trim().parse::<i64>().ok();
    match kind {
        "integer" => {
            if let (Some(a), Some(b)) = (integer(a), integer(b)) {
                return a.cmp(&b);
            }
        }
        "number" => {
            if let (Some(a), Some(b)) = (number(a), number(b)) {
                return a.partial_cmp(&b).unwrap_or(Ordering::Equal);
            }
        }
        "version" => return compare_versions(a, b),
        _ => {}
    }
    a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase())
}

/// Part by part as numbers; missing parts count as 0. What follows the digits of a part is ignored.
pub fn compare_versions(a: &str, b: &str) -> Ordering {
    let part = |p: Option<&str>| -> u64 {
        let p = p.unwrap_or("");
        let end = p.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(p.len());
        p[..end].parse().unwrap_or(0)
    };
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let (x, y) = (left.next(), right.next());
        if x.is_none() && y.is_none() {
            return Ordering::Equal;
        }
        match part(x).cmp(&part(y)) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
}

/// `%0` to `%9` become what the resource pattern matched.
fn expand<'a>(name: &'a str, matches: &[&str]) -> Cow<'a, str> {
    if matches.is_empty() || !name.contains('%') {
        return Cow::Borrowed(name);
    }
    let mut out = String::new();
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek().and_then(|d| d.to_digit(10)).filter(|_| c == '%') {
            Some(digit) => {
                chars.next();
                out.push_str(matches.get(digit as usize).copied().unwrap_or(""));
            }
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}
