//! Is a rule in effect now, not yet, or no longer?

use rhapsody_cib::rules::{self, RuleContext};
use rhapsody_xml::{Document, Element};

/// pcs's words for it. Rules that depend on more than the date are unknown until they are expired.
pub fn in_effect(doc: &Document, rule: Element, now: i64) -> &'static str {
    let dated = doc.descendants(rule).any(|element| doc.name(element) == "date_expression");
    let only_dates = doc
        .descendants(rule)
        .all(|element| !matches!(doc.name(element), "expression" | "op_expression" | "rsc_expression"));
    if !dated {
        return "UNKNOWN";
    }
    let context = RuleContext { now, ..RuleContext::default() };
    if rules::expired(doc, rule, now, 0) {
        return "EXPIRED";
    }
    if !only_dates {
        return "UNKNOWN";
    }
    match rules::evaluate(doc, rule, &context) {
        (true, _) => "IN_EFFECT",
        (false, _) => "NOT_YET_IN_EFFECT",
    }
}
