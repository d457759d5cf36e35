//! Is a rule in effect now, not yet, or no longer?

use rhapsody_cib::rules::{self, RuleContext};
use rhapsody_xml::{Document, Element};

/// pcs's words for it. Only of rules that are one date can it be said; the others depend on more.
pub fn in_effect(doc: &Document, rule: Element, now: i64) -> &'static str {
    let dates: Vec<Element> =
        doc.descendants(rule).filter(|element| doc.name(*element) == "date_expression").collect();
    let single = dates.len() == 1 && doc.descendants(rule).count() <= 3;
    let spec = dates.iter().any(|date| doc.child(*date, "date_spec").is_some());
    if !single || spec {
        return "UNKNOWN";
    }
    if rules::expired(doc, rule, now, 0) {
        return "EXPIRED";
    }
    let context = RuleContext { now, ..RuleContext::default() };
    match rules::evaluate(doc, rule, &context) {
        (true, _) => "IN_EFFECT",
        (false, _) => "NOT_YET_IN_EFFECT",
    }
}
