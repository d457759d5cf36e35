//! Rules: conditions on date, node attributes, resource and operation.

use super::values;
use indexmap::IndexMap;
use rhapsody_xml::{Document, Element};
use smol_str::SmolStr;
use std::cell::Cell;
use std::cmp::Ordering;

pub type Values = IndexMap<SmolStr, SmolStr>;

/// What a rule is evaluated against. Absent parts make conditions about them fail.
#[derive(Clone, Copy, Default)]
pub struct Context<'a> {
    pub now: i64,
    pub node: Option<&'a Values>,
    /// Class, provider, type.
    pub agent: Option<(&'a str, &'a str, &'a str)>,
    pub operation: Option<(&'a str, u64)>,
    pub params: Option<&'a Values>,
    pub meta: Option<&'a Values>,
    /// What the groups of a resource pattern matched (`%0` to `%9`).
    pub matched: &'a [String],
    pub next_change: Option<&'a Cell<Option<i64>>>,
}

impl Context<'_> {
    fn changes_at(&self, when: i64) {
        if let Some(cell) = self.next_change
            && when > self.now
            && cell.get().is_none_or(|at| when < at)
        {
            cell.set(Some(when));
        }
    }
}

const MAX_DEPTH: u32 = 64;

pub fn evaluate(doc: &Document, rule: Element, ctx: &Context) -> bool {
    rule_passes(doc, rule, ctx, 0)
}

fn rule_passes(doc: &Document, rule: Element, ctx: &Context, depth: u32) -> bool {
    let rule = dereference(doc, rule);
    let any = doc.attr(rule, "boolean-op").is_some_and(|op| op.eq_ignore_ascii_case("or"));
    let mut empty = true;
    for child in doc.children(rule) {
        let passed = match doc.name(child) {
            "rule" if depth < MAX_DEPTH => rule_passes(doc, child, ctx, depth + 1),
            "expression" => attribute_passes(doc, child, ctx),
            "date_expression" => date_passes(doc, child, ctx),
            "rsc_expression" => agent_passes(doc, child, ctx),
            "op_expression" => operation_passes(doc, child, ctx),
            _ => continue,
        };
        empty = false;
        if passed == any {
            return any;
        }
    }
    empty || !any
}

/// Follow `id-ref`, once.
pub fn dereference(doc: &Document, element: Element) -> Element {
    match doc.attr(element, "id-ref") {
        Some(id) => doc
            .descendants(doc.root())
            .find(|e| doc.attr(*e, "id") == Some(id) && doc.name(*e) == doc.name(element))
            .unwrap_or(element),
        None => element,
    }
}

fn agent_passes(doc: &Document, e: Element, ctx: &Context) -> bool {
    let Some((class, provider, agent)) = ctx.agent else { return false };
    let same =
        |name: &str, value: &str| doc.attr(e, name).is_none_or(|want| want.eq_ignore_ascii_case(value));
    same("class", class) && same("provider", provider) && same("type", agent)
}

fn operation_passes(doc: &Document, e: Element, ctx: &Context) -> bool {
    let Some((name, interval_ms)) = ctx.operation else { return false };
    doc.attr(e, "name").is_some_and(|want| want == name)
        && doc.attr(e, "interval").is_none_or(|want| values::milliseconds(want) == Some(interval_ms))
}

fn expand(text: &str, matched: &[String]) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek().and_then(|d| d.to_digit(10))) {
            ('%', Some(n)) => {
                chars.next();
                out.push_str(matched.get(n as usize).map(String::as_str).unwrap_or(""));
            }
            _ => out.push(c),
        }
    }
    out
}

fn attribute_passes(doc: &Document, e: Element, ctx: &Context) -> bool {
    let Some(node) = ctx.node else { return false };
    let Some(name) = doc.attr(e, "attribute") else { return false };
    let name = if ctx.matched.is_empty() { name.to_owned() } else { expand(name, ctx.matched) };
    let actual = node.get(name.as_str()).map(SmolStr::as_str);
    let operation = doc.attr(e, "operation").unwrap_or("");
    match operation {
        "defined" => return actual.is_some(),
        "not_defined" => return actual.is_none(),
        _ => {}
    }
    let reference = match (doc.attr(e, "value"), doc.attr(e, "value-source")) {
        (Some(v), Some("param")) => ctx.params.and_then(|p| p.get(v)).map(SmolStr::as_str),
        (Some(v), Some("meta")) => ctx.meta.and_then(|p| p.get(v)).map(SmolStr::as_str),
        (v, _) => v,
    };
    let ordered = matches!(operation, "lt" | "lte" | "gt" | "gte");
    let kind = doc.attr(e, "type").map(str::to_ascii_lowercase).unwrap_or_else(|| {
        let decimal = |t: Option<&str>| t.is_some_and(|t| t.contains('.'));
        match ordered {
            false => "string".into(),
            true if decimal(actual) || decimal(reference) => "number".into(),
            true => "integer".into(),
        }
    });
    if ordered && (actual.is_none() || reference.is_none()) {
        return false;
    }
    let order = compare(actual, reference, &kind);
    match operation {
        "eq" => order == Ordering::Equal,
        "ne" => order != Ordering::Equal,
        "lt" => order == Ordering::Less,
        "lte" => order != Ordering::Greater,
        "gt" => order == Ordering::Greater,
        "gte" => order != Ordering::Less,
        _ => false,
    }
}

fn compare(a: Option<&str>, b: Option<&str>, kind: &str) -> Ordering {
    let (a, b) = match (a, b) {
        (None, None) => return Ordering::Equal,
        (None, Some(_)) => return Ordering::Less,
        (Some(_), None) => return Ordering::Greater,
        (Some(a), Some(b)) => (a, b),
    };
    let as_text = || a.to_ascii_lowercase().cmp(&b.to_ascii_lowercase());
    match kind {
        // An integer may be written with a fraction, which is cut off.
        "integer" => match (integer(a), integer(b)) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => as_text(),
        },
        "number" => match (a.trim().parse::<f64>(), b.trim().parse::<f64>()) {
            (Ok(x), Ok(y)) => x.partial_cmp(&y).unwrap_or(Ordering::Equal),
            _ => as_text(),
        },
        "version" => version_cmp(a, b),
        _ => as_text(),
    }
}

fn integer(text: &str) -> Option<i64> {
    values::leading_integer(text)
}

fn version_cmp(a: &str, b: &str) -> Ordering {
    let parts = |t: &str| t.split('.').map(|p| values::leading_integer(p).unwrap_or(0)).collect::<Vec<_>>();
    let (mut a, mut b) = (parts(a), parts(b));
    let n = a.len().max(b.len());
    a.resize(n, 0);
    b.resize(n, 0);
    a.cmp(&b)
}

fn date_passes(doc: &Document, e: Element, ctx: &Context) -> bool {
    let at = |name: &str| doc.attr(e, name).map(values::timestamp);
    let (start, end) = (at("start"), at("end"));
    if start == Some(None) || end == Some(None) {
        return false;
    }
    let (start, mut end) = (start.flatten(), end.flatten());
    let now = ctx.now;
    match doc.attr(e, "operation").unwrap_or("in_range") {
        "gt" => start.is_some_and(|s| {
            ctx.changes_at(s + 1);
            now > s
        }),
        "lt" => end.is_some_and(|s| {
            ctx.changes_at(s);
            now < s
        }),
        "date_spec" => doc.child(e, "date_spec").is_some_and(|spec| date_spec(doc, spec, now, ctx)),
        "in_range" | "" => {
            if let (None, Some(s), Some(d)) = (end, start, doc.child(e, "duration")) {
                end = Some(duration(doc, d).after(s));
            }
            if start.is_none() && end.is_none() {
                return false;
            }
            if let Some(s) = start
                && now < s
            {
                ctx.changes_at(s);
                return false;
            }
            match end {
                Some(e) if now > e => false,
                Some(e) => {
                    ctx.changes_at(e + 1);
                    true
                }
                None => true,
            }
        }
        _ => false,
    }
}

fn duration(doc: &Document, d: Element) -> values::Duration {
    const MOST: i64 = 100_000_000;
    let n = |name: &str| doc.attr(d, name).and_then(values::leading_integer).unwrap_or(0).clamp(-MOST, MOST);
    values::Duration {
        years: n("years"),
        months: n("months"),
        days: n("days") + 7 * n("weeks"),
        seconds: n("seconds") + 60 * n("minutes") + 3600 * n("hours"),
    }
}

fn date_spec(doc: &Document, spec: Element, now: i64, ctx: &Context) -> bool {
    let days = now.div_euclid(86_400);
    let clock = now.rem_euclid(86_400);
    let (year, month, day) = values::civil(days);
    let (week_year, week) = values::iso_week(days);
    let fields: [(&str, i64, i64); 10] = [
        ("years", year, 0),
        ("months", i64::from(month), 0),
        ("monthdays", i64::from(day), 86_400 - clock),
        ("hours", clock / 3600, 3600 - clock % 3600),
        ("minutes", clock / 60 % 60, 60 - clock % 60),
        ("seconds", clock % 60, 1),
        ("yeardays", days - values::days_from_civil(year, 1, 1) + 1, 86_400 - clock),
        ("weekyears", week_year, 0),
        ("weeks", week, 86_400 - clock),
        ("weekdays", values::weekday(days), 86_400 - clock),
    ];
    let mut passes = true;
    for (name, value, next) in fields {
        if let Some(range) = doc.attr(spec, name) {
            passes &= in_range(range, value);
            if next > 0 {
                ctx.changes_at(now + next);
            }
        }
    }
    passes
}

/// `a`, `a-b`, `a-`, `-b`.
fn in_range(range: &str, value: i64) -> bool {
    let parse = |t: &str| t.trim().parse::<i64>().ok();
    match range.split_once('-') {
        None => parse(range) == Some(value),
        Some((low, high)) => {
            let low = if low.trim().is_empty() { Some(i64::MIN) } else { parse(low) };
            let high = if high.trim().is_empty() { Some(i64::MAX) } else { parse(high) };
            matches!((low, high), (Some(l), Some(h)) if l <= value && value <= h)
        }
    }
}

/// Add the name/value pairs of `blocks` to `out`: higher scores first, on ties what stands later in
/// the document; what is there already stays. A block with a rule counts only when it passes.
pub fn resolve(doc: &Document, blocks: &[Element], ctx: &Context, first: Option<&str>, out: &mut Values) {
    if blocks.is_empty() {
        return;
    }
    let mut sorted: Vec<(Element, i32)> = blocks
        .iter()
        .map(|b| dereference(doc, *b))
        .map(|b| (b, doc.attr(b, "score").and_then(values::score).unwrap_or(0)))
        .collect();
    if sorted.len() > 1 {
        sorted.reverse();
        sorted.sort_by_key(|(b, s)| (!(first.is_some() && doc.attr(*b, "id") == first), -i64::from(*s)));
    }
    for (block, _) in sorted {
        if !block_counts(doc, block, ctx) {
            continue;
        }
        pairs(doc, block, out);
    }
}

fn block_counts(doc: &Document, block: Element, ctx: &Context) -> bool {
    let mut rules = doc.children_named(block, "rule").peekable();
    rules.peek().is_none() || rules.any(|r| evaluate(doc, r, ctx))
}

fn pairs(doc: &Document, block: Element, out: &mut Values) {
    for child in doc.children(block) {
        match doc.name(child) {
            "nvpair" => {
                let source = dereference(doc, child);
                let name = doc.attr(child, "name").or_else(|| doc.attr(source, "name"));
                let value = doc.attr(child, "value").or_else(|| doc.attr(source, "value"));
                if let (Some(name), Some(value)) = (name, value)
                    && !value.eq_ignore_ascii_case("#default")
                    && !out.contains_key(name)
                {
                    out.insert(name.into(), value.into());
                }
            }
            "attributes" => pairs(doc, child, out),
            _ => {}
        }
    }
}

/// Whether any block has a rule, so that the result depends on the context.
pub fn have_rules(doc: &Document, blocks: &[Element]) -> bool {
    blocks.iter().any(|b| doc.child(dereference(doc, *b), "rule").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &str, now: &str, attrs: &[(&str, &str)], expected: bool) {
        let doc = Document::parse(rule).unwrap();
        let node: Values = attrs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let now = values::timestamp(now).unwrap();
        let ctx = Context { now, node: Some(&node), ..Context::default() };
        assert_eq!(evaluate(&doc, doc.root(), &ctx), expected, "{rule}");
    }

    #[test]
    fn conditions() {
        let day = "2021-05-03";
        check(r#"<rule id="r"/>"#, day, &[], true);
        check(
            r#"<rule><expression attribute="a" operation="eq" value="X"/></rule>"#,
            day,
            &[("a", "x")],
            true,
        );
        check(r#"<rule><expression attribute="a" operation="ne" value="x"/></rule>"#, day, &[], true);
        check(
            r#"<rule><expression attribute="a" operation="lt" value="10"/></rule>"#,
            day,
            &[("a", "9")],
            true,
        );
        check(r#"<rule><expression attribute="a" operation="lt" value="10"/></rule>"#, day, &[], false);
        check(
            r#"<rule><expression attribute="a" operation="gte" value="1.5"/></rule>"#,
            day,
            &[("a", "1.4")],
            false,
        );
        check(
            r#"<rule><date_expression operation="date_spec"><date_spec weekdays="1-5"/></date_expression></rule>"#,
            day,
            &[],
            true,
        );
        check(r#"<rule><date_expression start="2021-05-01" end="2021-05-02"/></rule>"#, day, &[], false);
        check(
            r#"<rule boolean-op="or"><expression attribute="a" operation="defined"/><date_expression operation="gt" start="2021-01-01"/></rule>"#,
            day,
            &[],
            true,
        );
    }
}
